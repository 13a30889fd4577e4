"""
Downsampling: summaries of what is old enough, day by day, and fewer, longer files of them later.

A day is summarised once, when no more samples are expected; if some come nevertheless (imported,
or deleted), it is done again. What the samples no longer tell is taken from the summary before.
Files change as all files do: the new one is whole before the manifest names it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.storage.gather import Group
from tapewatch.metrics.storage.manifest import Arrival, Span, Tombstone, file_path
from tapewatch.metrics.storage.segment import SegmentWriter, Stripe
from tapewatch.metrics.storage.series import Table, new_table
from tapewatch.metrics.storage.summaries import HOUR_1, MINUTES_5, Reading, SummaryFile
from tapewatch.metrics.storage.summarising import Table as Buckets
from tapewatch.metrics.storage.summarising import keep_fuller
from tapewatch.metrics.summary import Column
from tapewatch.model.labels import Labels

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database
    from tapewatch.metrics.storage.reader import Plan

SPAN_MS: Final = 86_400_000
"""How much time a new summary file covers."""
SPANS_TOGETHER: Final = 8
"""So many neighbouring spans of one length become one."""
SPAN_MS_MAX: Final = SPAN_MS * SPANS_TOGETHER**2
CELLS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Downsampling:
    """A span to summarise in the place of some files; ``dropped``: those only go."""

    span: Span
    files: tuple[SummaryFile, ...]
    reason: str
    dropped: bool = False


class Downsampler:
    """Decides what to summarise, and does it, for one database."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def next_job(self) -> Downsampling | None:
        """Return what should be done next, or None."""
        return self._changed_job() or self._due_job() or self._old_job() or self._spans_job()

    def run(self, job: Downsampling) -> None:
        """Write one file in the place of the job's files, or drop these."""
        database = self._database
        with database.changing:
            kept = [each for each in database.summaries if each not in job.files]
            if not job.dropped:
                span = self._write(job)
                kept.append(SummaryFile(span, database.open_file(span.file)))
            kept.sort(key=lambda each: (each.span.resolution_ms, each.span.after_ms))
            arrivals = database.manifest.arrivals
            database.change_manifest(
                summaries=tuple(each.span for each in kept),
                arrivals=tuple(
                    each for each in arrivals if any(file.touches(each) for file in kept)
                ),
            )
            with database.head.lock:
                database.summaries = kept
                database.head.generation += 1
            database.remove_strangers()
            database.tally.compactions += 1

    # What to do next.

    def _changed_job(self) -> Downsampling | None:
        """Find a span of which samples came, or were deleted, after it was summarised."""
        manifest = self._database.manifest
        changes: tuple[Tombstone | Arrival, ...] = (*manifest.tombstones, *manifest.arrivals)
        for change in changes:
            for file in self._database.summaries:
                if file.touches(change):
                    return Downsampling(file.span, (file,), "what it tells of has changed")
        return None

    def _due_job(self) -> Downsampling | None:
        """Find the first days that are old enough and not summarised."""
        settings = self._database.settings
        for resolution_ms, after_ms in (
            (MINUTES_5, settings.downsample_5m_after),
            (HOUR_1, settings.downsample_1h_after),
        ):
            if not after_ms:
                continue
            days = self._days_due(after_ms) - self._days_done(resolution_ms)
            if days:
                first = min(days)
                last = first + _longest_run(first, days)
                span = Span(resolution_ms, first * SPAN_MS, last * SPAN_MS, 0)
                return Downsampling(span, (), "old enough to be summarised")
        return None

    def _days_done(self, resolution_ms: int) -> set[int]:
        """Return the days that are summarised."""
        spans = [each.span for each in self._database.summaries]
        return {
            day
            for span in spans
            if span.resolution_ms == resolution_ms
            for day in range(span.after_ms // SPAN_MS, span.until_ms // SPAN_MS)
        }

    def _days_due(self, after_ms: int) -> set[int]:
        """Return the days that lie in blocks, and are neither too young nor too old."""
        database = self._database
        settings, now_ms = database.settings, database.head.last_ms
        # Samples must not go before they were summarised.
        latest_ms = max(settings.retention - 2 * SPAN_MS, 0)
        wait_ms = max(min(after_ms, latest_ms), settings.out_of_order_window)
        last = (now_ms - wait_ms) // SPAN_MS - 1
        first = (now_ms - self._kept_ms_max()) // SPAN_MS
        days: set[int] = set()
        for block in database.blocks:
            header = block.header
            low, high = (header.first_ms - 1) // SPAN_MS, (header.last_ms - 1) // SPAN_MS
            days.update(range(max(low, first), min(high, last) + 1))
        return days

    def _old_job(self) -> Downsampling | None:
        before_ms = self._database.head.last_ms - self._kept_ms_max()
        for file in self._database.summaries:
            if file.span.until_ms <= before_ms:
                return Downsampling(file.span, (file,), "older than the retention", dropped=True)
        return None

    def _spans_job(self) -> Downsampling | None:
        """Find neighbours of one length that may become one."""
        files = self._database.summaries
        for begin in range(len(files) - SPANS_TOGETHER + 1):
            run = files[begin : begin + SPANS_TOGETHER]
            if not _are_neighbours([each.span for each in run]):
                continue
            first, last = run[0].span, run[-1].span
            if last.until_ms - first.after_ms <= SPAN_MS_MAX:
                span = Span(first.resolution_ms, first.after_ms, last.until_ms, 0)
                return Downsampling(span, tuple(run), "short spans")
        return None

    def _kept_ms_max(self) -> int:
        database = self._database
        longest_ms = max((keep.keep_ms for keep in database.keeps), default=0)
        return max(database.settings.summary_retention, longest_ms)

    def _kept_ms(self, labels: Labels) -> int:
        """Return how long the summaries of a series are kept."""
        settings, keep_ms = self._database.settings, self._database.keep_ms_of(labels)
        if keep_ms < settings.retention:
            return keep_ms
        return max(settings.summary_retention, keep_ms)

    # Doing it.

    def _write(self, job: Downsampling) -> Span:
        """Write the file of a job; returns its span with the number."""
        database, span = self._database, job.span
        writer, table = SegmentWriter(resolution_ms=span.resolution_ms), new_table()
        for labels, buckets in self._batches(job):
            self._add(writer, table, labels, buckets, span)
        # Even an empty span has a file: its number tells which changes it knows of.
        number = database.take_file_number()
        writer.write(database.disk, file_path(database.folder, number), table.to_arrays())
        return replace(span, file=number)

    def _batches(self, job: Downsampling) -> Iterator[tuple[list[Labels], Buckets]]:
        """Yield the summaries of some series at a time."""
        span, everything = job.span, tuple(Column)
        buckets = (span.until_ms - span.after_ms) // span.resolution_ms
        rows_at_once = max(1, CELLS_AT_ONCE // (buckets * len(Column)))
        plan, fresh, before = self._readings(job)
        for group in plan.groups:
            for first in range(0, len(group.members), rows_at_once):
                some = Group(group.members[first : first + rows_at_once], group.fragments)
                bounds = span.resolution_ms, span.after_ms, span.until_ms
                found = fresh.columns(some, *bounds, everything)
                if before is not None:
                    keep_fuller(found, before.columns(some, *bounds, everything))
                yield list(fresh.labels_of(some)), found

    def _readings(self, job: Downsampling) -> tuple["Plan", Reading, Reading | None]:
        """Return what reads the new state, and what reads the one it replaces."""
        database, span = self._database, job.span
        finer = [
            each
            for each in database.summaries
            if each.span.resolution_ms < span.resolution_ms
            and each.covers(span.after_ms, span.until_ms)
        ]
        files = [*finer, *job.files]
        plan, reading = database.reader.everything(span.after_ms, span.until_ms, files)
        if len(job.files) != 1:
            return plan, reading, None
        return plan, reading.without(job.files[0]), reading

    def _add(
        self,
        writer: SegmentWriter,
        table: Table,
        labels: Sequence[Labels],
        buckets: Buckets,
        span: Span,
    ) -> None:
        """Add the series that are still kept, and the buckets in which any has something."""
        now_ms = self._database.head.last_ms
        kept = [now_ms - self._kept_ms(each) < span.until_ms for each in labels]
        filled = (buckets[Column.COUNT] > 0) | (buckets[Column.STATE] > 0)
        rows = np.flatnonzero(filled.any(axis=1) & np.array(kept, dtype=bool))
        places = np.flatnonzero(filled[rows].any(axis=0))
        if not len(rows):
            return
        numbers = np.array([table.add(labels[row]) for row in rows.tolist()], dtype=np.int64)
        ends: NDArray[np.int64] = span.after_ms + (places + 1) * span.resolution_ms
        for column, values in buckets.items():
            cells = np.ascontiguousarray(values[np.ix_(rows, places)])
            writer.add(Stripe(numbers, ends, cells, lane=int(column)))


def _longest_run(first: int, days: set[int]) -> int:
    """Return how many days from the first on become one span at once: a length spans grow to."""
    for length in (SPANS_TOGETHER**2, SPANS_TOGETHER):
        if days.issuperset(range(first, first + length)):
            return length
    return 1


def _are_neighbours(spans: Sequence[Span]) -> bool:
    """Say whether spans of one resolution and length follow each other without a gap."""
    kinds = {(span.resolution_ms, span.until_ms - span.after_ms) for span in spans}
    return len(kinds) == 1 and all(a.until_ms == b.after_ms for a, b in pairwise(spans))
