"""The readable twin of ``trends_fast.pyx``."""

import math
from itertools import pairwise

from tapewatch.metrics.promql.kernels.sums_pure import compensated_sum
from tapewatch.metrics.selection import Floats, Indices, Times


def regression(
    times: Times,
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    moments: Times,
    slopes: Floats,
    intercepts: Floats,
) -> None:
    """
    Fit a line by least squares.

    ``slopes`` are per second; ``intercepts`` are the line's values at ``moments``. A window whose
    samples are all equal has exactly their value and a slope of exactly zero.
    """
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        at = times if shared else times[first:last]
        for step, moment in enumerate(moments.tolist()):
            block = 0 if shared else row
            low, high = lows[block, step], highs[block, step]
            if high - low >= 2:
                slopes[row, step], intercepts[row, step] = line(
                    at[low:high].tolist(), values[first:last][low:high].tolist(), moment
                )


def line(times: list[int], values: list[float], moment: int) -> tuple[float, float]:
    """Fit a line to one window."""
    if all(value == values[0] for value in values):
        flat = not math.isinf(values[0])
        return (0.0, values[0]) if flat else (math.nan, math.nan)
    count = len(times)
    x = [(time - moment) / 1000 for time in times]
    sum_x, sum_y = compensated_sum(x), compensated_sum(values)
    sum_xy = compensated_sum([one * other for one, other in zip(x, values, strict=True)])
    sum_xx = compensated_sum([one * one for one in x])
    covariance = sum_xy - sum_x * sum_y / count
    spread = sum_xx - sum_x * sum_x / count
    slope = covariance / spread
    return slope, sum_y / count - slope * sum_x / count


def smoothing(
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    level_factors: Floats,
    trend_factors: Floats,
    out: Floats,
) -> None:
    """Smooth level and trend exponentially, and return the last level of each window."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        for step, (level, trend) in enumerate(zip(level_factors, trend_factors, strict=True)):
            block = 0 if shared else row
            window = values[first:last][lows[block, step] : highs[block, step]]
            if window.size >= 2:
                out[row, step] = smoothed(window.tolist(), float(level), float(trend))


def smoothed(values: list[float], level_factor: float, trend_factor: float) -> float:
    """Smooth one window (double exponential smoothing)."""
    before, level, trend = 0.0, values[0], values[1] - values[0]
    for index, value in enumerate(values[1:], start=1):
        if index > 1:
            trend = trend_factor * (level - before) + (1 - trend_factor) * trend
        before, level = level, level_factor * value + (1 - level_factor) * (level + trend)
    return level
