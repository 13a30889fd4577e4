"""Rows of samples, and the windows in which functions look at them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import Floats, Indices, Mask, Part, Ragged, Strip, Times
from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.windows")

_compact: Callable[..., tuple[Times, Floats, Times, Times]] = _twin.compact
_borders: Callable[..., None] = _twin.borders

_NO_STARTS: Times = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The samples of a part, without the cells that hold none."""

    times: Times  # (n,) where shared, else flat
    values: Floats  # flat
    offsets: Times  # (k + 1,)
    shared: bool
    starts: Times | None = None  # flat

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.offsets.size - 1


@dataclass(frozen=True, eq=False)
class Windows:
    """Rows, and for every step the samples that its window holds."""

    rows: Rows
    lows: Indices  # (1 or k, steps)
    highs: Indices

    @cached_property
    def counts(self) -> Indices:
        """How many samples each window holds, (1 or k, steps)."""
        return self.highs - self.lows

    def present(self, samples_min: int) -> Mask | None:
        """Say which windows hold enough samples, None for all of them."""
        enough = self.counts >= samples_min
        if enough.all():
            return None
        shape = (self.rows.count, self.lows.shape[1])
        return np.broadcast_to(enough, shape).copy() if self.rows.shared else enough

    @property
    def sample_count(self) -> int:
        """How many samples all windows hold together."""
        total = int(self.counts.sum(dtype=np.int64))
        return total * self.rows.count if self.rows.shared else total

    @property
    def sample_count_max(self) -> int:
        """How many samples the fullest window holds."""
        return int(self.counts.max(initial=0))

    @property
    def empty_out(self) -> Floats:
        """Make room for one result per row and step."""
        return np.empty((self.rows.count, self.lows.shape[1]))

    def slice(self, first: int, last: int) -> "Windows":
        """Return the windows of some neighbouring rows."""
        rows = replace(self.rows, offsets=self.rows.offsets[first : last + 1])
        if rows.shared:
            return Windows(rows, self.lows, self.highs)
        return Windows(rows, self.lows[first:last], self.highs[first:last])


def rows_of(part: Part, *, keep_stale: bool = False) -> Rows:
    """Lay out the floats of a part; stale markers count as samples only on demand."""
    offsets, shared = _offsets(part), isinstance(part, Strip)
    values = part.values.reshape(-1)
    starts = None if part.starts is None else part.starts.reshape(-1)
    rows = Rows(part.timestamps, values, offsets, shared, starts)
    return _without_gaps(rows, keep_stale) if part.gaps else rows


def _offsets(part: Part) -> Times:
    if isinstance(part, Ragged):
        return part.offsets
    count, length = part.values.shape
    edges: Times = np.arange(count + 1, dtype=np.int64) * length
    return edges


def _without_gaps(rows: Rows, keep_stale: bool) -> Rows:
    given = _NO_STARTS if rows.starts is None else rows.starts
    times, values, starts, offsets = _compact(
        rows.times, rows.values, given, rows.offsets, rows.shared, keep_stale
    )
    return Rows(times, values, offsets, False, None if rows.starts is None else starts)


def windows_of(rows: Rows, ends: Times, range_ms: int) -> Windows:
    """Find the samples in ``(end - range_ms, end]`` for every end; ends never fall."""
    if rows.shared:
        lows = np.searchsorted(rows.times, ends - range_ms, side="right")
        highs = np.searchsorted(rows.times, ends, side="right")
        return _from_first(rows, lows, highs)
    return Windows(rows, count_until(rows, ends - range_ms), count_until(rows, ends))


def count_until(rows: Rows, moments: Times) -> Indices:
    """Count the samples that are not later than each moment, (1 or k, moments)."""
    if rows.shared:
        return _as_row(np.searchsorted(rows.times, moments, side="right"))
    out = np.empty((rows.count, moments.size), dtype=np.int32)
    _borders(rows.times, rows.offsets, moments, out)
    return out


def _from_first(rows: Rows, lows: NDArray[np.intp], highs: NDArray[np.intp]) -> Windows:
    """Let the rows begin where the first window does, so that kernels skip what is older."""
    first = int(lows[0]) if lows.size else 0
    own = replace(rows, times=rows.times[first:], offsets=rows.offsets + first)
    return Windows(own, _as_row(lows - first), _as_row(highs - first))


def _as_row(borders: NDArray[np.intp]) -> Indices:
    return borders.astype(np.int32).reshape(1, -1)
