"""The readable twin of ``transitions_fast.pyx``."""

from itertools import pairwise

import numpy as np

from tapewatch.metrics.promql.kernels.rates_pure import is_start_reset
from tapewatch.metrics.selection import Floats, Indices, Times


def changes(
    values: Floats, offsets: Times, shared: bool, lows: Indices, highs: Indices, out: Floats
) -> None:
    """Count the samples that differ from the one before; two NaNs do not."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            window = values[first:last][lows[block, step] : highs[block, step]]
            before, after = window[:-1], window[1:]
            differs = (before != after) & ~(np.isnan(before) & np.isnan(after))
            out[row, step] = np.count_nonzero(differs)


def resets(
    times: Times,
    values: Floats,
    starts: Times,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    out: Floats,
) -> None:
    """Count the samples that fell, or whose start timestamps (possibly empty) tell a restart."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        at = times if shared else times[first:last]
        value = values[first:last]
        start = starts[first:last] if starts.size else np.zeros_like(at)
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            inside = range(lows[block, step] + 1, highs[block, step])
            out[row, step] = sum(
                bool(value[i] < value[i - 1])
                or is_start_reset(start[i - 1], at[i - 1], start[i], at[i])
                for i in inside
            )
