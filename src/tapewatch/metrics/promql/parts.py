"""
Parts of a selection that hold native histograms, row by row.

Floats are worked on in bulk; histograms one after the other. ``CellRow`` is one series with all
its samples, floats and histograms, in order of time.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tapewatch.metrics.algebra import is_reset
from tapewatch.metrics.promql.matrix import Rows, filled_cells
from tapewatch.metrics.selection import (
    ABSENT,
    ABSENT_BITS,
    EMPTY_SET,
    Floats,
    Mask,
    Objects,
    Part,
    Ragged,
    Strip,
    Times,
)
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.numbers import STALE_BITS

_GAPS_SHARE = 4
"""Rows with gaps are treated apart while they are at most one in so many."""


class CellPoint(NamedTuple):
    """One sample; a start of 0 is unknown."""

    at: int
    value: float | Histogram
    start: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Newest:
    """The newest samples of a row at some times; absent cells mean nothing."""

    values: Floats
    histograms: Objects
    present: Mask
    times: Times
    starts: Times


@dataclass(frozen=True, slots=True, eq=False)
class CellRow:
    """One series: its samples, stale markers included, in order of time."""

    times: Times
    values: Floats
    histograms: Objects
    starts: Times

    def newest(self, ends: Times, lookback_ms: int) -> Newest:
        """Find the last sample not after each end; stale ones and old ones are absent."""
        if not self.times.size:
            empty = np.zeros(ends.size, dtype=np.int64)
            cells = np.full(ends.size, None, dtype=object)
            return Newest(np.zeros(ends.size), cells, empty.astype(np.bool_), empty, empty)
        index = np.searchsorted(self.times, ends, side="right") - 1
        chosen = np.maximum(index, 0)
        fresh = (index >= 0) & (self.times[chosen] > ends - lookback_ms)
        present = fresh & (self.values.view(np.uint64)[chosen] != STALE_BITS)
        cells = self.histograms[chosen]
        cells[~present] = None
        return Newest(self.values[chosen], cells, present, self.times[chosen], self.starts[chosen])

    def points(self) -> list[CellPoint]:
        """Return all samples but the stale markers."""
        live = self.values.view(np.uint64) != STALE_BITS
        columns = (self.times, self.values, self.histograms, self.starts)
        rows = zip(*(column[live].tolist() for column in columns), strict=True)
        return [
            CellPoint(at, value if cell is None else cell, start) for at, value, cell, start in rows
        ]

    def between(self, after: int, until: int) -> list[CellPoint]:
        """Return the samples in ``(after, until]``."""
        points = self.points()
        times = [point.at for point in points]
        return points[bisect_right(times, after) : bisect_right(times, until)]


def has_cells(part: Part) -> bool:
    """Say whether a part holds histograms."""
    return part.histograms is not None


def cell_rows(
    part: Part, rows: Sequence[int] | None = None, *, tell_resets: bool = False
) -> Iterator[CellRow]:
    """
    Yield some rows of a part, or all of them.

    With ``tell_resets`` every histogram that does not say whether it follows a reset is compared
    with the one before it: functions of count and sum alone would not see it any more.
    """
    for row in range(len(part.labels)) if rows is None else rows:
        cells = _cell_row(part, row)
        if tell_resets:
            cells = replace(cells, histograms=_telling_resets(cells.histograms))
        yield cells


def split_histograms(part: Part) -> tuple[Part | None, Rows, list[int]]:
    """Return the rows without histograms as a part, their numbers, and those of the others."""
    assert part.histograms is not None
    mixed = _rows_with_histograms(part)
    plain = np.flatnonzero(~mixed)
    floats = take_rows(part, plain) if plain.size else None
    return floats, plain, np.flatnonzero(mixed).tolist()


def take_rows(part: Part, rows: Rows) -> Part:
    """Return some rows of a part, without their histograms."""
    labels = part.labels.take(rows)
    starts = part.starts
    if isinstance(part, Strip):
        own_starts = None if starts is None else starts[rows]
        return Strip(labels, part.timestamps, part.values[rows], True, None, own_starts)
    slices = [slice(part.offsets[row], part.offsets[row + 1]) for row in rows.tolist()]
    lengths = [piece.stop - piece.start for piece in slices]
    return Ragged(
        labels,
        np.concatenate([part.timestamps[piece] for piece in slices]),
        np.concatenate([part.values[piece] for piece in slices]),
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        True,
        None,
        None if starts is None else np.concatenate([starts[piece] for piece in slices]),
    )


def rows_with_gaps(part: Part) -> Rows | None:
    """
    Return the few rows of a strip that have gaps; None where it does not pay to treat them apart.

    A row whose numbers add up to no number may have some; to think so wrongly is only slow.
    """
    if isinstance(part, Ragged) or not part.gaps or part.starts is not None:
        return None
    rows = np.flatnonzero(np.isnan(part.values.sum(axis=1)))
    return rows if rows.size * _GAPS_SHARE <= len(part.labels) else None


def _telling_resets(histograms: Objects) -> Objects:
    told = histograms.copy()
    before: Histogram | None = None
    for index, histogram in enumerate(histograms.tolist()):
        if histogram is None:
            continue
        if before is not None and histogram.reset_hint is ResetHint.UNKNOWN:
            hint = ResetHint.RESET if is_reset(histogram, before) else ResetHint.NOT_RESET
            told[index] = replace(histogram, reset_hint=hint)
        before = histogram
    return told


def floats_of(row: CellRow) -> Strip:
    """Return the floats of a row as a part, with gaps where its histograms stand."""
    values = np.where(filled_cells(row.histograms), ABSENT, row.values)
    starts = row.starts.reshape(1, -1) if row.starts.any() else None
    return Strip(EMPTY_SET, row.times, values.reshape(1, -1), True, None, starts)


def _rows_with_histograms(part: Part) -> Mask:
    assert part.histograms is not None
    filled = filled_cells(part.histograms)
    if isinstance(part, Strip):
        rows: Mask = np.any(filled, axis=1)
        return rows
    ranks = np.concatenate(([0], np.cumsum(filled)))
    return np.diff(ranks[part.offsets]) > 0


def _cell_row(part: Part, row: int) -> CellRow:
    piece: int | slice
    if isinstance(part, Strip):
        times, piece = part.timestamps, row
    else:
        piece = slice(int(part.offsets[row]), int(part.offsets[row + 1]))
        times = part.timestamps[piece]
    values = part.values[piece]
    if part.histograms is None:
        cells = np.full(values.shape, None, dtype=object)
    else:
        cells = part.histograms[piece]
    starts = np.zeros(values.shape, np.int64) if part.starts is None else part.starts[piece]
    kept = (values.view(np.uint64) != ABSENT_BITS) | filled_cells(cells)
    return CellRow(times[kept], values[kept], cells[kept], starts[kept])
