"""
Pages: the compressed pieces of a segment.

A page of values is a matrix of a few columns and at most a thousand rows, one column after the
other, compressed by pcodec: neighbours in time lie side by side, so counters and prices shrink to
half a byte. Markers (stale, absent) are NaNs and pass unchanged. A page of histograms keeps the
buckets of equal layouts as columns of their own.
"""

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, standalone

from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.packed import LEADING, Layout, Packed, pack, unpack

VALUES_MAX: Final = 65_536
"""How many values a page holds at most: about 150 microseconds to read."""
ROWS_MAX: Final = 1024
COLUMNS_MAX: Final = 1024

HINTS: Final = tuple(ResetHint)

_LENGTH: Final = struct.Struct("<I")
_CONFIG: Final = ChunkConfig()

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Cell(NamedTuple):
    """A histogram with its place in a stripe."""

    column: int
    row: int
    histogram: Histogram


def columns_for(rows: int) -> int:
    """Return how many columns of ``rows`` rows make a good page."""
    return max(1, min(COLUMNS_MAX, VALUES_MAX // max(1, min(rows, ROWS_MAX))))


def encode_numbers(numbers: NDArray[Any]) -> bytes:
    """Compress float64, int64 or uint32 numbers of any shape, in their order in memory."""
    data: bytes = standalone.simple_compress(np.ascontiguousarray(numbers).reshape(-1), _CONFIG)
    return data


def decode_floats(data: bytes, count: int) -> Floats:
    """Read back ``count`` float64 numbers."""
    numbers = np.empty(count, dtype=np.float64)
    standalone.simple_decompress_into(data, numbers)
    return numbers


def decode_integers(data: bytes, count: int) -> Integers:
    """Read back ``count`` int64 numbers."""
    numbers = np.empty(count, dtype=np.int64)
    standalone.simple_decompress_into(data, numbers)
    return numbers


def histogram_pages(cells: Iterable[Cell]) -> Iterator[bytes]:
    """Compress histograms, which come by column and row; a page has whole columns."""
    gathered: list[Cell] = []
    weight = 0
    for cell in cells:
        if weight >= VALUES_MAX and cell.column != gathered[-1].column:
            yield encode_histograms(gathered)
            gathered, weight = [], 0
        gathered.append(cell)
        weight += LEADING + len(cell.histogram.positive) + len(cell.histogram.negative)
    if gathered:
        yield encode_histograms(gathered)


def encode_histograms(cells: Sequence[Cell]) -> bytes:
    """Compress histograms; buckets of one layout become columns over time."""
    ordered = sorted(cells, key=lambda cell: (cell.column, cell.row))
    layouts: dict[Layout, Layout] = {}
    packed = [pack(cell.histogram, layouts) for cell in ordered]
    number_of = {layout: number for number, layout in enumerate(layouts)}
    numbers = np.array([number_of[each.layout] for each in packed], dtype=np.int64)
    matrices = [
        _matrix([each.numbers for each in packed if each.layout is layout], layout.width)
        for layout in layouts
    ]
    leading = np.empty((len(packed), LEADING))
    for number, matrix in enumerate(matrices):
        leading[numbers == number] = matrix[:, :LEADING]
    told = [
        np.array([cell.column for cell in ordered], dtype=np.int64),
        np.array([cell.row for cell in ordered], dtype=np.int64),
        numbers,
        np.array([each.hint for each in packed], dtype=np.int64),
        *leading.T,
    ]
    buckets = [matrix[:, LEADING:].T for matrix in matrices]
    head = {"cells": len(ordered), "layouts": list(layouts)}
    parts = [json.dumps(head).encode(), *map(encode_numbers, [*told, *buckets])]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def decode_histograms(data: bytes) -> Iterator[Cell]:
    """Read back what ``encode_histograms`` wrote, by column and row."""
    return HistogramPage(data).cells()


class HistogramPage:
    """A page of histograms as arrays, from which those that are wanted are made."""

    __slots__ = (
        "_bytes",
        "_columns",
        "_hints",
        "_layouts",
        "_numbers",
        "_places",
        "_rows",
        "nbytes",
    )

    def __init__(self, data: bytes) -> None:
        parts = list(_parts(data))
        head = json.loads(parts[0])
        count = head["cells"]
        self._columns, self._rows, self._numbers, hints = (
            decode_integers(part, count) for part in parts[1:5]
        )
        self._hints = hints.astype(np.uint8)
        leading = np.array([decode_floats(part, count) for part in parts[5:8]]).T
        self._layouts = [_layout(told) for told in head["layouts"]]
        self._places = np.empty(count, dtype=np.int64)
        self._bytes: list[bytes] = []
        for number, (layout, part) in enumerate(zip(self._layouts, parts[8:], strict=True)):
            own = np.flatnonzero(self._numbers == number)
            self._places[own] = np.arange(len(own))
            matrix = np.empty((len(own), layout.width))
            matrix[:, :LEADING] = leading[own]
            size = len(own) * layout.bucket_count
            matrix[:, LEADING:] = decode_floats(part, size).reshape(-1, len(own)).T
            self._bytes.append(matrix.tobytes())
        self.nbytes = sum(map(len, self._bytes)) + count * (4 * 8 + 1)

    def columns(self) -> Integers:
        """Return the columns that have a histogram here."""
        return np.unique(self._columns)

    def cells(
        self, columns: Integers | None = None, begin: int = 0, end: int = 2**62
    ) -> Iterator[Cell]:
        """Make the histograms of some columns, or of all, within rows, by column and row."""
        wanted = (self._rows >= begin) & (self._rows < end)
        if columns is not None:
            wanted &= np.isin(self._columns, columns)
        picked = np.flatnonzero(wanted)
        told = (self._columns, self._rows, self._numbers, self._places, self._hints)
        for column, row, number, place, hint in zip(
            *(each[picked].tolist() for each in told), strict=True
        ):
            layout = self._layouts[number]
            size = layout.width * 8
            numbers = self._bytes[number][place * size : place * size + size]
            yield Cell(column, row, unpack(Packed(layout, HINTS[hint], numbers)))


def _layout(told: Sequence[Any]) -> Layout:
    schema, threshold, positive, negative, bounds = told
    return Layout(schema, threshold, tuple(positive), tuple(negative), tuple(bounds))


def _matrix(rows: Sequence[bytes], width: int) -> Floats:
    return np.frombuffer(b"".join(rows)).reshape(len(rows), width)


def _parts(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(data):
        (length,) = _LENGTH.unpack_from(data, offset)
        offset += _LENGTH.size
        yield data[offset : offset + length]
        offset += length
