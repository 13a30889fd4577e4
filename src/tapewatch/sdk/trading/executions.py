"""
How well orders are executed: what fills cost, and how much of an order is filled.

Slippage has a sign that means the same on both sides: above zero it cost, below zero the price was
better than its reference. A histogram that begins at zero loses the better half.
"""

from typing import Final

from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics

_BASIS_POINTS: Final = 10_000.0
_SIDES: Final = ("buy", "sell")


class Slippage:
    """
    What fills cost against a reference price: the mid or the arrival price of the decision.

        slippage = Slippage(venue="binance", strategy="maker")
        slippage.buy(price=100.05, reference=100.00)   # 5 basis points paid
        slippage.sell(price=100.05, reference=100.00)  # 5 basis points gained
    """

    def __init__(self, *, venue: str, strategy: str, registry: Registry | None = None) -> None:
        own = {"venue": venue, "strategy": strategy}
        self._buy, self._sell = (
            metrics.SLIPPAGE.of(registry).bind(**own, side=side) for side in _SIDES
        )
        self._unreadable_buy, self._unreadable_sell = (
            metrics.SLIPPAGE_UNREADABLE.of(registry).bind(**own, side=side) for side in _SIDES
        )

    def buy(self, *, price: float, reference: float) -> None:
        """Count a fill of a buy order."""
        try:
            self._buy.observe((price - reference) / abs(reference) * _BASIS_POINTS)
        except (ArithmeticError, TypeError):
            self._unreadable_buy.inc()

    def sell(self, *, price: float, reference: float) -> None:
        """Count a fill of a sell order."""
        try:
            self._sell.observe((reference - price) / abs(reference) * _BASIS_POINTS)
        except (ArithmeticError, TypeError):
            self._unreadable_sell.inc()


class FillRate:
    """
    How much of what was ordered was filled, when an order ends.

        fills = FillRate(venue="binance", strategy="maker")
        fills.buy(ordered=2.0, filled=1.5)

    The rate of a while is the ratio of the rates of two counters, and the histogram tells how it
    is spread: half of the orders whole and half not at all is another thing than all by half.
    """

    def __init__(self, *, venue: str, strategy: str, registry: Registry | None = None) -> None:
        own = {"venue": venue, "strategy": strategy}
        self._buy, self._sell = (_Quantities(own, side, registry) for side in _SIDES)

    def buy(self, *, ordered: float, filled: float) -> None:
        """Count a buy order that ended."""
        self._buy.count(ordered, filled)

    def sell(self, *, ordered: float, filled: float) -> None:
        """Count a sell order that ended."""
        self._sell.count(ordered, filled)


class _Quantities:
    """The cells of one side."""

    def __init__(self, own: dict[str, str], side: str, registry: Registry | None) -> None:
        self._ordered = metrics.QUANTITY_ORDERED.of(registry).bind(**own, side=side)
        self._filled = metrics.QUANTITY_FILLED.of(registry).bind(**own, side=side)
        self._ratio = metrics.FILL_RATIO.of(registry).bind(**own, side=side)

    def count(self, ordered: float, filled: float) -> None:
        self._ordered.inc(ordered)
        self._filled.inc(filled)
        try:
            ratio = filled / ordered
        except (ArithmeticError, TypeError):
            return  # The counters have told that one of them is no quantity.
        self._ratio.observe(ratio)
