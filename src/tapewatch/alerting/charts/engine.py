"""Series for charts from the engine of this process, beside the event loop and on a budget."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.alerting.charts.painter import Series
from tapewatch.metrics.promql import result
from tapewatch.metrics.promql.settings import Budget
from tapewatch.metrics.service import MetricsService

TIMEOUT_MS: Final = 1_000
_MS: Final = 1_000_000


class EngineSource:
    """Asks the metrics of a running server."""

    def __init__(self, metrics: MetricsService) -> None:
        self._metrics = metrics

    async def series(
        self, expression: str, start_ns: int, end_ns: int, step_ns: int
    ) -> Sequence[Series]:
        """Answer a range query."""
        metrics = self._metrics
        start_ms, end_ms, step_ms = start_ns // _MS, end_ns // _MS, max(step_ns // _MS, 1)

        def work(budget: Budget) -> Sequence[Series]:
            answer = metrics.engine.range(
                metrics.database, expression, start_ms, end_ms, step_ms, budget=budget
            ).result
            if not isinstance(answer, result.MatrixResult):
                return ()
            times_ms = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
            return [_on_grid(each, times_ms, step_ms) for each in answer]

        return await metrics.queries.run(work, metrics.queries.budget(timeout_ms=TIMEOUT_MS))


def _on_grid(series: result.Series, times_ms: NDArray[np.int64], step_ms: int) -> Series:
    # Where a series says nothing there is a gap, and no line over it.
    values = np.full(len(times_ms), np.nan)
    values[(series.timestamps_ms - times_ms[0]) // step_ms] = series.values
    return Series(series.labels, times_ms * _MS, values)
