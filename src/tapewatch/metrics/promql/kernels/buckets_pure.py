"""The readable twin of ``buckets_fast.pyx``."""

import math
from itertools import pairwise
from typing import Final

import numpy as np

from tapewatch.metrics.selection import Floats, Indices, Mask

TOLERANCE: Final = 1e-12
_SMALLEST_NORMAL: Final = 2.0**-1022
_LARGEST: Final = float(np.finfo(np.float64).max)

Bucket = tuple[float, float]


def quantile(
    values: Floats,
    present: Mask,
    rows: Indices,
    bounds: Floats,
    edges: Indices,
    ranks: Floats,
    out: Floats,
    found: Mask,
    forced: Floats,
) -> None:
    """
    Interpolate the quantile ``ranks[step]`` of every group.

    Counts that fall from one bound to the next are raised first; what was repaired is told in
    ``forced[group, step]``: the lowest and highest bound, and the largest difference, NaN where
    there was nothing to repair.
    """
    forced[:] = math.nan
    for group, (first, last) in enumerate(pairwise(edges.tolist())):
        for step in range(values.shape[1]):
            cells = _cells(values, present, rows, bounds, slice(first, last), step)
            found[group, step] = bool(cells)
            if cells:
                out[group, step], forced[group, step] = _quantile(float(ranks[step]), cells)


def fraction(
    values: Floats,
    present: Mask,
    rows: Indices,
    bounds: Floats,
    edges: Indices,
    lowers: Floats,
    uppers: Floats,
    out: Floats,
    found: Mask,
) -> None:
    """Interpolate which part of every group lies between ``lowers[step]`` and ``uppers[step]``."""
    for group, (first, last) in enumerate(pairwise(edges.tolist())):
        for step in range(values.shape[1]):
            cells = _cells(values, present, rows, bounds, slice(first, last), step)
            found[group, step] = bool(cells)
            if cells:
                out[group, step] = _fraction(float(lowers[step]), float(uppers[step]), cells)


def almost_equal(one: float, other: float, tolerance: float) -> bool:
    """Compare relative to the size of the numbers; NaN is almost equal to NaN."""
    if math.isnan(one) and math.isnan(other):
        return True
    if one == other:
        return True
    size, difference = abs(one) + abs(other), abs(one - other)
    if one == 0 or other == 0 or size < _SMALLEST_NORMAL:
        return difference < tolerance * _SMALLEST_NORMAL
    return difference / min(size, _LARGEST) < tolerance


def _cells(
    values: Floats, present: Mask, rows: Indices, bounds: Floats, group: slice, step: int
) -> list[Bucket]:
    """Gather a group's buckets at one step, those with the same bound as one."""
    cells: list[Bucket] = []
    for row, bound in zip(rows[group].tolist(), bounds[group].tolist(), strict=True):
        if present.size and not present[row, step]:
            continue
        count = float(values[row, step])
        if cells and cells[-1][0] == bound:
            cells[-1] = (bound, cells[-1][1] + count)
        else:
            cells.append((bound, count))
    return cells


def _quantile(rank: float, cells: list[Bucket]) -> tuple[float, tuple[float, float, float]]:
    untouched = (math.nan, math.nan, math.nan)
    if math.isnan(rank):
        return math.nan, untouched
    if not 0 <= rank <= 1:
        return (-math.inf if rank < 0 else math.inf), untouched
    if cells[-1][0] != math.inf:
        return math.nan, untouched
    cells, forced = _raised(cells)
    total = cells[-1][1]
    if len(cells) < 2 or total == 0:
        return math.nan, forced
    wanted = rank * total
    # The counts of all but the last bucket decide, in whatever order NaN leaves them.
    index = _first_reaching(cells[:-1], wanted)
    if index == len(cells) - 1:
        return cells[-2][0], forced
    if index == 0 and cells[0][0] <= 0:
        return cells[0][0], forced
    lower, below = cells[index - 1] if index else (0.0, 0.0)
    upper, reached = cells[index]
    part = float(np.float64(wanted - below) / np.float64(reached - below))
    return lower + (upper - lower) * part, forced


def _first_reaching(cells: list[Bucket], wanted: float) -> int:
    low, high = 0, len(cells)
    while low < high:
        middle = (low + high) // 2
        if cells[middle][1] >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def _raised(cells: list[Bucket]) -> tuple[list[Bucket], tuple[float, float, float]]:
    """Even out rounding errors, then raise every count to the highest one before it."""
    raised = [cells[0]]
    lowest = highest = largest = math.nan
    before = cells[0][1]
    for bound, count in cells[1:]:
        if count == before or almost_equal(before, count, TOLERANCE):
            raised.append((bound, before))
        elif count < before:
            raised.append((bound, before))
            lowest = bound if math.isnan(lowest) else min(lowest, bound)
            highest = bound if math.isnan(highest) else max(highest, bound)
            largest = before - count if math.isnan(largest) else max(largest, before - count)
        else:
            raised.append((bound, count))
            before = count
    return raised, (lowest, highest, largest)


def _fraction(lower: float, upper: float, cells: list[Bucket]) -> float:
    total = cells[-1][1]
    if cells[-1][0] != math.inf or total == 0 or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0.0
    return (_rank(upper, cells) - _rank(lower, cells)) / total


def _rank(value: float, cells: list[Bucket]) -> float:
    """Interpolate how many observations lie below ``value``."""
    low = 0.0 if cells[0][0] > 0 else -math.inf
    below = 0.0
    for high, count in cells:
        if low >= value:
            return min(below, cells[-1][1])
        if high > value:
            if low == -math.inf:
                return min(count, cells[-1][1])
            return min(below + (count - below) * (value - low) / (high - low), cells[-1][1])
        low, below = high, count
    return cells[-1][1]
