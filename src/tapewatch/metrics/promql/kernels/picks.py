"""The newest sample of every row at every step."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.picks")

newest: Callable[..., int] = _twin.newest
columns: Callable[..., None] = _twin.columns
