"""
Many rows into one per group, step by step.

Here the rows are a matrix ``values[row, step]``; ``present`` may be empty (no rows), which means
that every cell holds something. ``ids[row]`` is the row's group. ``counts[group, step]`` says how
many cells went into a result; where it is zero the result means nothing.
"""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.groups")

count: Callable[..., None] = _twin.count
total: Callable[..., None] = _twin.total
mean: Callable[..., None] = _twin.mean
extreme: Callable[..., None] = _twin.extreme
variance: Callable[..., None] = _twin.variance
quantile: Callable[..., None] = _twin.quantile
highest: Callable[..., None] = _twin.highest
