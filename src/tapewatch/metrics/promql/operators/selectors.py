"""Instant selectors: the newest sample of every series."""

from collections.abc import Sequence
from dataclasses import replace
from math import gcd
from typing import NamedTuple

import numpy as np

from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.functions.points import between_histograms
from tapewatch.metrics.promql.kernels.picks import columns, newest
from tapewatch.metrics.promql.kernels.windows import Rows, Windows, rows_of, windows_of
from tapewatch.metrics.promql.matrix import Matrix, Steps
from tapewatch.metrics.promql.matrix import Rows as RowNumbers
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.reference import Reference
from tapewatch.metrics.promql.operators.summarised import newest_of
from tapewatch.metrics.promql.parts import (
    CellRow,
    cell_rows,
    has_cells,
    rows_with_gaps,
    split_histograms,
    take_rows,
)
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import (
    Floats,
    Hints,
    LabelSets,
    Mask,
    Objects,
    Part,
    Selection,
    Times,
)
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.matchers import Matcher


class Picked(NamedTuple):
    """The cells that a part gives."""

    values: Floats
    present: Mask | None
    histograms: Objects | None = None


class Selector(Operator):
    """The newest sample of every series, unless it is stale or older than the lookback."""

    __slots__ = ("matchers", "reference", "tells_resets")

    takes_summaries = True
    takes_newest = True

    def __init__(
        self,
        span: Span,
        matchers: Sequence[Matcher],
        reference: Reference,
        *,
        tells_resets: bool = False,
    ) -> None:
        super().__init__(span)
        self.matchers = tuple(matchers)
        self.reference = reference
        self.tells_resets = tells_resets

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Pick a sample for every series and step."""
        ends = self.reference.times(run, steps)
        selection = select_around(
            run,
            self.matchers,
            ends,
            before_ms=run.lookback_ms,
            takes_summaries=self.takes_summaries,
            newest=self.takes_newest and ends.size == 1,
        )
        tell_rounding(selection, run, self.span)
        run.meter.reserve(len(selection.labels) * steps.count)
        picked = [
            *(self.pick(part, ends, run) for part in selection.parts),
            *(Picked(*newest_of(each, ends, run.lookback_ms)) for each in selection.summaries),
        ]
        matrix = stack(selection.labels, picked, steps)
        run.meter.read(matrix.cell_count)
        return matrix

    def pick(self, part: Part, ends: Times, run: Run) -> Picked:
        """Pick from one part."""
        if has_cells(part):
            return self._pick_cells(part, ends, run)
        rows = rows_with_gaps(part)
        if rows is None:
            return pick_floats(part, ends, run.lookback_ms)[0]
        picked = pick_floats(replace(part, gaps=False), ends, run.lookback_ms)[0]
        if not rows.size:
            return picked
        return patch(picked, rows, pick_floats(take_rows(part, rows), ends, run.lookback_ms)[0])

    def _pick_cells(self, part: Part, ends: Times, run: Run) -> Picked:
        """Pick from the rows with histograms cell by cell, and from the others all at once."""
        floats, float_rows, mixed = split_histograms(part)
        shape = (len(part.labels), ends.size)
        values, present = np.empty(shape), np.zeros(shape, dtype=np.bool_)
        histograms = np.full(shape, None, dtype=object)
        if floats is not None:
            picked = self.pick(floats, ends, run)
            values[float_rows] = picked.values
            present[float_rows] = True if picked.present is None else picked.present
        rows = cell_rows(part, mixed, tell_resets=self.tells_resets)
        for index, row in zip(mixed, rows, strict=True):
            found = row.newest(ends, run.lookback_ms)
            values[index], present[index] = found.values, found.present
            histograms[index] = found.histograms
        return Picked(values, None if present.all() else present, histograms)

    def describe(self) -> str:
        """Say what is selected."""
        return f"newest of {show(self.matchers)}{self.reference}"


class TimeSelector(Selector):
    """When the newest sample was taken (``timestamp``)."""

    __slots__ = ()

    takes_summaries = False

    def pick(self, part: Part, ends: Times, run: Run) -> Picked:
        """Pick the time of the sample instead of its value, in seconds."""
        if has_cells(part):
            rows = [row.newest(ends, run.lookback_ms) for row in cell_rows(part)]
            values = np.array([row.times / 1000 for row in rows]).reshape(-1, ends.size)
            present = np.array([row.present for row in rows]).reshape(-1, ends.size)
            return Picked(values, present)
        picked, windows = pick_floats(part, ends, run.lookback_ms)
        return Picked(at_newest(windows, windows.rows.times, per_row=False) / 1000, picked.present)

    def describe(self) -> str:
        """Say what is selected."""
        return f"time of the newest of {show(self.matchers)}{self.reference}"


class StartSelector(Selector):
    """When the counter of the newest sample started (``start_timestamp``)."""

    __slots__ = ()

    takes_summaries = takes_newest = False

    def pick(self, part: Part, ends: Times, run: Run) -> Picked:
        """Pick the start of the sample instead of its value, in seconds."""
        if not run.settings.start_timestamps:
            nothing = np.zeros((len(part.labels), ends.size), dtype=np.bool_)
            return Picked(np.empty(nothing.shape), nothing)
        if has_cells(part):
            rows = [row.newest(ends, run.lookback_ms) for row in cell_rows(part)]
            values = np.array([row.starts / 1000 for row in rows]).reshape(-1, ends.size)
            present = np.array([row.present for row in rows]).reshape(-1, ends.size)
            return Picked(values, present)
        picked, windows = pick_floats(part, ends, run.lookback_ms)
        if windows.rows.starts is None:
            return Picked(np.zeros(picked.values.shape), picked.present)
        return Picked(at_newest(windows, windows.rows.starts, per_row=True) / 1000, picked.present)

    def describe(self) -> str:
        """Say what is selected."""
        return f"start of the newest of {show(self.matchers)}{self.reference}"


class SmoothedSelector(Selector):
    """The value on the line between the samples around the step (``smoothed``)."""

    __slots__ = ()

    takes_summaries = False

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Interpolate for every series and step."""
        ends = self.reference.times(run, steps)
        selection = select_around(
            run, self.matchers, ends, before_ms=run.lookback_ms, after_ms=run.lookback_ms
        )
        run.meter.reserve(len(selection.labels) * steps.count)
        picked = [self.pick(part, ends, run) for part in selection.parts]
        return stack(selection.labels, picked, steps)

    def pick(self, part: Part, ends: Times, run: Run) -> Picked:
        """Interpolate the rows of one part."""
        shape = (len(part.labels), ends.size)
        values, present = np.empty(shape), np.zeros(shape, dtype=np.bool_)
        histograms = np.full(shape, None, dtype=object)
        for index, row in enumerate(cell_rows(part)):
            metric = part.labels[index].name
            for step, end in enumerate(ends.tolist()):
                cell = self._between(row, end, run, metric)
                present[index, step] = cell is not None
                if isinstance(cell, Histogram):
                    histograms[index, step] = cell
                elif cell is not None:
                    values[index, step] = cell
        return Picked(values, present, histograms if has_cells(part) else None)

    def _between(self, row: CellRow, end: int, run: Run, metric: str) -> float | Histogram | None:
        points = row.between(end - run.lookback_ms, end + run.lookback_ms)
        kinds = {isinstance(point.value, Histogram) for point in points}
        if len(kinds) == 2:
            run.notes.add(annotations.mixed_samples(metric, self.span))
            return None
        before = [point for point in points if point.at <= end]
        after = [point for point in points if point.at > end]
        if not before:
            return None
        if before[-1].at == end or not after:
            return before[-1].value
        one, other = before[-1], after[0]
        share = (end - one.at) / (other.at - one.at)
        if not isinstance(one.value, Histogram):
            assert isinstance(other.value, float)
            return one.value + (other.value - one.value) * share
        assert isinstance(other.value, Histogram)
        if one.value.custom != other.value.custom:
            run.notes.add(annotations.mixed_schemas(metric, self.span))
            return None
        counter = one.value.reset_hint is not ResetHint.GAUGE
        return between_histograms(one, other, end, counter=counter, notes=run.notes, span=self.span)

    def describe(self) -> str:
        """Say what is selected."""
        return f"{show(self.matchers)}{self.reference}, interpolated"


def select_around(
    run: Run,
    matchers: Sequence[Matcher],
    ends: Times,
    *,
    before_ms: int,
    after_ms: int = 0,
    function: str = "",
    takes_summaries: bool = False,
    newest: bool = False,
) -> Selection:
    """Ask the source for what lies around some times, which never fall."""
    if not ends.size:
        return Selection()
    # A summary knows nothing of start timestamps.
    grid_ms = 0
    if takes_summaries and not run.settings.start_timestamps:
        grid_ms = grid_of(ends, before_ms)
    hints = Hints(function, before_ms, run.bounds.step_ms, grid_ms=grid_ms, newest=newest)
    return run.select(matchers, int(ends[0]) - before_ms, int(ends[-1]) + after_ms, hints)


def grid_of(ends: Times, range_ms: int) -> int:
    """Return the largest number that all ends and the length of the windows are multiples of."""
    step_ms = int(ends[1] - ends[0]) if ends.size > 1 else 0
    return gcd(int(ends[0]), step_ms, range_ms)


def tell_rounding(selection: Selection, run: Run, span: Span) -> None:
    """Say so where windows had to be rounded to what is left."""
    if selection.rounded:
        resolution_ms = selection.summaries[0].resolution_ms
        run.notes.add(annotations.rounded_to_summaries(format_duration_ms(resolution_ms), span))


def pick_floats(part: Part, ends: Times, lookback_ms: int) -> tuple[Picked, Windows]:
    """Pick from a part without histograms; the windows tell which sample it was."""
    rows = rows_of(part, keep_stale=True)
    windows = windows_of(rows, ends, lookback_ms)
    if rows.shared:
        return _pick_shared(windows), windows
    out = windows.empty_out
    present = np.empty(out.shape, dtype=np.bool_)
    absent = newest(
        rows.times, rows.values, rows.offsets, rows.shared, windows.highs, ends, lookback_ms, out,
        present,
    )  # fmt: skip
    return Picked(out, present if absent else None), windows


def _pick_shared(windows: Windows) -> Picked:
    """Pick from rows that share their times and have no gaps: the same columns from all."""
    rows, last = windows.rows, windows.highs[0] - 1
    out = windows.empty_out
    if not rows.times.size or not last.size:
        return Picked(out, windows.present(1))
    columns(rows.values, rows.offsets, np.maximum(last, 0), out)
    return Picked(out, windows.present(1))


def patch(picked: Picked, rows: RowNumbers, better: Picked) -> Picked:
    """Replace some rows of floats."""
    # Numbers that are the same for every row are one row seen many times.
    values = picked.values if picked.values.flags.writeable else picked.values.copy()
    values[rows] = better.values
    if picked.present is None and better.present is None:
        return Picked(values, None)
    present = picked.present
    if present is None:
        present = np.ones(picked.values.shape, dtype=np.bool_)
    present[rows] = True if better.present is None else better.present
    return Picked(values, present)


def at_newest(windows: Windows, column: Times, *, per_row: bool) -> Floats:
    """Read a column of the rows at the last sample of every window."""
    rows: Rows = windows.rows
    last = np.maximum(windows.highs.astype(np.int64) - 1, 0)
    if per_row or not rows.shared:
        last = np.minimum(last + rows.offsets[:-1, None], max(column.size - 1, 0))
    if not column.size:
        return np.zeros((rows.count, last.shape[1]))
    found = column[last].astype(np.float64)
    return np.broadcast_to(found, (rows.count, last.shape[1]))


def stack(labels: LabelSets, picked: Sequence[Picked], steps: Steps) -> Matrix:
    """Put the parts of a selection on top of each other."""
    if len(picked) == 1:
        return Matrix(labels, *picked[0])
    if not picked:
        return Matrix(labels, np.empty((0, steps.count)))
    values = np.concatenate([one.values for one in picked])
    present = None
    if any(one.present is not None for one in picked):
        masks = (
            np.ones(one.values.shape, dtype=np.bool_) if one.present is None else one.present
            for one in picked
        )
        present = np.concatenate(list(masks))
    histograms = None
    if any(one.histograms is not None for one in picked):
        cells = (
            np.full(one.values.shape, None, dtype=object)
            if one.histograms is None
            else one.histograms
            for one in picked
        )
        histograms = np.concatenate(list(cells))
    return Matrix(labels, values, present, histograms)


def show(matchers: Sequence[Matcher]) -> str:
    """Write matchers as a selector."""
    return "{" + ", ".join(str(matcher) for matcher in matchers) + "}"
