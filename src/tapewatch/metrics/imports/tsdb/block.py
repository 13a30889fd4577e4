"""
One block, or a folder of them, read series by series.

A chunk that is damaged is named and left out; deleted samples (tombstones) stay deleted.
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import (
    BATCH_SAMPLES,
    Batch,
    Floats,
    Integers,
    Objects,
    SeriesBook,
    join_batches,
)
from tapewatch.metrics.imports.tsdb.histograms import decode_fractional, decode_whole
from tapewatch.metrics.imports.tsdb.index import ChunkPlace, Cursor, IndexedSeries, read_index
from tapewatch.metrics.imports.tsdb.xor import decode_xor
from tapewatch.model.hashing import crc32c
from tapewatch.model.samples import STALE, is_stale
from tapewatch.store.disk import map_file

META_FILE: Final = "meta.json"
CHUNKS_MAGIC: Final = 0x85BD40DD
TOMBSTONES_MAGIC: Final = 0x0130BA30
XOR, WHOLE, FRACTIONAL = 1, 2, 3
"""The encodings of chunks."""

_LENGTH = struct.Struct(">I")
Interval = tuple[int, int]
Samples = tuple[Integers, Floats, Objects | None]


class TsdbReader:
    """Reads every block under a folder, the oldest first."""

    def __init__(self, path: Path) -> None:
        self._blocks = find_blocks(path)
        if not self._blocks:
            reason = f"the folder has no block: none of its folders has a {META_FILE}"
            raise BadImport(str(path), "0", reason)
        self.size_bytes = sum(_chunk_bytes(block) for block in self._blocks)
        self._book = SeriesBook()
        self.labels = self._book.labels

    def batches(self) -> Iterator[Batch]:
        """Yield about a million samples at a time."""
        for path in self._blocks:
            yield from self._block(path)

    def _block(self, path: Path) -> Iterator[Batch]:
        block = _Block(path)
        waiting: list[Batch] = []
        count = 0
        try:
            for series in read_index(map_file(path / "index")):
                batch = self._series(block, series)
                waiting.append(batch)
                count += len(batch)
                if count >= BATCH_SAMPLES:
                    yield join_batches(waiting)
                    waiting, count = [], 0
        except (ValueError, OSError, struct.error, LookupError) as fault:
            raise BadImport(str(path / "index"), "0", str(fault)) from None
        finally:
            block.close()
        if waiting:
            yield join_batches(waiting)

    def _series(self, block: "_Block", series: IndexedSeries) -> Batch:
        parts: list[Samples] = []
        faults = []
        read_bytes = 0
        for place in series.chunks:
            try:
                samples, size_bytes = block.chunk(place)
                parts.append(samples)
                read_bytes += size_bytes
            except (ValueError, OSError, struct.error) as fault:
                told = f"a chunk of {series.labels} is left out: {fault}"
                faults.append(BadImport(*block.place_of(place), told))
        times, values, histograms = _without(_joined(parts), block.deleted.get(series.number, ()))
        number = self._book.number(series.labels)
        own = np.full(len(times), number, dtype=np.int64)
        return Batch(own, times, values, histograms, faults, read_bytes)


class _Block:
    """The files of one block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._segments: dict[int, memoryview] = {}
        self.deleted = _read_tombstones(path / "tombstones")

    def place_of(self, place: ChunkPlace) -> tuple[str, str]:
        """Return the file that a chunk is in, and where it begins."""
        name = f"{(place.reference >> 32) + 1:06d}"
        return str(self._path / "chunks" / name), str(place.reference & 0xFFFF_FFFF)

    def chunk(self, place: ChunkPlace) -> tuple[Samples, int]:
        """Read the samples of a chunk, and how many bytes it takes."""
        cursor = Cursor(self._segment(place.reference >> 32), place.reference & 0xFFFF_FFFF)
        length = cursor.unsigned()
        body = bytes(cursor.take(length + 1))
        if _LENGTH.unpack(cursor.take(4))[0] != crc32c(body):
            raise ValueError("its checksum is another one")
        return decode(body[0], body[1:]), length

    def close(self) -> None:
        """Give the files back."""
        self._segments.clear()

    def _segment(self, number: int) -> memoryview:
        if number not in self._segments:
            data = map_file(self._path / "chunks" / f"{number + 1:06d}")
            if len(data) < 8 or _LENGTH.unpack_from(data)[0] != CHUNKS_MAGIC:
                raise ValueError("its file is no file of chunks")
            self._segments[number] = data
        return self._segments[number]


def decode(encoding: int, data: bytes) -> Samples:
    """Read the samples of a chunk; raises ``ValueError`` where its bits mean none."""
    if encoding == XOR:
        return (*decode_xor(data), None)
    if encoding not in (WHOLE, FRACTIONAL):
        raise ValueError(f"encoding {encoding} is not known here (1, 2 and 3 are)")
    stamped = decode_whole(data) if encoding == WHOLE else decode_fractional(data)
    times = np.array([time_ms for time_ms, _ in stamped], dtype=np.int64)
    # A series of histograms that went away is marked by one whose sum is the marker.
    stale = np.array([is_stale(histogram.sum) for _, histogram in stamped], dtype=np.bool_)
    histograms = np.empty(len(stamped), dtype=np.object_)
    histograms[:] = [histogram for _, histogram in stamped]
    histograms[stale] = None
    return times, np.where(stale, STALE, np.nan), histograms


def _joined(parts: Sequence[Samples]) -> Samples:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.empty(0, np.int64), np.empty(0), None
    histograms = None
    if any(part[2] is not None for part in parts):
        histograms = np.concatenate(
            [np.full(len(p[0]), None) if p[2] is None else p[2] for p in parts]
        )
    times = np.concatenate([part[0] for part in parts])
    return times, np.concatenate([part[1] for part in parts]), histograms


def _without(samples: Samples, deleted: Sequence[Interval]) -> Samples:
    times, values, histograms = samples
    kept = np.ones(len(times), dtype=np.bool_)
    for first_ms, last_ms in deleted:
        kept &= (times < first_ms) | (times > last_ms)
    if kept.all():
        return samples
    return times[kept], values[kept], None if histograms is None else histograms[kept]


def _read_tombstones(path: Path) -> dict[int, list[Interval]]:
    """Read which times of which series are deleted."""
    found: dict[int, list[Interval]] = {}
    if not path.exists() or path.stat().st_size < 9:
        return found
    data = map_file(path)
    if _LENGTH.unpack_from(data)[0] != TOMBSTONES_MAGIC:
        raise BadImport(str(path), "0", "it is no file of tombstones")
    cursor = Cursor(data[:-4], 5)
    while cursor.at < len(cursor.data):
        number = cursor.unsigned()
        found.setdefault(number, []).append((cursor.signed(), cursor.signed()))
    return found


def find_blocks(path: Path) -> list[Path]:
    """Return the blocks at or under a folder, in the order of their names, which is that of age."""
    if (path / META_FILE).exists():
        return [path]
    return sorted(meta.parent for meta in path.glob(f"*/{META_FILE}"))


def _chunk_bytes(block: Path) -> int:
    return sum(file.stat().st_size for file in (block / "chunks").glob("*"))
