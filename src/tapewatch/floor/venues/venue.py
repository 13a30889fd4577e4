"""What every venue has, whatever it speaks: a market, its books, the orders at it, and a clock."""

from abc import ABC, abstractmethod

from starlette.applications import Starlette

from tapewatch.floor.market import Market
from tapewatch.floor.venues.book import Books
from tapewatch.floor.venues.orders import Ledger
from tapewatch.model.clock import Clock


class Venue(ABC):
    """A venue, or a broker before one."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self.market = market
        self.books = Books(market)
        self.ledger = Ledger()
        self._clock = clock

    @abstractmethod
    def app(self) -> Starlette:
        """The paths of the venue."""

    @property
    def now_s(self) -> float:
        """The venue's time."""
        return self._clock.now_ns() / 1e9

    def step(self, seconds: float) -> None:
        """Let so much time pass: the market moves, and orders are reached."""
        self.books.step(self.now_s, seconds)
        for symbol, price in self.market.prices.items():
            self.ledger.cross(symbol, price)
