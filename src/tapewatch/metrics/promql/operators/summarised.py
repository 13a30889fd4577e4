"""Functions of windows, and the newest sample, answered from summaries."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from tapewatch.metrics.promql.kernels import summaries as kernels
from tapewatch.metrics.selection import Floats, Mask, Summary, Times
from tapewatch.metrics.summary import Column


class Windows(NamedTuple):
    """
    The buckets of every window: ``[lows[step], highs[step])``, for all rows.

    ``ends`` and ``range_ms`` are those of the whole buckets: where the windows asked for are no
    union of buckets, they begin and end a little earlier, and are at least one bucket long.
    """

    lows: Times
    highs: Times
    ends: Times
    range_ms: int


class SummaryAnswer(NamedTuple):
    """One value per row and step, and where there is one (None: everywhere)."""

    values: Floats
    present: Mask | None


def windows_of(summary: Summary, ends: Times, range_ms: int) -> Windows:
    """Find the buckets of windows."""
    resolution_ms, count = summary.resolution_ms, summary.columns[Column.COUNT].shape[1]
    length = -(-range_ms // resolution_ms)
    highs = (ends - summary.after_ms) // resolution_ms
    whole_ends = summary.after_ms + highs * resolution_ms
    return Windows(
        np.clip(highs - length, 0, count),
        np.clip(highs, 0, count),
        whole_ends,
        length * resolution_ms,
    )


def newest_of(summary: Summary, ends: Times, lookback_ms: int) -> SummaryAnswer:
    """Pick the last sample of every window, unless a stale marker came after it."""
    windows, columns = windows_of(summary, ends, lookback_ms), summary.columns
    out = _empty_out(summary, ends)
    present = np.empty(out.shape, dtype=np.bool_)
    kernels.newest(
        columns[Column.COUNT], columns[Column.LAST], columns[Column.STATE],
        windows.lows, windows.highs, out, present,
    )  # fmt: skip
    return SummaryAnswer(out, None if present.all() else present)


Kernel = Callable[[Summary, Windows, Floats, Floats], None]
"""Computes from a summary, its windows and how many samples each holds, into the last."""
Answering = Callable[[Summary, Times, int, int], SummaryAnswer]


def _answering(kernel: Kernel) -> Answering:
    def answer(summary: Summary, ends: Times, range_ms: int, samples_min: int) -> SummaryAnswer:
        windows = windows_of(summary, ends, range_ms)
        counts = _counts(summary, windows)
        out = _empty_out(summary, ends)
        kernel(summary, windows, counts, out)
        present = counts >= samples_min
        return SummaryAnswer(out, None if present.all() else present)

    return answer


def _counts(summary: Summary, windows: Windows) -> Floats:
    """Count the samples of every window."""
    counts = summary.columns[Column.COUNT]
    ranks = np.zeros((counts.shape[0], counts.shape[1] + 1))
    np.cumsum(counts, axis=1, out=ranks[:, 1:])
    found: Floats = ranks[:, windows.highs] - ranks[:, windows.lows]
    return found


def _empty_out(summary: Summary, ends: Times) -> Floats:
    return np.zeros((len(summary.labels), ends.size))


def _count(_summary: Summary, _windows: Windows, counts: Floats, out: Floats) -> None:
    out[:] = counts


def _ones(_summary: Summary, _windows: Windows, _counts: Floats, out: Floats) -> None:
    out[:] = 1.0


def _total(summary: Summary, windows: Windows, _counts: Floats, out: Floats) -> None:
    kernels.total(
        summary.columns[Column.COUNT], summary.columns[Column.SUM],
        windows.lows, windows.highs, out,
    )  # fmt: skip


def _mean(summary: Summary, windows: Windows, counts: Floats, out: Floats) -> None:
    _total(summary, windows, counts, out)
    np.divide(out, counts, out=out, where=counts > 0)


def _extreme(*, largest: bool) -> Kernel:
    column = Column.MAX if largest else Column.MIN

    def kernel(summary: Summary, windows: Windows, _counts: Floats, out: Floats) -> None:
        columns = summary.columns
        kernels.extreme(
            columns[Column.COUNT], columns[column], windows.lows, windows.highs, largest, out
        )

    return kernel


def _edge(*, last: bool) -> Kernel:
    column = Column.LAST if last else Column.FIRST

    def kernel(summary: Summary, windows: Windows, _counts: Floats, out: Floats) -> None:
        columns = summary.columns
        kernels.edge(columns[Column.COUNT], columns[column], windows.lows, windows.highs, last, out)

    return kernel


def _transitions(inside: Column) -> Kernel:
    falls_only = inside is Column.RESETS

    def kernel(summary: Summary, windows: Windows, _counts: Floats, out: Floats) -> None:
        columns = summary.columns
        kernels.transitions(
            columns[Column.COUNT], columns[Column.FIRST], columns[Column.LAST], columns[inside],
            windows.lows, windows.highs, falls_only, out,
        )  # fmt: skip

    return kernel


def _extrapolated(*, counter: bool, per_second: bool) -> Kernel:
    def kernel(summary: Summary, windows: Windows, _counts: Floats, out: Floats) -> None:
        columns = summary.columns
        # What falls took away is read of counters alone.
        restarted = columns[Column.RESTARTED if counter else Column.LAST]
        kernels.extrapolated(
            columns[Column.COUNT], columns[Column.FIRST_AGE], columns[Column.FIRST],
            columns[Column.LAST_AGE], columns[Column.LAST], restarted,
            windows.lows, windows.highs, windows.ends, windows.range_ms,
            summary.after_ms, summary.resolution_ms, counter, per_second, out,
        )  # fmt: skip

    return kernel


SUMMARISED: Final[Mapping[str, Answering]] = {
    "absent_over_time": _answering(_ones),
    "avg_over_time": _answering(_mean),
    "changes": _answering(_transitions(Column.CHANGES)),
    "count_over_time": _answering(_count),
    "delta": _answering(_extrapolated(counter=False, per_second=False)),
    "first_over_time": _answering(_edge(last=False)),
    "increase": _answering(_extrapolated(counter=True, per_second=False)),
    "last_over_time": _answering(_edge(last=True)),
    "max_over_time": _answering(_extreme(largest=True)),
    "min_over_time": _answering(_extreme(largest=False)),
    "present_over_time": _answering(_ones),
    "rate": _answering(_extrapolated(counter=True, per_second=True)),
    "resets": _answering(_transitions(Column.RESETS)),
    "sum_over_time": _answering(_total),
}
"""The functions that summaries answer; ``COLUMNS_OF`` says of which columns."""
