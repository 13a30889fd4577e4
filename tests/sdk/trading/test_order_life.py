"""Order life as a program uses it: bound once, then marked."""

import pytest

from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.order_life import ACK, CANCEL, FILL, RISK, SENT, OrderLife, clock_ns


def test_a_life_is_told_to_the_region():
    orders = OrderLife().bind(venue="told", strategy="maker")
    orders.signal("a1", clock_ns(), b"t" * 16)
    for stage in (RISK, SENT, ACK, FILL):
        orders.mark("a1", stage)
    own = {"venue": "told", "strategy": "maker"}
    assert metrics.ORDER_STAGE.bind(**own, **{"from": "sent", "to": "ack"}).count == 1
    assert metrics.ORDER_STAGES.bind(**own, stage="fill").value == 1
    assert metrics.TICK_TO_TRADE.bind(**own).count == 1
    assert metrics.ORDER_LIFE.bind(**own).sum < 1
    assert metrics.ORDERS_OPEN.bind(**own).value == 0


def test_a_rare_step_gets_its_histogram_when_it_is_taken():
    orders = OrderLife().bind(venue="rare", strategy="maker")
    orders.signal("a1")
    orders.mark("a1", CANCEL)
    cell = metrics.ORDER_STAGE.labels("rare", "maker", "signal", "cancel")
    assert cell.count == 1


def test_one_binding_is_one_set_of_orders():
    life = OrderLife()
    assert life.bind(venue="once", strategy="a") is life.bind(venue="once", strategy="a")


def test_a_sweep_names_the_orders_that_should_have_ended():
    life = OrderLife(orphan_after_s=0)
    orders = life.bind(venue="sweep", strategy="maker")
    for name in ("a1", "a2", "a3"):
        orders.signal(name)
    orders.mark("a2", SENT)
    orders.mark("a3", FILL)
    orphans = life.sweep()
    assert [(orphan.order_id, orphan.stage.name) for orphan in orphans] == [
        ("a1", "SIGNAL"),
        ("a2", "SENT"),
    ]
    assert metrics.ORDERS_ORPHANED.bind(venue="sweep", strategy="maker").value == 2


def test_a_sweep_without_orphans_says_none():
    life = OrderLife(orphan_after_s=3600)
    life.bind(venue="young", strategy="maker").signal("a1")
    assert life.sweep() == []
    assert metrics.ORDERS_ORPHANED.bind(venue="young", strategy="maker").value == 0


def test_a_timeline_pushes_every_step_as_an_event():
    orders = OrderLife(timeline=True).bind(venue="timeline", strategy="maker")
    before = REGISTRY.ring.position
    orders.signal("a1")
    orders.mark("a1", SENT)
    orders.mark("a1", SENT)
    assert REGISTRY.ring.position == before + 2


def test_a_life_can_be_told_by_another_clock_and_into_another_registry():
    home = Registry({"TAPEWATCH_REGION": "off"})
    now_ns = 1_767_600_000_000_000_000
    life = OrderLife(orphan_after_s=1, now_ns=lambda: now_ns, registry=home)
    orders = life.bind(venue="played", strategy="maker")
    orders.signal("a1", 0, None, now_ns - 3_000_000_000)
    orders.mark("a1", SENT, now_ns - 2_500_000_000)
    own = {"venue": "played", "strategy": "maker"}
    step = metrics.ORDER_STAGE.of(home).bind(**own, **{"from": "signal", "to": "sent"})
    assert step.sum == pytest.approx(0.5)
    assert metrics.ORDER_STAGE.bind(**own, **{"from": "signal", "to": "sent"}).count == 0
    assert metrics.ORDERS_OLDEST.of(home).bind(**own).value == 1_767_599_997
    (orphan,) = life.sweep()
    assert orphan.age_s == 3
    assert not orders.mark("a1", ACK, "now")
