"""
The seam between what brings samples and what keeps them.

Whoever brings many series at one time again and again (a scrape target, a rule group, a region)
opens a lane: an ordered list of series, its columns. Every arrival is one ``Row`` across the
columns. Whoever brings samples at their own times (remote write, a backfill) hands over ``Loose``
ones. A row or a batch becomes visible, and durable, whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Metadata

REFUSED = -1
"""The column of a series that a limit has refused."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One arrival of a lane.

    ``values`` has one float64 for each column so far, stale markers included; ``present`` is None
    when every column has a sample, else says which have. Columns that carry a histogram are not
    ``present`` and stand in ``histograms``. ``starts_ms`` holds the start timestamps of counters,
    0 where none is known.
    """

    timestamp_ms: int
    values: NDArray[np.float64]
    present: NDArray[np.bool_] | None = None
    histograms: Mapping[int, Histogram] = field(default_factory=dict)
    exemplars: Sequence[tuple[int, Exemplar]] = ()
    starts_ms: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Loose:
    """
    Samples with times of their own, in any order.

    ``series`` are ids from ``Intake.series``; ``histograms`` holds (series, time, histogram), and
    ``histogram_starts_ms`` one start timestamp for each, 0 where none is known.
    """

    series: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    starts_ms: NDArray[np.int64] | None = None
    histograms: Sequence[tuple[int, int, Histogram]] = ()
    exemplars: Sequence[tuple[int, Exemplar]] = ()
    histogram_starts_ms: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an arrival: how many samples were kept, and why the others were not."""

    samples: int
    out_of_order: int = 0
    too_old: int = 0
    duplicates: int = 0
    histograms: int = 0
    exemplars: int = 0
    first_refused: str = ""
    first_refused_at: int = -1
    """The place in the batch of the first sample that was not kept; histograms stand behind."""

    @property
    def refused(self) -> int:
        """How many samples were not kept."""
        return self.out_of_order + self.too_old + self.duplicates


class Lane(Protocol):
    """The columns of one source, and the door for its rows."""

    def extend(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """Add columns for series; ``REFUSED`` where a limit forbids a new one."""
        ...

    def labels_of(self, columns: NDArray[np.int64]) -> Sequence[Labels]:
        """Return the labels of some columns."""
        ...

    def append(self, row: Row) -> Taken:
        """Keep one row; a time at or before the newest one is refused or counts as late."""
        ...

    def close(self, timestamp_ms: int | None = None) -> None:
        """End the lane; with a time, every series that is still alive is marked stale there."""
        ...


class Intake(Protocol):
    """What keeps samples, seen from what brings them."""

    def lane(self, name: str) -> Lane:
        """Open a lane; ``name`` is for people who look at it."""
        ...

    def series(self, labels: Sequence[Labels]) -> NDArray[np.int64]:
        """Find or make series for loose samples; ``REFUSED`` where a limit forbids a new one."""
        ...

    def knows(self, series: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which ids still stand for a series; one that rested for long is asked for anew."""
        ...

    def append(self, batch: Loose, *, durable: bool = False) -> Taken:
        """Keep loose samples; ``durable`` waits until they survive a power loss."""
        ...

    def describe(self, metadata: Mapping[str, Metadata], *, source: str) -> None:
        """Remember what metrics say of themselves."""
        ...
