"""
Making summaries: of samples, and of finer summaries.

The compiled part goes over samples; what is done with whole columns is done here.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import Part, Strip
from tapewatch.metrics.summary import ENDED, HOLDS_HISTOGRAMS, Column, Columns
from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.storage.summarising")

Floats = NDArray[np.float64]
Table = dict[Column, Floats]

_INSIDE: Final = (Column.RESETS, Column.CHANGES, Column.RESTARTED)


def empty_columns(wanted: Sequence[Column], rows: int, buckets: int) -> Table:
    """Return columns of buckets that hold nothing."""
    return {column: np.zeros((rows, buckets)) for column in wanted}


def summarise(part: Part, after_ms: int, until_ms: int, resolution_ms: int) -> Table:
    """Summarise the samples of ``(after_ms, until_ms]``, both multiples of the resolution."""
    rows, buckets = len(part.labels), (until_ms - after_ms) // resolution_ms
    shared = isinstance(part, Strip)
    offsets = (
        np.arange(rows + 1, dtype=np.int64) * len(part.timestamps)
        if isinstance(part, Strip)
        else part.offsets
    )
    out = np.zeros((len(Column), rows, buckets))
    values = np.ascontiguousarray(part.values).reshape(-1)
    _twin.summarise(
        np.ascontiguousarray(part.timestamps), values, offsets, shared, after_ms, resolution_ms, out
    )
    _mark_histograms(part, offsets, after_ms, resolution_ms, out[Column.STATE])
    return {column: out[column] for column in Column}


def _mark_histograms(
    part: Part, offsets: NDArray[np.int64], after_ms: int, resolution_ms: int, states: Floats
) -> None:
    if part.histograms is None:
        return
    cells = part.histograms.reshape(-1)
    places = np.flatnonzero([each is not None for each in cells])
    rows = np.searchsorted(offsets, places, side="right") - 1
    times = part.timestamps
    times = times[places - offsets[rows]] if isinstance(part, Strip) else times[places]
    buckets = (times - after_ms - 1) // resolution_ms
    inside = (buckets >= 0) & (buckets < states.shape[1])
    rows, buckets = rows[inside], buckets[inside]
    states[rows, buckets] = states[rows, buckets].astype(np.int64) | HOLDS_HISTOGRAMS


def coarsen(fine: Columns, factor: int, resolution_ms: int) -> Table:
    """Make one bucket of every ``factor`` buckets of ``resolution_ms``."""
    rows, buckets = fine[Column.COUNT].shape
    coarse = empty_columns(list(fine), rows, buckets // factor)
    for place in range(factor):
        own = {column: values[:, place::factor] for column, values in fine.items()}
        _fold(coarse, own, (factor - 1 - place) * resolution_ms)
    return coarse


def _fold(whole: Table, part: Columns, before_ms: int) -> None:
    """Add later buckets, which end ``before_ms`` before the whole ones, to what they hold."""
    here = part[Column.COUNT] > 0
    fresh = here & (whole[Column.COUNT] == 0)
    both = here & ~fresh
    for column in _INSIDE:
        if column in part:
            _fold_inside(column, whole, part, both)
    for column, extreme in ((Column.MIN, np.fmin), (Column.MAX, np.fmax)):
        if column in part:
            best = extreme(whole[column], part[column])
            whole[column] = np.where(both, best, np.where(fresh, part[column], whole[column]))
    for column, chosen in ((Column.FIRST, fresh), (Column.LAST, here)):
        if column in part:
            np.copyto(whole[column], part[column], where=chosen)
    for column, chosen in ((Column.FIRST_AGE, fresh), (Column.LAST_AGE, here)):
        if column in part:
            np.copyto(whole[column], part[column] + before_ms, where=chosen)
    for column in (Column.COUNT, Column.SUM):
        if column in part:
            whole[column] += np.where(here, part[column], 0.0)
    whole[Column.STATE] = _fold_states(whole[Column.STATE], part[Column.STATE], here)


def _fold_inside(column: Column, whole: Table, part: Columns, both: NDArray[np.bool_]) -> None:
    """Add what happened inside of the later buckets, and on the way to them."""
    before, after = whole[Column.LAST], part[Column.FIRST]
    between: Floats
    if column is Column.CHANGES:
        between = ((before != after) & ~(np.isnan(before) & np.isnan(after))).astype(np.float64)
    elif column is Column.RESETS:
        between = (after < before).astype(np.float64)
    else:
        between = np.where(after < before, before, 0.0)
    whole[column] += part[column] + np.where(both, between, 0.0)


def _fold_states(whole: Floats, part: Floats, here: NDArray[np.bool_]) -> Floats:
    old, new = whole.astype(np.int64), part.astype(np.int64)
    told = here | ((new & ENDED) > 0)
    ended = np.where(told, new, old) & ENDED
    return np.asarray(ended | ((old | new) & HOLDS_HISTOGRAMS), dtype=np.float64)


def keep_fuller(one: Table, other: Columns) -> None:
    """Take from ``other`` the buckets in which it tells of more samples than ``one``."""
    fuller = other[Column.COUNT] > one[Column.COUNT]
    fuller |= (one[Column.COUNT] == 0) & (other[Column.COUNT] == 0) & (one[Column.STATE] == 0)
    for column, values in one.items():
        np.copyto(values, other[column], where=fuller)
