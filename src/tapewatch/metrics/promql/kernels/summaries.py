"""Functions of windows that are unions of buckets, for all rows and steps at once."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.summaries")

edge: Callable[..., None] = _twin.edge
extrapolated: Callable[..., None] = _twin.extrapolated
extreme: Callable[..., None] = _twin.extreme
newest: Callable[..., None] = _twin.newest
total: Callable[..., None] = _twin.total
transitions: Callable[..., None] = _twin.transitions
