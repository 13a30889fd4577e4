"""
What the desk does in its market: signals lead to orders, orders to fills, fills to positions.

Orders lean against the position that is already held, so that positions stay small and a quiet day
stays quiet.
"""

import random
from dataclasses import dataclass, field
from typing import Final

from tapewatch.floor.market import Market, poisson

ORDER_USD: Final = 400.0
EDGE_BPS: Final = 0.4
"""What a fill earns on average against the price of the market."""

LEAN_USD: Final = 4000.0
PASSIVE_SHARE: Final = 0.5
REJECTED_SHARE: Final = 0.004
CANCELED_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Order:
    """One order with its whole life, from the signal to its end."""

    number: int
    symbol: str
    venue: str
    strategy: str
    side: str
    kind: str
    quantity: float
    price: float
    end: str
    """``fill``, ``cancel`` or ``reject``."""

    risk_s: float
    sent_s: float
    ack_s: float
    end_s: float
    """How long each stage came after the one before."""

    slippage_bps: float

    @property
    def value_usd(self) -> float:
        """What it is worth."""
        return self.quantity * self.price

    @property
    def filled(self) -> float:
        """The quantity that was filled."""
        return self.quantity if self.end == "fill" else 0.0


@dataclass(slots=True)
class Book:
    """What is held of each symbol, at what price it was bought, and what was earned."""

    quantities: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    realized: dict[str, float] = field(default_factory=dict)

    def fill(self, symbol: str, quantity: float, price: float) -> None:
        """Take in a fill; a sale has a quantity below zero."""
        held, cost = self.quantities.get(symbol, 0.0), self.costs.get(symbol, price)
        closing = min(abs(quantity), abs(held)) if held * quantity < 0 else 0.0
        sign = 1 if held > 0 else -1
        earned = closing * (price - cost) * sign
        self.realized[symbol] = self.realized.get(symbol, 0.0) + earned
        left = held + quantity
        if closing == 0 and left:
            self.costs[symbol] = (held * cost + quantity * price) / left
        elif held * left < 0:
            self.costs[symbol] = price
        self.quantities[symbol] = left if abs(left) * price > 1e-6 else 0.0

    def unrealized(self, symbol: str, price: float) -> float:
        """What closing a position now would bring."""
        return self.quantities.get(symbol, 0.0) * (price - self.costs.get(symbol, price))


@dataclass(slots=True)
class Trading:
    """The orders of one step after the other, and the book that they lead to."""

    market: Market
    strategies: tuple[str, ...]
    orders_per_second: float
    rng: random.Random
    book: Book = field(default_factory=Book)
    orders: list[Order] = field(default_factory=list)
    number: int = 0

    def step(self, seconds: float) -> None:
        """Trade for so long."""
        due = self.orders_per_second * self.market.activity * seconds
        self.orders = [self._order() for _ in range(poisson(self.rng, due))]
        for order in self.orders:
            sign = 1 if order.side == "buy" else -1
            price = order.price * (1 + sign * order.slippage_bps / 1e4)
            self.book.fill(order.symbol, sign * order.filled, price)

    def _order(self) -> Order:
        rng = self.rng
        self.number += 1
        symbol = rng.choice(self.market.symbols)
        price = self.market.prices[symbol]
        drawn = rng.random()
        end = "reject" if drawn < REJECTED_SHARE else "fill"
        return Order(
            number=self.number,
            symbol=symbol,
            venue=rng.choice(self.market.venues),
            strategy=rng.choice(self.strategies),
            side=self._side(symbol, price),
            kind="limit" if rng.random() < PASSIVE_SHARE else "market",
            quantity=ORDER_USD * rng.lognormvariate(0, 0.5) / price,
            price=price,
            end="cancel" if REJECTED_SHARE <= drawn < REJECTED_SHARE + CANCELED_SHARE else end,
            risk_s=rng.lognormvariate(-9.5, 0.4),
            sent_s=rng.lognormvariate(-9.0, 0.4),
            ack_s=rng.lognormvariate(-3.9, 0.4),
            end_s=rng.lognormvariate(-2.5, 0.6),
            slippage_bps=rng.gauss(-EDGE_BPS, 1.5),
        )

    def _side(self, symbol: str, price: float) -> str:
        held_usd = self.book.quantities.get(symbol, 0.0) * price
        buys = 0.5 - min(max(held_usd / LEAN_USD, -0.5), 0.5)
        return "buy" if self.rng.random() < buys else "sell"
