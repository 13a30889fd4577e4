"""Events in the shape of nautilus_trader's; the program itself is watched in tests/real."""

from types import SimpleNamespace

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.nautilus import TOPICS, BusWatch
from tapewatch.sdk.trading import metrics as trading

NUMBERS = iter(range(1_000_000))


def event(name, order="O-1", strategy="S-1", event_id=None, **fields):
    made = type(name, (), {})()
    made.id = next(NUMBERS) if event_id is None else event_id
    made.instrument_id = SimpleNamespace(venue="NAUT", symbol="BTCUSDT")
    made.strategy_id, made.client_order_id = strategy, order
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def initialized(order, strategy, quantity=2, side="BUY"):
    side = SimpleNamespace(name=side)
    return event("OrderInitialized", order, strategy, quantity=quantity, side=side)


def stages(strategy):
    return {
        values[2]: handle.value
        for values, handle in trading.ORDER_STAGES.children.items()
        if values[:2] == ("NAUT", strategy) and handle.value
    }


def filled(strategy, side):
    return trading.QUANTITY_FILLED.bind(venue="NAUT", strategy=strategy, side=side).value


def test_a_fill_in_parts_ends_an_order_once():
    watch = BusWatch()
    last = event("OrderFilled", "O-1", "parts", last_qty="1.5")
    for each in (
        initialized("O-1", "parts"),
        event("OrderSubmitted", "O-1", "parts"),
        event("OrderAccepted", "O-1", "parts"),
        event("OrderFilled", "O-1", "parts", last_qty="0.5"),
        last,
        last,
    ):
        watch.event(each)
    assert stages("parts") == {"signal": 1, "sent": 1, "ack": 1, "partial": 1, "fill": 1}
    assert filled("parts", "buy") == 2


def test_an_order_that_is_cancelled_counts_what_was_filled():
    watch = BusWatch()
    watch.event(initialized("O-2", "cancel", side="SELL"))
    watch.event(event("OrderUpdated", "O-2", "cancel", quantity=4))
    watch.event(event("OrderFilled", "O-2", "cancel", last_qty=1))
    watch.event(event("OrderCanceled", "O-2", "cancel"))
    assert stages("cancel") == {"signal": 1, "partial": 1, "cancel": 1}
    assert filled("cancel", "sell") == 1
    ordered = trading.QUANTITY_ORDERED.bind(venue="NAUT", strategy="cancel", side="sell")
    assert ordered.value == 4


@pytest.mark.parametrize(
    ("name", "stage"),
    [("OrderDenied", "reject"), ("OrderRejected", "reject"), ("OrderExpired", "expire")],
)
def test_every_end_is_an_end(name, stage):
    watch = BusWatch()
    watch.event(initialized("O-3", name))
    watch.event(event(name, "O-3", name))
    assert stages(name) == {"signal": 1, stage: 1}
    assert trading.ORDERS_OPEN.bind(venue="NAUT", strategy=name).value == 0


def test_a_fill_of_an_order_from_before_is_a_fault():
    BusWatch().event(event("OrderFilled", "O-old", "before", last_qty=1))
    faults = trading.ORDER_MARK_FAULTS.bind(venue="NAUT", strategy="before", fault="unknown")
    assert faults.value == 1


def test_positions_are_told_with_their_sign():
    watch = BusWatch()
    watch.event(event("PositionOpened", strategy="held", signed_qty=-2.5))
    held = metrics.POSITION_QUANTITY.bind(venue="NAUT", strategy="held", symbol="BTCUSDT")
    assert held.value == -2.5
    watch.event(event("PositionClosed", strategy="held", signed_qty=0.0))
    assert held.value == 0


def test_an_event_that_cannot_be_read_stops_nothing(monkeypatch):
    caught = []
    monkeypatch.setattr("tapewatch.sdk.hooks.nautilus.catch", caught.append)
    BusWatch().event(object())
    assert [type(error) for error in caught] == [AttributeError]


def test_it_listens_to_topics_that_give_a_fill_once():
    heard = []
    bus = SimpleNamespace(subscribe=lambda topic, handler: heard.append(topic))
    BusWatch().attach(bus)
    assert heard == list(TOPICS) == ["events.order.*", "events.position.*"]


def test_engines_tell_of_their_queues():
    engine = SimpleNamespace(
        data_qsize=lambda: 3,
        cmd_qsize=lambda: 1,
        evt_qsize=lambda: 2,
        check_connected=lambda: False,
    )
    BusWatch().look(SimpleNamespace(data_engine=engine, exec_engine=engine))
    assert metrics.QUEUE_DEPTH.bind(engine="execution", queue="events").value == 2
    assert metrics.ENGINE_CONNECTED.bind(engine="data").value == 0
