"""Batches of samples, and the series that they belong to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.errors import BadImport
from tapewatch.model.labels import Labels

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

BATCH_SAMPLES: Final = 1_000_000
"""About how many samples a reader puts into one batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """
    Samples in any order.

    ``series`` says for each sample which of the reader's ``labels`` it belongs to; where a sample
    is a histogram its value says nothing. ``bytes_read`` counts what of the input is done.
    """

    series: Integers
    timestamps_ms: Integers
    values: Floats
    histograms: Objects | None = None
    faults: Sequence[BadImport] = ()
    bytes_read: int = 0

    def __len__(self) -> int:
        return len(self.values)


class Reader(Protocol):
    """Reads one file or folder, once, from its start to its end."""

    @property
    def labels(self) -> Sequence[Labels]:
        """The series so far; it grows, and a series keeps its place."""

    @property
    def size_bytes(self) -> int:
        """How much there is to read, 0 where that is not known."""

    def batches(self) -> Iterator[Batch]:
        """Yield everything; raises ``BadImport`` where nothing further can be read."""


class SeriesBook:
    """Gives every label set a number, in the order of appearance."""

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self._numbers: dict[Labels, int] = {}

    def number(self, labels: Labels) -> int:
        """Return the number of a series, a new one where it is not known."""
        known = self._numbers.get(labels)
        if known is None:
            known = self._numbers[labels] = len(self.labels)
            self.labels.append(labels)
        return known


def join_batches(batches: Sequence[Batch]) -> Batch:
    """Put batches of one reader one after the other."""
    histograms = None
    if any(batch.histograms is not None for batch in batches):
        histograms = np.concatenate(
            [
                np.full(len(batch), None) if batch.histograms is None else batch.histograms
                for batch in batches
            ]
        )
    return Batch(
        np.concatenate([batch.series for batch in batches]),
        np.concatenate([batch.timestamps_ms for batch in batches]),
        np.concatenate([batch.values for batch in batches]),
        histograms,
        [fault for batch in batches for fault in batch.faults],
        sum(batch.bytes_read for batch in batches),
    )
