"""Batches into a database at rest."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tapewatch.metrics.imports.batch import Batch
from tapewatch.metrics.storage.backfill import Backfill, Past
from tapewatch.model.labels import Labels

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database


class PastWriter:
    """Writes batches as blocks; ``close`` writes what is left."""

    def __init__(self, database: "Database") -> None:
        self._backfill = Backfill(database)

    def write(self, labels: Sequence[Labels], batch: Batch) -> None:
        """Keep a batch, whose series are numbered by ``labels``."""
        for past in pasts_of(labels, batch):
            self._backfill.add(past)

    def close(self) -> None:
        """Write what was collected so far."""
        self._backfill.flush()


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
