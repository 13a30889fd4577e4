"""The readable twin of ``orders_fast.pyx``: the open orders of one venue and strategy."""

from collections.abc import Callable, Hashable
from typing import Final

from tapewatch.sdk.region.cells import CounterHandle, GaugeHandle, HistogramHandle, clock_ns

_SENT: Final = 2
_PARTIAL: Final = 4
_FILL: Final = 5
_STAGES: Final = 9
_UNKNOWN, _OUT_OF_ORDER, _AFTER_END, _TWICE, _FULL, _UNREADABLE = range(6)
_NS: Final = 1e-9


class Order:
    """One order: where it is, since when, and its neighbours by age."""

    __slots__ = ("at_ns", "began_ns", "exemplar", "newer", "older", "order_id", "stage", "tick_ns")

    def __init__(self, order_id: Hashable) -> None:
        self.order_id = order_id
        self.stage = 0
        self.began_ns = self.at_ns = self.tick_ns = 0
        self.exemplar: bytes | None = None
        self.older: Order | None = None
        self.newer: Order | None = None


class Orders:
    """
    Watches orders by their ids.

    ``transitions`` has a histogram or None for every pair of stages, ``marks`` a counter for every
    stage, ``faults`` one for every fault. ``find`` makes the histogram of a pair that has none.
    ``timeline`` is called with every step: the id and the place of the stage.

    Memory is bounded: ``open_max`` open orders, and the last ``ended_max`` that ended, which are
    remembered so that a late mark is told from an unknown one.
    """

    def __init__(
        self,
        *,
        transitions: list[HistogramHandle | None],
        find: Callable[[int, int], HistogramHandle],
        marks: list[CounterHandle],
        faults: list[CounterHandle],
        open_orders: GaugeHandle,
        oldest: GaugeHandle,
        tick_to_trade: HistogramHandle,
        life: HistogramHandle,
        realtime_offset_ns: int,
        open_max: int,
        ended_max: int,
        timeline: Callable[[Hashable, int], None] | None = None,
    ) -> None:
        self._transitions = transitions
        self._find = find
        self._marks = marks
        self._faults = faults
        self._open_orders = open_orders
        self._oldest = oldest
        self._tick_to_trade = tick_to_trade
        self._life = life
        self.realtime_offset_ns = realtime_offset_ns
        self._open_max = open_max
        self._timeline = timeline
        self._orders: dict[Hashable, Order] = {}
        self._ended: list[Order | None] = [None] * max(ended_max, 1)
        self._ended_next = 0
        self._open_count = 0
        self._head: Order | None = None
        self._tail: Order | None = None

    @property
    def open_count(self) -> int:
        """How many orders are open."""
        return self._open_count

    def signal(
        self, order_id: Hashable, tick_ns: int = 0, exemplar: bytes | None = None, at_ns: int = 0
    ) -> bool:
        """
        Begin an order: the decision to trade.

        ``tick_ns`` is when the message arrived that led to it (``clock_ns``), ``exemplar`` its
        trace, and ``at_ns`` when it was, where another clock than ours tells. Answers whether the
        order is watched.
        """
        try:
            known = self._orders.get(order_id)
            if known is not None and known.stage < _FILL:
                return self._fault(_TWICE)
            if self._open_count >= self._open_max:
                return self._fault(_FULL)
            order = Order(order_id)
            order.tick_ns = tick_ns + 0
            told_ns = at_ns + 0
            self._orders[order_id] = order
        except Exception:  # noqa: BLE001 # Whatever an id raises must not reach the trading path.
            return self._fault(_UNREADABLE)
        order.exemplar = exemplar
        order.began_ns = order.at_ns = told_ns or clock_ns()
        self._append(order)
        self._marks[0].inc()
        if self._timeline is not None:
            self._timeline(order_id, 0)
        return True

    def mark(self, order_id: Hashable, stage: int, at_ns: int = 0) -> bool:
        """Say that an order reached a stage; answers whether that was a step."""
        try:
            told_ns = at_ns + 0
            order = self._orders.get(order_id)
            if not 0 <= stage < _STAGES:
                return self._fault(_UNREADABLE)
        except Exception:  # noqa: BLE001 # As above.
            return self._fault(_UNREADABLE)
        if order is None:
            return self._fault(_UNKNOWN)
        before = order.stage
        if before >= _FILL:
            return self._fault(_AFTER_END)
        if stage <= before and not stage == before == _PARTIAL:
            return self._fault(_OUT_OF_ORDER)
        self._step(order, before, stage, told_ns or clock_ns())
        return True

    def _step(self, order: Order, before: int, stage: int, now_ns: int) -> None:
        place = before * _STAGES + stage
        histogram = self._transitions[place]
        if histogram is None:
            histogram = self._transitions[place] = self._find(before, stage)
        histogram.observe((now_ns - order.at_ns) * _NS)
        self._marks[stage].inc()
        order.at_ns = now_ns
        order.stage = stage
        if stage == _SENT and order.tick_ns:
            self._tick_to_trade.observe((now_ns - order.tick_ns) * _NS, order.exemplar)
        if stage >= _FILL:
            self._life.observe((now_ns - order.began_ns) * _NS, order.exemplar)
            self._end(order)
        if self._timeline is not None:
            self._timeline(order.order_id, stage)

    def _end(self, order: Order) -> None:
        self._unlink(order)
        place = self._ended_next
        forgotten = self._ended[place]
        # An id may have been used again; then what it names is another order.
        if forgotten is not None and self._orders.get(forgotten.order_id) is forgotten:
            del self._orders[forgotten.order_id]
        self._ended[place] = order
        self._ended_next = (place + 1) % len(self._ended)

    def _append(self, order: Order) -> None:
        order.older = self._tail
        if self._tail is None:
            self._head = order
            self._tell_oldest()
        else:
            self._tail.newer = order
        self._tail = order
        self._open_count += 1
        self._open_orders.set(self._open_count)

    def _unlink(self, order: Order) -> None:
        older, newer = order.older, order.newer
        if newer is None:
            self._tail = older
        else:
            newer.older = older
        if older is None:
            self._head = newer
            self._tell_oldest()
        else:
            older.newer = newer
        order.older = order.newer = None
        self._open_count -= 1
        self._open_orders.set(self._open_count)

    def _tell_oldest(self) -> None:
        head = self._head
        began_ns = 0 if head is None else head.began_ns + self.realtime_offset_ns
        self._oldest.set(began_ns * _NS)

    def _fault(self, fault: int) -> bool:
        self._faults[fault].inc()
        return False

    def stage_of(self, order_id: Hashable) -> int:
        """Where an order is; -1 where it is unknown."""
        try:
            order = self._orders.get(order_id)
        except TypeError:
            return -1
        return -1 if order is None else order.stage

    def older_than(
        self, age_ns: int, count_max: int, at_ns: int = 0
    ) -> list[tuple[Hashable, int, int]]:
        """List open orders older than ``age_ns``, the oldest first: id, stage and age."""
        found: list[tuple[Hashable, int, int]] = []
        now_ns = at_ns or clock_ns()
        order = self._head
        while order is not None and len(found) < count_max and now_ns - order.began_ns > age_ns:
            found.append((order.order_id, order.stage, now_ns - order.began_ns))
            order = order.newer
        return found

    def count_older_than(self, age_ns: int, at_ns: int = 0) -> int:
        """How many open orders are older than ``age_ns``."""
        count, now_ns = 0, at_ns or clock_ns()
        order = self._head
        while order is not None and now_ns - order.began_ns > age_ns:
            count += 1
            order = order.newer
        return count
