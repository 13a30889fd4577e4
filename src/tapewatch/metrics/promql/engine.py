"""
The engine: from a query's text and a source to an answer.

An engine holds settings and remembers plans by text; it may be used by many threads at once. An
``Answer`` keeps its arrays, so that a face can encode them without making a Python object per
point; ``result`` makes the small frozen values of ``result.py`` from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from time import perf_counter
from typing import Final

import numpy as np

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.errors import QueryRefused
from tapewatch.metrics.promql.features import Features
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps, Text, Value
from tapewatch.metrics.promql.nodes import Call, value_type, walk
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.names import settle_names
from tapewatch.metrics.promql.operators.windowed import RangeSamples, WindowResults
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.plan.build import build
from tapewatch.metrics.promql.plan.explain import explain
from tapewatch.metrics.promql.plan.passes import QueryFrame, depends_on_frame
from tapewatch.metrics.promql.plan.runner import PassReport, simplify
from tapewatch.metrics.promql.result import (
    NO_ANNOTATIONS,
    Annotations,
    MatrixResult,
    Point,
    Result,
    ScalarResult,
    Series,
    StringResult,
    VectorResult,
    VectorSample,
)
from tapewatch.metrics.promql.run import NO_STATISTICS, Run, Statistics, start_run
from tapewatch.metrics.promql.settings import Budget, Settings
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.metrics.selection import EMPTY_SET, Source
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels

PLANS_MAX: Final = 8192
"""How many queries are remembered; a desk has thousands of rules, each of them a query."""

SHARE_EQUALS: Final = "share_equals"
_SORTS: Final = ("sort", "sort_desc", "sort_by_label", "sort_by_label_desc")


@dataclass(frozen=True, slots=True)
class Plan:
    """A query that is ready to run, as often as wanted."""

    text: str
    kind: ValueType
    root: Operator
    passes: tuple[PassReport, ...]
    sorts: tuple[Call, ...]


@dataclass(frozen=True)
class Answer:
    """What a query gives."""

    kind: ValueType
    steps: Steps
    value: Value | RangeSamples
    annotations: Annotations = NO_ANNOTATIONS
    statistics: Statistics = NO_STATISTICS
    instant: bool = True

    @cached_property
    def result(self) -> Result:
        """The answer as small values: for tests, rules and small callers."""
        value, notes, at_ms = self.value, self.annotations, self.steps.start_ms
        if isinstance(value, RangeSamples):
            return MatrixResult(tuple(_window_series(value)), notes)
        if isinstance(value, Text):
            return StringResult(at_ms, value.value, notes)
        if not self.instant:
            return MatrixResult(tuple(_series(_as_matrix(value), self.steps)), notes)
        if isinstance(value, Scalar):
            return ScalarResult(at_ms, float(value.values[0]), notes)
        return VectorResult(tuple(_vector_samples(value, at_ms)), notes)


class Engine:
    """Evaluates PromQL."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._plan = lru_cache(maxsize=PLANS_MAX)(self._make_plan)
        self._depends_on_frame = lru_cache(maxsize=PLANS_MAX)(self._asks_for_frame)

    def instant(
        self, source: Source, text: str, at_ms: int, *, budget: Budget | None = None
    ) -> Answer:
        """Answer at one time."""
        steps = Steps(at_ms, 0, 1)
        begun = perf_counter()
        plan = self.plan(text, steps)
        run = start_run(source, self.settings, steps, budget or Budget())
        return self._answer(plan, run, steps, begun, instant=True)

    def range(
        self,
        source: Source,
        text: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        budget: Budget | None = None,
    ) -> Answer:
        """Answer at every step from ``start_ms`` to ``end_ms``, sorted by labels."""
        steps = Steps.between(start_ms, end_ms, step_ms)
        begun = perf_counter()
        plan = self.plan(text, steps)
        if plan.kind not in (ValueType.SCALAR, ValueType.VECTOR):
            raise QueryRefused(
                f'invalid expression type "{plan.kind.title}" for range query, '
                "must be Scalar or instant Vector"
            )
        run = start_run(source, self.settings, steps, budget or Budget())
        for sort in plan.sorts:
            run.notes.add(annotations.sort_in_range(sort.span))
        return self._answer(plan, run, steps, begun, instant=False)

    def explain(
        self, text: str, *, source: Source | None = None, steps: Steps | None = None
    ) -> str:
        """Show the plan of a query; with a source, run it and show what it cost."""
        own = steps or Steps(0, 0, 1)
        plan = self.plan(text, own)
        if source is None:
            return explain(plan.root, plan.passes)
        run = start_run(source, self.settings, own)
        run.meter.costs = {}
        _evaluate(plan, run, own)
        return explain(plan.root, plan.passes, run.meter.costs)

    def plan(self, text: str, steps: Steps) -> Plan:
        """Make a plan, or return the one made before for the same text."""
        frame = steps if self._depends_on_frame(text) else None
        return self._plan(text, frame, instant=steps.count == 1)

    def _asks_for_frame(self, text: str) -> bool:
        return depends_on_frame(parse(text, self.settings.features))

    def _make_plan(self, text: str, steps: Steps | None, *, instant: bool) -> Plan:
        tree = parse(text, self.settings.features)
        frame = QueryFrame(steps or Steps(0, 0, 1 if instant else 2))
        simplified = simplify(tree, frame, self.settings.passes_off)
        root = build(simplified.tree, share=SHARE_EQUALS not in self.settings.passes_off)
        calls = (node for node in walk(tree) if isinstance(node, Call))
        sorts = tuple(call for call in calls if call.function in _SORTS)
        return Plan(text, value_type(tree), root, simplified.reports, sorts)

    def _answer(self, plan: Plan, run: Run, steps: Steps, begun: float, *, instant: bool) -> Answer:
        prepared = perf_counter()
        value = _evaluate(plan, run, steps)
        if isinstance(value, Matrix):
            value = settle_names(value).without_empty_rows()
            if not instant:
                value = value.in_order()
        statistics = Statistics(
            run.meter.samples_read,
            run.meter.samples_peak,
            prepared - begun,
            perf_counter() - prepared,
        )
        notes = run.notes.render(plan.text) if len(run.notes) else NO_ANNOTATIONS
        return Answer(plan.kind, steps, value, notes, statistics, instant)


def _evaluate(plan: Plan, run: Run, steps: Steps) -> Value | RangeSamples:
    with np.errstate(all="ignore"):
        if isinstance(plan.root, WindowResults):
            return plan.root.samples(run, steps)
        return plan.root.evaluate(run, steps)


def _as_matrix(value: Matrix | Scalar) -> Matrix:
    if isinstance(value, Scalar):
        return Matrix(EMPTY_SET, value.values.reshape(1, -1))
    return value


def _series(matrix: Matrix, steps: Steps) -> list[Series]:
    floats, times = matrix.float_present, steps.times
    series = []
    for row, labels in enumerate(matrix.labels):
        points: tuple[Point, ...] = ()
        if matrix.histograms is not None:
            cells = zip(times.tolist(), matrix.histograms[row].tolist(), strict=True)
            mask = matrix.mask[row].tolist()
            here = zip(cells, mask, strict=True)
            points = tuple(Point(*cell) for cell, kept in here if kept and cell[1] is not None)
        if floats is None:
            series.append(Series(labels, times, matrix.values[row], points))
        else:
            kept = floats[row]
            series.append(Series(labels, times[kept], matrix.values[row][kept], points))
    return series


def _vector_samples(matrix: Matrix, at_ms: int) -> list[VectorSample]:
    values = matrix.values[:, 0].tolist()
    if matrix.histograms is not None:
        cells = matrix.histograms[:, 0].tolist()
        values = [own if cell is None else cell for own, cell in zip(values, cells, strict=True)]
    return [
        VectorSample(labels, at_ms, value)
        for labels, value in zip(matrix.labels, values, strict=True)
    ]


def _window_series(samples: RangeSamples) -> list[Series]:
    series = []
    for labels, points in zip(samples.labels, samples.points, strict=True):
        floats = [point for point in points if not isinstance(point.value, Histogram)]
        histograms = (point for point in points if isinstance(point.value, Histogram))
        series.append(
            Series(
                labels,
                np.array([point.at for point in floats], dtype=np.int64),
                np.array([point.value for point in floats], dtype=np.float64),
                tuple(Point(point.at, point.value) for point in histograms),
            )
        )
    return series


class MemoryEngine:
    """An engine with samples of its own, as test scripts need one."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.engine = Engine(settings)
        self.source = MemorySource()

    def clear(self) -> None:
        """Forget all samples."""
        self.source.clear()

    def append(self, samples: Sequence[tuple[Labels, int, float | Histogram, int | None]]) -> None:
        """Add samples: labels, time, value, and the start where it is known."""
        for labels, at_ms, value, start_ms in samples:
            self.source.append(labels, at_ms, value, start_ms)

    def instant(self, text: str, at_ms: int) -> Result:
        """Answer at one time."""
        return self.engine.instant(self.source, text, at_ms).result

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> Result:
        """Answer for a range."""
        return self.engine.range(self.source, text, start_ms, end_ms, step_ms).result


def script_settings(features: Features) -> Settings:
    """Return the settings that the reference's own scripts are run with."""
    return Settings(features=features, delayed_name_removal=True, start_timestamps=True)
