"""Batches as the past of series, and into a database at rest."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tapewatch.metrics.imports.batch import Batch, join_batches
from tapewatch.metrics.storage.backfill import Backfill, Past
from tapewatch.model.labels import Labels

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

COLLECTED_SAMPLES: Final = 2_000_000


class Collector:
    """
    Collects batches, and hands over the past of their series when there are enough.

    Samples that come by time are many small pieces of every series; together they are few large
    ones, which is what costs little to keep.
    """

    def __init__(
        self, take: Callable[[Iterator[Past]], None], samples: int = COLLECTED_SAMPLES
    ) -> None:
        self._take = take
        self._samples = samples
        self._labels: Sequence[Labels] = ()
        self._batches: list[Batch] = []

    def write(self, labels: Sequence[Labels], batch: Batch) -> None:
        """Take a batch, whose series are numbered by ``labels``."""
        if labels is not self._labels:
            self.close()
        self._labels = labels
        self._batches.append(batch)
        if sum(map(len, self._batches)) >= self._samples:
            self.close()

    def close(self) -> None:
        """Hand over what is left."""
        batches, self._batches = self._batches, []
        if batches:
            self._take(pasts_of(self._labels, join_batches(batches)))


class PastWriter:
    """Writes batches as blocks; ``close`` writes what is left."""

    def __init__(self, database: "Database") -> None:
        self._backfill = Backfill(database)
        self._collector = Collector(self._add)

    def write(self, labels: Sequence[Labels], batch: Batch) -> None:
        """Keep a batch, whose series are numbered by ``labels``."""
        self._collector.write(labels, batch)

    def close(self) -> None:
        """Write what was collected so far."""
        self._collector.close()
        self._backfill.flush()

    def _add(self, pasts: Iterator[Past]) -> None:
        for past in pasts:
            self._backfill.add(past)


def pasts_of(labels: Sequence[Labels], batch: Batch) -> Iterator[Past]:
    """Cut a batch into the samples of each series, in the order in which they came."""
    if not len(batch):
        return
    order = np.argsort(batch.series, kind="stable")
    series = batch.series[order]
    begins = np.flatnonzero(np.concatenate(([True], series[1:] != series[:-1]))).tolist()
    times, values = batch.timestamps_ms[order], batch.values[order]
    histograms = None if batch.histograms is None else batch.histograms[order]
    for begin, end in zip(begins, [*begins[1:], len(order)], strict=True):
        own = None if histograms is None else histograms[begin:end]
        yield Past(labels[series[begin]], times[begin:end], values[begin:end], own)
