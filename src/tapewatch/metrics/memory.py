"""
A source whose samples are in memory, for scripts, tests of rules and small tools.

It gives histograms back as Prometheus' storage does: each says whether the one before it belongs to
the same run of a counter.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.resets import stored_histograms
from tapewatch.metrics.selection import (
    ABSENT,
    ABSENT_BITS,
    NO_HINTS,
    Hints,
    LabelSets,
    Part,
    Selection,
    Strip,
)
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, match_all
from tapewatch.model.numbers import STALE_BITS


class MemorySource:
    """Samples in memory, for scripts, tests of rules and small tools."""

    def __init__(self) -> None:
        self._series: dict[Labels, _Column] = {}
        self._strips: list[Strip] = []
        self._selections: dict[tuple[Matcher, ...], Selection] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._series.clear()
        self._strips.clear()
        self._selections.clear()

    def append(
        self,
        labels: Labels,
        timestamp_ms: int,
        value: float | Histogram,
        start_ms: int | None = None,
    ) -> None:
        """Add one sample; a second one at the same time of the same series replaces the first."""
        self._selections.clear()
        column = self._series.setdefault(labels, {})
        column[timestamp_ms] = (value, start_ms or 0)

    def add_strip(self, strip: Strip) -> None:
        """Add whole series at once; none of them may be there yet."""
        self._selections.clear()
        self._strips.append(strip)

    def select(
        self,
        matchers: Sequence[Matcher],
        start_ms: int,  # noqa: ARG002 # everything is in memory: nothing is gained by cutting
        end_ms: int,  # noqa: ARG002 # as above
        *,
        hints: Hints = NO_HINTS,  # noqa: ARG002 # as above
    ) -> Selection:
        """Find series; the same matchers get the same objects until a sample is added."""
        key = tuple(matchers)
        if key not in self._selections:
            self._selections[key] = Selection(tuple(self._parts(key)))
        return self._selections[key]

    def _parts(self, matchers: tuple[Matcher, ...]) -> Iterator[Part]:
        for strip in self._strips:
            rows = [i for i, labels in enumerate(strip.labels) if match_all(matchers, labels)]
            if len(rows) == len(strip.labels):
                yield strip
            elif rows:
                yield _take_rows(strip, np.array(rows, dtype=np.intp))
        matched = [labels for labels in sorted(self._series) if match_all(matchers, labels)]
        yield from _strips_of({labels: self._series[labels] for labels in matched})


_Column = dict[int, tuple[float | Histogram, int]]


def _take_rows(strip: Strip, rows: NDArray[np.intp]) -> Strip:
    return Strip(
        strip.labels.take(rows),
        strip.timestamps,
        strip.values[rows],
        strip.gaps,
        None if strip.histograms is None else strip.histograms[rows],
        None if strip.starts is None else strip.starts[rows],
    )


def _strips_of(series: dict[Labels, _Column]) -> Iterator[Strip]:
    """Put series with the same times into one strip."""
    by_times: dict[tuple[int, ...], list[Labels]] = {}
    for labels, column in series.items():
        by_times.setdefault(tuple(sorted(column)), []).append(labels)
    for times, members in by_times.items():
        yield _strip(times, members, [series[labels] for labels in members])


def _strip(times: tuple[int, ...], members: list[Labels], columns: list[_Column]) -> Strip:
    shape = (len(members), len(times))
    values = np.empty(shape)
    histograms = np.full(shape, None, dtype=object)
    starts = np.zeros(shape, dtype=np.int64)
    has_histograms = False
    for row, column in enumerate(columns):
        values_of = stored_histograms([column[time][0] for time in times])
        for index, (time, value) in enumerate(zip(times, values_of, strict=True)):
            starts[row, index] = column[time][1]
            if isinstance(value, Histogram):
                histograms[row, index], value, has_histograms = value, ABSENT, True
            values[row, index] = value
    bits = values.view(np.uint64)
    return Strip(
        LabelSets(members),
        np.array(times, dtype=np.int64),
        values,
        gaps=bool(((bits == ABSENT_BITS) | (bits == STALE_BITS)).any()),
        histograms=histograms if has_histograms else None,
        starts=starts if starts.any() else None,
    )
