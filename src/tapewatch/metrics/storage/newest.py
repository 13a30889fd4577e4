"""
The newest sample of every series, side by side.

A rule asks for the newest samples of a few hundred series, again and again. Looked up in lanes they
lie in as many places as there are sources; here they lie in one array by the series' number, which
whoever asks brings up to date first: one copy for each row that has come since. Whatever is not
plainly known here (histograms, times that lie back, series from before the start) is left to the
reader, which finds everything.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT_BITS, NO_SETS, LabelSets, Ragged, Selection
from tapewatch.metrics.storage.head import NEVER, Growing
from tapewatch.metrics.storage.lane import LaneRows, View
from tapewatch.metrics.storage.series import Table, TableLabels
from tapewatch.model.matchers import Matcher

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

REMEMBERED_MAX: Final = 8192

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Members(NamedTuple):
    """The series that pass some matchers."""

    table: Table
    rows: Integers
    numbers: Integers
    labels: LabelSets


class Newest:
    """The newest samples of one database; used under the lock of its head."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._members: dict[tuple[Matcher, ...], Members] = {}
        self._asked = False
        self.forget()

    def forget(self) -> None:
        """Begin anew, because stored samples have changed: only what comes from now on is known."""
        head = self._database.head
        self._members.clear()
        self._base = int(head.numbers[0]) if len(head.numbers) else head.next_number
        self._since_ms = head.last_ms
        self._known_from = head.next_number
        self._stones = self._database.manifest.tombstones
        self._times = Growing(np.int64, NEVER)
        self._values = Growing(np.float64, 0.0)
        self._former_times = Growing(np.int64, NEVER)
        self._former_values = Growing(np.float64, 0.0)
        self._odd = Growing(np.bool_, False)
        self._seen: dict[int, int] = {}
        self._samples = -1

    @property
    def _arrays(self) -> tuple[Growing, ...]:
        former = self._former_times, self._former_values
        return self._times, self._values, *former, self._odd

    def refresh(self) -> None:
        """Take in the rows that have come; a seal takes rows away, so it asks for this before."""
        if not self._asked:
            # Where no rule looks at the newest samples, they take no memory.
            return
        if self._stones is not self._database.manifest.tombstones:
            self.forget()
        head, samples = self._database.head, self._database.tally.samples
        if len(self._times.array) < head.next_number - self._base:
            # A series may be known before its first sample.
            for each in self._arrays:
                each.grow_to(head.next_number - self._base)
        if samples == self._samples:
            return
        self._samples = samples
        for lane in head.lanes.values():
            seen = self._seen.get(lane.number, NEVER)
            if lane.last_ms > seen:
                self._take(lane, lane.view, seen)
                self._seen[lane.number] = lane.last_ms

    def _take(self, lane: LaneRows, view: View, seen_ms: int) -> None:
        unseen = int(np.searchsorted(view.times[: view.rows], seen_ms, side="right"))
        # Without gaps the last two rows say everything.
        first = max(unseen, view.rows - 2) if not view.gaps else unseen
        numbers = lane.numbers[: view.values.shape[1]] - self._base
        for row in range(first, view.rows):
            values, at_ms = view.values[row], int(view.times[row])
            keep = self._times.array[numbers] < at_ms
            if view.gaps:
                keep &= values.view(np.uint64) != ABSENT_BITS
            if keep.all():
                self._put(numbers, at_ms, values)
            else:
                self._put(numbers[keep], at_ms, values[keep])
        self._odd.array[numbers[view.cells.columns_from(unseen)]] = True

    def _put(self, numbers: Integers, at_ms: int, values: Floats) -> None:
        """Write samples; those that were the newest are kept as the former ones."""
        self._former_times.array[numbers] = self._times.array[numbers]
        self._former_values.array[numbers] = self._values.array[numbers]
        self._times.array[numbers], self._values.array[numbers] = at_ms, values

    def select(self, matchers: tuple[Matcher, ...], start_ms: int, end_ms: int) -> Selection | None:
        """Return what is newest in ``(start_ms, end_ms]``; None where it is not all known."""
        if any(block.header.last_ms > start_ms for block in self._database.blocks):
            return None
        if not self._asked:
            self.forget()
            self._asked = True
        self.refresh()
        members = self._members_of(matchers)
        if not len(members.rows):
            return Selection((_ragged(NO_SETS, _NO_TIMES, np.empty(0), np.empty(0, bool)),))
        found = self._find(members, start_ms, end_ms)
        if found is None:
            return None
        times, values = found
        fresh = times > start_ms
        if start_ms < self._since_ms and (members.numbers[~fresh] < self._known_from).any():
            return None
        return Selection((_ragged(members.labels, times, values, fresh),))

    def _find(self, members: Members, start_ms: int, end_ms: int) -> tuple[Integers, Floats] | None:
        places = members.numbers - self._base
        if self._odd.array[places].any():
            return None
        times, values = self._times.array[places], self._values.array[places]
        late = times > end_ms
        if late.any():
            # They came while whoever asks was at work; he wants what was newest when he began.
            times = np.where(late, self._former_times.array[places], times)
            values = np.where(late, self._former_values.array[places], values)
        head = self._database.head
        if head.had_loose and (head.last_times[members.rows] > start_ms).any():
            loose = head.last_times[members.rows]
            newer = loose > times
            if ((loose == times) & (loose > start_ms)).any():
                return None
            times = np.where(newer, loose, times)
            values = np.where(newer, head.last_values[members.rows], values)
            if (values.view(np.uint64) == ABSENT_BITS).any():
                return None
        return None if times.max() > end_ms else (times, values)

    def _members_of(self, matchers: tuple[Matcher, ...]) -> Members:
        head = self._database.head
        rows = head.finder.rows(matchers)
        known = self._members.get(matchers)
        # Rows are only ever added to a table, so as many of them are the same ones.
        if known is not None and known.table is head.table and len(known.rows) == len(rows):
            return known
        members = Members(head.table, rows, head.numbers[rows], TableLabels(head.table, rows))
        if len(self._members) >= REMEMBERED_MAX:
            self._members.clear()
        self._members[matchers] = members
        return members


_NO_TIMES: Final[Integers] = np.empty(0, dtype=np.int64)


def _ragged(labels: LabelSets, times: Integers, values: Floats, fresh: Mask) -> Ragged:
    if fresh.all():
        offsets = np.arange(len(times) + 1, dtype=np.int64)
    else:
        times, values = times[fresh], values[fresh]
        offsets = np.concatenate(([0], np.cumsum(fresh))).astype(np.int64)
    return Ragged(labels, times, values, offsets, bool(np.isnan(values).any()))
