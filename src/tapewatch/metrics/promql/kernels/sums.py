"""Sums, means and variances inside windows."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.sums")

total: Callable[..., None] = _twin.total
mean: Callable[..., None] = _twin.mean
variance: Callable[..., None] = _twin.variance
