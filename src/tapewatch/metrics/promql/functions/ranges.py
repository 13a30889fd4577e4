"""
Functions of windows: what the kernels compute for floats, all rows and steps at once.

Each entry says how many samples a window needs and which kernel answers. Presence follows from
the number of samples, except where a kernel knows better and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.kernels import extremes, orders, rates, sums, transitions, trends
from tapewatch.metrics.promql.kernels.windows import Windows, count_until
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.numerals import fixed_digits
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Floats, LabelSets, Mask, Times


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a function of windows needs beside the samples."""

    times: Times  # of the steps
    ends: Times  # of the windows
    range_ms: int
    labels: LabelSets
    run: Run
    span: Span
    params: Sequence[Floats] = ()
    anchored: bool = False
    smoothed: bool = False


class WindowResult(NamedTuple):
    """One value per row and step; ``present`` None: wherever there were enough samples."""

    values: Floats
    present: Mask | None = None


RangeKernel = Callable[[Windows, Frame], WindowResult]


@dataclass(frozen=True, slots=True)
class RangeFunction:
    """One function of windows."""

    kernel: RangeKernel
    samples_min: int = 1
    keeps_name: bool = False
    counter: bool = False


_NO_STARTS: Final[Times] = np.empty(0, dtype=np.int64)


def _extrapolated(*, counter: bool, per_second: bool) -> RangeKernel:
    def kernel(windows: Windows, frame: Frame) -> WindowResult:
        rows = windows.rows
        if frame.anchored or frame.smoothed:
            return _extended(windows, frame, counter=counter, per_second=per_second)
        if counter and rows.starts is not None and frame.run.settings.start_timestamps:
            return _with_starts(windows, frame, per_second=per_second)
        out = windows.empty_out
        rates.extrapolated(
            rows.times, rows.values, rows.offsets, rows.shared, windows.lows, windows.highs,
            frame.ends, frame.range_ms, counter, per_second, out,
        )  # fmt: skip
        return WindowResult(out)

    return kernel


def _extended(windows: Windows, frame: Frame, *, counter: bool, per_second: bool) -> WindowResult:
    rows, out = windows.rows, windows.empty_out
    present = np.empty(out.shape, dtype=np.bool_)
    rates.extended(
        rows.times, rows.values, rows.offsets, rows.shared, windows.lows, windows.highs,
        frame.ends, frame.range_ms, frame.smoothed, counter, per_second, out, present,
    )  # fmt: skip
    return WindowResult(out, present)


def _with_starts(windows: Windows, frame: Frame, *, per_second: bool) -> WindowResult:
    rows, out = windows.rows, windows.empty_out
    present = np.empty(out.shape, dtype=np.bool_)
    overlaps = np.empty(rows.count, dtype=np.bool_)
    rates.extrapolated_with_starts(
        rows.times, rows.values, rows.starts, rows.offsets, rows.shared, windows.lows,
        windows.highs, frame.ends, frame.range_ms, per_second, out, present, overlaps,
    )  # fmt: skip
    for row in np.flatnonzero(overlaps).tolist():
        metric = frame.labels.metric_names[row]
        frame.run.notes.add(annotations.start_overlap(metric, frame.span))
    return WindowResult(out, present)


def _between_last_two(*, counter: bool) -> RangeKernel:
    def kernel(windows: Windows, frame: Frame) -> WindowResult:
        rows, out = windows.rows, windows.empty_out
        starts = _used_starts(windows, frame)
        rates.between_last_two(
            rows.times, rows.values, starts, rows.offsets, rows.shared, windows.lows,
            windows.highs, counter, out,
        )  # fmt: skip
        return WindowResult(out)

    return kernel


def _used_starts(windows: Windows, frame: Frame) -> Times:
    starts = windows.rows.starts
    return starts if starts is not None and frame.run.settings.start_timestamps else _NO_STARTS


def _changes(windows: Windows, frame: Frame) -> WindowResult:
    windows, present = _from_anchor(windows, frame)
    rows, out = windows.rows, windows.empty_out
    transitions.changes(rows.values, rows.offsets, rows.shared, windows.lows, windows.highs, out)
    return WindowResult(out, present)


def _resets(windows: Windows, frame: Frame) -> WindowResult:
    windows, present = _from_anchor(windows, frame)
    rows, out = windows.rows, windows.empty_out
    transitions.resets(
        rows.times, rows.values, _used_starts(windows, frame), rows.offsets, rows.shared,
        windows.lows, windows.highs, out,
    )  # fmt: skip
    return WindowResult(out, present)


def _from_anchor(windows: Windows, frame: Frame) -> tuple[Windows, Mask | None]:
    """Let anchored windows begin at the newest sample before them, and need one inside."""
    if not frame.anchored:
        return windows, None
    before = count_until(windows.rows, frame.ends - frame.range_ms)
    shape = (windows.rows.count, frame.ends.size)
    mask = np.broadcast_to(windows.highs > before, shape).copy()
    return Windows(windows.rows, np.maximum(before - 1, windows.lows), windows.highs), mask


def _plain(kernel: Callable[..., None]) -> RangeKernel:
    def compute(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
        rows, out = windows.rows, windows.empty_out
        kernel(rows.values, rows.offsets, rows.shared, windows.lows, windows.highs, out)
        return WindowResult(out)

    return compute


def _extreme(*, largest: bool) -> RangeKernel:
    def compute(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
        rows, out = windows.rows, windows.empty_out
        extremes.extreme(
            rows.values, rows.offsets, rows.shared, windows.lows, windows.highs, largest, out
        )
        return WindowResult(out)

    return compute


def _extreme_time(*, largest: bool) -> RangeKernel:
    def compute(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
        rows, out = windows.rows, windows.empty_out
        extremes.extreme_time(
            rows.times, rows.values, rows.offsets, rows.shared, windows.lows, windows.highs,
            largest, out,
        )  # fmt: skip
        return WindowResult(out)

    return compute


def _deviation(windows: Windows, frame: Frame) -> WindowResult:
    result = _plain(sums.variance)(windows, frame)
    return WindowResult(np.sqrt(result.values, out=result.values))


def _count(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
    shape = (windows.rows.count, windows.lows.shape[1])
    return WindowResult(np.broadcast_to(windows.counts, shape).astype(np.float64))


def _ones(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
    return WindowResult(np.ones((windows.rows.count, windows.lows.shape[1])))


def _edge(*, last: bool) -> RangeKernel:
    def compute(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
        rows = windows.rows
        if not rows.values.size:
            return WindowResult(windows.empty_out)
        index = _edges(windows, last=last) + rows.offsets[:-1, None]
        return WindowResult(rows.values[np.clip(index, 0, rows.values.size - 1)])

    return compute


def _edge_time(*, last: bool) -> RangeKernel:
    def compute(windows: Windows, frame: Frame) -> WindowResult:  # noqa: ARG001 # one signature
        rows, out = windows.rows, windows.empty_out
        if not rows.times.size:
            return WindowResult(out)
        index = _edges(windows, last=last)
        if not rows.shared:
            index = index + rows.offsets[:-1, None]
        out[:] = rows.times[np.clip(index, 0, rows.times.size - 1)] / 1000
        return WindowResult(out)

    return compute


def _edges(windows: Windows, *, last: bool) -> Times:
    return (windows.highs - 1 if last else windows.lows).astype(np.int64)


def _quantile(windows: Windows, frame: Frame) -> WindowResult:
    rows, out = windows.rows, windows.empty_out
    (ranks,) = frame.params
    with_samples = windows.counts.any(axis=0)
    bad = ~((ranks >= 0) & (ranks <= 1)) & with_samples
    for rank in np.unique(ranks[bad]).tolist():
        frame.run.notes.add(annotations.bad_quantile(rank, frame.span))
    orders.quantile(rows.values, rows.offsets, rows.shared, windows.lows, windows.highs, ranks, out)
    return WindowResult(out)


def _slope(windows: Windows, frame: Frame) -> WindowResult:
    return WindowResult(_regression(windows, frame.ends)[0])


def _prediction(windows: Windows, frame: Frame) -> WindowResult:
    slopes, intercepts = _regression(windows, frame.times)
    (ahead_s,) = frame.params
    return WindowResult(slopes * ahead_s + intercepts)


def _regression(windows: Windows, moments: Times) -> tuple[Floats, Floats]:
    rows, slopes, intercepts = windows.rows, windows.empty_out, windows.empty_out
    trends.regression(
        rows.times, rows.values, rows.offsets, rows.shared, windows.lows, windows.highs,
        moments, slopes, intercepts,
    )  # fmt: skip
    return slopes, intercepts


def _smoothed(windows: Windows, frame: Frame) -> WindowResult:
    rows, out = windows.rows, windows.empty_out
    levels, trend_factors = frame.params
    if rows.count and windows.counts.any():
        _check_factor("smoothing", "sf", levels)
        _check_factor("trend", "tf", trend_factors)
    trends.smoothing(
        rows.values, rows.offsets, rows.shared, windows.lows, windows.highs, levels,
        trend_factors, out,
    )  # fmt: skip
    return WindowResult(out)


def _check_factor(name: str, letter: str, factors: Floats) -> None:
    bad = factors[(factors <= 0) | (factors >= 1)]
    if bad.size:
        expected = f"Expected: 0 < {letter} < 1, got: {fixed_digits(float(bad[0]))}"
        raise QueryFailed(f"invalid {name} factor. {expected}")


RANGE_FUNCTIONS: Final[Mapping[str, RangeFunction]] = {
    "absent_over_time": RangeFunction(_ones),
    "avg_over_time": RangeFunction(_plain(sums.mean)),
    "changes": RangeFunction(_changes),
    "count_over_time": RangeFunction(_count),
    "delta": RangeFunction(_extrapolated(counter=False, per_second=False), 2),
    "deriv": RangeFunction(_slope, 2),
    "double_exponential_smoothing": RangeFunction(_smoothed, 2),
    "first_over_time": RangeFunction(_edge(last=False), keeps_name=True),
    "idelta": RangeFunction(_between_last_two(counter=False), 2),
    "increase": RangeFunction(_extrapolated(counter=True, per_second=False), 2, counter=True),
    "irate": RangeFunction(_between_last_two(counter=True), 2),
    "last_over_time": RangeFunction(_edge(last=True), keeps_name=True),
    "mad_over_time": RangeFunction(_plain(orders.median_deviation)),
    "max_over_time": RangeFunction(_extreme(largest=True)),
    "min_over_time": RangeFunction(_extreme(largest=False)),
    "predict_linear": RangeFunction(_prediction, 2),
    "present_over_time": RangeFunction(_ones),
    "quantile_over_time": RangeFunction(_quantile),
    "rate": RangeFunction(_extrapolated(counter=True, per_second=True), 2, counter=True),
    "resets": RangeFunction(_resets),
    "stddev_over_time": RangeFunction(_deviation),
    "stdvar_over_time": RangeFunction(_plain(sums.variance)),
    "sum_over_time": RangeFunction(_plain(sums.total)),
    "ts_of_first_over_time": RangeFunction(_edge_time(last=False)),
    "ts_of_last_over_time": RangeFunction(_edge_time(last=True)),
    "ts_of_max_over_time": RangeFunction(_extreme_time(largest=True)),
    "ts_of_min_over_time": RangeFunction(_extreme_time(largest=False)),
}

ANCHORED: Final = ("changes", "delta", "increase", "rate", "resets")
SMOOTHED: Final = ("delta", "increase", "rate")
