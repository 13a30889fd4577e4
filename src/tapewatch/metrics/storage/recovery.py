"""
Opening a database: from the manifest and the end of the logs back to the state before.

The series come from one file and the short log behind it; the samples that no segment holds come
from the row log. A damaged frame, or a damaged file, costs itself: it is counted and named, and
the rest is served.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tapewatch.metrics.intake import Row
from tapewatch.metrics.storage import journal
from tapewatch.metrics.storage.head import Head
from tapewatch.metrics.storage.journal import LaneEntry, LooseEntry, RowEntry, take_entry
from tapewatch.metrics.storage.lane import LaneRows
from tapewatch.metrics.storage.segment import TABLE_SECTIONS, Segment
from tapewatch.metrics.storage.series import sub_arrays, table_from
from tapewatch.metrics.storage.summaries import SummaryFile
from tapewatch.store.errors import FileDamaged
from tapewatch.store.log import Damage, read

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

log = logging.getLogger(__name__)


def recover(database: "Database") -> Head:
    """Build the head that the manifest and the logs tell of; opens segments and blocks."""
    began = time.perf_counter()
    head = _head_of(database)
    manifest = database.manifest
    head.next_number = max(head.next_number, manifest.next_number)
    head.next_lane = manifest.next_lane
    _replay(database, "series", manifest.series_from, partial(_series, head))
    head.segments = _open_all(database, manifest.segments)
    database.blocks = _open_all(database, manifest.blocks)
    database.summaries = _open_summaries(database)
    _replay(database, "rows", manifest.rows_from, partial(_entry, database, head))
    for lane in head.lanes.values():
        # Whoever brought these rows opens a lane of its own again.
        lane.closed = True
    newest = [each.header.last_ms for each in (*head.segments, *database.blocks)]
    head.last_ms = max([head.last_ms, *newest])
    database.tally.replay_seconds = time.perf_counter() - began
    return head


def _head_of(database: "Database") -> Head:
    if not database.manifest.series_file:
        return Head()
    try:
        file = database.open_file(database.manifest.series_file)
        return Head(file.table(), file.numbers().copy())
    except (FileDamaged, FileNotFoundError) as fault:
        _set_aside(database, fault)
        return Head()


def _open_all(database: "Database", numbers: tuple[int, ...]) -> list[Segment]:
    opened = []
    for number in numbers:
        try:
            opened.append(database.open_file(number))
        except (FileDamaged, FileNotFoundError) as fault:
            _set_aside(database, fault)
    return opened


def _open_summaries(database: "Database") -> list[SummaryFile]:
    opened = []
    for span in database.manifest.summaries:
        try:
            opened.append(SummaryFile(span, database.open_file(span.file)))
        except (FileDamaged, FileNotFoundError) as fault:
            _set_aside(database, fault)
    return opened


def _set_aside(database: "Database", fault: Exception) -> None:
    database.tally.damaged_files.append(str(fault))
    log.error(
        "a file is damaged; the rest is served", extra={"fault": str(fault)}
    )  # the sentence says it all


def _replay(
    database: "Database", name: str, since: Any, use: Callable[[int, memoryview], None]
) -> None:
    for each in read(database.folder / name, since):
        if isinstance(each, Damage):
            if not each.torn:
                database.tally.damaged_frames += 1
                database.tally.lost_bytes += each.length
            log.warning(
                "the log ends in a torn frame" if each.torn else "a piece of the log is damaged",
                extra={"file": str(each.path), "offset": each.offset, "bytes": each.length},
            )
            continue
        use(each.kind, each.payload)


def _series(head: Head, _kind: int, payload: memoryview) -> None:
    first, arrays = journal.read_series(payload, TABLE_SECTIONS)
    table = table_from(arrays)
    if len(head.numbers) and first <= head.numbers[-1]:
        # The frame stands twice, or the file of all series knows it already.
        return
    before = len(head.table)
    rows = np.array([head.table.add(table.labels(row)) for row in range(len(table))])
    head.next_number = max(head.next_number, first)
    head.number_new_rows()
    again = rows[rows < before]
    if len(again):
        # These had left the head and came back: from then on they have other numbers.
        kept = np.setdiff1d(np.arange(before), again)
        order = np.concatenate([kept, rows])
        head.keep_rows(order, table_from(sub_arrays(head.table.to_arrays(), order)))
    head.number_last_rows(first, len(rows))


def _entry(database: "Database", head: Head, kind: int, payload: memoryview) -> None:
    entry = journal.read_entry(kind, payload)
    if isinstance(entry, LaneEntry):
        _lane(head, entry)
    elif isinstance(entry, RowEntry):
        _row(database, head, entry)
    else:
        _loose(database, head, entry)


def _lane(head: Head, entry: LaneEntry) -> None:
    lane = head.lanes.get(entry.lane)
    if lane is None:
        lane = head.lanes[entry.lane] = LaneRows(entry.lane, "before the restart")
        head.next_lane = max(head.next_lane, entry.lane + 1)
    head.pass_over(entry.numbers)
    if entry.first == lane.width:
        lane.extend(entry.numbers)
        head.lane_of[head.rows_of(entry.numbers[head.knows(entry.numbers)])] = lane.number
        head.generation += 1


def _row(database: "Database", head: Head, entry: RowEntry) -> None:
    lane = head.lanes.get(entry.lane)
    if lane is None or len(entry.values) != lane.width or entry.timestamp_ms <= lane.last_ms:
        # The frame that tells of the lane is damaged: its rows cannot be placed.
        database.tally.lost_bytes += entry.values.nbytes
        return
    histograms = {cell.column: cell.histogram for cell in entry.cells}
    row = Row(entry.timestamp_ms, entry.values, histograms=histograms, starts_ms=entry.starts)
    lane.append(row, gaps=bool(np.isnan(entry.values).any()))
    lane.publish()
    head.last_ms = max(head.last_ms, entry.timestamp_ms)
    database.tally.replayed_samples += len(entry.values)
    for column, exemplar in entry.exemplars:
        number = lane.numbers[column : column + 1]
        if head.knows(number).all():
            database.exemplars.add(head.table.labels(int(head.rows_of(number)[0])), exemplar)


def _loose(database: "Database", head: Head, entry: LooseEntry) -> None:
    known = head.knows(entry.numbers)
    head.pass_over(entry.numbers)
    if not known.all():
        # The frame that tells of these series is damaged.
        database.tally.lost_bytes += int((~known).sum()) * 24
        entry = take_entry(entry, np.flatnonzero(known))
    if len(entry.numbers):
        head.add_loose(entry)
    database.tally.replayed_samples += len(entry.numbers)
