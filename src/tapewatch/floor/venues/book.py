"""The books of a venue: levels of price, what changed in each step, and the trades between."""

import random
from dataclasses import dataclass, field
from typing import Final

from tapewatch.floor.market import Market, poisson

TICK: Final = 0.01
LEVELS: Final = 20
TRADES_PER_SECOND: Final = 4.0

Levels = dict[str, str]
"""Prices with quantities, both as the texts that a venue sends."""


@dataclass(frozen=True, slots=True)
class Update:
    """What changed in a book: every number from ``first`` to ``last``; nothing left is ``0``."""

    symbol: str
    first: int
    last: int
    bids: Levels
    asks: Levels
    best_bid: tuple[str, str]
    best_ask: tuple[str, str]
    """The best levels after it."""


@dataclass(frozen=True, slots=True)
class Trade:
    """Two orders that met."""

    symbol: str
    number: int
    price: str
    quantity: str
    buyer_waited: bool


@dataclass(slots=True)
class Book:
    """One symbol: its levels, and how far its updates and trades are counted."""

    symbol: str
    number: int = 0
    trades: int = 0
    bids: Levels = field(default_factory=dict)
    asks: Levels = field(default_factory=dict)
    last_trades: list[Trade] = field(default_factory=list)

    def move(self, price: float, rng: random.Random) -> Update:
        """Put the levels around a new price; gives what has changed."""
        bids = {f"{price - TICK * step:.2f}": _quantity(rng) for step in range(1, LEVELS + 1)}
        asks = {f"{price + TICK * step:.2f}": _quantity(rng) for step in range(1, LEVELS + 1)}
        changes = (_changed(self.bids, bids), _changed(self.asks, asks))
        first = self.number + 1
        self.number += max(len(changes[0]) + len(changes[1]), 1)
        self.bids, self.asks = bids, asks
        best = next(iter(bids.items())), next(iter(asks.items()))
        return Update(self.symbol, first, self.number, *changes, *best)

    def trade(self, price: float, rng: random.Random) -> Trade:
        """Let two orders meet."""
        self.trades += 1
        told = Trade(self.symbol, self.trades, f"{price:.2f}", _quantity(rng), rng.random() < 0.5)
        self.last_trades = [*self.last_trades[-499:], told]
        return told


class Books:
    """Every book of one venue."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.by_symbol = {symbol: Book(symbol) for symbol in market.symbols}
        for book in self.by_symbol.values():
            book.move(market.prices[book.symbol], market.rng)

    def step(self, now_s: float, seconds: float) -> tuple[list[Update], list[Trade]]:
        """Let so much time pass."""
        market = self.market
        market.step(now_s, seconds)
        updates, trades = [], []
        for symbol, book in self.by_symbol.items():
            price = market.prices[symbol]
            for _ in range(poisson(market.rng, TRADES_PER_SECOND * seconds * market.activity)):
                trades.append(book.trade(price, market.rng))
            updates.append(book.move(price, market.rng))
        return updates, trades


def _quantity(rng: random.Random) -> str:
    return f"{rng.lognormvariate(0, 0.7):.5f}"


def _changed(before: Levels, after: Levels) -> Levels:
    gone = {price: "0.00000" for price in before if price not in after}
    return {**gone, **{price: size for price, size in after.items() if before.get(price) != size}}
