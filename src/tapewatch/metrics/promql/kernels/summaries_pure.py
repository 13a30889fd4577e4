"""
The readable twin of ``summaries_fast.pyx``.

Columns are ``(rows, buckets)``; the windows ``[lows[step], highs[step])`` are the same for all
rows. Buckets that count nothing are passed over. Who calls says which windows are empty.
"""

import math
from collections.abc import Iterator

import numpy as np

from tapewatch.metrics.promql.kernels.sums_pure import compensated_sum
from tapewatch.metrics.selection import Floats, Mask, Times
from tapewatch.metrics.summary import ENDED

Filled = list[int]


def newest(
    counts: Floats, lasts: Floats, states: Floats, lows: Times, highs: Times, out: Floats,
    present: Mask,
) -> None:  # fmt: skip
    """Pick the last value; a stale marker after it leaves nothing."""
    for row in range(counts.shape[0]):
        for step, (low, high) in enumerate(zip(lows, highs, strict=True)):
            ended = states[row, low:high].astype(np.int64) & ENDED
            told = np.flatnonzero((counts[row, low:high] > 0) | (ended > 0))
            present[row, step] = bool(told.size) and not ended[told[-1]]
            if present[row, step]:
                out[row, step] = lasts[row, low + told[-1]]


def total(counts: Floats, sums: Floats, lows: Times, highs: Times, out: Floats) -> None:
    """Add the sums up, keeping the digits that a plain sum would lose."""
    for row, step, filled in _windows(counts, lows, highs):
        out[row, step] = compensated_sum(sums[row, filled].tolist())


def extreme(
    counts: Floats, values: Floats, lows: Times, highs: Times, largest: bool, out: Floats
) -> None:
    """Find the largest (or smallest) value; NaN only where there is nothing else."""
    for row, step, filled in _windows(counts, lows, highs):
        numbers = [value for value in values[row, filled].tolist() if not math.isnan(value)]
        best = max if largest else min
        out[row, step] = best(numbers) if numbers else math.nan


def edge(
    counts: Floats, values: Floats, lows: Times, highs: Times, last: bool, out: Floats
) -> None:
    """Pick the value of the last (or first) bucket."""
    for row, step, filled in _windows(counts, lows, highs):
        out[row, step] = values[row, filled[-1 if last else 0]]


def transitions(
    counts: Floats, firsts: Floats, lasts: Floats, inside: Floats, lows: Times, highs: Times,
    falls_only: bool, out: Floats,
) -> None:  # fmt: skip
    """Count the changes (or falls) inside of buckets, and those from one bucket to the next."""
    for row, step, filled in _windows(counts, lows, highs):
        after, before = firsts[row, filled[1:]], lasts[row, filled[:-1]]
        differs = (after != before) & ~(np.isnan(after) & np.isnan(before))
        between = after < before if falls_only else differs
        out[row, step] = inside[row, filled].sum() + np.count_nonzero(between)


def extrapolated(
    counts: Floats, first_ages: Floats, firsts: Floats, last_ages: Floats, lasts: Floats,
    restarted: Floats, lows: Times, highs: Times, ends: Times, range_ms: int, after_ms: int,
    resolution_ms: int, counter: bool, per_second: bool, out: Floats,
) -> None:  # fmt: skip
    """Compute ``rate``, ``increase`` and ``delta`` as ``rates_pure`` does from samples."""
    for row, step, filled in _windows(counts, lows, highs):
        samples = counts[row, filled].sum()
        if samples < 2:
            continue
        first, last = filled[0], filled[-1]
        change = lasts[row, last] - firsts[row, first]
        if counter:
            after, before = firsts[row, filled[1:]], lasts[row, filled[:-1]]
            change += restarted[row, filled].sum() + before[after < before].sum()
        first_ms = after_ms + (first + 1) * resolution_ms - first_ages[row, first]
        last_ms = after_ms + (last + 1) * resolution_ms - last_ages[row, last]
        sampled = (last_ms - first_ms) / 1000
        interval = sampled / (samples - 1)
        to_start = (first_ms - (ends[step] - range_ms)) / 1000
        to_end = (ends[step] - last_ms) / 1000
        to_start = interval / 2 if to_start >= interval * 1.1 else to_start
        to_end = interval / 2 if to_end >= interval * 1.1 else to_end
        if counter and change > 0 and firsts[row, first] >= 0:
            to_start = min(to_start, sampled * (firsts[row, first] / change))
        factor = (sampled + to_start + to_end) / sampled
        out[row, step] = change * (factor / (range_ms / 1000) if per_second else factor)


def _windows(counts: Floats, lows: Times, highs: Times) -> Iterator[tuple[int, int, Filled]]:
    """Yield every window that holds a sample, with its buckets that do."""
    for row in range(counts.shape[0]):
        for step, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
            filled = (low + np.flatnonzero(counts[row, low:high] > 0)).tolist()
            if filled:
                yield row, step, filled
