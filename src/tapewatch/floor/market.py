"""
A market that looks like one: prices with heavy tails, an activity that follows the day and comes
in bursts, and venues of unlike size.

Everything random comes from the generator that is handed in, and every step draws the same number
of times whatever happens, so one seed gives one market.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

DAY_S: Final = 86_400
BURST_LASTS_S: Final = 20.0
BURST_SPREAD: Final = 0.25
JUMP_SHARE: Final = 0.01
VOLATILITY_PER_ROOT_SECOND: Final = 5e-5
"""About one and a half percent a day."""

COINS: Final = ("BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "DOGE", "AVAX", "LINK", "DOT", "LTC")
SHARES: Final = ("AAPL", "MSFT", "NVDA", "AMZN", "GOOG", "META", "TSLA", "AMD", "JPM", "XOM")
PAIRS: Final = ("EURUSD", "USDJPY", "GBPUSD", "USDCHF", "AUDUSD", "USDCAD", "NZDUSD", "EURGBP")
VENUES: Final = (
    *("binance", "bybit", "okx", "kraken", "coinbase", "deribit"),
    *("bitget", "gate", "kucoin", "bitstamp", "gemini", "htx"),
)


def names(stems: Sequence[str], count: int, ending: str = "") -> tuple[str, ...]:
    """Give so many names: the known ones first, then numbered ones."""
    known = [f"{stem}{ending}" for stem in stems[:count]]
    return (*known, *(f"S{number:03}{ending}" for number in range(len(known), count)))


@dataclass(slots=True)
class Market:
    """Prices and messages of symbols at venues, one step after the other."""

    symbols: tuple[str, ...]
    venues: tuple[str, ...]
    messages_per_second: float
    rng: random.Random
    prices: dict[str, float] = field(default_factory=dict)
    messages: dict[tuple[str, str], int] = field(default_factory=dict)
    activity: float = 1.0
    _burst: float = 0.0
    _shares: list[tuple[tuple[str, str], float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._shares = shares(self.venues, self.symbols)
        self.prices = {name: math.exp(self.rng.gauss(4, 1)) for name in self.symbols}

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every feed: each symbol at each venue."""
        return [place for place, _ in self._shares]

    def step(self, now_s: float, seconds: float) -> None:
        """Let so much time pass."""
        self.activity = season(now_s) * self._next_burst(seconds)
        root = math.sqrt(seconds * self.activity)
        for symbol in self.symbols:
            move = self.rng.gauss(0, 1) * (4 if self.rng.random() < JUMP_SHARE else 1)
            self.prices[symbol] *= math.exp(VOLATILITY_PER_ROOT_SECOND * root * move)
        due = self.messages_per_second * seconds * self.activity
        self.messages = {place: poisson(self.rng, due * share) for place, share in self._shares}

    def _next_burst(self, seconds: float) -> float:
        # An order that leads to others: the logarithm of the pace forgets slowly and jumps.
        kept = math.exp(-seconds / BURST_LASTS_S)
        self._burst = self._burst * kept + self.rng.gauss(0, BURST_SPREAD) * math.sqrt(1 - kept)
        return math.exp(min(self._burst, 2.0))


def shares(venues: Sequence[str], symbols: Sequence[str]) -> list[tuple[tuple[str, str], float]]:
    """Say which part of all messages each symbol has at each venue: the first ones have most."""
    weighed = [
        ((venue, symbol), 1.0 / (1 + at) ** 0.5 / (1 + number) ** 0.5)
        for at, venue in enumerate(venues)
        for number, symbol in enumerate(symbols)
    ]
    whole = sum(weight for _, weight in weighed)
    return [(place, weight / whole) for place, weight in weighed]


def season(now_s: float) -> float:
    """How busy the time of day is: most in the afternoon of London, never less than a third."""
    hour = now_s % DAY_S / 3600
    return 0.75 + 0.4 * math.cos((hour - 15) / 24 * 2 * math.pi)


def poisson(rng: random.Random, mean: float) -> int:
    """How many of many unlikely things happened; always draws once."""
    drawn = rng.random()
    if mean > 30:
        return max(round(mean + math.sqrt(mean) * _normal(drawn)), 0)
    count, share = 0, math.exp(-mean)
    whole = share
    while drawn > whole and count < 200:
        count += 1
        share *= mean / count
        whole += share
    return count


def _normal(drawn: float) -> float:
    # The logistic curve is near enough to the normal one, and is turned around in one line.
    inside = min(max(drawn, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside)) / 1.702
