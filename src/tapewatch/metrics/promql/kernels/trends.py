"""Straight lines and smoothed levels through the samples of windows."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.trends")

regression: Callable[..., None] = _twin.regression
smoothing: Callable[..., None] = _twin.smoothing
