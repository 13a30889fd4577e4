"""One evaluation of a plan: its source, its limits, its notes, and what it has cost so far."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tapewatch.metrics.algebra import sample_weight
from tapewatch.metrics.promql.annotations import Notes
from tapewatch.metrics.promql.errors import QueryCanceled, QueryTimedOut, QueryTooLarge
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps, Value
from tapewatch.metrics.promql.settings import Budget, Settings
from tapewatch.metrics.selection import Hints, Selection, Source
from tapewatch.model.matchers import Matcher

# Long kernels are run in pieces of about this many cells, so that a query can be stopped.
CHUNK_CELLS: Final = 4_000_000
CELL_BYTES: Final = 8
_NO_BUDGET: Final = Budget()


@dataclass(slots=True)
class Cost:
    """What one operator has cost, its children included."""

    calls: int = 0
    rows: int = 0
    cells: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Meter:
    """What a run holds and has read, against what it may."""

    samples_max: int
    memory_bytes_max: int | None
    deadline: float | None
    canceled: Callable[[], bool]
    clock: Callable[[], float] = time.monotonic
    samples_held: int = 0
    samples_peak: int = 0
    samples_read: int = 0
    costs: dict[int, Cost] | None = None

    def check(self) -> None:
        """Stop the query if its time is over or nobody wants it any more."""
        if self.canceled():
            raise QueryCanceled
        if self.deadline is not None and self.clock() > self.deadline:
            raise QueryTimedOut

    def read(self, samples: int) -> None:
        """Count samples that came from the source."""
        self.samples_read += samples

    def hold(self, samples: int) -> None:
        """Count samples that are in memory now."""
        self.samples_held += samples
        self.touch(0)

    def touch(self, samples: int) -> None:
        """Count samples that are in memory for a moment."""
        held = self.samples_held + samples
        self.samples_peak = max(self.samples_peak, held)
        if held > self.samples_max:
            raise QueryTooLarge(held, self.samples_max)
        self._fit(held)

    def reserve(self, cells: int) -> None:
        """Ask for room before it is taken, filled or not; stop the query if it is over."""
        self.check()
        self._fit(self.samples_held + cells)

    def _fit(self, cells: int) -> None:
        if self.memory_bytes_max is not None and cells * CELL_BYTES > self.memory_bytes_max:
            raise QueryTooLarge(cells, self.memory_bytes_max // CELL_BYTES)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a run has cost, for ``stats=all``."""

    samples_read: int
    samples_peak: int
    prepare_s: float
    evaluate_s: float


NO_STATISTICS: Final = Statistics(0, 0, 0.0, 0.0)


@dataclass(slots=True)
class Run:
    """Everything that operators share during one evaluation."""

    source: Source
    settings: Settings
    bounds: Steps  # the steps of the whole query
    lookback_ms: int
    meter: Meter
    notes: Notes = field(default_factory=Notes)
    selections: dict[tuple[tuple[Matcher, ...], bool], tuple[int, int, Selection]] = field(
        default_factory=dict
    )
    values: dict[tuple[int, Steps], Value] = field(default_factory=dict)

    @property
    def delays_names(self) -> bool:
        """Whether names are only marked until the end of the query."""
        return self.settings.delayed_name_removal

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: Hints
    ) -> Selection:
        """
        Ask the source, or answer from what it gave for the same matchers before.

        Samples given in the place of summaries are good for everyone; samples that were insisted
        on may be fewer than the summaries tell of; summaries serve one function alone.
        """
        own, any_kind = tuple(matchers), hints.grid_ms > 0
        for key in ((own, True),) if any_kind else ((own, True), (own, False)):
            known = self.selections.get(key)
            if known is not None and known[0] <= start_ms and end_ms <= known[1]:
                return known[2]
        allowed = replace(hints, allowance=self.meter)
        selection = self.source.select(own, start_ms, end_ms, hints=allowed)
        if not selection.summaries and not hints.newest:
            self.selections[own, any_kind] = (start_ms, end_ms, selection)
        return selection


def start_run(
    source: Source, settings: Settings, bounds: Steps, budget: Budget = _NO_BUDGET
) -> Run:
    """Prepare a run; where a budget says nothing the settings hold."""
    timeout_s = settings.timeout_s if budget.timeout_s is None else budget.timeout_s
    bytes_max = budget.memory_bytes_max
    meter = Meter(
        samples_max=settings.samples_max if budget.samples_max is None else budget.samples_max,
        memory_bytes_max=settings.memory_bytes_max if bytes_max is None else bytes_max,
        deadline=None if timeout_s is None else time.monotonic() + timeout_s,
        canceled=budget.canceled.is_set,
    )
    lookback_ms = budget.lookback_ms or settings.lookback_ms
    return Run(source, settings, bounds, lookback_ms, meter)


def sample_count(value: Value) -> int:
    """Count the samples of a value as the budget does; a histogram weighs several."""
    if isinstance(value, Matrix):
        count = value.cell_count
        if value.histograms is not None:
            cells = value.histograms[value.histogram_mask]
            count += sum(sample_weight(cell) - 1 for cell in cells.tolist())
        return count
    return value.values.size if isinstance(value, Scalar) else 0


def chunks(rows: int, cells_per_row: int) -> Iterator[tuple[int, int]]:
    """Cut rows into pieces that a kernel works through in a moment."""
    size = max(CHUNK_CELLS // max(cells_per_row, 1), 1)
    for first in range(0, rows, size):
        yield first, min(first + size, rows)
