"""Functions of windows: of a range selector, or of a subquery."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.algebra import forget_resets, sample_weight
from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.functions.points import (
    FLOATS,
    PointAnswer,
    PointWindow,
    extended_change,
    point_function,
)
from tapewatch.metrics.promql.functions.ranges import RANGE_FUNCTIONS, Frame, WindowResult
from tapewatch.metrics.promql.kernels.windows import Windows, rows_of, windows_of
from tapewatch.metrics.promql.matrix import Matrix, Steps, combine, map_cells
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.names import merge_same
from tapewatch.metrics.promql.operators.reference import Reference
from tapewatch.metrics.promql.operators.selectors import (
    Picked,
    patch,
    select_around,
    show,
    stack,
    tell_rounding,
)
from tapewatch.metrics.promql.operators.summarised import SUMMARISED
from tapewatch.metrics.promql.parts import (
    CellPoint,
    CellRow,
    cell_rows,
    floats_of,
    has_cells,
    rows_with_gaps,
    split_histograms,
    take_rows,
)
from tapewatch.metrics.promql.run import Run, chunks
from tapewatch.metrics.selection import (
    ABSENT,
    METADATA_LABELS,
    METRIC_TYPE,
    LabelSets,
    Mask,
    Part,
    Selection,
    Strip,
    Summary,
    Times,
)
from tapewatch.metrics.summary import Column
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import Matcher

_COUNTER_SUFFIXES = ("_total", "_sum", "_count", "_bucket")
_COUNTER_TYPES = ("counter", "histogram")


class Ranged(NamedTuple):
    """What windows are cut from, and where they end."""

    selection: Selection
    ends: Times
    drop_names: Mask | None = None


class RangeOperator(Operator, ABC):
    """A range vector: it has samples, and every step has a window of them."""

    __slots__ = ("range_ms", "reference")

    def __init__(
        self, span: Span, reference: Reference, range_ms: int, *children: Operator
    ) -> None:
        super().__init__(span, *children)
        self.reference = reference
        self.range_ms = range_ms

    anchored = False
    smoothed = False
    tells_resets = False

    @abstractmethod
    def ranged(self, run: Run, steps: Steps, function: str) -> Ranged:
        """Fetch the samples of all windows."""

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Fail: a range vector has no value of its own; functions ask for its samples."""
        raise AssertionError(self.describe(), run, steps)

    def before_ms(self, run: Run) -> int:
        """Return how far back a window looks."""
        extended = self.anchored or self.smoothed
        return self.range_ms + run.lookback_ms if extended else self.range_ms

    def after_ms(self, run: Run) -> int:
        """Return how far beyond its end a window looks."""
        return run.lookback_ms if self.smoothed else 0


class WindowSelector(RangeOperator):
    """The samples of every series in a window (``m[5m]``)."""

    __slots__ = ("anchored", "matchers", "smoothed", "tells_resets")

    def __init__(
        self,
        span: Span,
        matchers: Sequence[Matcher],
        reference: Reference,
        range_ms: int,
        *,
        anchored: bool = False,
        smoothed: bool = False,
        tells_resets: bool = False,
    ) -> None:
        super().__init__(span, reference, range_ms)
        self.matchers = tuple(matchers)
        self.anchored = anchored
        self.smoothed = smoothed
        self.tells_resets = tells_resets

    def ranged(self, run: Run, steps: Steps, function: str) -> Ranged:
        """Ask the source."""
        ends = self.reference.times(run, steps)
        selection = select_around(
            run,
            self.matchers,
            ends,
            before_ms=self.before_ms(run),
            after_ms=self.after_ms(run),
            function=function,
            takes_summaries=function in SUMMARISED and not (self.anchored or self.smoothed),
        )
        return Ranged(selection, ends)

    def describe(self) -> str:
        """Say what is selected."""
        window = f"[{format_duration_ms(self.range_ms)}]"
        kind = " anchored" if self.anchored else " smoothed" if self.smoothed else ""
        return f"samples of {show(self.matchers)}{window}{self.reference}{kind}"


class SubqueryOperator(RangeOperator):
    """An expression evaluated at steps of its own; what it gives are the samples."""

    __slots__ = ("step_ms",)

    def __init__(
        self, span: Span, reference: Reference, range_ms: int, step_ms: int, inner: Operator
    ) -> None:
        super().__init__(span, reference, range_ms, inner)
        self.step_ms = step_ms

    def ranged(self, run: Run, steps: Steps, function: str) -> Ranged:  # noqa: ARG002 # one signature
        """Evaluate the inner expression once, at every step that some window holds."""
        ends = self.reference.times(run, steps)
        if not ends.size:
            return Ranged(Selection(), ends)
        step_ms = self.step_ms or run.settings.default_subquery_step_ms
        first = ((int(ends[0]) - self.range_ms) // step_ms + 1) * step_ms
        inner_steps = Steps.between(first, int(ends[-1]), step_ms)
        if not inner_steps.count:
            return Ranged(Selection(), ends)
        run.meter.reserve(inner_steps.count)
        matrix = self.children[0].matrix(run, inner_steps)
        strip = _as_strip(matrix, inner_steps)
        return Ranged(Selection((strip,)), ends, matrix.drop_names)

    def describe(self) -> str:
        """Say the window and the step."""
        step = format_duration_ms(self.step_ms) if self.step_ms else "default"
        return f"subquery [{format_duration_ms(self.range_ms)}:{step}]{self.reference}"


def _as_strip(matrix: Matrix, steps: Steps) -> Strip:
    values, histograms = matrix.values, matrix.histograms
    float_present = matrix.float_present
    if float_present is not None:
        values = np.where(float_present, values, ABSENT)
    if histograms is not None:
        # What a histogram says of the sample before it no longer holds for these samples.
        histograms = map_cells(histograms, forget_resets)
        histograms[~matrix.histogram_mask] = None
    return Strip(
        matrix.labels,
        steps.times,
        np.ascontiguousarray(values),
        float_present is not None,
        histograms,
    )


@dataclass(frozen=True, slots=True)
class WindowNames:
    """What a function of windows needs to know of the call."""

    function: str
    span: Span  # of the argument that is a range vector


class WindowFunction(Operator):
    """A function that turns every window into one value."""

    __slots__ = ("call", "window")

    def __init__(
        self, span: Span, call: WindowNames, window: RangeOperator, *params: Operator
    ) -> None:
        super().__init__(span, window, *params)
        self.call = call
        self.window = window

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Evaluate the parameters, fetch the samples, run the kernel."""
        function = RANGE_FUNCTIONS[self.call.function]
        params = [child.scalar(run, steps).values for child in self.children[1:]]
        selection, ends, drop_names = self.window.ranged(run, steps, self.call.function)
        frame = Frame(
            steps.times,
            ends,
            self.window.range_ms,
            selection.labels,
            run,
            self.call.span,
            params,
            self.window.anchored,
            self.window.smoothed,
        )
        tell_rounding(selection, run, self.call.span)
        run.meter.reserve(len(selection.labels) * steps.count)
        results = [
            *(self._of_part(part, replace(frame, labels=part.labels)) for part in selection.parts),
            *(self._of_summary(each, frame) for each in selection.summaries),
        ]
        matrix = stack(selection.labels, results, steps)
        if function.counter:
            self._doubt_counters(matrix, run)
        return self._named(matrix, drop_names, run, keeps_name=function.keeps_name)

    def _of_part(self, part: Part, frame: Frame) -> Picked:
        if not has_cells(part):
            return self._of_floats(part, frame)
        floats, float_rows, mixed_rows = split_histograms(part)
        shape = (len(part.labels), frame.ends.size)
        values, present = np.empty(shape), np.zeros(shape, dtype=np.bool_)
        histograms = np.full(shape, None, dtype=object)
        if floats is not None:
            picked = self._of_floats(floats, replace(frame, labels=floats.labels))
            values[float_rows] = picked.values
            present[float_rows] = True if picked.present is None else picked.present
        rows = cell_rows(part, mixed_rows, tell_resets=self.window.tells_resets)
        for index, row in zip(mixed_rows, rows, strict=True):
            own = replace(frame, labels=part.labels[index : index + 1])
            answers = self._of_mixed_row(row, own)
            values[index] = answers.values[0]
            present[index] = True if answers.present is None else answers.present[0]
            assert answers.histograms is not None
            histograms[index] = answers.histograms[0]
        return Picked(values, None if present.all() else present, histograms)

    def _of_summary(self, summary: Summary, frame: Frame) -> Picked:
        """Answer from whole buckets."""
        run = frame.run
        run.meter.check()
        cells = summary.columns[Column.COUNT].size
        run.meter.read(cells)
        run.meter.touch(cells)
        samples_min = RANGE_FUNCTIONS[self.call.function].samples_min
        answer = SUMMARISED[self.call.function](summary, frame.ends, frame.range_ms, samples_min)
        return Picked(*answer)

    def _of_floats(self, part: Part, frame: Frame) -> Picked:
        rows = rows_with_gaps(part)
        if rows is None:
            return self._of_rows(part, frame, metered=len(part.labels))
        # Computing the rows with gaps in vain costs less than taking the others apart.
        solid = len(part.labels) - rows.size
        picked = self._of_rows(replace(part, gaps=False), frame, metered=solid)
        if not rows.size:
            return picked
        gappy = take_rows(part, rows)
        better = self._of_rows(gappy, replace(frame, labels=gappy.labels), metered=rows.size)
        return patch(picked, rows, better)

    def _of_rows(self, part: Part, frame: Frame, *, metered: int) -> Picked:
        function, run = RANGE_FUNCTIONS[self.call.function], frame.run
        windows = self._windows(part, frame)
        run.meter.read(windows.sample_count * metered // max(len(part.labels), 1))
        run.meter.touch(windows.sample_count_max)
        cells_per_row = part.values.size // max(len(part.labels), 1) + frame.ends.size
        pieces = list(chunks(len(part.labels), cells_per_row))
        results = []
        for first, last in pieces:
            own = frame
            if len(pieces) > 1:
                run.meter.check()
                own = replace(frame, labels=part.labels[first:last])
            piece = windows if len(pieces) == 1 else windows.slice(first, last)
            results.append(function.kernel(piece, own))
        enough = None
        if not (frame.anchored or frame.smoothed) and results and results[0].present is None:
            enough = windows.present(function.samples_min)
        elif results and results[0].present is None:
            enough = windows.present(1)
        return _joined(results, enough, frame)

    def _windows(self, part: Part, frame: Frame) -> Windows:
        rows, run = rows_of(part), frame.run
        if not (frame.anchored or frame.smoothed):
            return windows_of(rows, frame.ends, frame.range_ms)
        before, after = self.window.before_ms(run), self.window.after_ms(run)
        return windows_of(rows, frame.ends + after, before + after)

    def _of_mixed_row(self, row: CellRow, frame: Frame) -> Picked:
        """Answer for one series with histograms, window after window."""
        picked = self._of_floats(floats_of(row), frame)
        points, shape = row.points(), (1, frame.ends.size)
        values = picked.values.copy()
        present = np.ones(shape, np.bool_) if picked.present is None else picked.present.copy()
        histograms = np.full(shape, None, dtype=object)
        for step, window in enumerate(self._point_windows(points, frame)):
            if window is None:
                continue
            answer = self._of_points(window, frame)
            if answer is FLOATS:
                continue
            present[0, step] = answer is not None
            if isinstance(answer, Histogram):
                histograms[0, step] = answer
            elif isinstance(answer, float):
                values[0, step] = answer
        return Picked(values, present, histograms)

    def _point_windows(
        self, points: Sequence[CellPoint], frame: Frame
    ) -> "list[PointWindow | None]":
        """Cut the windows that hold a histogram; None stands for the others."""
        run = frame.run
        before, after = self.window.before_ms(run), self.window.after_ms(run)
        times = [point.at for point in points]
        windows: list[PointWindow | None] = []
        for end in frame.ends.tolist():
            low, high = bisect_right(times, end - before), bisect_right(times, end + after)
            if frame.anchored and self.call.function in ("changes", "resets"):
                inside = bisect_right(times, end - frame.range_ms)
                low = max(low, inside - 1) if inside < high else high
            inside_points = points[low:high]
            held = sum(
                sample_weight(point.value) if isinstance(point.value, Histogram) else 1
                for point in inside_points
            )
            run.meter.touch(held)
            has_histograms = any(isinstance(point.value, Histogram) for point in inside_points)
            windows.append(
                PointWindow(
                    inside_points,
                    end,
                    frame.range_ms,
                    frame.labels.metric_names[0],
                    frame.span,
                    run.notes,
                    run.settings.start_timestamps,
                )
                if has_histograms
                else None
            )
        return windows

    def _of_points(self, window: PointWindow, frame: Frame) -> PointAnswer:
        name = self.call.function
        if (frame.anchored or frame.smoothed) and name in ("rate", "increase", "delta"):
            return extended_change(
                window,
                smoothed=frame.smoothed,
                counter=name != "delta",
                per_second=name == "rate",
            )
        return point_function(name)(window)

    def _doubt_counters(self, matrix: Matrix, run: Run) -> None:
        """Say of what does not look like a counter that it may be none."""
        by_type = run.settings.type_and_unit_labels
        doubtful = matrix.labels.derive(
            ("doubtful", by_type), lambda: _doubtful_metrics(matrix.labels, by_type=by_type)
        )
        if not doubtful:
            return
        filled = matrix.floats_only().row_present
        for metric, rows in doubtful:
            if not filled[rows].any():
                continue
            if by_type:
                kind = metric.get(METRIC_TYPE)
                note = annotations.maybe_not_counter_type(metric.name, kind, self.call.span)
            else:
                note = annotations.maybe_not_counter(metric.name, self.call.span)
            run.notes.add(note)

    def _named(
        self, matrix: Matrix, drop_names: Mask | None, run: Run, *, keeps_name: bool
    ) -> Matrix:
        if keeps_name:
            return replace(matrix, drop_names=drop_names)
        if run.delays_names:
            return replace(matrix, drop_names=np.ones(len(matrix.labels), dtype=np.bool_))
        return merge_same(replace(matrix, labels=matrix.labels.without_metadata()))

    def describe(self) -> str:
        """Say the function."""
        return f"{self.call.function} of windows"


def _joined(results: Sequence[WindowResult], enough: Mask | None, frame: Frame) -> Picked:
    if not results:
        return Picked(np.empty((0, frame.ends.size)), None)
    if len(results) == 1:
        values, present = results[0]
    else:
        values = np.concatenate([result.values for result in results])
        masks = [result.present for result in results if result.present is not None]
        present = np.concatenate(masks) if masks else None
    present = combine(present, enough)
    return Picked(values, None if present is not None and present.all() else present)


def _doubtful_metrics(
    labels: LabelSets, *, by_type: bool
) -> tuple[tuple[Labels, NDArray[np.intp]], ...]:
    """Return the metrics that do not look like counters, and their rows."""
    ids, metrics = labels.group((METRIC_NAME, METRIC_TYPE) if by_type else (METRIC_NAME,))
    return tuple(
        (metric, np.flatnonzero(ids == number))
        for number, metric in enumerate(metrics)
        if metric.name and not _looks_like_a_counter(metric, by_type=by_type)
    )


def _looks_like_a_counter(metric: Labels, *, by_type: bool) -> bool:
    if by_type:
        return metric.get(METRIC_TYPE) in _COUNTER_TYPES
    return metric.name.endswith(_COUNTER_SUFFIXES)


class AbsentOverTime(WindowFunction):
    """One series where no series has a sample."""

    __slots__ = ("labels",)

    def __init__(
        self, span: Span, call: WindowNames, window: RangeOperator, labels: LabelSets
    ) -> None:
        super().__init__(span, call, window)
        self.labels = labels

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Turn presence around."""
        found = super().compute(run, steps).mask.any(axis=0)
        present = None if not found.any() else ~found.reshape(1, -1)
        return Matrix(self.labels, np.ones((1, steps.count)), present)


@dataclass(frozen=True, slots=True, eq=False)
class RangeSamples:
    """The samples of a range vector, series by series."""

    labels: tuple[Labels, ...]
    points: tuple[Sequence[CellPoint], ...]


class WindowResults(Operator):
    """A range vector as the answer of an instant query: the samples themselves."""

    __slots__ = ("window",)

    def __init__(self, span: Span, window: RangeOperator) -> None:
        super().__init__(span, window)
        self.window = window

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Fail: the engine asks for the samples instead."""
        raise AssertionError(self.describe(), run, steps)

    def samples(self, run: Run, steps: Steps) -> RangeSamples:
        """Return the samples of the window of the only step, sorted by labels."""
        selection, ends, drop_names = self.window.ranged(run, steps.first, "")
        end = int(ends[0])
        found: list[tuple[Labels, list[CellPoint]]] = []
        rows = (row for part in selection.parts for row in cell_rows(part))
        for number, (labels, row) in enumerate(zip(selection.labels, rows, strict=True)):
            points = row.between(end - self.window.range_ms, end)
            run.meter.read(len(points))
            run.meter.hold(len(points))
            if points:
                dropped = drop_names is not None and drop_names[number]
                found.append((labels.drop(*METADATA_LABELS) if dropped else labels, points))
        found.sort(key=lambda one: one[0])
        return RangeSamples(
            tuple(labels for labels, _ in found), tuple(points for _, points in found)
        )

    def describe(self) -> str:
        """Say that the samples are the answer."""
        return "samples of a window"
