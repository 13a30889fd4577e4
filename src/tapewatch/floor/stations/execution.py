"""Sends orders to venues, and brings back what became of them."""

from dataclasses import replace
from typing import Final

from tapewatch.floor import causes
from tapewatch.floor.messages import EXECUTION, Mail, Order
from tapewatch.floor.stations.station import Station
from tapewatch.floor.voices.scene import Scene
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.tracing.context import TRACEPARENT, accepted
from tapewatch.sdk.tracing.operation import Operation

SLOW_TIMES: Final = 400.0
WORDS: Final = {
    "ack": "Order acknowledged",
    "fill": "Order filled",
    "cancel": "Order canceled",
    "reject": "Order rejected",
}


class Execution(Station):
    """The way of one desk to its venues."""

    role = EXECUTION

    def __init__(self, scene: Scene, registry: Registry, metrics: frozenset[str]) -> None:
        super().__init__(scene, registry, metrics)
        self._operation = Operation("submit_order")

    def step(self, mail: Mail) -> Mail:
        """Send what is approved, and tell what venues report."""
        trading = self.scene.trading
        for symbol, price in mail.get("quotes", ()):
            self.scene.market.prices[symbol] = price
        trading.orders = []
        reports: list[Order] = mail.get("reports", [])
        for order in reports:
            trading.hear(order)
            self._log(order)
        sent = [self._traced(order) for order in mail.get("orders", ())]
        return {
            "requests": sent,
            "news": [*reports, *sent],
            "statements": mail.get("holdings", []),
        }

    def _traced(self, order: Order) -> Order:
        with accepted({TRACEPARENT: order.trace}), self._operation(order_id=order.number):
            return self._send(order)

    def _send(self, order: Order) -> Order:
        times = SLOW_TIMES if causes.SLOW_DESK in self.scene.causes else 1.0
        took_s = self.scene.rng.lognormvariate(-9.0, 0.4) * times
        order = replace(order, sent_s=took_s, state="sent")
        self.scene.sent[order.venue] = self.scene.sent.get(order.venue, 0) + 1
        self.scene.journal.info(
            "Order submitted",
            order_id=str(order.number),
            symbol=order.symbol,
            venue=order.venue,
            quantity=round(order.quantity, 6),
            latency_us=round((order.risk_s + took_s) * 1e6),
        )
        return order

    def _log(self, order: Order) -> None:
        if order.state == "ack":
            return
        told = {"order_id": str(order.number), "symbol": order.symbol, "venue": order.venue}
        if order.state == "reject":
            self.scene.journal.warning(WORDS["reject"], **told, rejection_reason="by the venue")
        elif order.state == "fill":
            self.scene.journal.info(
                WORDS["fill"],
                **told,
                filled_qty=round(order.filled, 6),
                avg_price=round(order.paid, 4),
            )
        else:
            self.scene.journal.info(WORDS[order.state], **told)
