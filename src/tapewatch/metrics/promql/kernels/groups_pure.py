"""The readable twin of ``groups_fast.pyx``."""

import math
from collections.abc import Callable

import numpy as np

from tapewatch.metrics.promql.kernels.orders_pure import quantile_of
from tapewatch.metrics.promql.kernels.sums_pure import compensated_mean, compensated_sum
from tapewatch.metrics.selection import Floats, Indices, Mask


def count(present: Mask, ids: Indices, counts: Indices) -> None:
    """Count the cells of every group."""
    counts[:] = 0
    for row, group in enumerate(ids):
        counts[group] += present[row] if present.size else 1


def total(values: Floats, present: Mask, ids: Indices, out: Floats, counts: Indices) -> None:
    """Add up, keeping the digits that a plain sum would lose."""
    _for_groups(compensated_sum, values, present, ids, out, counts)


def mean(values: Floats, present: Mask, ids: Indices, out: Floats, counts: Indices) -> None:
    """Average; a sum that would overflow is never formed."""
    _for_groups(compensated_mean, values, present, ids, out, counts)


def extreme(
    values: Floats, present: Mask, ids: Indices, largest: bool, out: Floats, counts: Indices
) -> None:
    """Find the largest (or smallest) value; NaN only where there is nothing else."""

    def best(cells: list[float]) -> float:
        numbers = [cell for cell in cells if not math.isnan(cell)]
        return (max if largest else min)(numbers, default=math.nan)

    _for_groups(best, values, present, ids, out, counts)


def variance(values: Floats, present: Mask, ids: Indices, out: Floats, counts: Indices) -> None:
    """Compute the population variance; anything infinite makes it NaN."""
    _for_groups(_variance, values, present, ids, out, counts)


def quantile(
    values: Floats, present: Mask, ids: Indices, ranks: Floats, out: Floats, counts: Indices
) -> None:
    """Find for every step its quantile ``ranks[step]``, interpolated between two values."""
    count(present, ids, counts)
    for step in range(values.shape[1]):
        for group in range(out.shape[0]):
            cells = _cells(values, present, ids, group, step)
            out[group, step] = quantile_of(float(ranks[step]), cells)


def highest(
    values: Floats,
    present: Mask,
    ids: Indices,
    group_count: int,
    sizes: Indices,
    largest: bool,
    chosen: Mask,
) -> None:
    """
    Choose the ``sizes[step]`` highest (or lowest) cells of every group.

    Cells are looked at in order of rows; a later one takes the place of the worst chosen so far
    only if it is better. NaN is worse than any number.
    """
    chosen[:] = False
    for step in range(values.shape[1]):
        for group in range(group_count):
            for row in _heap_rows(values, present, ids, group, step, int(sizes[step]), largest):
                chosen[row, step] = True


def _heap_rows(
    values: Floats,
    present: Mask,
    ids: Indices,
    group: int,
    step: int,
    size: int,
    largest: bool,
) -> list[int]:
    heap: list[int] = []

    def worse(one: int, other: int) -> bool:
        a, b = values[one, step], values[other, step]
        return math.isnan(a) or bool(a < b if largest else a > b)

    for row in np.flatnonzero(ids == group).tolist():
        if present.size and not present[row, step]:
            continue
        if len(heap) < size:
            heap.append(row)
            _rise(heap, len(heap) - 1, worse)
        elif heap and _replaces(values[row, step], values[heap[0], step], largest):
            heap[0] = row
            _sink(heap, 0, worse)
    return heap


def _replaces(value: float, worst: float, largest: bool) -> bool:
    if math.isnan(worst):
        return not math.isnan(value)
    return bool(value > worst if largest else value < worst)


def _rise(heap: list[int], place: int, worse: Callable[[int, int], bool]) -> None:
    while place:
        parent = (place - 1) // 2
        if not worse(heap[place], heap[parent]):
            return
        heap[place], heap[parent] = heap[parent], heap[place]
        place = parent


def _sink(heap: list[int], place: int, worse: Callable[[int, int], bool]) -> None:
    while (child := 2 * place + 1) < len(heap):
        if child + 1 < len(heap) and worse(heap[child + 1], heap[child]):
            child += 1
        if not worse(heap[child], heap[place]):
            return
        heap[place], heap[child] = heap[child], heap[place]
        place = child


def _variance(cells: list[float]) -> float:
    if not math.isfinite(cells[0]):
        return math.nan
    centre = spread = 0.0
    for number, value in enumerate(cells, start=1):
        delta = value - centre
        centre += delta / number
        spread += delta * (value - centre)
    return spread / len(cells)


def _cells(values: Floats, present: Mask, ids: Indices, group: int, step: int) -> list[float]:
    rows = ids == group
    if present.size:
        rows = rows & present[:, step]
    cells: list[float] = values[rows, step].tolist()
    return cells


def _for_groups(
    compute: Callable[[list[float]], float],
    values: Floats,
    present: Mask,
    ids: Indices,
    out: Floats,
    counts: Indices,
) -> None:
    count(present, ids, counts)
    for group in range(out.shape[0]):
        for step in range(values.shape[1]):
            cells = _cells(values, present, ids, group, step)
            out[group, step] = compute(cells) if cells else math.nan
