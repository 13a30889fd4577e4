"""The times that a selector looks at: those of the steps, or pinned by ``@``, less its offset."""

from dataclasses import dataclass

import numpy as np

from tapewatch.metrics.promql.matrix import Steps
from tapewatch.metrics.promql.nodes import Border
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Times
from tapewatch.model.durations import format_duration_ms


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a selector or a subquery stands in time."""

    offset_ms: int = 0
    at: int | Border | None = None

    def times(self, run: Run, steps: Steps) -> Times:
        """Return the time to look at for every step."""
        if self.at is None:
            return steps.times - self.offset_ms if self.offset_ms else steps.times
        return np.full(steps.count, self.pinned(run) - self.offset_ms, dtype=np.int64)

    def pinned(self, run: Run) -> int:
        """Return the time that ``@`` names."""
        if self.at is Border.START:
            return run.bounds.start_ms
        if self.at is Border.END:
            return run.bounds.end_ms
        assert isinstance(self.at, int)
        return self.at

    def __str__(self) -> str:
        pinned = "" if self.at is None else f" @ {self.at}"
        offset = f" offset {format_duration_ms(self.offset_ms)}" if self.offset_ms else ""
        return pinned + offset
