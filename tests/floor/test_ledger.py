from dataclasses import replace

import pytest
from tests.floor.play import BEGIN_S, SMALL

from tapewatch.floor.faults import FAULTS
from tapewatch.floor.floor import Floor
from tapewatch.floor.ledger import Bill, Cost, Ledger
from tapewatch.floor.messages import Order

ORDER = Order(1, "BTC", "maker", "buy", "limit", quantity=2.0, price=100.0, began_s=BEGIN_S)
PRICES = {"BTC": 101.0}


def told(state, **changes):
    end = state if state in ("fill", "cancel", "reject") else ""
    return replace(ORDER, state=state, end=end, **changes)


def test_an_order_is_at_risk_from_when_it_is_sent_until_its_end_is_known():
    ledger = Ledger()
    ledger.hear({"intents": [ORDER], "requests": [told("sent")]})
    ledger.hear({"reports": [told("ack")]})
    assert ledger.open_usd == {1: 200.0}
    ledger.hear({"reports": [told("fill")]})
    assert ledger.open_usd == {}
    assert ledger.worth_usd(PRICES) == pytest.approx(2.0)


def test_what_risk_holds_back_and_what_a_venue_rejects_is_refused():
    ledger = Ledger()
    ledger.hear({"intents": [ORDER, replace(ORDER, number=2)]})
    ledger.hear({"requests": [told("sent")]})
    assert ledger.refused == 1
    ledger.hear({"reports": [told("reject")]})
    assert ledger.refused == 2
    assert ledger.worth_usd(PRICES) == 0.0


def test_slippage_is_paid():
    ledger = Ledger()
    ledger.hear({"reports": [told("fill", slippage_bps=100.0)]})
    assert ledger.worth_usd({"BTC": 100.0}) == pytest.approx(-2.0)


def test_a_bill_begins_at_nothing_and_keeps_the_most_that_was_at_risk():
    ledger = Ledger()
    ledger.hear({"intents": [ORDER], "requests": [told("sent")], "reports": [told("fill")]})
    bill = Bill(ledger, PRICES, booked_usd=-50.0)
    bill.note()
    assert bill.cost == Cost(-50.0)
    ledger.hear({"intents": [ORDER], "requests": [told("sent")]})
    bill.note()
    ledger.hear({"reports": [told("reject")]})
    bill.note()
    assert bill.cost == Cost(-50.0, 1, 1, 1, 200.0)


def played(pack, fault, seconds=20):
    floor = Floor.of([pack], seed=1, now_s=BEGIN_S, size=SMALL)
    floor.step(BEGIN_S, 1.0)
    if fault:
        floor.mischief.begin(fault, now_s=BEGIN_S, lasts_s=seconds)
    for second in range(1, seconds + 10):
        floor.step(BEGIN_S + second, 1.0)
    floor.close()
    return floor.costs(fault).get(pack, Cost())


def test_every_fault_has_its_own_price():
    calm = played("hft", "packet_loss")
    assert calm.orders_wanted > 100
    assert calm.orders_refused < calm.orders_wanted * 0.05
    killed = played("hft", "kill_switch")
    assert killed.orders_refused == killed.orders_wanted
    assert played("hft", "order_rejections").orders_refused > calm.orders_wanted * 0.5
    assert played("hft", "stuck_orders").orders_at_risk > calm.orders_at_risk * 5
    assert played("hft", "slippage").pnl_usd < calm.pnl_usd - 50
    assert played("hft", "daily_loss").pnl_usd == pytest.approx(calm.pnl_usd - 6000)


def test_what_a_fault_books_counts_where_a_pack_has_the_book():
    assert FAULTS["daily_loss"].booked_usd({"trading_realized_pnl_usd"}) == -2000
    assert FAULTS["daily_loss"].booked_usd({"orders_total"}) == 0


def test_a_service_that_is_gone_takes_its_orders_with_it():
    gone = played("forex", "service_death")
    assert gone.orders_refused > gone.orders_wanted * 0.9


def test_a_bill_ends_with_its_fault_and_the_next_one_begins_anew():
    floor = Floor.of(["equities"], seed=1, now_s=BEGIN_S, size=SMALL)
    assert floor.costs("kill_switch") == {}
    floor.mischief.begin("packet_loss", now_s=BEGIN_S, lasts_s=5.0)
    floor.step(BEGIN_S + 4, 4.0)
    first = floor.costs("packet_loss")["equities"].orders_wanted
    assert first > 0
    floor.step(BEGIN_S + 10, 6.0)
    assert floor.costs("packet_loss")["equities"].orders_wanted == first
    floor.mischief.begin("packet_loss", now_s=BEGIN_S + 10, lasts_s=5.0)
    floor.step(BEGIN_S + 10.25, 0.25)
    assert floor.costs("packet_loss")["equities"].orders_wanted < first
    floor.close()
