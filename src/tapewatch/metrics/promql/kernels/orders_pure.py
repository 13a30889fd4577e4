"""The readable twin of ``orders_fast.pyx``."""

import math
from itertools import pairwise

from tapewatch.metrics.selection import Floats, Indices, Times


def quantile(
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    ranks: Floats,
    out: Floats,
) -> None:
    """Find for every step its quantile ``ranks[step]``, interpolated between two samples."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            window = values[first:last][lows[block, step] : highs[block, step]].tolist()
            out[row, step] = quantile_of(float(ranks[step]), window)


def median_deviation(
    values: Floats, offsets: Times, shared: bool, lows: Indices, highs: Indices, out: Floats
) -> None:
    """Find the median of the distances from the median; NaN where any sample is."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            window = values[first:last][lows[block, step] : highs[block, step]].tolist()
            if any(math.isnan(value) for value in window):
                out[row, step] = math.nan
                continue
            median = quantile_of(0.5, window)
            out[row, step] = quantile_of(0.5, [abs(value - median) for value in window])


def quantile_of(rank: float, values: list[float]) -> float:
    """Find one quantile; NaN sorts below everything."""
    if not values or math.isnan(rank):
        return math.nan
    if rank < 0:
        return -math.inf
    if rank > 1:
        return math.inf
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    place = rank * (len(ordered) - 1)
    lower = math.floor(place)
    upper = min(lower + 1, len(ordered) - 1)
    weight = place - lower
    return ordered[lower] * (1 - weight) + ordered[upper] * weight
