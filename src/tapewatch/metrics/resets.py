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
from tapewatch.model.packed import SUM, packed_of, unpack


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
    for value, goes_on in zip(values, _going_on(values), strict=True):
        if isinstance(value, Histogram):
            hint = _stored_hint(value, before, goes_on)
            if value.reset_hint is not hint:
                packed = packed_of(value)
                value = unpack(packed, hint) if packed else replace(value, reset_hint=hint)
        stored.append(value)
        before = value
    return stored


def _going_on(values: Sequence[float | Histogram]) -> list[bool | None]:
    """
    Say of samples whether they hold no less than the one before; None where that is not plain.

    Neighbours of one layout, as nearly all are, are compared all at once.
    """
    packed = [packed_of(value) if isinstance(value, Histogram) else None for value in values]
    told: list[bool | None] = [None] * len(values)
    begin = 0
    while begin < len(packed):
        first, end = packed[begin], begin + 1
        if first is not None:
            while end < len(packed) and (each := packed[end]) and each.layout is first.layout:
                end += 1
            numbers = b"".join(each.numbers for each in packed[begin:end] if each)
            told[begin + 1 : end] = _none_fell(numbers, first.layout.width)
        begin = end
    return told


def _none_fell(numbers: bytes, width: int) -> list[bool]:
    """Say of every row after the first whether no count in it is less than in the one before."""
    counts = np.frombuffer(numbers).reshape(-1, width)
    fell = counts[1:] < counts[:-1]
    fell[:, SUM] = False
    rows = np.zeros(len(fell), dtype=np.bool_)
    fell.any(axis=1, out=rows)
    return [not any_fell for any_fell in rows.tolist()]


def _stored_hint(
    histogram: Histogram, before: float | Histogram | None, goes_on: bool | None
) -> ResetHint:
    if histogram.reset_hint in (ResetHint.GAUGE, ResetHint.RESET):
        return histogram.reset_hint
    if not isinstance(before, Histogram) or before.reset_hint is ResetHint.GAUGE:
        return ResetHint.UNKNOWN
    if goes_on is None:
        goes_on = _goes_on(histogram, before)
    return ResetHint.NOT_RESET if goes_on else ResetHint.UNKNOWN


def _goes_on(histogram: Histogram, before: Histogram) -> bool:
    same_layout = (
        histogram.schema == before.schema
        and histogram.zero_threshold == before.zero_threshold
        and histogram.custom_bounds == before.custom_bounds
    )
    bare = replace(histogram, reset_hint=ResetHint.UNKNOWN)
    return same_layout and not is_reset(bare, before)
