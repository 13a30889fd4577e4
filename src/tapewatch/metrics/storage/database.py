"""
The database: everything that was taken in, kept, and asked for again.

What comes in is logged, then shown. ``seal`` moves the head's samples into a segment and lets the
log forget them; ``compaction.py`` turns segments into blocks and drops what nobody needs any more.
A restart reads the manifest, the series and the short end of the log. Writers are few and short;
readers take a view under the lock and read without it.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.arrivals import Arrivals
from tapewatch.metrics.errors import ReadOnly
from tapewatch.metrics.intake import REFUSED, Loose, Row, Taken
from tapewatch.metrics.selection import ABSENT, NO_HINTS, Hints, LabelSets, Selection
from tapewatch.metrics.storage import journal
from tapewatch.metrics.storage.exemplars import Exemplars
from tapewatch.metrics.storage.head import Head
from tapewatch.metrics.storage.journal import LooseEntry, take_entry
from tapewatch.metrics.storage.lane import LaneRows
from tapewatch.metrics.storage.loose import stripes_of
from tapewatch.metrics.storage.manifest import (
    Arrival,
    Manifest,
    Tombstone,
    file_path,
    read_manifest,
    write_manifest,
)
from tapewatch.metrics.storage.newest import Newest
from tapewatch.metrics.storage.order import judge_order
from tapewatch.metrics.storage.page import Cell
from tapewatch.metrics.storage.reader import Reader
from tapewatch.metrics.storage.recovery import recover
from tapewatch.metrics.storage.segment import PageCache, Segment, SegmentWriter
from tapewatch.metrics.storage.series import Arrays, new_table
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.metrics.storage.summaries import SummaryFile
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, match_all
from tapewatch.model.memory import release_freed_memory
from tapewatch.model.packed import Layout, pack, unpack
from tapewatch.model.samples import STALE, Exemplar, Metadata
from tapewatch.store.disk import Disk, RealDisk
from tapewatch.store.errors import DiskFailed, DiskFull, FileDamaged
from tapewatch.store.log import START, Log, Position

log = logging.getLogger(__name__)

SERIES_LOG: Final = "series"
ROW_LOG: Final = "rows"
FUTURE_MAX_MS: Final = 600_000
"""Loose samples further ahead of the clock than this are refused."""
SNAPSHOT_SERIES: Final = 5_000
"""New series that make the next seal write all series to one file."""
REFUSED_NAMES_MAX: Final = 20

Integers = NDArray[np.int64]


@dataclass(slots=True)
class Tally:
    """What the database counted since it was opened."""

    samples: int = 0
    out_of_order: int = 0
    duplicates: int = 0
    too_old: int = 0
    late: int = 0
    exemplars: int = 0
    series_made: int = 0
    series_refused: int = 0
    refused_names: dict[str, int] = field(default_factory=dict)
    seals: int = 0
    seal_failures: int = 0
    compactions: int = 0
    compaction_failures: int = 0
    damaged_frames: int = 0
    lost_bytes: int = 0
    damaged_files: list[str] = field(default_factory=list)
    replay_seconds: float = 0.0
    replayed_samples: int = 0


@dataclass(frozen=True, slots=True)
class Keep:
    """How long the series that pass some matchers are kept, where that is not the usual time."""

    matchers: tuple[Matcher, ...]
    keep_ms: int


class Database:
    """Keeps metrics in one folder; the only one that does."""

    def __init__(
        self,
        folder: Path,
        settings: StorageSettings,
        clock: Clock,
        disk: Disk | None = None,
        *,
        keeps: Sequence[Keep] = (),
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.keeps = tuple(keeps)
        self.clock = clock
        self.disk = disk or RealDisk()
        self.tally = Tally()
        self.cache = PageCache(settings.page_cache)
        self.exemplars = Exemplars(settings.exemplars_max)
        self.metadata: dict[str, dict[str, Metadata]] = {}
        self.read_only: str | None = None
        self.changing = threading.RLock()
        """Held by whoever replaces files: sealing, compaction, snapshots."""
        for name in (SERIES_LOG, ROW_LOG):
            (folder / name).mkdir(exist_ok=True)
        self.manifest: Manifest = read_manifest(folder)
        self.blocks: list[Segment] = []
        self.summaries: list[SummaryFile] = []
        self.remove_strangers()
        self.head: Head = recover(self)
        self.arrivals = Arrivals(lambda: self.head)
        self.reader = Reader(self)
        self.newest = Newest(self)
        self._series_log = self._open_log(SERIES_LOG, self.manifest.series_from)
        self._row_log = self._open_log(ROW_LOG, self.manifest.rows_from)
        self._tenants: Counter[str] = Counter()
        self.count_tenants()
        self._series_since_snapshot = 0
        self._logged_number = self.head.next_number
        self._sealed_ns = clock.monotonic_ns()

    def _open_log(self, name: str, since: Position) -> Log:
        interval_ms = self.settings.commit_interval
        return Log(self.folder / name, self.disk, since=since, interval_ms=interval_ms)

    # Taking in.

    def lane(self, name: str) -> "DatabaseLane":
        """Open a lane for one source."""
        with self.head.lock:
            return DatabaseLane(self, self.head.open_lane(name))

    def series(self, labels: Sequence[Labels]) -> Integers:
        """Find or make series for loose samples; ``REFUSED`` where a limit forbids a new one."""
        with self.head.lock:
            rows = self._rows_of(labels)
            found = np.full(len(rows), REFUSED, dtype=np.int64)
            found[rows >= 0] = self.head.numbers[rows[rows >= 0]]
            return found

    def knows(self, series: Integers) -> NDArray[np.bool_]:
        """Say which ids still stand for a series."""
        with self.head.lock:
            return self.head.knows(series)

    def append(self, batch: Loose, *, durable: bool = False) -> Taken:
        """Keep loose samples; ``durable`` waits until they survive a power loss."""
        with self.head.lock:
            taken = self._append_loose(batch, self.clock.now_ns() // 1_000_000 + FUTURE_MAX_MS)
        if durable:
            with self._writable():
                self._series_log.sync()
                self._row_log.sync()
        return taken

    def describe(self, metadata: Mapping[str, Metadata], *, source: str) -> None:
        """Remember what metrics say of themselves, by source."""
        for name, told in metadata.items():
            self.metadata.setdefault(name, {})[source] = told

    def _append_loose(self, batch: Loose, latest_ms: int) -> Taken:
        head = self.head
        entry = _entry_of(batch)
        known = head.knows(entry.numbers)
        if not known.all():
            # They rested for long and left the head since they were asked for.
            entry = take_entry(entry, np.flatnonzero(known))
        rows = head.rows_of(entry.numbers)
        last_ms, last_values = head.newest(rows)
        verdict = judge_order(
            rows,
            entry.times,
            entry.values,
            last_ms=last_ms,
            last_values=last_values,
            earliest_ms=head.last_ms - self.settings.out_of_order_window,
            latest_ms=latest_ms,
        )
        kept = entry if verdict.all_kept else take_entry(entry, verdict.kept)
        if len(kept.numbers):
            with self._writable():
                self._row_log.append(journal.LOOSE, journal.loose_parts(kept))
            head.add_loose(kept)
            if self.arrivals:
                self.arrivals.of_loose(kept.numbers)
        self._keep_exemplars_of(batch)
        gone = int(np.count_nonzero(~known))
        taken = replace(verdict.taken, out_of_order=verdict.taken.out_of_order + gone)
        self._count(taken)
        return replace(taken, exemplars=len(batch.exemplars))

    def _rows_of(self, labels: Sequence[Labels]) -> Integers:
        """Find or make the rows of series; -1 for refused ones. New ones are logged."""
        head = self.head
        rows = np.empty(len(labels), dtype=np.int64)
        for i, each in enumerate(labels):
            row = head.table.find(each)
            rows[i] = self._new_row(each) if row < 0 else row
        if self.has_unlogged_series:
            self._log_series()
        return rows

    def _new_row(self, labels: Labels) -> int:
        table, settings = self.head.table, self.settings
        tenant = labels.get(settings.tenant_label) if settings.tenant_series_max else ""
        full = settings.series_max and len(table) >= settings.series_max
        crowded = tenant and self._tenants[tenant] >= settings.tenant_series_max
        row = -1 if full or crowded else table.add(labels)
        if row < 0:
            self._refuse(labels)
        elif tenant:
            self._tenants[tenant] += 1
        return row

    def count_tenants(self) -> None:
        """Count the living series of every tenant anew: when the head was filled, or emptied."""
        self._tenants.clear()
        if self.settings.tenant_series_max:
            table = self.head.table
            symbols = table.column(np.arange(len(table)), self.settings.tenant_label)
            for symbol, count in zip(*np.unique(symbols, return_counts=True), strict=True):
                self._tenants[table.symbol(int(symbol))] = int(count)

    def _log_series(self) -> None:
        """Number and log the series that no log knows of yet; a full disk leaves some behind."""
        head = self.head
        self.tally.series_made += len(head.number_new_rows())
        before = int(np.searchsorted(head.numbers, self._logged_number))
        parts = journal.series_parts(int(head.numbers[before]), self._arrays_of(before))
        with self._writable():
            self._series_log.append(journal.SERIES, parts)
        self._logged_number = head.next_number
        self._series_since_snapshot += len(head.table) - before

    def _arrays_of(self, before: int) -> Arrays:
        """Return the arrays of the rows that came after the first ``before`` ones."""
        table = self.head.table
        if not before:
            return table.to_arrays()
        fresh = new_table()
        for row in range(before, len(table)):
            fresh.add(table.labels(row))
        return fresh.to_arrays()

    def _refuse(self, labels: Labels) -> None:
        self.tally.series_refused += 1
        names = self.tally.refused_names
        if labels.name in names or len(names) < REFUSED_NAMES_MAX:
            names[labels.name] = names.get(labels.name, 0) + 1

    def _count(self, taken: Taken) -> None:
        tally = self.tally
        tally.samples += taken.samples
        tally.out_of_order += taken.out_of_order
        tally.duplicates += taken.duplicates
        tally.too_old += taken.too_old

    def _keep_exemplars_of(self, batch: Loose) -> None:
        numbers = np.array([number for number, _ in batch.exemplars], dtype=np.int64)
        known = np.flatnonzero(self.head.knows(numbers))
        rows = self.head.rows_of(numbers[known])
        self._keep_exemplars(
            (self.head.table.labels(row), batch.exemplars[place][1])
            for row, place in zip(rows.tolist(), known.tolist(), strict=True)
        )

    def _keep_exemplars(self, exemplars: Iterable[tuple[Labels, Exemplar]]) -> int:
        return sum(self.exemplars.add(labels, each) for labels, each in exemplars)

    @contextmanager
    def _writable(self) -> Iterator[None]:
        """Turn what the disk refuses into a state that heals by itself."""
        try:
            yield
        except (DiskFull, DiskFailed) as fault:
            self.read_only = str(fault)
            raise ReadOnly(str(fault)) from None
        self.read_only = None

    # Asking.

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, *, hints: Hints = NO_HINTS
    ) -> Selection:
        """Find the samples in ``(start_ms, end_ms]`` of the series that pass ``matchers``."""
        if hints.newest:
            with self.head.lock:
                newest = self.newest.select(tuple(matchers), start_ms, end_ms)
            if newest is not None:
                return newest
        return self.reader.select(tuple(matchers), start_ms, end_ms, hints)

    def find(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> LabelSets:
        """Find the series that pass ``matchers`` and may have samples in the range."""
        return self.reader.find(tuple(matchers), start_ms, end_ms)

    # Keeping.

    def needs_seal(self) -> bool:
        """Say whether the head holds enough, or held it long enough."""
        age_ms = (self.clock.monotonic_ns() - self._sealed_ns) // 1_000_000
        size = self.head.size_bytes
        return (
            self.head.has_unwritten
            or size >= self.settings.seal_size
            or (size > 0 and age_ms >= self.settings.seal_interval)
        )

    def seal(self) -> bool:
        """Move the head's samples into a segment; False when there are none."""
        with self.changing:
            try:
                position = self._freeze()
                if not self.head.has_unwritten:
                    return False
                self._write_segment(position)
            except (DiskFull, DiskFailed):
                self.tally.seal_failures += 1
                raise
            self.tally.seals += 1
            self._sealed_ns = self.clock.monotonic_ns()
        release_freed_memory()
        return True

    def _freeze(self) -> Position:
        """Take the samples so far aside, begin a new log file, and tell it of the lanes."""
        head = self.head
        with head.lock:
            self.newest.refresh()
            position = self._row_log.rotate()
            head.generation += 1
            head.sealing += [stripe for lane in head.lanes.values() if (stripe := lane.seal())]
            head.take_loose()
            for lane in [each for each in head.lanes.values() if each.closed]:
                del head.lanes[lane.number]
            for lane in head.lanes.values():
                if lane.width:
                    parts = journal.lane_parts(lane.number, 0, lane.numbers)
                    self._row_log.append(journal.LANE, parts)
        return position

    def _write_segment(self, position: Position) -> None:
        head = self.head
        writer = SegmentWriter()
        stripes, loose = list(head.sealing), head.sealing_loose
        for stripe in stripes:
            writer.add(stripe)
        if loose is not None:
            for stripe in stripes_of(loose.all()):
                writer.add(stripe)
        number = self.take_file_number()
        writer.write(self.disk, file_path(self.folder, number))
        changes = self._snapshot_series() if self._wants_snapshot() else {}
        self.change_manifest(
            segments=(*self.manifest.segments, number),
            rows_from=position,
            next_number=head.next_number,
            next_lane=head.next_lane,
            **changes,
        )
        with head.lock:
            head.segments = [*head.segments, self.open_file(number)]
            head.sealing = head.sealing[len(stripes) :]
            head.sealing_loose = None
            head.generation += 1
        self._row_log.drop_before(self.manifest.rows_from)
        self._series_log.drop_before(self.manifest.series_from)
        self.remove_strangers()

    def _wants_snapshot(self) -> bool:
        return self._series_since_snapshot >= SNAPSHOT_SERIES or not self.manifest.series_file

    def _snapshot_series(self) -> dict[str, object]:
        """Write all series to one file, so that a restart need not read how they came."""
        head = self.head
        with head.lock:
            position = self._series_log.rotate()
            numbers = head.numbers.copy()
            arrays = head.table.to_arrays()
            self._series_since_snapshot = 0
        number = self.take_file_number()
        writer = SegmentWriter()
        writer.write(self.disk, file_path(self.folder, number), {**arrays, "numbers": numbers})
        return {"series_file": number, "series_from": position}

    @property
    def has_unlogged_series(self) -> bool:
        """Whether a full disk kept some series out of the log; samples of them are refused."""
        head = self.head
        return len(head.table) > len(head.numbers) or head.next_number > self._logged_number

    def forget_series(self) -> None:
        """Let go of what is remembered of series; the next seal writes those that are left."""
        self.newest.forget()
        self._series_since_snapshot = SNAPSHOT_SERIES

    def delete(self, matchers: Sequence[Matcher], first_ms: int, last_ms: int) -> None:
        """Hide samples at once; compaction removes them from the files."""
        told = tuple((each.kind.value, each.name, each.value) for each in matchers)
        with self.changing:
            # What is in memory goes to a file first, so that the deletion is before what follows.
            self.seal()
            stone = Tombstone(told, first_ms, last_ms, before_file=self.manifest.next_file)
            self.change_manifest(tombstones=(*self.manifest.tombstones, stone))
            with self.head.lock:
                self.head.generation += 1

    def snapshot(self, folder: Path) -> None:
        """Copy a consistent state into ``folder``, which a database can be opened on."""
        self.seal()
        with self.changing:
            self._series_since_snapshot = SNAPSHOT_SERIES
            changes = self._snapshot_series()
            self.change_manifest(**changes)
            folder.mkdir(parents=True)
            for number in self.manifest.files:
                path = file_path(self.folder, number)
                file_path(folder, number).hardlink_to(path)
            write_manifest(
                self.disk, folder, replace(self.manifest, rows_from=START, series_from=START)
            )

    def close(self) -> None:
        """End; what is in memory is in the log."""
        self._series_log.close()
        self._row_log.close()

    def add_block(self, number: int) -> None:
        """Make a finished file one of the blocks."""
        with self.changing:
            block = self.open_file(number)
            self.change_manifest(
                blocks=(*self.manifest.blocks, number), arrivals=self.arrivals_with(block)
            )
            with self.head.lock:
                self.blocks = sorted([*self.blocks, block], key=lambda each: each.header.first_ms)
                self.head.last_ms = max(self.head.last_ms, block.header.last_ms)
                self.head.generation += 1

    def arrivals_with(self, block: Segment) -> tuple[Arrival, ...]:
        """Return the arrivals, with the samples of a block if some of their time is summarised."""
        header = block.header
        arrival = Arrival(header.first_ms, header.last_ms, self.manifest.next_file)
        if not any(each.touches(arrival) for each in self.summaries):
            return self.manifest.arrivals
        return (*self.manifest.arrivals, arrival)

    def keep_ms_of(self, labels: Labels) -> int:
        """Return how long the samples of a series are kept: by the first rule that selects it."""
        for keep in self.keeps:
            if match_all(keep.matchers, labels):
                return keep.keep_ms
        return self.settings.retention

    # Files.

    def take_file_number(self) -> int:
        """Return the number of the next file."""
        with self.changing:
            number = self.manifest.next_file
            self.manifest = replace(self.manifest, next_file=number + 1)
            return number

    def open_file(self, number: int) -> Segment:
        """Open a segment or a block."""
        return Segment(file_path(self.folder, number), self.cache, number)

    def change_manifest(self, **changes: object) -> None:
        """Replace the manifest, on disk first."""
        manifest = replace(self.manifest, **changes)  # type: ignore[arg-type]  # the fields are given by name
        write_manifest(self.disk, self.folder, manifest)
        self.manifest = manifest

    def set_aside(self, fault: FileDamaged) -> None:
        """Answer without a damaged file from now on; it stays where it is, for whoever mends it."""
        log.error("a file is damaged; the rest is served", extra={"fault": str(fault)})
        with self.head.lock:
            self.tally.damaged_files.append(str(fault))
            self.head.segments = [s for s in self.head.segments if s.path != fault.path]
            self.blocks = [block for block in self.blocks if block.path != fault.path]
            self.summaries = [s for s in self.summaries if s.segment.path != fault.path]
            self.head.generation += 1

    def remove_strangers(self) -> None:
        """Remove files that the manifest does not name."""
        files = self.manifest.files
        for path in self.folder.glob("*.tape"):
            if path.stem.isdigit() and int(path.stem) not in files:
                self.disk.remove(path)

    def log_error(self) -> str | None:
        """Return why the logs cannot be written at the moment."""
        return self._row_log.last_error or self._series_log.last_error

    def sync(self) -> None:
        """Return when everything taken so far survives a power loss."""
        self._series_log.sync()
        self._row_log.sync()

    # For lanes.

    def extend_lane(self, rows: LaneRows, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """Give a lane columns; see ``intake.Lane.extend``."""
        head = self.head
        with head.lock:
            found = self._rows_of(labels)
            kept = found[found >= 0]
            numbers = head.numbers[kept]
            columns = np.full(len(found), REFUSED, dtype=np.int32)
            columns[found >= 0] = np.arange(rows.width, rows.width + len(kept))
            with self._writable():
                parts = journal.lane_parts(rows.number, rows.width, numbers)
                self._row_log.append(journal.LANE, parts)
            foreign = self._foreign(kept)
            rows.extend(numbers, foreign=foreign)
            head.lane_of[kept[~foreign]] = rows.number
            head.generation += 1
            return columns

    def _foreign(self, rows: Integers) -> NDArray[np.bool_]:
        """Say which series have a column already, of this lane or of another that is open."""
        owners = self.head.lane_of[rows]
        foreign = np.ones(len(rows), dtype=bool)
        foreign[np.unique(rows, return_index=True)[1]] = False
        for number in np.unique(owners):
            other = self.head.lanes.get(int(number))
            if other is not None and not other.closed:
                foreign |= owners == number
        return foreign

    def append_row(self, rows: LaneRows, row: Row) -> Taken:
        """Keep a row of a lane; see ``intake.Lane.append``."""
        head = self.head
        with head.lock:
            if row.timestamp_ms <= rows.last_ms or rows.any_foreign:
                return self._append_as_loose(rows, row)
            gaps = bool(np.isnan(row.values).any())
            row = _with_packed(row)
            cells = tuple(Cell(column, 0, each) for column, each in row.histograms.items())
            written = rows.append(row, gaps=gaps)
            with self._writable():
                parts = journal.row_parts(
                    rows.number, row.timestamp_ms, written, row.starts_ms, cells, row.exemplars
                )
                self._row_log.append(journal.ROW, parts)
            rows.publish()
            head.last_ms = max(head.last_ms, row.timestamp_ms)
            if self.arrivals:
                self.arrivals.of_lane(rows)
            kept = self._keep_exemplars(
                (head.table.labels(int(head.rows_of(rows.numbers[at : at + 1])[0])), each)
                for at, each in row.exemplars
            )
            count = len(row.values) if row.present is None else int(row.present.sum())
            taken = Taken(count, histograms=len(cells), exemplars=kept)
            self._count(taken)
            return taken

    def _append_as_loose(self, rows: LaneRows, row: Row) -> Taken:
        """Keep a row whose time is not new, or whose series another lane brings, one by one."""
        present = np.ones(len(row.values), bool) if row.present is None else row.present.copy()
        with_histogram = list(row.histograms)
        present[with_histogram] = False
        places = np.flatnonzero(present)
        batch = Loose(
            series=rows.numbers[places],
            timestamps_ms=np.full(len(places), row.timestamp_ms),
            values=row.values[places],
            starts_ms=None if row.starts_ms is None else row.starts_ms[places],
            histograms=[
                (int(rows.numbers[at]), row.timestamp_ms, each)
                for at, each in row.histograms.items()
            ],
            exemplars=[(int(rows.numbers[at]), each) for at, each in row.exemplars],
            histogram_starts_ms=None if row.starts_ms is None else row.starts_ms[with_histogram],
        )
        return self._append_loose(batch, latest_ms=2**62)

    def close_lane(self, rows: LaneRows, timestamp_ms: int | None) -> None:
        """End a lane; see ``intake.Lane.close``."""
        with self.head.lock:
            if rows.closed:
                return
            if timestamp_ms is not None and rows.width:
                alive = rows.alive()
                if alive.any():
                    values = np.full(rows.width, STALE)
                    self.append_row(rows, Row(max(timestamp_ms, rows.last_ms + 1), values, alive))
            rows.closed = True


class DatabaseLane:
    """A lane, as the one who brings the rows holds it."""

    def __init__(self, database: Database, rows: LaneRows) -> None:
        self._database = database
        self._rows = rows

    def extend(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """Add columns for series; ``REFUSED`` where a limit forbids a new one."""
        return self._database.extend_lane(self._rows, labels)

    def labels_of(self, columns: Integers) -> list[Labels]:
        """Return the labels of some columns."""
        head = self._database.head
        with head.lock:
            rows = head.rows_of(self._rows.numbers[columns])
            return [head.table.labels(row) for row in rows.tolist()]

    def append(self, row: Row) -> Taken:
        """Keep one row."""
        return self._database.append_row(self._rows, row)

    def close(self, timestamp_ms: int | None = None) -> None:
        """End the lane."""
        self._database.close_lane(self._rows, timestamp_ms)


def _with_packed(row: Row) -> Row:
    """Pack the histograms of a row once, for the log and for the lane."""
    if not row.histograms:
        return row
    layouts: dict[Layout, Layout] = {}
    packed = {column: unpack(pack(each, layouts)) for column, each in row.histograms.items()}
    return replace(row, histograms=packed)


def _entry_of(batch: Loose) -> LooseEntry:
    """Put floats and histograms into one entry; a histogram's value is absent."""
    count = len(batch.histograms)
    if not count:
        return LooseEntry(
            batch.series, batch.timestamps_ms, batch.values, batch.starts_ms, (), batch.exemplars
        )
    base = len(batch.series)
    starts, own = batch.starts_ms, batch.histogram_starts_ms
    if starts is not None or own is not None:
        starts = np.zeros(base, np.int64) if starts is None else starts
        own = np.zeros(count, np.int64) if own is None else own
        starts = np.concatenate([starts, own])
    return LooseEntry(
        np.concatenate([batch.series, [number for number, _, _ in batch.histograms]]),
        np.concatenate([batch.timestamps_ms, [at for _, at, _ in batch.histograms]]),
        np.concatenate([batch.values, np.full(count, ABSENT)]),
        starts,
        [Cell(base + i, 0, each) for i, (_, _, each) in enumerate(batch.histograms)],
        batch.exemplars,
    )
