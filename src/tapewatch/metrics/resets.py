"""
Whether a native histogram follows a restart of its counter, as far as a storage can know.

It is told when samples are read: what stood before a histogram when it came may be deleted since,
or a late one may have come between.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tapewatch.metrics.algebra import is_reset
from tapewatch.metrics.selection import ABSENT_BITS, Floats, Objects
from tapewatch.model.histograms import Histogram, ResetHint


def tell_resets(cells: Objects, values: Floats) -> Objects:
    """Return the histograms of one series with what they tell; ``values`` are the floats beside."""
    held = np.array([cell is not None for cell in cells.tolist()], dtype=np.bool_)
    if not held.any():
        return cells
    present = np.flatnonzero(held | (values.view(np.uint64) != ABSENT_BITS))
    samples = np.where(held, cells, values)[present].tolist()
    told = cells.copy()
    for place, sample in zip(present.tolist(), stored_histograms(samples), strict=True):
        if held[place]:
            told[place] = sample
    return told


def stored_histograms(values: Sequence[float | Histogram]) -> list[float | Histogram]:
    """
    Let every histogram say whether it follows a reset, as far as a storage would know.

    The first one of a run says nothing: what came before it may be gone by the time it is read.
    """
    stored: list[float | Histogram] = []
    before: float | Histogram | None = None
    for value in values:
        if isinstance(value, Histogram):
            value = replace(value, reset_hint=_stored_hint(value, before))
        stored.append(value)
        before = value
    return stored


def _stored_hint(histogram: Histogram, before: float | Histogram | None) -> ResetHint:
    if histogram.reset_hint in (ResetHint.GAUGE, ResetHint.RESET):
        return histogram.reset_hint
    if not isinstance(before, Histogram) or before.reset_hint is ResetHint.GAUGE:
        return ResetHint.UNKNOWN
    same_layout = (
        histogram.schema == before.schema
        and histogram.zero_threshold == before.zero_threshold
        and histogram.custom_bounds == before.custom_bounds
    )
    bare = replace(histogram, reset_hint=ResetHint.UNKNOWN)
    if not same_layout or is_reset(bare, before):
        return ResetHint.UNKNOWN
    return ResetHint.NOT_RESET
