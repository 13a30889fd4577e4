"""
What stands in the logs: one frame for everything that must become visible together.

There are two logs. The series log tells which number is which label set; the row log tells what
arrived. A series is logged, and synced, before a row that names it.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.storage.page import Cell, decode_histograms, encode_histograms
from tapewatch.metrics.storage.series import Arrays
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar
from tapewatch.store.disk import Buffer

SERIES, LANE, ROW, LOOSE = 1, 2, 3, 4
"""The kinds of frames."""

_LANE: Final = struct.Struct("<qI")
_ROW: Final = struct.Struct("<qqII")
_LOOSE: Final = struct.Struct("<QI")
_HAS_STARTS, _HAS_EXTRAS = 1, 2

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Samples = Sequence[tuple[int, Exemplar]]


@dataclass(frozen=True, slots=True, eq=False)
class LaneEntry:
    """A lane exists and has these columns, from ``first`` on."""

    lane: int
    first: int
    numbers: Integers


@dataclass(frozen=True, slots=True, eq=False)
class RowEntry:
    """A row of a lane; absent cells carry the ABSENT bits."""

    lane: int
    timestamp_ms: int
    values: Floats
    starts: Integers | None
    cells: Sequence[Cell]
    exemplars: Samples


@dataclass(frozen=True, slots=True, eq=False)
class LooseEntry:
    """Loose samples; a cell's row is its time."""

    numbers: Integers
    times: Integers
    values: Floats
    starts: Integers | None
    cells: Sequence[Cell]
    exemplars: Samples


Entry = LaneEntry | RowEntry | LooseEntry


def series_parts(first: int, arrays: Arrays) -> list[Buffer]:
    """Write the series of a table, numbered from ``first``."""
    sizes = {name: len(numbers) for name, numbers in arrays.items()}
    head = json.dumps({"first": first, "sizes": sizes}).encode()
    return [struct.pack("<I", len(head)), head, *(each.tobytes() for each in arrays.values())]


def read_series(payload: memoryview, kinds: dict[str, "np.dtype[Any]"]) -> tuple[int, Arrays]:
    """Read what ``series_parts`` wrote: the first number and the table's arrays."""
    (length,) = struct.unpack_from("<I", payload)
    head = json.loads(bytes(payload[4 : 4 + length]))
    offset = 4 + length
    arrays: Arrays = {}
    for name, count in head["sizes"].items():
        arrays[name] = np.frombuffer(payload, kinds[name], count, offset)
        offset += arrays[name].nbytes
    return head["first"], arrays


def lane_parts(lane: int, first: int, numbers: Integers) -> list[Buffer]:
    """Write a lane's columns as runs, because series are numbered in the order they came."""
    borders = np.flatnonzero(np.diff(numbers) != 1) + 1
    begins = np.concatenate(([0], borders)) if len(numbers) else borders
    lengths = np.diff(np.append(begins, len(numbers)))
    runs = np.stack([numbers[begins], lengths], axis=1) if len(numbers) else begins
    return [_LANE.pack(lane, first), runs.astype(np.int64).tobytes()]


def row_parts(
    lane: int,
    timestamp_ms: int,
    values: Floats,
    starts: Integers | None,
    cells: Sequence[Cell],
    exemplars: Samples,
) -> list[Buffer]:
    """Write one row; ``values`` is handed on as it is and must not change."""
    extras = bool(cells or exemplars)
    flags = (_HAS_STARTS if starts is not None else 0) | (_HAS_EXTRAS if extras else 0)
    parts: list[Buffer] = [_ROW.pack(lane, timestamp_ms, len(values), flags), values]
    if starts is not None:
        parts.append(starts)
    return [*parts, *_extras(cells, exemplars)] if extras else parts


def loose_parts(entry: LooseEntry) -> list[Buffer]:
    """Write loose samples."""
    extras = bool(entry.cells or entry.exemplars)
    flags = (_HAS_STARTS if entry.starts is not None else 0) | (_HAS_EXTRAS if extras else 0)
    parts: list[Buffer] = [_LOOSE.pack(len(entry.numbers), flags)]
    parts += [entry.numbers, entry.times, entry.values]
    if entry.starts is not None:
        parts.append(entry.starts)
    return [*parts, *_extras(entry.cells, entry.exemplars)] if extras else parts


def take_entry(entry: LooseEntry, kept: NDArray[np.intp]) -> LooseEntry:
    """Return some samples of an entry, and all of its exemplars."""
    histograms = {cell.column: cell.histogram for cell in entry.cells}
    places = enumerate(kept.tolist()) if histograms else ()
    return LooseEntry(
        entry.numbers[kept],
        entry.times[kept],
        entry.values[kept],
        None if entry.starts is None else entry.starts[kept],
        [Cell(i, 0, histograms[place]) for i, place in places if place in histograms],
        entry.exemplars,
    )


def read_entry(kind: int, payload: memoryview) -> Entry:
    """Read a frame of the row log."""
    if kind == ROW:
        return _read_row(payload)
    return _read_lane(payload) if kind == LANE else _read_loose(payload)


def _read_lane(payload: memoryview) -> LaneEntry:
    lane, first = _LANE.unpack_from(payload)
    runs = np.frombuffer(payload, np.int64, offset=_LANE.size).reshape(-1, 2)
    parts = [np.arange(begin, begin + length) for begin, length in runs.tolist()]
    return LaneEntry(lane, first, np.concatenate(parts) if parts else np.empty(0, np.int64))


def _read_row(payload: memoryview) -> RowEntry:
    lane, timestamp_ms, width, flags = _ROW.unpack_from(payload)
    offset = _ROW.size
    values = np.frombuffer(payload, np.float64, width, offset)
    offset += values.nbytes
    starts = None
    if flags & _HAS_STARTS:
        starts = np.frombuffer(payload, np.int64, width, offset)
        offset += starts.nbytes
    cells, exemplars = _read_extras(payload[offset:]) if flags & _HAS_EXTRAS else ([], [])
    return RowEntry(lane, timestamp_ms, values, starts, cells, exemplars)


def _read_loose(payload: memoryview) -> LooseEntry:
    count, flags = _LOOSE.unpack_from(payload)
    offset = _LOOSE.size
    columns = []
    for kind in (np.int64, np.int64, np.float64, *((np.int64,) if flags & _HAS_STARTS else ())):
        columns.append(np.frombuffer(payload, kind, count, offset))
        offset += columns[-1].nbytes
    cells, exemplars = _read_extras(payload[offset:]) if flags & _HAS_EXTRAS else ([], [])
    starts = columns[3] if len(columns) > 3 else None
    return LooseEntry(columns[0], columns[1], columns[2], starts, cells, exemplars)


def _extras(cells: Sequence[Cell], exemplars: Samples) -> Iterator[Buffer]:
    told = json.dumps(
        [[at, list(each.labels), each.value, each.timestamp_ms] for at, each in exemplars]
    ).encode()
    yield struct.pack("<I", len(told))
    yield told
    if cells:
        yield encode_histograms(cells)


def _read_extras(payload: memoryview) -> tuple[list[Cell], list[tuple[int, Exemplar]]]:
    (length,) = struct.unpack_from("<I", payload)
    told = json.loads(bytes(payload[4 : 4 + length]))
    exemplars = [
        (at, Exemplar(Labels.from_pairs(map(tuple, pairs)), value, timestamp_ms))
        for at, pairs, value, timestamp_ms in told
    ]
    histograms = bytes(payload[4 + length :])
    return list(decode_histograms(histograms)) if histograms else [], exemplars
