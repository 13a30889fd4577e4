"""Infers signals from the market, and keeps the lives of the orders that they lead to."""

import math
from collections.abc import Iterator
from typing import Final

from tapewatch.floor.market import poisson
from tapewatch.floor.messages import SIGNALS, Mail, Order
from tapewatch.floor.stations.station import Station
from tapewatch.floor.voices.scene import Scene
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.tracing.context import TRACEPARENT, inject
from tapewatch.sdk.tracing.operation import Operation
from tapewatch.sdk.trading.executions import FillRate, Slippage
from tapewatch.sdk.trading.order_life import ACK, CANCEL, FILL, REJECT, RISK, SENT, OrderLife
from tapewatch.sdk.trading.orders import Orders

ORDER_USD: Final = 400.0
LEAN_USD: Final = 4000.0
PASSIVE_SHARE: Final = 0.5
ORPHAN_AFTER_S: Final = 10.0
SWEEP_EVERY_S: Final = 1.0
FAST: Final = 0.2
SLOW: Final = 0.02
TREND_WEIGHT: Final = -900.0
"""The model bets on a return to the mean, and a step of ten basis points is much."""

ENDS: Final = {"fill": FILL, "cancel": CANCEL, "reject": REJECT}
Pair = tuple[str, str]


class Model:
    """A logistic model of one feature: how far the fast mean of a price is above the slow one."""

    def __init__(self) -> None:
        self._fast: dict[str, float] = {}
        self._slow: dict[str, float] = {}

    def see(self, symbol: str, price: float) -> None:
        """Take in a price."""
        fast, slow = self._fast.get(symbol, price), self._slow.get(symbol, price)
        self._fast[symbol] = fast + FAST * (price - fast)
        self._slow[symbol] = slow + SLOW * (price - slow)

    def rises(self, symbol: str) -> float:
        """How likely it is that the price rises."""
        slow = self._slow.get(symbol, 0.0)
        if not slow:
            return 0.5
        trend = self._fast[symbol] / slow - 1
        return 1 / (1 + math.exp(-max(min(TREND_WEIGHT * trend, 20.0), -20.0)))


class Signals(Station):
    """The strategies of one desk."""

    role = SIGNALS

    def __init__(self, scene: Scene, registry: Registry, metrics: frozenset[str]) -> None:
        super().__init__(scene, registry, metrics)
        self.model = Model()
        self._operation = Operation("signal")
        self._number = 0
        self._life: OrderLife | None = None
        self._orders: dict[Pair, Orders] = {}
        self._slippages: dict[Pair, Slippage] = {}
        self._fill_rates: dict[Pair, FillRate] = {}
        if "order_stages_total" in metrics:
            self._watch()

    def _watch(self) -> None:
        self._life = OrderLife(
            orphan_after_s=ORPHAN_AFTER_S, now_ns=self.clock, registry=self.registry
        )
        for venue in self.scene.market.venues:
            for strategy in self.scene.trading.strategies:
                pair = (venue, strategy)
                own = {"venue": venue, "strategy": strategy}
                self._orders[pair] = self._life.bind(**own)
                self._slippages[pair] = Slippage(**own, registry=self.registry)
                self._fill_rates[pair] = FillRate(**own, registry=self.registry)
        self._life.sweep()

    def step(self, mail: Mail) -> Mail:
        """Look at the market and decide."""
        market, trading = self.scene.market, self.scene.trading
        for symbol, price in mail.get("quotes", ()):
            market.prices[symbol] = price
            self.model.see(symbol, price)
        trading.orders = []
        for order in mail.get("news", ()):
            trading.hear(order)
            if self._life:
                self._tell(order)
        if self._life and self.scene.every("sweep", SWEEP_EVERY_S):
            self._sweep(self._life)
        return {"intents": list(self._intents())}

    def _intents(self) -> Iterator[Order]:
        scene = self.scene
        due = scene.size.orders_per_second * scene.market.activity * scene.seconds
        for _ in range(poisson(scene.rng, due)):
            yield self._intent()

    def _intent(self) -> Order:
        self._number += 1
        with self._operation(order_id=self._number):
            headers: dict[str, str] = {}
            inject(headers)
            return self._order(headers.get(TRACEPARENT, ""))

    def _order(self, trace: str) -> Order:
        scene, rng = self.scene, self.scene.rng
        symbol = rng.choice(scene.market.symbols)
        price = scene.market.prices[symbol]
        held_usd = scene.trading.book.quantities.get(symbol, 0.0) * price
        # Orders lean against what is held, so that positions stay small on a quiet day.
        buys = self.model.rises(symbol) * 0.4 + 0.3
        buys -= min(max(held_usd / LEAN_USD, -0.5), 0.5)
        return Order(
            number=self._number,
            symbol=symbol,
            strategy=rng.choice(scene.trading.strategies),
            side="buy" if rng.random() < buys else "sell",
            kind="limit" if rng.random() < PASSIVE_SHARE else "market",
            quantity=ORDER_USD * rng.lognormvariate(0, 0.5) / price,
            price=price,
            began_s=scene.now_s,
            trace=trace,
        )

    def _tell(self, order: Order) -> None:
        pair = (order.venue, order.strategy)
        orders = self._orders[pair]
        if order.state == "sent":
            began_ns = order.at_ns("signal")
            orders.signal(order.number, began_ns, None, began_ns)
            orders.mark(order.number, RISK, order.at_ns("risk"))
            orders.mark(order.number, SENT, order.at_ns("sent"))
        elif order.state == "ack":
            orders.mark(order.number, ACK, order.at_ns("ack"))
        else:
            orders.mark(order.number, ENDS[order.state], order.at_ns("end"))
            self._executed(pair, order)

    def _executed(self, pair: Pair, order: Order) -> None:
        slippage, fills = self._slippages[pair], self._fill_rates[pair]
        if order.filled:
            cost = slippage.buy if order.side == "buy" else slippage.sell
            cost(price=order.paid, reference=order.price)
        told = fills.buy if order.side == "buy" else fills.sell
        told(ordered=order.quantity, filled=order.filled)

    def _sweep(self, life: OrderLife) -> None:
        for orphan in life.sweep():
            self.scene.journal.warning(
                "An order is open for too long",
                order_id=str(orphan.order_id),
                stage=orphan.stage.name.lower(),
                age_s=round(orphan.age_s, 1),
            )
