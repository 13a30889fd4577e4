"""How fast counters and gauges change inside windows."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.rates")

extrapolated: Callable[..., None] = _twin.extrapolated
extrapolated_with_starts: Callable[..., None] = _twin.extrapolated_with_starts
extended: Callable[..., None] = _twin.extended
between_last_two: Callable[..., None] = _twin.between_last_two
