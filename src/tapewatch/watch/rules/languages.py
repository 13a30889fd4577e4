"""
The languages of expressions, and who evaluates them.

A group is written in one language. What a language has to do is small: refuse what it cannot read,
say which series an expression reads, and answer at a time. Metrics speak PromQL; logs and traces
join as soon as their engines stand below this part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher

Selector = tuple[Matcher, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """
    An expression's answer at one time.

    ``labels`` may be the same object from one answer to the next, which says that the series are
    the same. ``histograms`` holds the rows whose value is no number.
    """

    labels: Sequence[Labels]
    values: NDArray[np.float64]
    histograms: dict[int, Histogram]

    def __len__(self) -> int:
        return len(self.labels)

    def value(self, row: int) -> float | Histogram:
        """Return the value of a row."""
        return self.histograms.get(row) or float(self.values[row])


NO_HISTOGRAMS: dict[int, Histogram] = {}
NO_SAMPLES = Vector((), np.empty(0), NO_HISTOGRAMS)


class Last(NamedTuple):
    """The last sample of a series."""

    labels: Labels
    at_ms: int
    value: float


class Language(Protocol):
    """One language of expressions."""

    name: str

    def check(self, text: str) -> None:
        """Raise an error of ours where the text is no expression."""
        ...

    def reads(self, text: str) -> Sequence[Selector]:
        """Return the selectors of the series that the expression reads."""
        ...


class Evaluator(Protocol):
    """Answers expressions of one language; called from several threads."""

    def evaluate(self, text: str, at_ms: int, *, timeout_s: float) -> Vector:
        """Answer at one time; raises an error of ours when it cannot, or not in time."""
        ...

    def newest(self, selector: Selector, start_ms: int, end_ms: int) -> Iterable[Last]:
        """Return the last sample of each series in a range; series that ended are left out."""
        ...
