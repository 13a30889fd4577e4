"""
The head: what has arrived and does not lie in a block yet.

It knows the series that are alive, the lanes with their rows, the loose samples, the stripes on
their way to a segment and the segments that no block has taken over. It holds state and answers;
what must be logged, and when, is ``database.py``'s.
"""

import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT_BITS
from tapewatch.metrics.storage.deleting import NO_DELETIONS, Deletions
from tapewatch.metrics.storage.gather import Fragment
from tapewatch.metrics.storage.journal import LooseEntry
from tapewatch.metrics.storage.lane import LaneRows
from tapewatch.metrics.storage.loose import LooseSamples, Samples
from tapewatch.metrics.storage.piece import Piece, join_pieces, ranges, widen
from tapewatch.metrics.storage.segment import Segment, Stripe
from tapewatch.metrics.storage.series import Finder, Table, new_table

NOWHERE: Final = -1
NEVER: Final = -(2**62)

Integers = NDArray[np.int64]
Places = NDArray[np.intp]


class Growing:
    """An array that grows at its end."""

    def __init__(self, kind: Any, fill: Any) -> None:
        self._data = np.full(64, fill, dtype=kind)
        self._fill = fill
        self._size = 0

    @property
    def array(self) -> NDArray[Any]:
        """Everything so far, as a view that may be written to."""
        return self._data[: self._size]

    def grow_to(self, size: int) -> None:
        """Make it ``size`` long; what is new holds the fill."""
        if size > len(self._data) or size * 2 < len(self._data):
            # What is not used yet is not touched, so it takes no memory.
            larger = np.empty(max(size * 3 // 2, 64), self._data.dtype)
            kept = min(size, self._size)
            larger[:kept] = self._data[:kept]
            self._data = larger
        # What was there before a shrink must not show again.
        self._data[self._size : size] = self._fill
        self._size = size


class Head:
    """State of the head; whoever changes it holds ``lock``."""

    def __init__(self, table: Table | None = None, numbers: Integers | None = None) -> None:
        self.lock = threading.RLock()
        self.table = table if table is not None else new_table()
        self.finder = Finder(self.table)
        self._numbers = Growing(np.int64, 0)
        self._lane_of = Growing(np.int32, NOWHERE)
        self._last_ms = Growing(np.int64, NEVER)
        self._last_value = Growing(np.float64, 0.0)
        self._in_loose = Growing(np.bool_, False)
        self.next_number = 0
        self.next_lane = 0
        self.lanes: dict[int, LaneRows] = {}
        self.loose = LooseSamples()
        self.sealing: list[Stripe] = []
        self.sealing_loose: LooseSamples | None = None
        self.segments: list[Segment] = []
        self.last_ms = NEVER
        self.generation = 0
        self.had_loose = False
        if numbers is not None:
            self._adopt(numbers)

    def _adopt(self, numbers: Integers) -> None:
        self._grow(len(numbers))
        self._numbers.array[:] = numbers
        self.next_number = int(numbers[-1]) + 1 if len(numbers) else 0

    def _grow(self, size: int) -> None:
        for each in self._by_row:
            each.grow_to(size)

    @property
    def _by_row(self) -> tuple[Growing, ...]:
        # The newest loose samples have no room until the first one comes: a server that only
        # scrapes has none.
        newest = (self._last_ms, self._last_value) if self.had_loose else ()
        return self._numbers, self._lane_of, *newest, self._in_loose

    @property
    def numbers(self) -> Integers:
        """The number of every row of the table, rising."""
        return self._numbers.array

    @property
    def lane_of(self) -> NDArray[np.int32]:
        """The lane that each row's series comes by, or NOWHERE."""
        return self._lane_of.array

    @property
    def last_times(self) -> Integers:
        """The time of the newest loose sample of each row's series."""
        self._make_room_for_loose()
        return self._last_ms.array

    @property
    def last_values(self) -> NDArray[np.float64]:
        """The value of the newest loose sample of each row's series."""
        self._make_room_for_loose()
        return self._last_value.array

    def _make_room_for_loose(self) -> None:
        if not self.had_loose:
            self.had_loose = True
            self._grow(len(self.numbers))

    @property
    def size_bytes(self) -> int:
        """Roughly how much the unsealed samples take."""
        return sum(lane.size_bytes for lane in self.lanes.values()) + self.loose.size_bytes

    def number_new_rows(self) -> Integers:
        """Give numbers to the rows that the table has got since the last time; returns them."""
        old, size = len(self.numbers), len(self.table)
        if size == old:
            return self.numbers[:0]
        self._grow(size)
        fresh = np.arange(self.next_number, self.next_number + size - old)
        self.numbers[old:] = fresh
        self.next_number += size - old
        self.generation += 1
        return fresh

    def number_last_rows(self, first: int, count: int) -> None:
        """Give the last rows of the table the numbers from ``first`` on, as a log tells them."""
        self.numbers[len(self.numbers) - count :] = np.arange(first, first + count)
        self.next_number = max(self.next_number, first + count)

    def pass_over(self, numbers: Integers) -> None:
        """Never give these numbers away: samples bear them, though their series may be lost."""
        self.next_number = max(self.next_number, int(numbers.max(initial=-1)) + 1)

    def rows_of(self, numbers: Integers) -> Integers:
        """Return the table's rows of series by their numbers, which it knows."""
        own = self.numbers
        if len(own) and own[-1] - own[0] == len(own) - 1:
            return numbers - int(own[0])
        return np.asarray(np.searchsorted(own, numbers), dtype=np.int64)

    def knows(self, numbers: Integers) -> NDArray[np.bool_]:
        """Say which numbers belong to a series of the table."""
        own = self.numbers
        if not len(own):
            return np.zeros(len(numbers), dtype=bool)
        known: NDArray[np.bool_] = (numbers >= own[0]) & (numbers <= own[-1])
        if own[-1] - own[0] != len(own) - 1:
            known &= own[np.searchsorted(own, np.minimum(numbers, own[-1]))] == numbers
        return known

    def open_lane(self, name: str) -> LaneRows:
        """Make a lane."""
        lane = LaneRows(self.next_lane, name)
        self.lanes[lane.number] = lane
        self.next_lane += 1
        return lane

    def add_loose(self, entry: LooseEntry) -> None:
        """Show loose samples; a cell's column is its place in the entry."""
        rows = self.rows_of(entry.numbers)
        if not self._in_loose.array[rows].all():
            self._in_loose.array[rows] = True
            self.generation += 1
        np.maximum.at(self.last_times, rows, entry.times)
        newest = self.last_times[rows] == entry.times
        self.last_values[rows[newest]] = entry.values[newest]
        self.last_ms = max(self.last_ms, int(entry.times.max()))
        objects = None
        if entry.cells:
            objects = np.full(len(entry.numbers), None, dtype=object)
            for cell in entry.cells:
                objects[cell.column] = cell.histogram
        self.loose.add(Samples(entry.numbers, entry.times, entry.values, entry.starts, objects))

    def newest(self, rows: Integers) -> tuple[Integers, NDArray[np.float64]]:
        """
        Return the newest time of each row's series and its value, whatever way it came.

        Where the newest row of a lane has nothing for the series, the value is ABSENT.
        """
        times, values = self.last_times[rows], self.last_values[rows]
        owners = self.lane_of[rows]
        for number in np.unique(owners).tolist():
            lane = self.lanes.get(number)
            if lane is None or lane.last_ms == NEVER:
                continue
            newer = np.flatnonzero((owners == number) & (times <= lane.last_ms))
            same = times[newer] == lane.last_ms
            found = lane.newest_of(self.numbers[rows[newer]])
            # A loose sample at the same time fills the cell that the row left empty.
            absent = found.view(np.uint64) == ABSENT_BITS
            values[newer] = np.where(same & absent, values[newer], found)
            times[newer] = lane.last_ms
        return times, values

    def keep_rows(self, rows: Integers, table: Table) -> None:
        """Keep only ``rows`` of the series; ``table`` holds them in the same order."""
        self.table, self.finder = table, Finder(table)
        for growing in self._by_row:
            kept = growing.array[rows].copy()
            growing.grow_to(len(rows))
            growing.array[:] = kept
        self.generation += 1

    def take_loose(self) -> None:
        """Put the loose samples beside, on their way to a segment."""
        if self.loose.count:
            if self.sealing_loose is None:
                self.sealing_loose = LooseSamples()
            self.sealing_loose.add(self.loose.all())
            self.loose = LooseSamples()
            self._in_loose.array[:] = False

    @property
    def has_unwritten(self) -> bool:
        """Whether samples are on their way to a segment, or wait there after a failure."""
        return bool(self.sealing) or self.sealing_loose is not None

    def fragments(
        self, rows: Integers, members: Integers, deletions: Deletions
    ) -> Iterator[Fragment]:
        """Yield where the series of ``rows`` lie; ``members`` is how the caller counts them."""
        numbers = self.numbers[rows]
        stripes: dict[int, list[tuple[Segment, int]]] = {}
        for segment in self.segments:
            for stripe, lane in enumerate(segment.lanes().tolist()):
                stripes.setdefault(lane, []).append((segment, stripe))
        sealing: dict[int, list[Stripe]] = {}
        for each in self.sealing:
            sealing.setdefault(each.lane, []).append(each)
        for lane in self._lanes_of(rows, {*stripes, *sealing} - {NOWHERE}):
            columns = self._columns_of(lane, stripes.get(lane, []), sealing.get(lane, []))
            inside, places = match_columns(columns, numbers)
            if len(inside):
                yield LaneFragment(
                    members[inside],
                    places,
                    stripes.get(lane, []),
                    sealing.get(lane, []),
                    self.lanes.get(lane),
                    deletions,
                )
        for segment, stripe in stripes.get(NOWHERE, []):
            inside, places = match_columns(segment.columns(stripe), numbers)
            if len(inside):
                yield StripeFragment(members[inside], places, segment, stripe, deletions)
        if self.sealing_loose is not None:
            fragment = LooseFragment(members, numbers, self.sealing_loose)
            if len(fragment.members):
                yield fragment
        held = self._in_loose.array[rows]
        if held.any():
            yield LiveLoose(members[held], numbers[held], self.loose)

    def _lanes_of(self, rows: Integers, stored: set[int]) -> list[int]:
        """Return the lanes that may hold one of the rows' series."""
        # A lane that ended, and whose samples lie in a block by now, is nowhere any more.
        current = set(np.unique(self.lane_of[rows]).tolist()) & {*self.lanes, *stored}
        former = {lane for lane in stored if lane not in self.lanes or self.lanes[lane].closed}
        closed = {number for number, lane in self.lanes.items() if lane.closed}
        return sorted(current | former | closed)

    def _columns_of(
        self, lane: int, stored: list[tuple[Segment, int]], sealing: list[Stripe]
    ) -> Integers:
        """Return the columns of a lane at its widest; earlier stripes have the first of them."""
        if lane in self.lanes:
            return self.lanes[lane].numbers
        candidates = [segment.columns(stripe) for segment, stripe in stored]
        return max([*candidates, *(each.columns for each in sealing)], key=len)


def match_columns(columns: Integers, numbers: Integers) -> tuple[Places, Places]:
    """Find ``numbers`` (rising) among ``columns``: which were found, and at which places."""
    if not len(columns) or not len(numbers):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    inside = np.searchsorted(numbers, columns)
    inside[inside == len(numbers)] = 0
    places = np.flatnonzero(numbers[inside] == columns)
    inside = inside[places]
    if len(inside) > 1 and not bool((inside[1:] > inside[:-1]).all()):
        order = np.argsort(inside)
        return inside[order], places[order]
    return inside, places


class StripeFragment:
    """One stripe of a segment or a block."""

    def __init__(
        self,
        members: Integers,
        places: Places,
        segment: Segment,
        stripe: int,
        deletions: Deletions,
    ) -> None:
        self.members = members
        self._places = places
        self._segment = segment
        self._stripe = stripe
        self._deletions = deletions
        self.first_ms, self.last_ms = segment.bounds(stripe)

    def rows_about(self, start_ms: int, end_ms: int) -> int:
        return self._segment.rows_about(self._stripe, start_ms, end_ms)

    def read(self, places: Places, start_ms: int, end_ms: int) -> Piece:
        piece = self._segment.read(self._stripe, self._places[places], start_ms, end_ms)
        return self._deletions.hide(piece, self._segment.number, self.members[places])


class LaneFragment:
    """A lane from its first stripe in a segment to the rows that came last."""

    def __init__(
        self,
        members: Integers,
        places: Places,
        stored: list[tuple[Segment, int]],
        sealing: list[Stripe],
        lane: LaneRows | None,
        deletions: Deletions = NO_DELETIONS,
    ) -> None:
        self.members = members
        self._deletions = deletions
        self._places = places
        self._stored = stored
        self._sealing = sealing
        self._lane = lane
        bounds = [segment.bounds(stripe) for segment, stripe in stored]
        bounds += [(int(each.times[0]), int(each.times[-1])) for each in sealing]
        self.first_ms = min((first for first, _ in bounds), default=2**62)
        self.last_ms = max((last for _, last in bounds), default=-(2**62))

    def now(self) -> "LaneFragment":
        """Return the fragment with the rows that its lane has at this moment."""
        if self._lane is None or not self._lane.view.rows:
            return self
        sealing = [*self._sealing, _viewed(self._lane)]
        return LaneFragment(
            self.members, self._places, self._stored, sealing, None, self._deletions
        )

    def rows_about(self, start_ms: int, end_ms: int) -> int:
        stored = (each.rows_about(stripe, start_ms, end_ms) for each, stripe in self._stored)
        return sum(stored) + sum(len(each.times) for each in self._sealing)

    def read(self, places: Places, start_ms: int, end_ms: int) -> Piece:
        wanted = self._places[places]
        pieces = []
        for segment, stripe in self._stored:
            first, last = segment.bounds(stripe)
            if first <= end_ms and last >= start_ms:
                width = len(segment.columns(stripe))
                inside = wanted[wanted < width]
                piece = segment.read(stripe, inside, start_ms, end_ms)
                piece = widen(piece, wanted < width)
                pieces.append(self._deletions.hide(piece, segment.number, self.members[places]))
        for each in self._sealing:
            if each.times[0] <= end_ms and each.times[-1] >= start_ms:
                pieces.append(_rows_between(each, wanted, start_ms, end_ms))
        return join_pieces(pieces, len(wanted))


def _viewed(lane: LaneRows) -> Stripe:
    """Show a lane's unsealed rows as a stripe, without copying them."""
    view = lane.view
    width = view.values.shape[1]
    return Stripe(
        columns=lane.numbers[:width],
        times=view.times[: view.rows],
        values=view.values[: view.rows].T,
        gaps=view.gaps,
        starts=None if view.starts is None else view.starts[: view.rows].T,
        cells=view.cells,
        lane=lane.number,
    )


def _rows_between(stripe: Stripe, wanted: Places, start_ms: int, end_ms: int) -> Piece:
    begin, end = np.searchsorted(stripe.times, [start_ms, end_ms + 1]).tolist()
    width = len(stripe.columns)
    inside = wanted < width
    own = wanted[inside]
    histograms = None
    if stripe.cells:
        histograms = np.full((len(own), end - begin), None, dtype=object)
        for place, column in enumerate(own.tolist()):
            for cell in stripe.cells.between([column], begin, end):
                histograms[place, cell.row - begin] = cell.histogram
    piece = Piece(
        stripe.times[begin:end],
        np.ascontiguousarray(stripe.values[own, begin:end]),
        stripe.gaps,
        None if stripe.starts is None else np.ascontiguousarray(stripe.starts[own, begin:end]),
        histograms,
        None,
    )
    return widen(piece, inside)


class LiveLoose:
    """The series asked for that have loose samples in memory, and where these are found."""

    def __init__(self, members: Integers, numbers: Integers, loose: LooseSamples) -> None:
        self.members = members
        self._numbers = numbers
        self._loose = loose

    @property
    def first_ms(self) -> int:
        return self._loose.first_ms

    @property
    def last_ms(self) -> int:
        return self._loose.last_ms

    def now(self) -> "LooseFragment":
        """Return the fragment with the samples of this moment."""
        return LooseFragment(self.members, self._numbers, self._loose)

    def rows_about(self, start_ms: int, end_ms: int) -> int:
        return self.now().rows_about(start_ms, end_ms)

    def read(self, places: Places, start_ms: int, end_ms: int) -> Piece:
        return self.now().read(places, start_ms, end_ms)


class LooseFragment:
    """The loose samples of the series asked for."""

    def __init__(self, members: Integers, numbers: Integers, loose: LooseSamples) -> None:
        samples = loose.find(np.sort(numbers))
        inside = np.isin(numbers, samples.numbers)
        self.members = members[inside]
        self._numbers = numbers[inside]
        self._samples: Samples = samples
        self.first_ms, self.last_ms = loose.first_ms, loose.last_ms

    def rows_about(self, start_ms: int, end_ms: int) -> int:  # noqa: ARG002  # a guess will do, there are few
        return len(self._samples.times) // max(len(self.members), 1)

    def read(self, places: Places, start_ms: int, end_ms: int) -> Piece:
        wanted = self._numbers[places]
        begins = np.searchsorted(self._samples.numbers, wanted, side="left")
        ends = np.searchsorted(self._samples.numbers, wanted, side="right")
        lengths = ends - begins
        picked = ranges(begins, lengths)
        inside = (self._samples.times[picked] >= start_ms) & (self._samples.times[picked] <= end_ms)
        owner = np.repeat(np.arange(len(wanted)), lengths)[inside]
        chosen = self._samples.take(picked[inside])
        counts = np.bincount(owner, minlength=len(wanted))
        return Piece(
            chosen.times,
            chosen.values,
            True,
            chosen.starts,
            chosen.histograms,
            np.cumsum(counts),
        )
