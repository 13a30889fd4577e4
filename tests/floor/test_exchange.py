import random
from dataclasses import replace

import pytest

from tapewatch.floor import causes
from tapewatch.floor.exchange import GAP_NUMBERS, Exchange
from tapewatch.floor.market import Market
from tapewatch.floor.messages import Order, Post, Tick, packed, unpacked

NOON_S = 1_767_614_400.0
ORDER = Order(1, "A", "maker", "buy", "market", 2.0, 50.0, NOON_S, venue="x", risk_s=1e-4)


def exchange(messages=200.0, seed=1):
    rng = random.Random(seed)
    return Exchange(Market(("A", "B"), ("x", "y"), messages, rng), rng)


def play(played, seconds, mail=None, begin_s=NOON_S):
    ticks, reports = [], []
    for step in range(round(seconds * 4)):
        told = played.step(begin_s + (step + 1) / 4, 0.25, (mail or {}) if not step else {})
        ticks += told["ticks"]
        reports += told["reports"]
    return ticks, reports


def numbers(ticks, place=("x", "A")):
    return [tick.last for tick in ticks if tick[:2] == place and tick.last]


def test_every_message_of_a_feed_has_the_next_number_and_its_times():
    ticks, _ = play(exchange(), 10)
    assert numbers(ticks) == list(range(1, len(numbers(ticks)) + 1))
    assert all(tick.sent_ns < tick.arrived_ns for tick in ticks if tick.last)
    assert all(tick.bid < tick.ask for tick in ticks)


def test_a_feed_without_news_beats():
    ticks, _ = play(exchange(messages=1e-9), 10)
    beats = [tick for tick in ticks if tick[:2] == ("x", "A")]
    assert 8 <= len(beats) <= 10
    assert not numbers(ticks)


@pytest.mark.parametrize("end", ["fill", "cancel", "reject"])
def test_an_order_is_acknowledged_and_ends_when_it_is_time(end):
    for seed in range(2000):
        played = exchange(seed=seed)
        _, reports = play(played, 3, {"requests": [ORDER]})
        if reports[-1].end == end:
            break
    states = [report.state for report in reports]
    assert states == (["reject"] if end == "reject" else ["ack", end])
    assert reports[0].at_ns("ack") <= reports[-1].at_ns("end")
    assert played.held.get(("x", "A"), 0.0) == (2.0 if end == "fill" else 0.0)


def test_stuck_orders_are_answered_when_the_fault_is_over():
    played = exchange()
    played.causes = {causes.STUCK}
    assert play(played, 5, {"requests": [ORDER, replace(ORDER, number=2)]})[1] == []
    played.causes = ()
    _, reports = play(played, 3, begin_s=NOON_S + 5)
    assert [(each.number, each.state) for each in reports if each.state != "ack"] == [
        (1, "cancel"),
        (2, "cancel"),
    ]


def test_a_gap_is_numbers_that_nobody_sends():
    played = exchange()
    before = numbers(play(played, 2)[0])
    played.causes = {causes.GAPS}
    after = numbers(play(played, 1, begin_s=NOON_S + 2)[0])
    assert after[0] == before[-1] + 1 + GAP_NUMBERS


def test_a_silent_exchange_still_fills():
    played = exchange()
    played.causes = {causes.SILENCE}
    ticks, reports = play(played, 5, {"requests": [ORDER]})
    assert not ticks
    assert reports


def test_mail_is_the_same_after_a_journey():
    ticks, reports = play(exchange(), 3, {"requests": [ORDER]})
    mail = {"ticks": ticks, "reports": reports}
    assert unpacked(packed(mail)) == mail
    assert isinstance(unpacked(packed(mail))["ticks"][0], Tick)


def test_the_post_brings_news_to_everybody_who_hears_them():
    post = Post()
    post.send({"news": [ORDER]})
    assert post.take("signals") == post.take("risk") == {"news": [ORDER]}
    assert post.take("risk") == post.take("feeds") == {}
