"""
What a query answers.

Floats of a series are two arrays, its histograms a tuple of points, because almost every series
has only one kind. Annotations are whole sentences, as the API prints them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels


class Point(NamedTuple):
    """One value at one time."""

    timestamp_ms: int
    value: float | Histogram


class VectorSample(NamedTuple):
    """One element of an instant vector."""

    labels: Labels
    timestamp_ms: int
    value: float | Histogram


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One element of a range vector; both kinds of points rise in time."""

    labels: Labels
    timestamps_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    histograms: tuple[Point, ...] = ()

    def points(self) -> list[Point]:
        """Return floats and histograms together, in order of time."""
        floats = zip(self.timestamps_ms.tolist(), self.values.tolist(), strict=True)
        return sorted(
            [*(Point(at, value) for at, value in floats), *self.histograms],
            key=lambda point: point.timestamp_ms,
        )

    def __len__(self) -> int:
        return len(self.values) + len(self.histograms)


@dataclass(frozen=True, slots=True)
class Annotations:
    """What the evaluation has to say beside the values, each once, in order of appearance."""

    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


NO_ANNOTATIONS = Annotations()


@dataclass(frozen=True, slots=True)
class ScalarResult:
    """A number."""

    timestamp_ms: int
    value: float
    annotations: Annotations = NO_ANNOTATIONS


@dataclass(frozen=True, slots=True)
class StringResult:
    """A text."""

    timestamp_ms: int
    value: str
    annotations: Annotations = NO_ANNOTATIONS


@dataclass(frozen=True, slots=True)
class VectorResult:
    """An instant vector; the order counts after ``sort`` and the like."""

    samples: tuple[VectorSample, ...]
    annotations: Annotations = NO_ANNOTATIONS

    def __iter__(self) -> Iterator[VectorSample]:
        return iter(self.samples)


@dataclass(frozen=True, slots=True)
class MatrixResult:
    """A range vector, sorted by labels."""

    series: tuple[Series, ...]
    annotations: Annotations = NO_ANNOTATIONS

    def __iter__(self) -> Iterator[Series]:
        return iter(self.series)


Result = ScalarResult | StringResult | VectorResult | MatrixResult
