"""
nautilus_trader: what its message bus tells of orders, fills and positions.

    watch = BusWatch()
    watch.attach(node.kernel.msgbus)       # before the node runs
    watch.look(node.kernel)                # from a timer: engines' queues

It listens to ``events.order.*`` and ``events.position.*``. A listener to ``events.*`` is given
every fill twice (as an order's and as an instrument's), so events are told apart by their ids.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.process import catch
from tapewatch.sdk.trading.executions import FillRate
from tapewatch.sdk.trading.order_life import (
    ACK,
    CANCEL,
    EXPIRE,
    FILL,
    PARTIAL,
    REJECT,
    SENT,
    OrderLife,
    Orders,
    Stage,
)

TOPICS: Final = ("events.order.*", "events.position.*")

_STAGES: Final[dict[str, Stage]] = {
    "OrderSubmitted": SENT,
    "OrderAccepted": ACK,
    "OrderDenied": REJECT,
    "OrderRejected": REJECT,
    "OrderCanceled": CANCEL,
    "OrderExpired": EXPIRE,
}
_SEEN_MAX: Final = 4096
_WHOLE: Final = 1e-12


@dataclass(slots=True)
class _Order:
    """What has to be remembered of an open order."""

    orders: Orders
    fills: FillRate
    buys: bool
    ordered: float
    filled: float = 0.0

    def end(self) -> None:
        count = self.fills.buy if self.buys else self.fills.sell
        count(ordered=self.ordered, filled=self.filled)

    @property
    def whole(self) -> bool:
        return self.filled >= self.ordered * (1 - _WHOLE)


class BusWatch:
    """Turns the events of one node's bus into the lives of orders, fills and positions."""

    def __init__(self, life: OrderLife | None = None) -> None:
        self.life = life or OrderLife()
        self._open: dict[str, _Order] = {}
        self._fills: dict[tuple[str, str], FillRate] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()

    def attach(self, bus: Any) -> None:
        """Listen to a message bus."""
        for topic in TOPICS:
            bus.subscribe(topic=topic, handler=self.event)

    def event(self, event: Any) -> None:
        """Take in one event; never raises."""
        try:
            if self._first(str(event.id)):
                self._take(type(event).__name__, event)
        except Exception as error:  # noqa: BLE001 - the bus must go on, and the region tells of it
            catch(error)

    def _first(self, event_id: str) -> bool:
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > _SEEN_MAX:
            self._seen.popitem(last=False)
        return True

    def _take(self, name: str, event: Any) -> None:
        if name.startswith("Position"):
            self._position(event)
        elif name == "OrderInitialized":
            self._begin(event)
        elif name == "OrderFilled":
            self._fill(event)
        elif name == "OrderUpdated":
            self._resize(event)
        elif name in _STAGES:
            self._mark(event, _STAGES[name])

    def _begin(self, event: Any) -> None:
        venue, strategy = _venue(event), str(event.strategy_id)
        fills = self._fills.get((venue, strategy))
        if fills is None:
            fills = self._fills[venue, strategy] = FillRate(venue=venue, strategy=strategy)
        order_id = str(event.client_order_id)
        orders = self.life.bind(venue=venue, strategy=strategy)
        ordered, buys = float(event.quantity), event.side.name == "BUY"
        self._open[order_id] = _Order(orders, fills, buys, ordered)
        orders.signal(order_id)

    def _mark(self, event: Any, stage: Stage) -> None:
        order_id = str(event.client_order_id)
        order = self._open.get(order_id)
        orders = self._orders(event) if order is None else order.orders
        orders.mark(order_id, stage)
        if order is not None and stage >= FILL:
            order.end()
            del self._open[order_id]

    def _fill(self, event: Any) -> None:
        order = self._open.get(str(event.client_order_id))
        if order is None:
            # An order from before this process: its fill is told as a mark of an unknown one.
            self._mark(event, FILL)
            return
        order.filled += float(event.last_qty)
        self._mark(event, FILL if order.whole else PARTIAL)

    def _resize(self, event: Any) -> None:
        order = self._open.get(str(event.client_order_id))
        if order is not None:
            order.ordered = float(event.quantity)

    def _orders(self, event: Any) -> Orders:
        return self.life.bind(venue=_venue(event), strategy=str(event.strategy_id))

    def _position(self, event: Any) -> None:
        quantity = float(event.signed_qty)
        strategy, symbol = str(event.strategy_id), str(event.instrument_id.symbol)
        metrics.POSITION_QUANTITY.labels(_venue(event), strategy, symbol).set(quantity)

    def look(self, kernel: Any) -> None:
        """Tell of the engines' queues and connections, and of orders that never end."""
        data, execution = kernel.data_engine, kernel.exec_engine
        depths = {
            ("data", "data"): data.data_qsize,
            ("data", "commands"): data.cmd_qsize,
            ("execution", "events"): execution.evt_qsize,
            ("execution", "commands"): execution.cmd_qsize,
        }
        for (engine, queue), depth in depths.items():
            metrics.QUEUE_DEPTH.labels(engine, queue).set(depth())
        for engine, told in {"data": data, "execution": execution}.items():
            metrics.ENGINE_CONNECTED.labels(engine).set(float(told.check_connected()))
        self.life.sweep()


def _venue(event: Any) -> str:
    return str(event.instrument_id.venue)
