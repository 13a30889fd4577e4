"""
The rows of a selection one by one, for what hands stored samples on as they are: remote read,
federation, exports.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from tapewatch.metrics.selection import ABSENT_BITS, Floats, Objects, Part, Selection, Strip, Times
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.numbers import STALE_BITS

NO_HISTOGRAMS: Final[tuple[tuple[int, Histogram], ...]] = ()


class SeriesRow(NamedTuple):
    """The samples of one series; stale markers are among the values."""

    labels: Labels
    timestamps_ms: Times
    values: Floats
    histograms: tuple[tuple[int, Histogram], ...] = NO_HISTOGRAMS


class Newest(NamedTuple):
    """The last sample of a series."""

    labels: Labels
    timestamp_ms: int
    value: float | Histogram


def series_rows(selection: Selection, start_ms: int, end_ms: int) -> Iterator[SeriesRow]:
    """Yield each series that has samples from ``start_ms`` to ``end_ms``, both included."""
    for part in selection.parts:
        for row, labels in enumerate(part.labels):
            times, values, cells = _row(part, row)
            first, last = np.searchsorted(times, [start_ms, end_ms + 1]).tolist()
            times, values = times[first:last], values[first:last]
            histograms = NO_HISTOGRAMS
            if cells is not None:
                pairs = zip(times.tolist(), cells[first:last].tolist(), strict=True)
                histograms = tuple((at, cell) for at, cell in pairs if cell is not None)
            if part.gaps:
                kept = values.view(np.uint64) != ABSENT_BITS
                times, values = times[kept], values[kept]
            if len(times) or histograms:
                yield SeriesRow(labels, times, values, histograms)


def newest_samples(selection: Selection, start_ms: int, end_ms: int) -> Iterator[Newest]:
    """Yield the last sample of each series in the range; series that have ended are left out."""
    for row in series_rows(selection, start_ms, end_ms):
        histogram_ms = row.histograms[-1][0] if row.histograms else start_ms - 1
        float_ms = int(row.timestamps_ms[-1]) if len(row.timestamps_ms) else start_ms - 1
        if histogram_ms > float_ms:
            yield Newest(row.labels, *row.histograms[-1])
        elif row.values.view(np.uint64)[-1] != STALE_BITS:
            yield Newest(row.labels, float_ms, float(row.values[-1]))


def _row(part: Part, row: int) -> tuple[Times, Floats, Objects | None]:
    cells = part.histograms
    if isinstance(part, Strip):
        own = None if cells is None else cells[row]
        return part.timestamps, np.ascontiguousarray(part.values[row]), own
    first, last = part.offsets[row : row + 2].tolist()
    own = None if cells is None else cells[first:last]
    return part.timestamps[first:last], np.ascontiguousarray(part.values[first:last]), own
