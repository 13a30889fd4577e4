"""
Who is told when samples land.

Whoever listens names selectors. The database asks ``of_lane`` and ``of_loose`` after it has kept
something, and only while somebody listens: a row of a lane costs one lookup, a loose batch one look
at the names in it. Listeners are called from the thread that brought the samples, under the lock of
the head, and return at once.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.storage.head import Head
from tapewatch.metrics.storage.lane import LaneRows
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.matchers import Matcher

Selector = tuple[Matcher, ...]
Heard = Callable[[], None]
Integers = NDArray[np.int64]

LOOKED_AT_MAX: Final = 65_536
"""A loose batch of more samples wakes everybody: to look at each costs more than to evaluate."""


class Hearing:
    """One listener."""

    def __init__(self, arrivals: "Arrivals", selectors: Sequence[Selector], heard: Heard) -> None:
        self.selectors = tuple(selectors)
        self.heard = heard
        self._arrivals = arrivals

    def close(self) -> None:
        """Hear no more."""
        self._arrivals.forget(self)


class Arrivals:
    """The listeners of one database."""

    def __init__(self, head: Callable[[], Head]) -> None:
        self._head = head
        self._hearings: list[Hearing] = []
        self._edition = 0
        self._by_lane: dict[int, tuple[int, int, tuple[Heard, ...]]] = {}

    def __bool__(self) -> bool:
        return bool(self._hearings)

    def listen(self, selectors: Sequence[Selector], heard: Heard) -> Hearing:
        """Call ``heard`` whenever a sample lands of a series that passes one of the selectors."""
        hearing = Hearing(self, selectors, heard)
        with self._head().lock:
            self._hearings.append(hearing)
            self._change()
        return hearing

    def forget(self, hearing: Hearing) -> None:
        """Remove a listener."""
        with self._head().lock:
            self._hearings = [each for each in self._hearings if each is not hearing]
            self._change()

    def _change(self) -> None:
        self._edition += 1
        self._by_lane.clear()

    def of_lane(self, lane: LaneRows) -> None:
        """Tell of a row; which listeners a lane has is worked out once for its columns."""
        known = self._by_lane.get(lane.number)
        if known is None or known[:2] != (self._edition, lane.width):
            known = self._edition, lane.width, self._listeners_of(lane.numbers)
            self._by_lane[lane.number] = known
        for heard in known[2]:
            heard()

    def of_loose(self, numbers: Integers) -> None:
        """Tell of loose samples."""
        everybody = len(numbers) > LOOKED_AT_MAX
        told = [each.heard for each in self._hearings] if everybody else self._listeners_of(numbers)
        for heard in told:
            heard()

    def _listeners_of(self, numbers: Integers) -> tuple[Heard, ...]:
        head = self._head()
        rows = head.rows_of(numbers)
        symbols = np.unique(head.table.column(rows, METRIC_NAME)).tolist()
        names = frozenset(head.table.symbol(int(symbol)) for symbol in symbols)
        return tuple(
            hearing.heard
            for hearing in self._hearings
            if any(self._passes(selector, names, rows) for selector in hearing.selectors)
        )

    def _passes(self, selector: Selector, names: frozenset[str], rows: Integers) -> bool:
        by_name = [matcher for matcher in selector if matcher.name == METRIC_NAME]
        if not any(all(each.matches(name) for each in by_name) for name in names):
            return False
        if len(by_name) == len(selector):
            return True
        return bool(np.isin(rows, self._head().finder.rows(selector)).any())
