"""
Whether what we think we have is what the venue says we have.

    positions = Reconciler("binance", kind="position", tolerance=1e-8)
    drifts = positions.compare(ours, theirs)

A difference right after a fill is a message on its way, a difference that stays is money. So a
drift carries since when it has been there, and the alert asks how long.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from time import time_ns
from typing import Final, TypeAlias

from tapewatch.sdk import events
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics

Amount: TypeAlias = "float | Decimal"
_NS: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Drift:
    """One position or balance on which we and the venue disagree."""

    symbol: str
    ours: Amount
    theirs: Amount
    since_ns: int

    @property
    def amount(self) -> float:
        """Ours minus the venue's."""
        return _minus(self.ours, self.theirs)


class Reconciler:
    """
    Compares one kind of amount (positions, balances) with one venue.

    Amounts agree within ``tolerance`` or within ``relative_tolerance`` of the larger. A symbol
    that one side does not have counts as zero there.
    """

    def __init__(
        self,
        venue: str,
        *,
        kind: str = "position",
        tolerance: float = 0.0,
        relative_tolerance: float = 0.0,
        now_ns: Callable[[], int] = time_ns,
        registry: Registry | None = None,
    ) -> None:
        self._venue = venue
        self._kind = kind
        self._tolerance = tolerance
        self._relative_tolerance = relative_tolerance
        self._now_ns = now_ns
        self._since_ns: dict[str, int] = {}
        self._drifted = metrics.DRIFTED.of(registry).bind(venue=venue, kind=kind)
        self._reconciled = metrics.RECONCILED.of(registry).bind(venue=venue, kind=kind)
        self._unreadable = metrics.RECONCILE_UNREADABLE.of(registry).bind(venue=venue, kind=kind)
        self._drift = metrics.DRIFT.of(registry)
        self._drift_since = metrics.DRIFT_SINCE.of(registry)
        self._began = events.declare(
            "{kind} {symbol} at {venue}: ours is {ours}, theirs {theirs}",
            level="WARN",
            target="reconciler",
        )

    def compare(self, ours: Mapping[str, Amount], theirs: Mapping[str, Amount]) -> list[Drift]:
        """Compare everything that either side has; gives the drifts, in order of symbols."""
        now_ns = self._now_ns()
        drifts = []
        for symbol in sorted({*ours, *theirs}, key=str):
            drift = self._compare(symbol, ours.get(symbol, 0.0), theirs.get(symbol, 0.0), now_ns)
            if drift is not None:
                drifts.append(drift)
        self._forget({drift.symbol for drift in drifts})
        self._drifted.set(len(drifts))
        self._reconciled.set(now_ns * _NS)
        return drifts

    def _compare(self, symbol: str, ours: Amount, theirs: Amount, now_ns: int) -> Drift | None:
        try:
            agree = self._agree(ours, theirs)
        except (ArithmeticError, TypeError, ValueError):
            # What cannot be compared is not known to agree, so it counts and stays as it was.
            self._unreadable.inc()
            return None
        if agree:
            return None
        began = symbol not in self._since_ns
        drift = Drift(symbol, ours, theirs, self._since_ns.setdefault(symbol, now_ns))
        self._tell(symbol, drift.amount, drift.since_ns)
        if began:
            events.push(self._began, self._kind, symbol, self._venue, float(ours), float(theirs))
        return drift

    def _agree(self, ours: Amount, theirs: Amount) -> bool:
        difference = abs(_minus(ours, theirs))
        if not isfinite(difference):
            raise ValueError(difference)
        largest = max(abs(float(ours)), abs(float(theirs)))
        return difference <= max(self._tolerance, self._relative_tolerance * largest)

    def _forget(self, drifted: set[str]) -> None:
        for symbol in self._since_ns.keys() - drifted:
            del self._since_ns[symbol]
            self._tell(symbol, 0.0, 0)

    def _tell(self, symbol: str, amount: float, since_ns: int) -> None:
        self._drift.labels(self._venue, self._kind, symbol).set(amount)
        self._drift_since.labels(self._venue, self._kind, symbol).set(since_ns * _NS)


def _minus(ours: Amount, theirs: Amount) -> float:
    if isinstance(ours, Decimal) and isinstance(theirs, Decimal):
        return float(ours - theirs)
    return float(ours) - float(theirs)
