"""How often values change, and how often counters restart, inside windows."""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.transitions")

changes: Callable[..., None] = _twin.changes
resets: Callable[..., None] = _twin.resets
