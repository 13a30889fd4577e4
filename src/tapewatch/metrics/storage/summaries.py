"""
Reading summaries: where they answer better than samples, and how the two are put together.

A summary file covers a span of time at one resolution. Its stripes have the ends of buckets for
times, and their lane names the column they hold; the stripes of all columns of some series follow
each other. What no file covers is coarsened from a finer resolution, or summarised from samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import Hints, LabelSets, Selection, Summary
from tapewatch.metrics.storage.deleting import matched_rows
from tapewatch.metrics.storage.gather import Fragment, Group, read_groups
from tapewatch.metrics.storage.head import match_columns
from tapewatch.metrics.storage.manifest import Arrival, Span, Tombstone
from tapewatch.metrics.storage.piece import Piece
from tapewatch.metrics.storage.segment import Segment
from tapewatch.metrics.storage.summarising import Table, coarsen, empty_columns, summarise
from tapewatch.metrics.summary import COLUMNS_OF, HOLDS_HISTOGRAMS, Column
from tapewatch.model.matchers import Matcher

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

MINUTES_5: Final = 300_000
HOUR_1: Final = 3_600_000
FINER: Final = {HOUR_1: MINUTES_5}
"""From which resolution a coarser one is made."""
SAMPLES_DEAR: Final = 5_000_000
"""A query that would read more samples than this reads summaries where it can."""
ROW_SAMPLES: Final = 4_000_000
"""About so many samples are in memory at once while they are summarised."""

INTERVAL_MS: Final = 5_000
"""How far samples are taken to be apart where nobody has looked yet."""

Integers = NDArray[np.int64]
Places = NDArray[np.intp]
Columns = tuple[Column, ...]


class SummaryFile(NamedTuple):
    """One file of summaries, open for reading; it may hold no series."""

    span: Span
    segment: Segment

    def covers(self, after_ms: int, until_ms: int) -> bool:
        """Say whether some of the time is in the span."""
        return self.span.after_ms < until_ms and self.span.until_ms > after_ms

    def touches(self, change: Tombstone | Arrival) -> bool:
        """Say whether something changed in the span after it was summarised."""
        overlaps = self.covers(change.first_ms - 1, change.last_ms)
        return overlaps and self.span.file < change.before_file


@dataclass(frozen=True, slots=True)
class Choice:
    """To answer from summaries: of which resolution, which buckets, which columns."""

    resolution_ms: int
    after_ms: int
    until_ms: int
    columns: Columns
    rounded: bool

    @property
    def cells(self) -> int:
        """How many numbers are read of a series."""
        return (self.until_ms - self.after_ms) // self.resolution_ms * len(self.columns)


class Chooser:
    """Decides whether a query is answered from samples or from summaries."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def choose(
        self, matchers: tuple[Matcher, ...], start_ms: int, end_ms: int, hints: Hints
    ) -> Choice | None:
        """Choose summaries where samples are gone, or where they say the same and cost less."""
        files = self.files_between(start_ms, end_ms)
        columns = COLUMNS_OF.get(hints.function)
        if not files or not hints.grid_ms or columns is None:
            return None
        resolutions = {each.span.resolution_ms for each in files}
        aligned = [each for each in resolutions if hints.grid_ms % each == 0]
        gone = self._is_gone(matchers, start_ms)
        if aligned and (gone or self._is_dear(matchers, start_ms, files)):
            return Choice(max(aligned), start_ms, end_ms, columns, rounded=False)
        if gone and not aligned:
            resolution_ms = min(resolutions)
            # Windows are rounded down, and are one bucket longer at most.
            after_ms = (start_ms // resolution_ms - 1) * resolution_ms
            until_ms = end_ms // resolution_ms * resolution_ms
            return Choice(resolution_ms, after_ms, until_ms, columns, rounded=True)
        return None

    def files_between(self, after_ms: int, until_ms: int) -> list[SummaryFile]:
        """Return the files with summaries of the time."""
        return [each for each in self._database.summaries if each.covers(after_ms, until_ms)]

    def files_for(self, choice: Choice) -> list[SummaryFile]:
        """Return the files of the resolution and of finer ones."""
        return [
            each
            for each in self.files_between(choice.after_ms, choice.until_ms)
            if choice.resolution_ms % each.span.resolution_ms == 0
        ]

    def _is_gone(self, matchers: tuple[Matcher, ...], start_ms: int) -> bool:
        """Say whether samples from ``start_ms`` on may be gone while summaries tell of them."""
        database = self._database
        raw = [*database.blocks, *database.head.segments]
        raw_first_ms = min((each.header.first_ms for each in raw), default=database.head.last_ms)
        told = [each.segment.header.first_ms for each in database.summaries]
        if start_ms < raw_first_ms and min(told, default=raw_first_ms) < raw_first_ms:
            return True
        # A block with some samples left may have lost those of other series.
        before_ms = database.head.last_ms - database.settings.retention
        if start_ms >= before_ms or min(told, default=before_ms) >= before_ms:
            return False
        return self._any_kept_as_usual(matchers, start_ms)

    def _any_kept_as_usual(self, matchers: tuple[Matcher, ...], start_ms: int) -> bool:
        """Say whether of some matched series no rule keeps samples longer than usual."""
        database = self._database
        if not any(keep.keep_ms > database.settings.retention for keep in database.keeps):
            return True
        labels = database.find(matchers, start_ms, database.head.last_ms)
        return any(database.keep_ms_of(each) <= database.settings.retention for each in labels)

    def _is_dear(
        self, matchers: tuple[Matcher, ...], start_ms: int, files: Sequence[SummaryFile]
    ) -> bool:
        """Guess how many samples would be read where there are summaries."""
        until_ms = max(each.span.until_ms for each in files)
        total = 0.0
        for block in self._database.blocks:
            header = block.header
            overlap_ms = min(header.last_ms, until_ms) - max(header.first_ms, start_ms)
            share = overlap_ms / max(header.last_ms - header.first_ms, 1)
            if share * header.sample_count > SAMPLES_DEAR - total:
                rows = block.finder.rows(matchers)
                share *= len(rows) / max(len(block.finder.table), 1)
            total += max(share, 0.0) * header.sample_count
        return total > SAMPLES_DEAR


class SummaryFragment:
    """The summaries of some series in one file."""

    def __init__(self, members: Integers, places: Places, segment: Segment, batch: int) -> None:
        self.members = members
        self.segment = segment
        self._places = places
        self._first_stripe = batch * len(Column)
        first_ms, self.last_ms = segment.bounds(self._first_stripe)
        self.first_ms = first_ms - segment.header.resolution_ms + 1

    def rows_about(self, start_ms: int, end_ms: int) -> int:
        """Estimate how many buckets a member has."""
        return self.segment.rows_about(self._first_stripe, start_ms, end_ms)

    def read(self, places: Places, start_ms: int, end_ms: int) -> Piece:
        """Read the counts of some members, as samples at the ends of the buckets."""
        return self.read_column(Column.COUNT, places, start_ms, end_ms)

    def read_column(self, column: Column, places: Places, start_ms: int, end_ms: int) -> Piece:
        """Read one column; times are the ends of buckets."""
        stripe = self._first_stripe + column
        return self.segment.read(stripe, self._places[places], start_ms, end_ms)


def summary_fragments(file: Segment, rows: Integers, members: Integers) -> Iterator[Fragment]:
    """Yield the batches of a summary file that hold some of its ``rows``."""
    by_row = np.argsort(rows)
    ordered = rows[by_row]
    for batch in range(file.stripe_count // len(Column)):
        inside, places = match_columns(file.columns(batch * len(Column)), ordered)
        if len(inside):
            chosen = by_row[inside]
            order = np.argsort(chosen)
            yield SummaryFragment(members[chosen[order]], places[order], file, batch)


class Reading:
    """Reads groups of series as summaries, whatever their time lies in."""

    def __init__(
        self,
        labels: LabelSets,
        fragments: Sequence[Fragment],
        files: Sequence[SummaryFile],
        stones: Sequence[Tombstone],
    ) -> None:
        self._labels = labels
        self._fragments = fragments
        self._files = files
        self._numbers = {each.segment.number for each in files}
        self._stones = stones

    def without(self, file: SummaryFile) -> "Reading":
        """Return a reading that does not use one of the files."""
        files = [each for each in self._files if each is not file]
        return Reading(self._labels, self._fragments, files, self._stones)

    def select(self, group: Group, choice: Choice) -> Selection:
        """Read what was chosen; series with histograms give their samples while there are any."""
        after_ms, until_ms = choice.after_ms, choice.until_ms
        labels = self.labels_of(group)
        columns = self.columns(group, choice.resolution_ms, after_ms, until_ms, choice.columns)
        if (columns[Column.STATE] >= HOLDS_HISTOGRAMS).any():
            return self._samples(group, after_ms, until_ms)
        summary = Summary(labels, after_ms, choice.resolution_ms, columns)
        return Selection((), (summary,))

    def labels_of(self, group: Group) -> LabelSets:
        """Return the label sets of a group; the same object for the same members."""
        if len(group.members) == len(self._labels):
            return self._labels
        key = "members", group.members.tobytes()
        return self._labels.derive(key, lambda: self._labels.take(group.members))

    def columns(
        self, group: Group, resolution_ms: int, after_ms: int, until_ms: int, wanted: Columns
    ) -> Table:
        """Read the buckets of ``(after_ms, until_ms]``, both multiples of the resolution."""
        out = empty_columns(wanted, len(group.members), (until_ms - after_ms) // resolution_ms)
        for number in group.fragments:
            fragment = self._fragments[number]
            if (
                isinstance(fragment, SummaryFragment)
                and fragment.segment.number in self._numbers
                and fragment.segment.header.resolution_ms == resolution_ms
            ):
                self._paste(fragment, group, after_ms, resolution_ms, out)
        for begin_ms, end_ms in self._gaps(resolution_ms, after_ms, until_ms):
            found = self._make(group, resolution_ms, begin_ms, end_ms, wanted)
            low, high = (begin_ms - after_ms) // resolution_ms, (end_ms - after_ms) // resolution_ms
            for column in wanted:
                out[column][:, low:high] = found[column]
        return out

    def _paste(
        self,
        fragment: SummaryFragment,
        group: Group,
        after_ms: int,
        resolution_ms: int,
        out: Table,
    ) -> None:
        places = np.searchsorted(fragment.members, group.members)
        until_ms = after_ms + out[Column.COUNT].shape[1] * resolution_ms
        for column, values in out.items():
            piece = fragment.read_column(column, places, after_ms + 1, until_ms)
            buckets = (piece.times - after_ms) // resolution_ms - 1
            kept = piece.values
            for stone in self._stones_over(fragment):
                kept = self._without(kept, piece.times, stone, group, resolution_ms)
            values[:, buckets] = kept

    def _stones_over(self, fragment: SummaryFragment) -> Iterator[Tombstone]:
        """Yield the deletions that the fragment does not know of."""
        number = fragment.segment.number
        return (stone for stone in self._stones if number < stone.before_file)

    def _without(
        self,
        values: NDArray[np.float64],
        ends: Integers,
        stone: Tombstone,
        group: Group,
        resolution_ms: int,
    ) -> NDArray[np.float64]:
        """Leave out every bucket in which something was deleted."""
        inside = (ends >= stone.first_ms) & (ends - resolution_ms < stone.last_ms)
        if not inside.any():
            return values
        named = matched_rows(self.labels_of(group), stone)
        return np.where(named[:, None] & inside[None, :], 0.0, values)

    def _gaps(self, resolution_ms: int, after_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches of time that no file of the resolution covers."""
        spans = [each.span for each in self._files if each.span.resolution_ms == resolution_ms]
        for span in sorted(spans, key=lambda span: span.after_ms):
            if span.after_ms > after_ms:
                yield after_ms, min(span.after_ms, until_ms)
            after_ms = max(after_ms, span.until_ms)
            if after_ms >= until_ms:
                return
        yield after_ms, until_ms

    def _make(
        self, group: Group, resolution_ms: int, after_ms: int, until_ms: int, wanted: Columns
    ) -> Table:
        """Make summaries from finer ones, or from samples."""
        finer_ms = FINER.get(resolution_ms)
        if finer_ms is not None and any(
            each.span.resolution_ms == finer_ms for each in self._files
        ):
            fine = self.columns(group, finer_ms, after_ms, until_ms, wanted)
            return coarsen(fine, resolution_ms // finer_ms, finer_ms)
        buckets = (until_ms - after_ms) // resolution_ms
        out = empty_columns(wanted, len(group.members), buckets)
        rows_at_once = max(1, ROW_SAMPLES * INTERVAL_MS // max(until_ms - after_ms, 1))
        for first in range(0, len(group.members), rows_at_once):
            some = Group(group.members[first : first + rows_at_once], group.fragments)
            for part in self._samples(some, after_ms, until_ms).parts:
                found = summarise(part, after_ms, until_ms, resolution_ms)
                for column in wanted:
                    out[column][first : first + rows_at_once] = found[column]
        return out

    def _samples(self, group: Group, after_ms: int, until_ms: int) -> Selection:
        raw = tuple(
            number
            for number in group.fragments
            if not isinstance(self._fragments[number], SummaryFragment)
        )
        groups = [Group(group.members, raw)]
        return read_groups(self._labels, self._fragments, groups, after_ms + 1, until_ms)
