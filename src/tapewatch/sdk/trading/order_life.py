"""
The life of orders: which stage each is in, how long the steps take, which never end.

    life = OrderLife()
    orders = life.bind(venue="binance", strategy="maker")

    orders.signal("a1", tick_ns)
    orders.mark("a1", SENT)
    orders.mark("a1", ACK)
    orders.mark("a1", FILL)

A mark costs a few dozen nanoseconds and never raises; a mark that is no step is counted by its
fault. Orders that never end are seen from outside by the age of the oldest, and named by ``sweep``.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import time_ns
from typing import Final

from tapewatch.sdk import events
from tapewatch.sdk.region.cells import HistogramHandle, clock_ns
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.orders import Orders
from tapewatch.sdk.trading.stages import (
    ACK,
    CANCEL,
    EXPIRE,
    FILL,
    PARTIAL,
    REJECT,
    RISK,
    SENT,
    SIGNAL,
    STAGE_COUNT,
    MarkFault,
    Stage,
    fault_name,
    stage_name,
    transition,
)

# The steps of an ordinary life have their histograms from the start; a rare one gets its own when
# it is first taken, because each takes two and a half kilobytes.
_ORDINARY: Final = (
    (SIGNAL, RISK),
    (SIGNAL, SENT),
    (RISK, SENT),
    (SENT, ACK),
    (SENT, REJECT),
    (ACK, PARTIAL),
    (ACK, FILL),
    (ACK, CANCEL),
    (PARTIAL, FILL),
)


@dataclass(frozen=True, slots=True)
class Orphan:
    """An order that should have ended."""

    order_id: Hashable
    stage: Stage
    age_s: float


class OrderLife:
    """
    Watches orders for as many venues and strategies as are bound.

    ``orphan_after_s`` is when an open order should have ended, ``open_max`` how many are watched
    for each binding, and ``ended_max`` how many ended ones are remembered to know a late mark.
    ``timeline=True`` pushes every step as an event too, so that the history of one order can be
    read; it costs as much again as the mark.

    ``now_ns`` gives Unix nanoseconds where orders are told of by another clock, as when a day is
    played again; every signal and mark then says its time (``at_ns``) by that clock.
    """

    def __init__(
        self,
        *,
        orphan_after_s: float = 60.0,
        open_max: int = 65_536,
        ended_max: int = 1_024,
        timeline: bool = False,
        now_ns: Callable[[], int] | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._now_ns = now_ns
        self._registry = registry
        self.orphan_after_s = orphan_after_s
        self._timeline = timeline
        self._open_max = open_max
        self._ended_max = ended_max
        self._orphaned = events.declare(
            "order {order} of {strategy} at {venue} is open for {age_s:.1f} s, at {stage}",
            level="WARN",
            target="orders",
        )
        self._bound: dict[tuple[str, str], Orders] = {}
        self._told: set[tuple[str, str, Hashable]] = set()

    def bind(self, *, venue: str, strategy: str) -> Orders:
        """Give the orders of one venue and strategy; made once, at start-up."""
        known = self._bound.get((venue, strategy))
        if known is None:
            known = self._bound[venue, strategy] = self._orders(venue, strategy)
        return known

    def _orders(self, venue: str, strategy: str) -> Orders:
        labels = {"venue": venue, "strategy": strategy}
        home = self._registry
        stages = metrics.ORDER_STAGES.of(home)
        mark_faults = metrics.ORDER_MARK_FAULTS.of(home)
        stage_times = metrics.ORDER_STAGE.of(home)

        def step(before: int, after: int) -> HistogramHandle:
            return stage_times.labels(venue, strategy, stage_name(before), stage_name(after))

        steps: list[HistogramHandle | None] = [None] * STAGE_COUNT**2
        for before, after in _ORDINARY:
            steps[transition(before, after)] = step(before, after)
        return Orders(
            transitions=steps,
            find=step,
            marks=[stages.bind(**labels, stage=stage_name(stage)) for stage in Stage],
            faults=[mark_faults.bind(**labels, fault=fault_name(fault)) for fault in MarkFault],
            open_orders=metrics.ORDERS_OPEN.of(home).bind(**labels),
            oldest=metrics.ORDERS_OLDEST.of(home).bind(**labels),
            tick_to_trade=metrics.TICK_TO_TRADE.of(home).bind(**labels),
            life=metrics.ORDER_LIFE.of(home).bind(**labels),
            realtime_offset_ns=self._realtime_offset_ns(),
            open_max=self._open_max,
            ended_max=self._ended_max,
            timeline=_timeline(venue, strategy) if self._timeline else None,
        )

    def _realtime_offset_ns(self) -> int:
        return 0 if self._now_ns else time_ns() - clock_ns()

    def sweep(self, orphans_max: int = 100) -> list[Orphan]:
        """
        Name the orders that should have ended, at most so many of each binding.

        Cheap when there are none: only the oldest order is looked at. Each orphan is told to the
        event ring once. Call it from a timer; without it the age of the oldest order still tells.
        """
        found = []
        age_ns = round(self.orphan_after_s * 1e9)
        now_ns = self._now_ns() if self._now_ns else 0
        orphaned = metrics.ORDERS_ORPHANED.of(self._registry)
        told: set[tuple[str, str, Hashable]] = set()
        for (venue, strategy), orders in self._bound.items():
            orders.realtime_offset_ns = self._realtime_offset_ns()
            count = orders.count_older_than(age_ns, now_ns)
            orphaned.bind(venue=venue, strategy=strategy).set(count)
            for order_id, stage, old_ns in orders.older_than(age_ns, orphans_max, now_ns):
                orphan = Orphan(order_id, Stage(stage), old_ns / 1e9)
                found.append(orphan)
                told.add((venue, strategy, order_id))
                if (venue, strategy, order_id) not in self._told:
                    self._tell(orphan, venue, strategy)
        self._told = told
        return found

    def _tell(self, orphan: Orphan, venue: str, strategy: str) -> None:
        order, stage = str(orphan.order_id), stage_name(orphan.stage)
        events.push(self._orphaned, order, strategy, venue, orphan.age_s, stage)


def _timeline(venue: str, strategy: str) -> Callable[[Hashable, int], None]:
    form = events.declare("order {order} of {strategy} at {venue}: {stage}", target="orders")
    names = [stage_name(stage) for stage in Stage]
    push = events.push

    def told(order_id: Hashable, stage: int) -> None:
        push(form, order_id, strategy, venue, names[stage])

    return told


__all__ = [
    "ACK",
    "CANCEL",
    "EXPIRE",
    "FILL",
    "PARTIAL",
    "REJECT",
    "RISK",
    "SENT",
    "SIGNAL",
    "OrderLife",
    "Orders",
    "Orphan",
    "Stage",
    "clock_ns",
]
