"""The stations of a desk together: what an order leads to, in the numbers and in the log."""

import json

from tests.floor.play import BEGIN_S, SMALL, catalog_of

from tapewatch.floor.desk import Desk
from tapewatch.floor.mischief import Running


def desk_of(pack, **options):
    return Desk(catalog_of(pack), SMALL, 1, BEGIN_S, None, **options)


def play(desk, seconds, names=(), begin_s=BEGIN_S):
    running = [Running(name, begin_s, begin_s + 1e6) for name in names]
    for step in range(round(seconds * 4)):
        desk.step(begin_s + (step + 1) / 4, 0.25, running)


def service(desk, name):
    return next(each for each in desk.services if each.name == name)


def test_our_book_is_the_venues():
    desk = desk_of("hft")
    play(desk, 60)
    ours = service(desk, "risk_gate").worker.scene.trading.book.quantities
    theirs = {}
    for (_, symbol), quantity in desk.exchange.held.items():
        theirs[symbol] = theirs.get(symbol, 0.0) + quantity
    off = [abs(ours.get(symbol, 0.0) - quantity) for symbol, quantity in theirs.items()]
    # What was filled in the last step is still on its way.
    assert sum(each > 1e-6 for each in off) <= 2
    assert any(theirs.values())


def test_positions_stay_small_and_a_quiet_day_stays_quiet():
    desk = desk_of("hft")
    risk = service(desk, "risk_gate").worker.scene
    for hour_quarter in range(4):
        play(desk, 300, begin_s=BEGIN_S + hour_quarter * 300)
        for symbol, price in risk.market.prices.items():
            assert abs(risk.trading.book.quantities.get(symbol, 0) * price) < 15_000
    assert abs(sum(risk.trading.book.realized.values())) < 3500


def test_a_tripped_switch_stops_every_order():
    desk = desk_of("hft")
    play(desk, 2)
    play(desk, 2, ["kill_switch"], BEGIN_S + 2)
    before = desk.exchange.step(BEGIN_S + 5, 0.25, {}) and len(desk.exchange.held)
    sent = service(desk, "connectors").worker.scene
    play(desk, 2, ["kill_switch"], BEGIN_S + 5)
    assert sent.sent == {}
    assert service(desk, "risk_gate").worker.scene.refused > 0
    assert len(desk.exchange.held) == before


def test_the_log_tells_the_life_of_an_order(memory):
    desk = desk_of("low_latency", logs=str(memory))
    play(desk, 20)
    desk.close()
    lines = [
        json.loads(line)
        for line in (memory / "low_latency-execution_engine.log").read_text("utf-8").splitlines()
    ]
    messages = {line["fields"]["message"] for line in lines}
    assert {"Order submitted", "Order filled"} <= messages
    first = lines[0]
    assert (first["level"], first["target"]) == ("INFO", "execution_engine")
    assert first["timestamp"].startswith("2026-01-05T08:00:00")
    life = [line for line in lines if line["fields"]["order_id"] == first["fields"]["order_id"]]
    assert life[0]["fields"]["message"] == "Order submitted"
    assert len(life) == 2


def test_without_a_service_its_mail_is_lost_and_the_others_go_on():
    desk = desk_of("equities")
    service(desk, "orchestrator").down = True
    play(desk, 5)
    assert not desk.exchange.held
    service(desk, "orchestrator").down = False
    play(desk, 5, begin_s=BEGIN_S + 5)
    assert desk.exchange.held
