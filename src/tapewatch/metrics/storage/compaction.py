"""
Compaction: segments become blocks, blocks become larger blocks, and what is too old goes.

Nothing is changed in place. The new file is written and synced, then the manifest names it instead
of the old ones, then those are removed. A crash at any moment leaves the old state or the new one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.storage.deleting import matchers_of
from tapewatch.metrics.storage.downsampling import Downsampler, Downsampling
from tapewatch.metrics.storage.head import NOWHERE, Head
from tapewatch.metrics.storage.manifest import Tombstone, file_path
from tapewatch.metrics.storage.merging import Cut, CutOf, Input, Merger
from tapewatch.metrics.storage.segment import PageCache, Segment, SegmentWriter
from tapewatch.metrics.storage.series import Rows, sub_arrays, table_from
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import match_all
from tapewatch.model.memory import release_freed_memory

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

SEGMENTS_MAX: Final = 64
"""More segments than this become a block, however little time they cover."""
BLOCKS_TOGETHER: Final = 4
"""So many neighbouring blocks of like size become one."""
SPAN_SHARE: Final = 10
"""A block covers at most this part of the retention, so that the oldest data can go in time."""
DEAD_SHARE: Final = 4
"""When a quarter of the head's series is dead, they are dropped."""
DEAD_MIN: Final = 1_000
MERGE_CACHE_BYTES: Final = 8 * 1024 * 1024
OVER_SIZE: Final = "blocks and summaries take more than the retention size"


@dataclass(frozen=True, slots=True)
class Job:
    """Files that should become one block, and why."""

    segments: tuple[Segment, ...]
    reason: str


class Compactor:
    """Decides what to compact, and does it, for one database."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._times: dict[int, frozenset[int]] = {}
        self._downsampler = Downsampler(database)

    def next_job(self) -> Job | Downsampling | None:
        """Return what should be done next, or None: nothing goes before it was summarised."""
        return (
            self._segments_job()
            or self._downsampler.next_job()
            or self._deleted_job()
            or self._expired_job()
            or self._over_size_job()
            or self._blocks_job()
        )

    def run_all(self) -> int:
        """Do everything there is to do; returns how many files were made or dropped."""
        count = 0
        while (job := self.next_job()) is not None:
            self.run(job)
            count += 1
        return count

    def run(self, job: Job | Downsampling) -> None:
        """Write one file in the place of the job's files."""
        database = self._database
        if isinstance(job, Downsampling):
            self._downsampler.run(job)
            self._drop_tombstones()
            return
        with database.changing:
            written = None if job.reason == OVER_SIZE else self._merge(job.segments)
            gone = {each.number for each in job.segments}
            manifest = database.manifest
            blocks = [number for number in manifest.blocks if number not in gone]
            arrivals = manifest.arrivals
            if written is not None and gone & set(manifest.segments):
                arrivals = database.arrivals_with(database.open_file(written))
            database.change_manifest(
                arrivals=arrivals,
                segments=tuple(n for n in manifest.segments if n not in gone),
                blocks=tuple(blocks if written is None else [*blocks, written]),
            )
            head = database.head
            with head.lock:
                head.segments = [each for each in head.segments if each.number not in gone]
                kept = [each for each in database.blocks if each.number not in gone]
                fresh = [] if written is None else [database.open_file(written)]
                database.blocks = sorted([*kept, *fresh], key=lambda each: each.header.first_ms)
                head.generation += 1
            database.cache.forget(gone)
            database.remove_strangers()
            database.tally.compactions += 1
            self._drop_tombstones()
            self._drop_dead_series()
        release_freed_memory()

    # What to do next.

    def _segments_job(self) -> Job | None:
        head, settings = self._database.head, self._database.settings
        segments = head.segments
        if not segments:
            return None
        span = max(s.header.last_ms for s in segments) - min(s.header.first_ms for s in segments)
        if len(segments) >= SEGMENTS_MAX:
            return Job(tuple(segments), "many segments")
        if span >= settings.block_span:
            return Job(tuple(segments), "the span of a block is full")
        if len(segments) > 1 and self._dead_count() > max(DEAD_MIN, len(head.table) // 2):
            return Job(tuple(segments), "many series are gone")
        return None

    def _expired_job(self) -> Job | None:
        """Find a block that is too old, or of which a rule's share is too old."""
        database = self._database
        now_ms = database.head.last_ms
        for block in database.blocks:
            times = self._keeps_in(block)
            if any(block.header.last_ms < now_ms - keep_ms for keep_ms in times):
                return Job((block,), "older than the retention")
        return None

    def _over_size_job(self) -> Job | Downsampling | None:
        """Find the oldest file, where all of them together are too large."""
        database = self._database
        blocks, summaries = database.blocks, database.summaries
        size = sum(block.size_bytes for block in blocks)
        size += sum(file.segment.size_bytes for file in summaries)
        if not 0 < database.settings.retention_size < size:
            return None
        # Samples go before their summary: it would be made anew as long as they are there.
        first_ms = blocks[0].header.first_ms if blocks else 2**62
        older = [file for file in summaries if file.span.until_ms < first_ms]
        if not older:
            return Job((blocks[0],), OVER_SIZE)
        oldest = min(older, key=lambda file: (file.span.until_ms, file.span.resolution_ms))
        return Downsampling(oldest.span, (oldest,), OVER_SIZE, dropped=True)

    def _deleted_job(self) -> Job | None:
        """Find files that still hold deleted samples."""
        database = self._database
        for stone in database.manifest.tombstones:
            for block in database.blocks:
                if _touches(stone, block):
                    return Job((block,), "samples were deleted")
            if any(_touches(stone, segment) for segment in database.head.segments):
                return Job(tuple(database.head.segments), "samples were deleted")
        return None

    def _blocks_job(self) -> Job | None:
        """Find neighbours of like size that are small enough to become one."""
        settings = self._database.settings
        longest = max(settings.block_span, min(settings.retention, 310 * 86_400_000) // SPAN_SHARE)
        blocks = self._database.blocks
        for begin in range(len(blocks) - BLOCKS_TOGETHER + 1):
            run = blocks[begin : begin + BLOCKS_TOGETHER]
            counts = [block.header.sample_count for block in run]
            span = max(b.header.last_ms for b in run) - run[0].header.first_ms
            if span <= longest and max(counts) <= 2 * BLOCKS_TOGETHER * max(min(counts), 1):
                return Job(tuple(run), "small blocks")
        return None

    # Doing it.

    def _merge(self, segments: Sequence[Segment]) -> int | None:
        """Write the merged block; None when nothing is left of the files."""
        database = self._database
        # Each page is read once or twice: the pages that queries read must not give way to them.
        cache = PageCache(MERGE_CACHE_BYTES)
        inputs = [self._input(each.aside(cache)) for each in segments]
        merger = Merger(inputs, self._cut_of(), database.manifest.tombstones)
        writer = SegmentWriter()
        merger.write_to(writer)
        if writer.is_empty:
            return None
        number = database.take_file_number()
        writer.write(database.disk, file_path(database.folder, number), merger.table.to_arrays())
        return number

    def _input(self, segment: Segment) -> Input:
        if segment.has_table:
            return Input(segment, segment.finder.table, lambda rows: rows)
        head = self._database.head

        def rows_of(numbers: Rows) -> Rows:
            rows = head.rows_of(numbers)
            rows[~head.knows(numbers)] = -1
            return rows

        return Input(segment, head.table, rows_of)

    def _cut_of(self) -> CutOf:
        now_ms = self._database.head.last_ms
        stones = [(matchers_of(stone), stone) for stone in self._database.manifest.tombstones]

        def cut_of(labels: Labels) -> Cut:
            before_ms = now_ms - self._keep_of(labels)
            return Cut(before_ms, frozenset(s for m, s in stones if match_all(m, labels)))

        return cut_of

    def _keep_of(self, labels: Labels) -> int:
        """Return how long a series is kept: by the first rule that selects it."""
        return self._database.keep_ms_of(labels)

    def _keeps_in(self, block: Segment) -> frozenset[int]:
        """Return for how long the series of a block are kept, each time once."""
        found = self._times.get(block.number)
        if found is None:
            found = self._times[block.number] = frozenset(self._find_keeps(block))
        return found

    def _find_keeps(self, block: Segment) -> Iterator[int]:
        left = np.ones(len(block.finder.table), dtype=bool)
        for keep in self._database.keeps:
            rows = block.finder.rows(keep.matchers)
            if left[rows].any():
                yield keep.keep_ms
            left[rows] = False
        if left.any():
            yield self._database.settings.retention

    def _drop_tombstones(self) -> None:
        """Forget deletions that no file holds samples of any more."""
        database = self._database
        files = [*database.head.segments, *database.blocks]
        summaries, stones = database.summaries, database.manifest.tombstones
        kept = tuple(
            stone
            for stone in stones
            if any(_touches(stone, each) for each in files)
            or any(each.touches(stone) for each in summaries)
        )
        if kept != stones:
            database.change_manifest(tombstones=kept)

    # Dead series.

    def _dead_count(self) -> int:
        return len(self._database.head.table) - int(living_rows(self._database.head).sum())

    def _drop_dead_series(self) -> None:
        """Drop series from the head that no segment there names and nobody brings any more."""
        head = self._database.head
        with head.lock:
            if head.segments or head.has_unwritten or self._database.has_unlogged_series:
                return
            living = living_rows(head)
            dead = len(living) - int(living.sum())
            if dead < max(DEAD_MIN, len(living) // DEAD_SHARE):
                return
            rows = np.flatnonzero(living)
            head.keep_rows(rows, table_from(sub_arrays(head.table.to_arrays(), rows)))
            self._database.forget_series()
            self._database.count_tenants()


def _touches(stone: Tombstone, segment: Segment) -> bool:
    """Say whether a file is older than a deletion and overlaps it."""
    header = segment.header
    overlaps = header.first_ms <= stone.last_ms and header.last_ms >= stone.first_ms
    return overlaps and segment.number < stone.before_file


def living_rows(head: Head) -> NDArray[np.bool_]:
    """Say which series of the head somebody still brings, or brought a short time ago."""
    living = np.zeros(len(head.table), dtype=bool)
    for lane in head.lanes.values():
        if not lane.closed or lane.view.rows:
            living[head.rows_of(lane.numbers[head.knows(lane.numbers)])] = True
    if head.had_loose:
        living |= (head.lane_of == NOWHERE) & (head.last_times >= head.last_ms - 3_600_000)
    if head.loose.count:
        living[head.rows_of(np.unique(head.loose.all().numbers))] = True
    return living
