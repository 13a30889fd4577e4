"""
Segments: immutable files of stripes.

A stripe is a vector of times and a matrix of values, one column for each series; a ragged stripe
has times for every series instead. A segment that the head has sealed names its columns by the
numbers that the head gave the series; a block carries a series table of its own, sorted, and names
them by its rows. The bytes are drawn in ``docs/format.md``.
"""

import json
import math
import struct
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.storage.cells import NO_CELLS, Cells
from tapewatch.metrics.storage.page import (
    ROWS_MAX,
    VALUES_MAX,
    HistogramPage,
    columns_for,
    decode_floats,
    decode_integers,
    encode_numbers,
    histogram_pages,
)
from tapewatch.metrics.storage.piece import Piece, ranges
from tapewatch.metrics.storage.series import Arrays, Finder, Table, table_from
from tapewatch.model.hashing import crc32c
from tapewatch.store.disk import Disk, forget_pages, map_file
from tapewatch.store.errors import FileDamaged

MAGIC: Final = b"TWmetr\x00\x01"
_TRAILER: Final = struct.Struct("<QII8s")

VALUES, STARTS, HISTOGRAMS = 0, 1, 2
"""What a page holds."""

_STRIPE: Final = np.dtype(
    [
        ("lane", "<i8"),
        ("first_ms", "<i8"),
        ("last_ms", "<i8"),
        ("rows", "<u4"),  # samples in all, when the stripe is ragged
        ("columns", "<u4"),
        ("column_at", "<u8"),  # where its columns begin in the section `columns`
        ("time_page", "<u4"),  # its pages: times first, then values, starts, histograms
        ("value_page", "<u4"),
        ("start_page", "<u4"),
        ("histogram_page", "<u4"),
        ("end_page", "<u4"),
        ("end_at", "<u8"),  # where the ends of a ragged stripe's series begin in `ends`
        ("ragged", "u1"),
        ("gaps", "u1"),
    ]
)
_PAGE: Final = np.dtype([("offset", "<u8"), ("length", "<u4"), ("checksum", "<u4")])

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Columns = NDArray[np.int64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Stripe:
    """
    A stripe in memory, on its way to a segment.

    ``values`` is ``(columns, rows)``; in a ragged stripe it is flat, as are ``times`` and
    ``starts``, and column ``i`` ends before ``ends[i]``. ``cells`` are the histograms, by column
    and row (a ragged stripe's row is the place inside of its column).
    """

    columns: Columns
    times: Times
    values: Floats
    gaps: bool = False
    starts: Times | None = None
    cells: Cells = NO_CELLS
    ends: Times | None = None
    lane: int = -1

    @property
    def ragged(self) -> bool:
        """Whether every series has times of its own."""
        return self.ends is not None


class Header(NamedTuple):
    """What the directory of a segment says of the whole."""

    first_ms: int
    last_ms: int
    sample_count: int
    resolution_ms: int


Page = Floats | HistogramPage


class PageCache:
    """The pages that were read last, decompressed, up to a number of bytes."""

    def __init__(self, size_max_bytes: int) -> None:
        self._size_max_bytes = size_max_bytes
        self._pages: OrderedDict[tuple[int, int], Page] = OrderedDict()
        self._size_bytes = 0
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """How much memory the pages take."""
        return self._size_bytes

    def get(self, key: tuple[int, int]) -> Page | None:
        """Return a page and keep it longer, or None."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def forget(self, files: set[int]) -> None:
        """Let the pages of files go that are no more."""
        with self._lock:
            for key in [key for key in self._pages if key[0] in files]:
                self._size_bytes -= self._pages.pop(key).nbytes

    def put(self, key: tuple[int, int], page: Page) -> None:
        """Keep a page; the ones not used for longest give way."""
        if page.nbytes > self._size_max_bytes:
            return
        with self._lock:
            if key in self._pages:
                return
            self._pages[key] = page
            self._size_bytes += page.nbytes
            while self._size_bytes > self._size_max_bytes:
                _, old = self._pages.popitem(last=False)
                self._size_bytes -= old.nbytes


class Segment:
    """A finished segment, open for reading."""

    def __init__(self, path: Path, cache: PageCache, number: int) -> None:
        self.path = path
        self.number = number
        self._cache = cache
        self._data = map_file(path)
        directory = self._read_directory()
        self.header = Header(**directory["header"])
        self._sections = directory["sections"]
        self._stripes = self._section("stripes", _STRIPE)
        self._pages = self._section("pages", _PAGE)
        self._columns = self._section("columns", np.dtype("<i8"))
        self._ends = self._section("ends", np.dtype("<i8"))
        self._times: dict[int, Times] = {}
        self._finder: Finder | None = None
        # The checksums have touched every column's name; few are looked at again.
        forget_pages(self._data)

    def aside(self, cache: PageCache) -> "Segment":
        """Return the same file read through another cache, for who reads it once and whole."""
        other = copy(self)
        other.use(cache)
        return other

    def use(self, cache: PageCache) -> None:
        """Read through ``cache`` from now on."""
        self._cache, self._times = cache, {}

    @property
    def size_bytes(self) -> int:
        """How long the file is."""
        return len(self._data)

    @property
    def has_table(self) -> bool:
        """Whether the segment is a block, with its own series."""
        return "hashes" in self._sections

    @property
    def finder(self) -> Finder:
        """The series of a block, read when first asked for."""
        if self._finder is None:
            self._finder = Finder(self.table())
        return self._finder

    @property
    def stripe_count(self) -> int:
        """How many stripes there are."""
        return len(self._stripes)

    def lanes(self) -> NDArray[np.int64]:
        """Return the lane of every stripe."""
        lanes: NDArray[np.int64] = self._stripes["lane"]
        return lanes

    def columns(self, stripe: int) -> Columns:
        """Return the series of a stripe, in the order of its columns."""
        told = self._stripes[stripe]
        at = int(told["column_at"])
        columns: Columns = self._columns[at : at + int(told["columns"])]
        return columns

    def stripes_between(self, first_ms: int, last_ms: int) -> NDArray[np.intp]:
        """Return the stripes that may have samples from ``first_ms`` to ``last_ms``."""
        told = self._stripes
        return np.flatnonzero((told["first_ms"] <= last_ms) & (told["last_ms"] >= first_ms))

    def is_ragged(self, stripe: int) -> bool:
        """Say whether the stripe's series have times of their own."""
        return bool(self._stripes[stripe]["ragged"])

    def bounds(self, stripe: int) -> tuple[int, int]:
        """Return the first and the last time of a stripe."""
        told = self._stripes[stripe]
        return int(told["first_ms"]), int(told["last_ms"])

    def rows_about(self, stripe: int, start_ms: int, end_ms: int) -> int:
        """Estimate how many samples a series of a stripe has within ``[start_ms, end_ms]``."""
        told = self._stripes[stripe]
        first_ms, last_ms = self.bounds(stripe)
        rows = int(told["rows"]) / (int(told["columns"]) if told["ragged"] else 1)
        inside_ms = min(end_ms, last_ms) - max(start_ms, first_ms) + 1
        return math.ceil(rows * max(inside_ms, 0) / (last_ms - first_ms + 1))

    def times(self, stripe: int) -> Times:
        """Return the times of a stripe (of all its series in turn, when ragged)."""
        times = self._times.get(stripe)
        if times is None:
            told = self._stripes[stripe]
            pages = range(int(told["time_page"]), int(told["value_page"]))
            times = _join([self._integers(page) for page in pages], np.int64)
            self._times[stripe] = times
        return times

    def read(
        self, stripe: int, places: NDArray[np.intp], start_ms: int = -(2**62), end_ms: int = 2**62
    ) -> Piece:
        """Read the columns at ``places`` of one stripe, rows within ``[start, end]``."""
        if self.is_ragged(stripe):
            return self._read_ragged(stripe, places)
        times = self.times(stripe)
        begin = int(np.searchsorted(times, start_ms, side="left"))
        end = int(np.searchsorted(times, end_ms, side="right"))
        told = self._stripes[stripe]
        values = self._matrix(stripe, VALUES, places, begin, end)
        has_starts = int(told["histogram_page"]) > int(told["start_page"])
        starts = self._matrix(stripe, STARTS, places, begin, end) if has_starts else None
        return Piece(
            times[begin:end],
            values,
            bool(told["gaps"]),
            None if starts is None else starts.view(np.int64),
            self._histograms(stripe, places, begin, end),
            None,
        )

    def _matrix(
        self, stripe: int, kind: int, places: NDArray[np.intp], begin: int, end: int
    ) -> Floats:
        told = self._stripes[stripe]
        first = int(told["value_page"] if kind == VALUES else told["start_page"])
        rows, columns = int(told["rows"]), int(told["columns"])
        out = np.empty((len(places), max(end - begin, 0)))
        rising = len(places) < 2 or bool((places[1:] > places[:-1]).all())
        order = None if rising else np.argsort(places)
        ordered = places if order is None else places[order]
        for wanted in _grid(rows, columns, ordered, begin, end):
            page = self._floats(first + wanted.page, wanted.columns * wanted.rows)
            block = page.reshape(wanted.columns, wanted.rows)
            whole = len(wanted.places) == wanted.columns
            found = block[slice(None) if whole else wanted.places, wanted.own_rows]
            into = wanted.out_columns if order is None else order[wanted.out_columns]
            out[into, wanted.out_rows] = found
        return out

    def _read_ragged(self, stripe: int, places: NDArray[np.intp]) -> Piece:
        told = self._stripes[stripe]
        at, count = int(told["end_at"]), int(told["columns"])
        ends = self._ends[at : at + count]
        begins = np.concatenate(([0], ends[:-1]))
        pages = range(int(told["value_page"]), int(told["start_page"]))
        start_pages = range(int(told["start_page"]), int(told["histogram_page"]))
        sizes = [VALUES_MAX] * len(pages)
        sizes[-1:] = [int(told["rows"]) - VALUES_MAX * (len(pages) - 1)]
        values = _join([self._floats(p, n) for p, n in zip(pages, sizes, strict=True)], np.float64)
        starts = _join(
            [self._floats(p, n) for p, n in zip(start_pages, sizes, strict=False)], np.float64
        )
        picked = ranges(begins[places], ends[places] - begins[places])
        return Piece(
            self.times(stripe)[picked],
            values[picked],
            bool(told["gaps"]),
            starts[picked].view(np.int64) if start_pages else None,
            self._ragged_histograms(stripe, places, begins, ends),
            np.cumsum(ends[places] - begins[places]),
        )

    def _histograms(
        self, stripe: int, places: NDArray[np.intp], begin: int, end: int
    ) -> Objects | None:
        out: Objects | None = None
        if not self._has_histograms(stripe):
            return out
        wanted = {int(place): i for i, place in enumerate(places)}
        for page in self._histogram_pages(stripe):
            for cell in page.cells(places, begin, end):
                if out is None:
                    out = np.full((len(places), end - begin), None, dtype=object)
                out[wanted[cell.column], cell.row - begin] = cell.histogram
        return out

    def _ragged_histograms(
        self, stripe: int, places: NDArray[np.intp], begins: Times, ends: Times
    ) -> Objects | None:
        if not self._has_histograms(stripe):
            return None
        lengths = ends[places] - begins[places]
        at = {
            int(place): int(b)
            for place, b in zip(places, np.cumsum(lengths) - lengths, strict=True)
        }
        out: Objects | None = None
        for page in self._histogram_pages(stripe):
            for cell in page.cells(places):
                if out is None:
                    out = np.full(int(lengths.sum()), None, dtype=object)
                out[at[cell.column] + cell.row] = cell.histogram
        return out

    def columns_with_histograms(self, stripe: int) -> Columns:
        """Return the places of the columns of a stripe that have a histogram."""
        own = [page.columns() for page in self._histogram_pages(stripe)]
        return np.unique(np.concatenate([np.empty(0, np.int64), *own]))

    def _has_histograms(self, stripe: int) -> bool:
        told = self._stripes[stripe]
        return int(told["end_page"]) > int(told["histogram_page"])

    def _histogram_pages(self, stripe: int) -> Iterator[HistogramPage]:
        told = self._stripes[stripe]
        for page in range(int(told["histogram_page"]), int(told["end_page"])):
            key = self.number, page
            histograms = self._cache.get(key)
            if histograms is None:
                histograms = HistogramPage(self._page(page))
                self._cache.put(key, histograms)
            assert isinstance(histograms, HistogramPage)
            yield histograms

    def numbers(self) -> Columns:
        """Return the series numbers that a snapshot of the head's series carries."""
        return self._section("numbers", _NUMBERS)

    def table(self) -> Table:
        """Read the series of a block or a snapshot."""
        table = table_from(
            {name: self._section(name, kind) for name, kind in TABLE_SECTIONS.items()}
        )
        # The table is a copy: what was read for it need not stay in memory twice.
        forget_pages(self._data)
        return table

    def verify(self) -> Iterator[str]:
        """Read every page and yield what is wrong."""
        for page in range(len(self._pages)):
            try:
                self._page(page)
            except FileDamaged as fault:
                yield str(fault)

    def _floats(self, page: int, count: int) -> Floats:
        key = self.number, page
        numbers = self._cache.get(key)
        if numbers is None:
            numbers = decode_floats(self._page(page), count)
            self._cache.put(key, numbers)
        assert isinstance(numbers, np.ndarray)
        return numbers

    def _integers(self, page: int) -> Times:
        data = self._page(page)
        (count,) = struct.unpack_from("<I", data)
        return decode_integers(data[4:], count)

    def _page(self, page: int) -> bytes:
        told = self._pages[page]
        offset, length = int(told["offset"]), int(told["length"])
        data = bytes(self._data[offset : offset + length])
        if len(data) != length or crc32c(data) != int(told["checksum"]):
            raise FileDamaged(self.path, f"page {page} at byte {offset} fails its checksum")
        return data

    def _read_directory(self) -> Any:
        size = len(self._data)
        if size < len(MAGIC) + _TRAILER.size or bytes(self._data[: len(MAGIC)]) != MAGIC:
            raise FileDamaged(self.path, "it does not begin as a segment")
        offset, length, checksum, magic = _TRAILER.unpack_from(self._data, size - _TRAILER.size)
        data = bytes(self._data[offset : offset + length])
        if magic != MAGIC or len(data) != length or crc32c(data) != checksum:
            raise FileDamaged(self.path, "its directory fails its checksum")
        return json.loads(data)

    def _section(self, name: str, kind: "np.dtype[Any]") -> NDArray[Any]:
        offset, length, checksum = self._sections[name]
        data = self._data[offset : offset + length]
        if crc32c(data) != checksum:
            raise FileDamaged(self.path, f"its section {name} fails its checksum")
        return np.frombuffer(data, dtype=kind)


TABLE_SECTIONS: Final[dict[str, "np.dtype[Any]"]] = {
    "symbol_text": np.dtype("u1"),
    "symbol_ends": np.dtype("<u8"),
    "pairs": np.dtype("<u4"),
    "pair_ends": np.dtype("<u8"),
    "hashes": np.dtype("<u8"),
}
_NUMBERS: Final = np.dtype("<i8")


class Wanted(NamedTuple):
    """What is wanted of one page of a matrix."""

    page: int
    columns: int
    rows: int
    places: NDArray[np.intp]
    own_rows: slice
    out_columns: slice
    out_rows: slice


def _grid(
    rows: int, columns: int, places: NDArray[np.intp], begin: int, end: int
) -> Iterator[Wanted]:
    """Yield the pages that hold the columns at ``places`` and the rows ``[begin, end)``."""
    width = columns_for(rows)
    across = -(-columns // width)
    groups = np.unique(places // width)
    borders = np.searchsorted(places, [[g * width, (g + 1) * width] for g in groups]).tolist()
    for band in range(begin // ROWS_MAX, -(-end // ROWS_MAX)):
        top = band * ROWS_MAX
        height = min(ROWS_MAX, rows - top)
        low, high = max(begin, top), min(end, top + height)
        for group, (left, right) in zip(groups.tolist(), borders, strict=True):
            yield Wanted(
                page=band * across + group,
                columns=min(width, columns - group * width),
                rows=height,
                places=places[left:right] - group * width,
                own_rows=slice(low - top, high - top),
                out_columns=slice(left, right),
                out_rows=slice(low - begin, high - begin),
            )


@dataclass(slots=True)
class SegmentWriter:
    """Collects stripes and writes them as one file."""

    resolution_ms: int = 0
    _pages: list[bytes] = field(default_factory=list)
    _stripes: list[tuple[Any, ...]] = field(default_factory=list)
    _columns: list[Columns] = field(default_factory=list)
    _ends: list[Times] = field(default_factory=list)
    _column_count: int = 0
    _end_count: int = 0
    _sample_count: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not self._stripes

    def add(self, stripe: Stripe) -> None:
        """Compress one stripe."""
        first_page = len(self._pages)
        self._add_times(stripe.times)
        value_page = len(self._pages)
        self._add_numbers(stripe, stripe.values)
        start_page = len(self._pages)
        if stripe.starts is not None:
            # The bits of the integers are kept as they are; only counters have them.
            self._add_numbers(stripe, stripe.starts.view(np.float64))
        histogram_page = len(self._pages)
        if stripe.cells:
            self._pages.extend(histogram_pages(stripe.cells))
        self._stripes.append(
            (
                stripe.lane,
                int(stripe.times.min(initial=2**62)),
                int(stripe.times.max(initial=-(2**62))),
                len(stripe.times),
                len(stripe.columns),
                self._column_count,
                first_page,
                value_page,
                start_page,
                histogram_page,
                len(self._pages),
                self._end_count,
                stripe.ragged,
                stripe.gaps,
            )
        )
        self._columns.append(stripe.columns.astype(np.int64))
        self._column_count += len(stripe.columns)
        if stripe.ends is not None:
            self._ends.append(stripe.ends.astype(np.int64))
            self._end_count += len(stripe.ends)
        self._sample_count += stripe.values.size

    def write(self, disk: Disk, path: Path, table: Arrays | None = None) -> None:
        """Write the file, durably, whole or not at all."""
        parts: list[Any] = [MAGIC]
        pages = np.zeros(len(self._pages), dtype=_PAGE)
        offset = len(MAGIC)
        for number, data in enumerate(self._pages):
            pages[number] = (offset, len(data), crc32c(data))
            offset += len(data)
        parts += self._pages
        sections = {}
        for name, numbers in self._sections(pages, table).items():
            raw = np.ascontiguousarray(numbers).tobytes()
            padding = bytes(-offset % 8)
            parts += [padding, raw]
            offset += len(padding)
            sections[name] = (offset, len(raw), crc32c(raw))
            offset += len(raw)
        directory = json.dumps({"header": self._header()._asdict(), "sections": sections}).encode()
        trailer = _TRAILER.pack(offset, len(directory), crc32c(directory), MAGIC)
        file = disk.create(path)
        try:
            file.write([*parts, directory, trailer])
            file.sync()
        finally:
            file.close()
        disk.sync_folder(path.parent)

    def _sections(self, pages: NDArray[Any], table: Arrays | None) -> Arrays:
        sections: Arrays = {
            "stripes": np.array(self._stripes, dtype=_STRIPE),
            "pages": pages,
            "columns": _join(self._columns, np.int64),
            "ends": _join(self._ends, np.int64),
        }
        return {**sections, **(table or {})}

    def _header(self) -> Header:
        stripes = np.array(self._stripes, dtype=_STRIPE)
        return Header(
            first_ms=int(stripes["first_ms"].min(initial=2**62)),
            last_ms=int(stripes["last_ms"].max(initial=-(2**62))),
            sample_count=self._sample_count,
            resolution_ms=self.resolution_ms,
        )

    def _add_times(self, times: Times) -> None:
        for begin in range(0, len(times), VALUES_MAX):
            piece = times[begin : begin + VALUES_MAX]
            self._pages.append(struct.pack("<I", len(piece)) + encode_numbers(piece))

    def _add_numbers(self, stripe: Stripe, numbers: Floats) -> None:
        if stripe.ragged:
            for begin in range(0, len(numbers), VALUES_MAX):
                self._pages.append(encode_numbers(numbers[begin : begin + VALUES_MAX]))
            return
        columns, rows = numbers.shape
        width = columns_for(rows)
        for top in range(0, rows, ROWS_MAX):
            for left in range(0, columns, width):
                block = numbers[left : left + width, top : top + ROWS_MAX]
                self._pages.append(encode_numbers(block))


def _join(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)
