"""
Taking all numbers of a region by its plan.

Plain numbers are one gather. A histogram is looked at again only when its count or its sum has
moved, because whoever observes moves both; so a histogram at rest is the same object as before.
Those of one instrument have buckets alike and are made together.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.agent.plan import ZERO_CELL, Plan, PlannedHistogram
from tapewatch.model.histograms import Histogram
from tapewatch.sdk.region.layout import BUCKETS_PER_OCTAVE, HISTOGRAM, SCHEMA
from tapewatch.sdk.region.reader import FamilySeen

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_HEAD_CELLS: Final = HISTOGRAM.size // 8
_ABOVE: Final = HISTOGRAM.offset("above") // 8
_BELOW: Final = HISTOGRAM.offset("below") // 8
_TINY: Final = 1e-308


@dataclass(frozen=True, slots=True)
class Reading:
    """The values of every column at one time; those of histograms are NaN and stand beside."""

    timestamp_ms: int
    plan: Plan
    values: Floats
    histograms: Mapping[int, Histogram]


class Frame:
    """A plan with the buffer that values are copied into, and what they were the last time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        # One cell more than is read, because the counts of a histogram may end where all end.
        self._ints = np.zeros(plan.cell_count + 1, np.int64)
        self._doubles = self._ints.view(np.float64)
        self.buffer = self._ints.data.cast("B")[: 8 * plan.cell_count]
        self._number_columns = np.array(plan.number_columns, np.int64)
        self._number_cells = np.array(plan.number_cells, np.int64)
        self._count_columns = np.array(plan.count_columns, np.int64)
        self._count_cells = np.array(plan.count_cells, np.int64)
        self._count_firsts = np.array(plan.count_firsts, np.int64)
        self._same_columns = np.array(plan.same_columns, np.int64).reshape(-1, 2).T
        self._state_columns = np.array(plan.state_columns, np.int64)
        self._state_cells = np.array(plan.state_cells, np.int64)
        self._state_places = np.array(plan.state_places, np.float64)
        self._blank = np.full(plan.width, math.nan)
        self._siblings = list(_siblings(plan.histograms))
        self._histograms: dict[int, Histogram] = {}

    def read(self, timestamp_ms: int, own: Sequence[float]) -> Reading:
        """Take the numbers that are in the buffer; ``own`` are the first columns' values."""
        for siblings in self._siblings:
            self._refresh(siblings)
        # The columns of classic buckets keep what they had, as long as their histogram rests.
        values = self._blank.copy()
        values[: len(own)] = own
        values[self._number_columns] = self._doubles.take(self._number_cells)
        if len(self._count_columns):
            values[self._count_columns] = self._counts_up_to()
            values[self._same_columns[0]] = values[self._same_columns[1]]
        if len(self._state_columns):
            states = self._doubles.take(self._state_cells)
            values[self._state_columns] = states == self._state_places
        return Reading(timestamp_ms, self.plan, values, self._histograms)

    def _counts_up_to(self) -> Integers:
        counts = self._ints.take(self._count_cells)
        totals = np.cumsum(counts)
        before = totals - counts
        up_to: Integers = totals - before[self._count_firsts]
        return up_to

    def _refresh(self, siblings: "_Siblings") -> None:
        places = siblings.moved(self._ints, self._doubles)
        if len(places):
            made = siblings.make(places, self._ints)
            # Who holds an earlier reading keeps its histograms, so this is a new mapping.
            self._histograms = {**self._histograms, **made}
            siblings.set_classic(places, self._ints, self._blank)


class _Siblings:
    """The histograms of one instrument."""

    def __init__(self, family: FamilySeen, members: Sequence[PlannedHistogram]) -> None:
        self._family = family
        self._columns = np.array([each.column for each in members], np.int64)
        self._classic = np.array([each.classic for each in members], np.int64)
        self._cells = np.array([each.cell for each in members], np.int64)
        self._inside = np.arange(members[0].cell_count)
        ends = self._cells + members[0].cell_count
        self._borders = np.stack([self._cells + ZERO_CELL, ends], axis=1).reshape(-1)
        self._counts = np.full(len(members), -1, np.int64)
        self._sums = np.zeros(len(members))
        self._shares = shares_below(family)

    def moved(self, ints: Integers, doubles: Floats) -> Integers:
        """Say which have another count or another sum than before."""
        counts = np.add.reduceat(ints, self._borders)[::2]
        sums = doubles.take(self._cells)
        moved = (counts != self._counts) | (sums.view(np.int64) != self._sums.view(np.int64))
        self._counts, self._sums = counts, sums
        return np.flatnonzero(moved)

    def make(self, places: Integers, ints: Integers) -> dict[int, Histogram]:
        """Make the histograms at some places, by their columns."""
        family, block = self._family, self._block(places, ints)
        # No writer of ours counts below zero, and no reader takes it.
        sound = (block[:, ZERO_CELL:] >= 0).all(axis=1)
        places, block = places[sound], block[sound]
        behind = _HEAD_CELLS + family.bucket_count
        sides = [_buckets(block[:, _HEAD_CELLS:behind], block[:, _ABOVE], family)]
        if family.signed:
            sides.append(_buckets(block[:, behind:], block[:, _BELOW], family))
        zeros = block[:, ZERO_CELL].astype(np.float64).tolist()
        counts = self._counts[places].astype(np.float64).tolist()
        sums, columns = self._sums[places].tolist(), self._columns[places].tolist()
        edge = family.zero_threshold
        return {
            column: Histogram(SCHEMA, count, amount, edge, zero, *buckets)
            for column, count, amount, zero, *buckets in zip(
                columns, counts, sums, zeros, *sides, strict=True
            )
        }

    def set_classic(self, places: Integers, ints: Integers, values: Floats) -> None:
        """Write the classic columns of the histograms at some places."""
        places = places[self._classic[places] >= 0]
        if not len(places):
            return
        counts = self._counts[places]
        below = np.rint(self._block(places, ints)[:, ZERO_CELL:] @ self._shares.T)
        told = np.column_stack([below, counts, self._sums[places], counts])
        values[self._classic[places][:, None] + np.arange(told.shape[1])] = told

    def _block(self, places: Integers, ints: Integers) -> Integers:
        block: Integers = ints[self._cells[places][:, None] + self._inside]
        return block


def _siblings(histograms: Sequence[PlannedHistogram]) -> Iterator[_Siblings]:
    by_family: dict[int, list[PlannedHistogram]] = defaultdict(list)
    for each in histograms:
        by_family[each.family.number].append(each)
    for members in by_family.values():
        yield _Siblings(members[0].family, members)


def _buckets(block: Integers, beyond: Integers, family: FamilySeen) -> list[dict[int, float]]:
    """Turn rows of counts into buckets by index; ``beyond`` is one more, just behind the last."""
    rows, places = np.nonzero(block)
    indexes = (places + family.index_low).tolist()
    counts = block[rows, places].astype(np.float64).tolist()
    borders = np.searchsorted(rows, np.arange(len(block) + 1)).tolist()
    made = [
        dict(zip(indexes[begin:end], counts[begin:end], strict=True))
        for begin, end in pairwise(borders)
    ]
    for row in np.flatnonzero(beyond).tolist():
        made[row][family.index_low + family.bucket_count] = float(beyond[row])
    return made


def shares_below(family: FamilySeen) -> Floats:
    """
    Say which share of each bucket lies up to each classic bound.

    The shape is (bounds, cells from ``zero`` on). Inside of a bucket values are taken to lie evenly
    on the bucket's own scale, so a bound is off by a part of one bucket (9 % wide) at most, and
    what is counted up to it never falls.
    """
    count, edge = family.bucket_count, family.zero_threshold
    first = _HEAD_CELLS - ZERO_CELL
    shares = np.zeros((len(family.cuts), first + count * (2 if family.signed else 1)))
    indexes = np.arange(family.index_low, family.index_low + count + 1)
    uppers = indexes / BUCKETS_PER_OCTAVE
    for row, cut in zip(shares, family.cuts, strict=True):
        positive, negative = _share(uppers, cut), 1 - _share(uppers, -cut)
        row[0] = min(max((cut + edge) / (2 * edge), 0.0), 1.0)
        row[first : first + count], row[_ABOVE - ZERO_CELL] = positive[:-1], positive[-1]
        if family.signed:
            row[first + count :], row[_BELOW - ZERO_CELL] = negative[:-1], negative[-1]
    return shares


def _share(uppers: Floats, cut: float) -> Floats:
    """The part of each bucket that lies up to ``cut``; its upper bounds are powers of two."""
    if not cut > 0:
        return np.zeros(len(uppers))
    octaves = math.log2(max(cut, _TINY)) - uppers
    share: Floats = np.clip(1 + BUCKETS_PER_OCTAVE * octaves, 0.0, 1.0)
    return share
