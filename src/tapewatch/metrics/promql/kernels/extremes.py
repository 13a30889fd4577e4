"""The smallest and largest sample inside windows, and when they were seen."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.extremes")

extreme: Callable[..., None] = _twin.extreme
extreme_time: Callable[..., None] = _twin.extreme_time
