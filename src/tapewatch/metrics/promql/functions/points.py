"""
Functions of windows that hold native histograms.

The kernels have already answered for the floats of the window. A function here gets all samples
of one window, at least one of them a histogram, and answers with a value, with None (no result),
or with ``FLOATS`` to let the answer for the floats stand.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import Final, Literal

from tapewatch.metrics import algebra
from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.annotations import HistogramOperation, Notes
from tapewatch.metrics.promql.kernels.rates_pure import is_start_reset
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.parts import CellPoint
from tapewatch.model.histograms import Histogram, ResetHint


class _Answer(Enum):
    FLOATS = "floats"


FLOATS: Final = _Answer.FLOATS
PointAnswer = float | Histogram | None | Literal[_Answer.FLOATS]


@dataclass(frozen=True, slots=True)
class PointWindow:
    """One window of one series, and what is needed to speak of it."""

    points: Sequence[CellPoint]
    end_ms: int
    range_ms: int
    metric: str
    span: Span
    notes: Notes
    use_starts: bool = False

    @property
    def start_ms(self) -> int:
        """Where the window begins."""
        return self.end_ms - self.range_ms

    @property
    def mixed(self) -> bool:
        """Whether floats stand beside the histograms."""
        return any(not isinstance(point.value, Histogram) for point in self.points)

    @property
    def histograms(self) -> list[Histogram]:
        """The histograms."""
        return [point.value for point in self.points if isinstance(point.value, Histogram)]

    def start(self, index: int) -> int:
        """Return the start timestamp of a sample, 0 where it is unknown or not to be used."""
        return self.points[index].start if self.use_starts else 0

    def restarted(self, index: int) -> bool:
        """Say whether start timestamps tell of a restart before a sample."""
        before, at = self.points[index - 1].at, self.points[index].at
        return is_start_reset(self.start(index - 1), before, self.start(index), at)

    def refuse_mixed(self) -> None:
        """Say that floats and histograms cannot be combined."""
        self.notes.add(annotations.mixed_samples(self.metric, self.span))

    def refuse_schemas(self) -> None:
        """Say that exponential and custom buckets cannot be combined."""
        self.notes.add(annotations.mixed_schemas(self.metric, self.span))

    def tell_reconciled(self, operation: HistogramOperation) -> None:
        """Say that custom bounds were given up."""
        self.notes.add(annotations.bounds_reconciled(operation, self.span))


PointFunction = Callable[[PointWindow], PointAnswer]


def _floats_with_note(window: PointWindow) -> PointAnswer:
    if window.mixed:
        window.notes.add(annotations.histogram_ignored_in_range(window.metric, window.span))
    return FLOATS


def _count(window: PointWindow) -> PointAnswer:
    return float(len(window.points))


def _present(_window: PointWindow) -> PointAnswer:
    return 1.0


def _first(window: PointWindow) -> PointAnswer:
    return window.points[0].value


def _last(window: PointWindow) -> PointAnswer:
    return window.points[-1].value


def _first_time(window: PointWindow) -> PointAnswer:
    return window.points[0].at / 1000


def _last_time(window: PointWindow) -> PointAnswer:
    return window.points[-1].at / 1000


def _sum(window: PointWindow) -> PointAnswer:
    return _fold(window, algebra.total)


def _mean(window: PointWindow) -> PointAnswer:
    return _fold(window, algebra.mean)


def _fold(
    window: PointWindow, fold: Callable[[Sequence[Histogram]], algebra.Folded]
) -> PointAnswer:
    if window.mixed:
        window.refuse_mixed()
        return None
    folded = fold(window.histograms)
    if folded.histogram is None:
        window.refuse_schemas()
        return None
    if folded.reset_collision:
        note = annotations.reset_collision(HistogramOperation.AGGREGATION, window.span)
        window.notes.add(note)
    if folded.bounds_reconciled:
        window.tell_reconciled(HistogramOperation.AGGREGATION)
    return folded.histogram


def _changes(window: PointWindow) -> PointAnswer:
    return float(sum(_differs(one, other) for one, other in pairwise(window.points)))


def _differs(one: CellPoint, other: CellPoint) -> bool:
    before, after = one.value, other.value
    if isinstance(before, Histogram) and isinstance(after, Histogram):
        return not algebra.equal(before, after)
    if isinstance(before, float) and isinstance(after, float):
        return before != after and not (math.isnan(before) and math.isnan(after))
    return True


def _resets(window: PointWindow) -> PointAnswer:
    return float(sum(_fell(window, index) for index in range(1, len(window.points))))


def _fell(window: PointWindow, index: int) -> bool:
    before, after = window.points[index - 1].value, window.points[index].value
    if isinstance(before, Histogram) and isinstance(after, Histogram):
        return window.restarted(index) or algebra.is_reset(after, before)
    if isinstance(before, float) and isinstance(after, float):
        return after < before or window.restarted(index)
    return True


def _rate(window: PointWindow) -> PointAnswer:
    return _extrapolated(window, counter=True, per_second=True)


def _increase(window: PointWindow) -> PointAnswer:
    return _extrapolated(window, counter=True, per_second=False)


def _delta(window: PointWindow) -> PointAnswer:
    return _extrapolated(window, counter=False, per_second=False)


def _extrapolated(window: PointWindow, *, counter: bool, per_second: bool) -> PointAnswer:
    if window.mixed:
        window.refuse_mixed()
        return None
    points, histograms = window.points, window.histograms
    change: Histogram | None = None
    if len(points) > 1:
        change = _change(window, histograms, counter=counter)
        if change is None:
            return None
    sampled = (points[-1].at - points[0].at) / 1000
    interval = sampled / (len(points) - 1) if len(points) > 1 else 0.0
    to_start = (points[0].at - window.start_ms) / 1000
    to_end = (window.end_ms - points[-1].at) / 1000
    start = window.start(0)
    if counter and start != 0 and window.start_ms < start < points[0].at:
        to_start, sampled = 0.0, (points[-1].at - start) / 1000
        change = _with_first(window, change, histograms[0])
    elif change is None:
        return None
    else:
        to_start = interval / 2 if to_start >= interval * 1.1 else to_start
        if counter and change.count > 0 and histograms[0].count >= 0:
            to_start = min(to_start, sampled * (histograms[0].count / change.count))
    to_end = interval / 2 if to_end >= interval * 1.1 else to_end
    factor = (sampled + to_start + to_end) / sampled if sampled else 1.0
    assert change is not None
    return algebra.scale(change, factor / (window.range_ms / 1000) if per_second else factor)


def _with_first(window: PointWindow, change: Histogram | None, first: Histogram) -> Histogram:
    if change is None:
        return first
    combined = algebra.add(change, first)
    if combined.bounds_reconciled:
        window.tell_reconciled(HistogramOperation.ADDITION)
    return combined.histogram


def _change(
    window: PointWindow, histograms: Sequence[Histogram], *, counter: bool
) -> Histogram | None:
    """Return how much more the last histogram holds than the first, restarts added back."""
    first, second, last = histograms[0], histograms[1], histograms[-1]
    _check_hints(window, histograms, counter=counter)
    if counter and (window.restarted(1) or algebra.is_reset(second, first)):
        # The first layout does not matter: nothing of it is looked at.
        first = Histogram(schema=second.schema, custom_bounds=second.custom_bounds)
    looked_at = [first, *histograms[1:]] if counter else [first, last]
    if len({histogram.custom for histogram in looked_at}) == 2:
        window.refuse_schemas()
        return None
    schema = min(histogram.schema for histogram in looked_at)
    difference = algebra.subtract(algebra.to_schema(last, schema), first)
    if difference.bounds_reconciled:
        window.tell_reconciled(HistogramOperation.SUBTRACTION)
    change = difference.histogram
    if counter:
        change = _with_restarts(window, change, [first, *histograms[1:]])
    return algebra.as_gauge(change)


def _check_hints(window: PointWindow, histograms: Sequence[Histogram], *, counter: bool) -> None:
    hints = [histogram.reset_hint for histogram in histograms]
    if counter and ResetHint.GAUGE in hints:
        window.notes.add(annotations.not_a_counter(window.metric, window.span))
    if not counter and not hints[0] is hints[-1] is ResetHint.GAUGE:
        window.notes.add(annotations.not_a_gauge(window.metric, window.span))


def _with_restarts(
    window: PointWindow, change: Histogram, histograms: Sequence[Histogram]
) -> Histogram:
    overlap = False
    for index, (before, after) in enumerate(pairwise(histograms), start=1):
        start, earlier = window.start(index), window.start(index - 1)
        overlap |= start != 0 and start < window.points[index - 1].at and start != earlier
        if window.restarted(index) or algebra.is_reset(after, before):
            combined = algebra.add(change, before)
            change = combined.histogram
            if combined.bounds_reconciled:
                window.tell_reconciled(HistogramOperation.ADDITION)
    if overlap:
        window.notes.add(annotations.start_overlap(window.metric, window.span))
    return change


def _instant_rate(window: PointWindow) -> PointAnswer:
    return _between_last_two(window, counter=True)


def _instant_delta(window: PointWindow) -> PointAnswer:
    return _between_last_two(window, counter=False)


def _between_last_two(window: PointWindow, *, counter: bool) -> PointAnswer:
    if len(window.points) < 2:
        return None
    one, other = window.points[-2:]
    before, after = one.value, other.value
    if isinstance(before, float) and isinstance(after, float):
        return FLOATS
    if isinstance(before, float) or isinstance(after, float):
        window.refuse_mixed()
        return None
    _check_hints(window, (before, after), counter=counter)
    restarted = counter and (
        window.restarted(len(window.points) - 1) or algebra.is_reset(after, before)
    )
    if not restarted:
        try:
            difference = algebra.subtract(after, before)
        except algebra.IncompatibleSchemas:
            window.refuse_schemas()
            return None
        if difference.bounds_reconciled:
            window.tell_reconciled(HistogramOperation.SUBTRACTION)
        after = difference.histogram
    after = algebra.as_gauge(after)
    return algebra.divide(after, (other.at - one.at) / 1000) if counter else after


OF_POINTS: Final[Mapping[str, PointFunction]] = {
    "avg_over_time": _mean,
    "changes": _changes,
    "count_over_time": _count,
    "absent_over_time": _present,
    "delta": _delta,
    "first_over_time": _first,
    "idelta": _instant_delta,
    "increase": _increase,
    "irate": _instant_rate,
    "last_over_time": _last,
    "present_over_time": _present,
    "rate": _rate,
    "resets": _resets,
    "sum_over_time": _sum,
    "ts_of_first_over_time": _first_time,
    "ts_of_last_over_time": _last_time,
}


def point_function(name: str) -> PointFunction:
    """Return what a function does to windows with histograms; most leave them out."""
    return OF_POINTS.get(name, _floats_with_note)


def extended_change(
    window: PointWindow, *, smoothed: bool, counter: bool, per_second: bool
) -> PointAnswer:
    """
    Compute ``rate``, ``increase`` and ``delta`` with samples from beyond the window.

    The window's points reach beyond its borders; see the kernel of the same kind for floats.
    """
    if window.mixed:
        window.refuse_mixed()
        return None
    found = _extended_borders(window, smoothed=smoothed)
    if found is None:
        return None
    first, last = found
    points = window.points[first : last + 1]
    inner = replace(window, points=points)
    if not _same_kind(inner, counter=counter):
        return None
    try:
        left, right = _border_values(inner, smoothed=smoothed, counter=counter)
        change = _extended_difference(inner, left, right, smoothed=smoothed, counter=counter)
    except algebra.IncompatibleSchemas:
        window.refuse_schemas()
        return None
    return algebra.as_gauge(
        algebra.divide(change, window.range_ms / 1000) if per_second else change
    )


def _extended_borders(window: PointWindow, *, smoothed: bool) -> tuple[int, int] | None:
    points, last = window.points, len(window.points) - 1
    after_start = (i for i in range(last) if points[i].at > window.start_ms)
    first = max(0, next(after_start, last) - 1)
    if smoothed:
        last = next((i for i in range(last) if points[i].at >= window.end_ms), last)
    if points[last].at <= window.start_ms or (smoothed and points[first].at > window.end_ms):
        return None
    return first, last


def _same_kind(window: PointWindow, *, counter: bool) -> bool:
    histograms = window.histograms
    if len({histogram.custom for histogram in histograms}) == 2:
        window.refuse_schemas()
        return False
    if counter and any(one.reset_hint is ResetHint.GAUGE for one in histograms):
        window.notes.add(annotations.not_a_counter(window.metric, window.span))
    return True


def _border_values(
    window: PointWindow, *, smoothed: bool, counter: bool
) -> tuple[Histogram, Histogram]:
    points, histograms = window.points, window.histograms
    left, right = histograms[0], histograms[-1]
    if smoothed and points[0].at < window.start_ms:
        left = between_histograms(
            points[0], points[1], window.start_ms, counter=counter, notes=window.notes,
            span=window.span,
        )  # fmt: skip
    if smoothed and len(points) > 1 and points[-1].at > window.end_ms:
        right = between_histograms(
            points[-2], points[-1], window.end_ms, counter=counter, notes=window.notes,
            span=window.span,
        )  # fmt: skip
    if not counter and not left.reset_hint is right.reset_hint is ResetHint.GAUGE:
        window.notes.add(annotations.not_a_gauge(window.metric, window.span))
    return left, right


def _extended_difference(
    window: PointWindow, left: Histogram, right: Histogram, *, smoothed: bool, counter: bool
) -> Histogram:
    difference = algebra.subtract(right, left)
    if difference.bounds_reconciled:
        window.tell_reconciled(HistogramOperation.SUBTRACTION)
    change = difference.histogram
    for lost in _lost_to_restarts(window, left, right, smoothed=smoothed) if counter else ():
        combined = algebra.add(change, lost)
        change = combined.histogram
        if combined.bounds_reconciled:
            window.tell_reconciled(HistogramOperation.ADDITION)
    return change


def _lost_to_restarts(
    window: PointWindow, left: Histogram, right: Histogram, *, smoothed: bool
) -> list[Histogram]:
    histograms, first, before = window.histograms, 1, left
    if (
        smoothed
        and window.points[0].at < window.start_ms
        and algebra.is_reset(histograms[1], histograms[0])
    ):
        # The line to the left border already starts after this restart.
        first, before = 2, histograms[1]
    if first > len(histograms) - 1:
        return []
    lost = []
    for histogram in [*histograms[first:-1], right]:
        if algebra.is_reset(histogram, before):
            lost.append(before)
        before = histogram
    return lost


def between_histograms(
    one: CellPoint,
    other: CellPoint,
    at: int,
    *,
    counter: bool,
    notes: Notes,
    span: Span,
) -> Histogram:
    """Interpolate between two histograms; a counter that restarted begins at nothing."""
    before, after = one.value, other.value
    assert isinstance(before, Histogram)
    assert isinstance(after, Histogram)
    if at in (one.at, other.at):
        return before if at == one.at else after
    share = (at - one.at) / (other.at - one.at)
    if counter and algebra.is_reset(after, before):
        return algebra.scale(after, share)
    difference = algebra.subtract(after, before)
    if difference.bounds_reconciled:
        notes.add(annotations.bounds_reconciled(HistogramOperation.SUBTRACTION, span))
    total = algebra.add(algebra.scale(difference.histogram, share), before)
    if total.bounds_reconciled:
        notes.add(annotations.bounds_reconciled(HistogramOperation.ADDITION, span))
    return total.histogram
