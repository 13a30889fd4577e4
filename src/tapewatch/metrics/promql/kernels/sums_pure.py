"""The readable twin of ``sums_fast.pyx``."""

import math
from collections.abc import Callable
from itertools import pairwise

from tapewatch.metrics.selection import Floats, Indices, Times


def total(
    values: Floats, offsets: Times, shared: bool, lows: Indices, highs: Indices, out: Floats
) -> None:
    """Add the samples up, keeping the digits that a plain sum would lose."""
    _for_windows(compensated_sum, values, offsets, shared, lows, highs, out)


def mean(
    values: Floats, offsets: Times, shared: bool, lows: Indices, highs: Indices, out: Floats
) -> None:
    """Average the samples; a sum that would overflow is never formed."""
    _for_windows(compensated_mean, values, offsets, shared, lows, highs, out)


def variance(
    values: Floats, offsets: Times, shared: bool, lows: Indices, highs: Indices, out: Floats
) -> None:
    """Compute the population variance."""
    _for_windows(compensated_variance, values, offsets, shared, lows, highs, out)


def increment(term: float, running: float, lost: float) -> tuple[float, float]:
    """Add a term to a running sum, and what is lost by it to ``lost`` (Neumaier)."""
    together = running + term
    if math.isinf(together):
        return together, 0.0
    if abs(running) >= abs(term):
        return together, lost + ((running - together) + term)
    return together, lost + ((term - together) + running)


def compensated_sum(values: list[float]) -> float:
    """Sum one window."""
    running = lost = 0.0
    for value in values:
        running, lost = increment(value, running, lost)
    return running if math.isinf(running) else running + lost


def compensated_mean(values: list[float]) -> float:
    """Average one window: the sum by the count, or an incremental mean once it would overflow."""
    running, lost, incremental = values[0], 0.0, False
    for count, value in enumerate(values[1:], start=2):
        if not incremental:
            together, error = increment(value, running, lost)
            if not math.isinf(together):
                running, lost = together, error
                continue
            incremental = True
            running, lost = running / (count - 1), lost / (count - 1)
        share = (count - 1) / count
        running, lost = increment(value / count, share * running, share * lost)
    if incremental:
        return running + lost
    return running / len(values) + lost / len(values)


def compensated_variance(values: list[float]) -> float:
    """Compute the variance of one window (Welford)."""
    centre = centre_lost = spread = spread_lost = 0.0
    for count, value in enumerate(values, start=1):
        delta = value - (centre + centre_lost)
        centre, centre_lost = increment(delta / count, centre, centre_lost)
        product = delta * (value - (centre + centre_lost))
        spread, spread_lost = increment(product, spread, spread_lost)
    return (spread + spread_lost) / len(values)


def _for_windows(
    compute: Callable[[list[float]], float],
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    out: Floats,
) -> None:
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        for step in range(lows.shape[1]):
            block = 0 if shared else row
            window = values[first:last][lows[block, step] : highs[block, step]]
            out[row, step] = compute(window.tolist()) if window.size else math.nan
