"""
Loose samples in memory: each with its own series and time, in any order.

What has just come lies as it came; every so often it is sorted into a run, and a reader looks into
the runs by searching. Of two samples of one series at one time the larger one counts, so that the
answer does not depend on where they lie, and no compaction changes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT_BITS
from tapewatch.metrics.storage.cells import Cells
from tapewatch.metrics.storage.piece import ranges
from tapewatch.metrics.storage.segment import Stripe
from tapewatch.model.histograms import Histogram
from tapewatch.model.numbers import STALE_BITS

RUN_SAMPLES: Final = 65_536
_FLOAT_BYTES: Final = 24
_HISTOGRAM_BYTES: Final = 2048
"""About what a sample takes in memory."""

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]


class Samples(NamedTuple):
    """Parallel arrays; ``histograms`` holds None where a sample is a float."""

    numbers: Integers
    times: Integers
    values: Floats
    starts: Integers | None = None
    histograms: Objects | None = None

    @property
    def size(self) -> int:
        """How many samples there are."""
        return len(self.numbers)

    def take(self, picked: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Samples":
        """Return some of the samples."""
        return Samples(
            self.numbers[picked],
            self.times[picked],
            self.values[picked],
            None if self.starts is None else self.starts[picked],
            None if self.histograms is None else self.histograms[picked],
        )


NO_SAMPLES: Final = Samples(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples sorted by series and time, with where each series begins."""

    samples: Samples
    numbers: Integers
    begins: Integers


class LooseSamples:
    """Collects loose samples and finds those of a series."""

    def __init__(self) -> None:
        self._tail: list[Samples] = []
        self._tail_count = 0
        self._runs: list[_Run] = []
        self.count = 0
        self._histogram_count = 0
        self.first_ms = 2**62
        self.last_ms = -(2**62)

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory the samples take."""
        return self.count * _FLOAT_BYTES + self._histogram_count * _HISTOGRAM_BYTES

    def add(self, samples: Samples) -> None:
        """Keep samples."""
        if not samples.size:
            return
        self._tail.append(samples)
        self._tail_count += samples.size
        self.count += samples.size
        if samples.histograms is not None:
            self._histogram_count += sum(each is not None for each in samples.histograms)
        self.first_ms = min(self.first_ms, int(samples.times.min()))
        self.last_ms = max(self.last_ms, int(samples.times.max()))
        if self._tail_count >= RUN_SAMPLES:
            self._sort_tail()

    def find(self, numbers: Integers) -> Samples:
        """Return the samples of the series in ``numbers`` (rising), sorted by series and time."""
        if self._tail:
            self._sort_tail()
        found = [each for run in self._runs if (each := _of_series(run, numbers)).size]
        return sort_samples(join_samples(found)) if len(found) > 1 else (found or [NO_SAMPLES])[0]

    def all(self) -> Samples:
        """Return everything, sorted by series and time."""
        parts = [*(run.samples for run in self._runs), *self._tail]
        return sort_samples(join_samples(parts))

    def _sort_tail(self) -> None:
        tail, self._tail, self._tail_count = self._tail, [], 0
        runs = [*self._runs, _run(sort_samples(join_samples(tail)))]
        # Runs of like size become one, so that there are few to search.
        while len(runs) > 1 and runs[-1].samples.size * 2 > runs[-2].samples.size:
            last, before = runs.pop(), runs.pop()
            runs.append(_run(sort_samples(join_samples([before.samples, last.samples]))))
        self._runs = runs


def _run(samples: Samples) -> _Run:
    numbers, begins = np.unique(samples.numbers, return_index=True)
    return _Run(samples, numbers, np.append(begins, samples.size).astype(np.int64))


def _of_series(run: _Run, numbers: Integers) -> Samples:
    places = np.searchsorted(run.numbers, numbers)
    places[places == len(run.numbers)] = 0
    hits = places[run.numbers[places] == numbers] if len(run.numbers) else places[:0]
    if not len(hits):
        return NO_SAMPLES
    begins, ends = run.begins[hits], run.begins[hits + 1]
    lengths = ends - begins
    return run.samples.take(ranges(begins, lengths))


def join_samples(parts: list[Samples]) -> Samples:
    """Put samples one after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_SAMPLES
    starts = histograms = None
    if any(part.starts is not None for part in parts):
        starts = np.concatenate(
            [np.zeros(p.size, np.int64) if p.starts is None else p.starts for p in parts]
        )
    if any(part.histograms is not None for part in parts):
        histograms = np.concatenate(
            [np.full(p.size, None) if p.histograms is None else p.histograms for p in parts]
        )
    return Samples(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
        starts,
        histograms,
    )


def sort_samples(samples: Samples) -> Samples:
    """Sort by series, then time; of several at one time the one that counts stays."""
    if samples.size < 2:
        return samples
    order = np.lexsort((samples.times, samples.numbers))
    again = _repeats(samples, order)
    if again.any():
        order = np.lexsort((*_merits(samples), samples.times, samples.numbers))
        order = order[np.concatenate((~again, [True]))]
    return samples.take(order)


def _repeats(samples: Samples, order: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which samples are followed by another one of the same series and time."""
    numbers, times = samples.numbers[order], samples.times[order]
    repeats: NDArray[np.bool_] = (numbers[1:] == numbers[:-1]) & (times[1:] == times[:-1])
    return repeats


def _merits(samples: Samples) -> tuple[NDArray[Any], ...]:
    """
    Return what makes one of two samples at one time count, the most significant last.

    A float comes before a histogram, and this before the end of a series; among floats the larger
    one, among histograms the one with more in it.
    """
    starts = np.zeros(samples.size, np.int64) if samples.starts is None else samples.starts
    bits = samples.values.view(np.uint64)
    kinds = np.where(bits == ABSENT_BITS, 1, np.where(bits == STALE_BITS, 0, 2))
    floats = bits, np.where(np.isnan(samples.values), -np.inf, samples.values)
    if samples.histograms is None:
        return starts, *floats, kinds
    counts = np.array([0.0 if each is None else each.count for each in samples.histograms])
    # Any order will do among histograms of one count, as long as it is always the same.
    _, told = np.unique([repr(each) for each in samples.histograms], return_inverse=True)
    return starts, told, counts, *floats, kinds


def stripes_of(samples: Samples) -> Iterator[Stripe]:
    """Make stripes of sorted samples: series with the same times together, the rest ragged."""
    if not samples.size:
        return
    numbers, begins = np.unique(samples.numbers, return_index=True)
    ends = np.append(begins[1:], samples.size)
    alone = []
    for members in _same_times(samples.times, begins, ends):
        if len(members) < 2 or samples.histograms is not None:
            alone.extend(members.tolist())
            continue
        rows = int(ends[members[0]] - begins[members[0]])
        picked = begins[members][:, None] + np.arange(rows)
        starts = None if samples.starts is None else samples.starts[picked]
        times = samples.times[picked[0]]
        yield Stripe(numbers[members], times, samples.values[picked], gaps=True, starts=starts)
    if alone:
        yield _ragged(samples, numbers, begins, ends, np.array(sorted(alone)))


def _same_times(times: Integers, begins: Integers, ends: Integers) -> Iterator[NDArray[np.intp]]:
    """Yield groups of series whose times are the same."""
    mixed = times.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    keys = np.add.reduceat(mixed * np.uint64(0xBF58476D1CE4E5B9), begins)
    keys ^= (ends - begins).astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    for members in np.split(order, borders):
        first = times[begins[members[0]] : ends[members[0]]]
        same = [m for m in members if np.array_equal(times[begins[m] : ends[m]], first)]
        yield np.array(same, dtype=np.intp)
        for odd in sorted(set(members.tolist()) - set(same)):
            yield np.array([odd], dtype=np.intp)


def _ragged(
    samples: Samples, numbers: Integers, begins: Integers, ends: Integers, members: Integers
) -> Stripe:
    lengths = ends[members] - begins[members]
    picked = samples.take(ranges(begins[members], lengths))
    return Stripe(
        numbers[members],
        picked.times,
        picked.values,
        gaps=True,
        starts=picked.starts,
        cells=_cells(picked, lengths),
        ends=np.cumsum(lengths),
    )


def _cells(samples: Samples, lengths: Integers) -> Cells:
    cells = Cells()
    if samples.histograms is None:
        return cells
    ends = np.cumsum(lengths)
    for at in np.flatnonzero([each is not None for each in samples.histograms]).tolist():
        column = int(np.searchsorted(ends, at, side="right"))
        histogram: Histogram = samples.histograms[at]
        cells.put(column, at - int(ends[column] - lengths[column]), histogram)
    return cells
