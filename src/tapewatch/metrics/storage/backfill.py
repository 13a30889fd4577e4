"""
Backfill: samples of the past, written straight into blocks.

They need no log and no head: a block is there whole or not at all. Samples of a series may overlap
what is kept already; where both have one at the same time, the larger of the two is shown.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT
from tapewatch.metrics.storage.loose import Samples, join_samples, sort_samples, stripes_of
from tapewatch.metrics.storage.manifest import file_path
from tapewatch.metrics.storage.segment import SegmentWriter
from tapewatch.metrics.storage.series import new_table
from tapewatch.model.labels import Labels

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

BLOCK_SAMPLES: Final = 8_000_000


class Past(NamedTuple):
    """Samples of one series, in any order; ``histograms`` holds None where one is a float."""

    labels: Labels
    timestamps_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    histograms: NDArray[np.object_] | None = None


class Backfill:
    """Collects samples of the past and writes a block whenever there are enough of them."""

    def __init__(self, database: "Database", block_samples: int = BLOCK_SAMPLES) -> None:
        self._database = database
        self._block_samples = block_samples
        self._table = new_table()
        self._parts: list[Samples] = []
        self._count = 0
        self.written = 0
        self.blocks = 0

    def add(self, past: Past) -> None:
        """Take samples of one series."""
        count = len(past.values)
        row = self._table.add(past.labels)
        values = past.values
        if past.histograms is not None:
            held = np.array([each is not None for each in past.histograms], dtype=bool)
            values = np.where(held, ABSENT, values)
        numbers = np.full(count, row, dtype=np.int64)
        self._parts.append(Samples(numbers, past.timestamps_ms, values, histograms=past.histograms))
        self._count += count
        if self._count >= self._block_samples:
            self.flush()

    def flush(self) -> None:
        """Write what was collected as one block."""
        if not self._count:
            return
        database = self._database
        samples = sort_samples(join_samples(self._parts))
        writer = SegmentWriter()
        for stripe in stripes_of(samples):
            writer.add(stripe)
        with database.changing:
            number = database.take_file_number()
            path = file_path(database.folder, number)
            writer.write(database.disk, path, self._table.to_arrays())
            database.add_block(number)
        self.written += samples.size
        self.blocks += 1
        self._table, self._parts, self._count = new_table(), [], 0


def write_past(database: "Database", pasts: Iterable[Past]) -> Backfill:
    """Write everything; returns the backfill with its counts."""
    backfill = Backfill(database)
    for past in pasts:
        backfill.add(past)
    backfill.flush()
    return backfill
