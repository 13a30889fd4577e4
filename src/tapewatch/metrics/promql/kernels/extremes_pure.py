"""The readable twin of ``extremes_fast.pyx``."""

import math
from itertools import pairwise

import numpy as np

from tapewatch.metrics.selection import Floats, Indices, Times


def extreme(
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    largest: bool,
    out: Floats,
) -> None:
    """Find the largest (or smallest) value; NaN only where there is nothing else."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            window = values[first:last][lows[block, step] : highs[block, step]]
            numbers = window[~np.isnan(window)]
            if numbers.size:
                out[row, step] = numbers.max() if largest else numbers.min()
            else:
                out[row, step] = math.nan


def extreme_time(
    times: Times,
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    largest: bool,
    out: Floats,
) -> None:
    """Find when the largest (or smallest) value was last seen, in seconds."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        at = times if shared else times[first:last]
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            best: int | None = None
            for i in range(lows[block, step], highs[block, step]):
                if best is None or _as_good(values[first + i], values[first + best], largest):
                    best = i
            out[row, step] = math.nan if best is None else at[best] / 1000


def _as_good(value: float, best: float, largest: bool) -> bool:
    return math.isnan(best) or bool(value >= best if largest else value <= best)
