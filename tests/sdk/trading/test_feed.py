"""Feeds: what goes to the region for each thing that a stream can do."""

import random

import pytest

from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.arrival import Arrival
from tapewatch.sdk.trading.checksum import book_checksum
from tapewatch.sdk.trading.feed import Feed, Verdict

S = 1_000_000_000
START = 1_700_000_000 * S


class Step:
    """A clock that moves by hand."""

    def __init__(self):
        self.now_ns = START

    def __call__(self):
        return self.now_ns


def cells(feed):
    labels = feed._labels
    return {
        "messages": metrics.FEED_MESSAGES.bind(**labels).value,
        "gaps": metrics.FEED_GAPS.bind(**labels).value,
        "missing": metrics.FEED_MISSING.bind(**labels).value,
        "duplicates": metrics.FEED_FAULTS.bind(**labels, fault="duplicate").value,
        "late": metrics.FEED_FAULTS.bind(**labels, fault="late").value,
        "refused": metrics.FEED_FAULTS.bind(**labels, fault="refused").value,
        "resyncs": metrics.FEED_RESYNCS.bind(**labels).value,
        "synced": metrics.FEED_SYNCED.bind(**labels).value,
    }


def test_every_fault_has_its_count():
    feed = Feed("counts", "trades", "BTCUSDT")
    for number in (1, 2, 5, 5, 4, 6, None, "7"):
        feed.message(number)
    assert cells(feed) == {
        "messages": 8,
        "gaps": 1,
        "missing": 2,
        "duplicates": 1,
        "late": 1,
        "refused": 2,
        "resyncs": 0,
        "synced": 1,
    }
    assert feed.missing == ((3, 3),)


def test_a_book_loses_its_trust_with_a_gap_and_finds_it_with_a_snapshot():
    feed = Feed("resync", "depth", "BTCUSDT", policy="U_u")
    assert not feed.synced
    feed.snapshot(160)
    assert feed.message(165, 161) is Verdict.NEXT
    assert feed.message(180, 170) is Verdict.GAP
    assert cells(feed)["synced"] == 0
    feed.snapshot(185)
    assert cells(feed)["resyncs"] == 2
    assert cells(feed)["synced"] == 1
    assert feed.message(190, 184) is Verdict.NEXT


def test_the_last_message_is_told_so_that_silence_can_be_seen():
    clock = Step()
    feed = Feed("last", "trades", expected_interval_s=0.5, now_ns=clock)
    feed.message(1)
    labels = {"venue": "last", "channel": "trades", "symbol": ""}
    assert metrics.FEED_LAST.bind(**labels).value == START / S
    assert metrics.FEED_EXPECTED.bind(**labels).value == 0.5


def test_the_delay_of_a_message_may_be_below_zero():
    clock = Step()
    feed = Feed("delay", "trades", now_ns=clock)
    feed.message(1, event_ns=START - S // 100)
    feed.message(2, event_ns=START + S // 100)
    cell = metrics.FEED_DELAY.bind(venue="delay", channel="trades")
    assert cell.count == 2
    assert cell.sum == pytest.approx(0, abs=1e-9)


def test_after_a_reconnect_the_numbers_begin_anew():
    feed = Feed("reconnect", "trades")
    feed.message(100)
    feed.reconnected()
    assert feed.message(3) is Verdict.NEXT
    assert cells(feed)["gaps"] == 0


# The worked example of Kraken's guide to its second version's books.
BIDS = [
    ("45283.5", "0.10000000"), ("45283.4", "1.54582015"), ("45282.1", "0.10000000"),
    ("45281.0", "0.10000000"), ("45280.3", "1.54592586"), ("45279.0", "0.07990000"),
    ("45277.6", "0.03310103"), ("45277.5", "0.30000000"), ("45277.3", "1.54602737"),
    ("45276.6", "0.15445238"),
]  # fmt: skip
ASKS = [
    ("45285.2", "0.00100000"), ("45286.4", "1.54571953"), ("45286.6", "1.54571109"),
    ("45289.6", "1.54560911"), ("45290.2", "0.15890660"), ("45291.8", "1.54553491"),
    ("45294.7", "0.04454749"), ("45296.1", "0.35380000"), ("45297.5", "0.09945542"),
    ("45299.5", "0.18772827"),
]  # fmt: skip


def test_the_checksum_is_that_of_krakens_guide():
    assert book_checksum(ASKS, BIDS) == 3310070434
    assert book_checksum([*ASKS, ("50000", "1")], [*BIDS, ("1", "1")]) == 3310070434


def test_a_book_is_trusted_as_long_as_its_checksum_is_right():
    feed = Feed("kraken", "book", "BTC/USD", policy="checksum")
    feed.snapshot()
    assert feed.verify(3310070434, ASKS, BIDS) is Verdict.NEXT
    assert feed.verify(3310070434, ASKS[1:], BIDS) is Verdict.GAP
    assert not feed.synced
    labels = {"venue": "kraken", "channel": "book", "symbol": "BTC/USD"}
    assert metrics.FEED_FAULTS.bind(**labels, fault="checksum").value == 1
    assert metrics.FEED_MISSING.bind(**labels).value == 0
    assert feed.verify(1, [(1.0, 2.0)], None) is Verdict.REFUSED


@pytest.mark.parametrize("mean_s", [0.001, 0.1, 5.0])
def test_the_expected_pause_is_the_quantile_of_the_pauses(mean_s):
    rng = random.Random(7)
    arrival = Arrival(0.99)
    for _ in range(20_000):
        arrival.see(rng.expovariate(1 / mean_s))
    longer = sum(rng.expovariate(1 / mean_s) > arrival.expected_s for _ in range(20_000))
    assert longer / 20_000 == pytest.approx(0.01, abs=0.008)


def test_one_night_does_not_set_the_expectation():
    arrival = Arrival(0.99)
    for _ in range(1_000):
        arrival.see(0.1)
    before = arrival.expected_s
    arrival.see(8 * 3600.0)
    assert arrival.expected_s < before * 1.1
