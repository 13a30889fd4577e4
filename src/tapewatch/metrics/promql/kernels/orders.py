"""Quantiles of the samples inside windows."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.orders")

quantile: Callable[..., None] = _twin.quantile
median_deviation: Callable[..., None] = _twin.median_deviation
