"""
Pages: the compressed pieces of a segment.

A page of values is a matrix of a few columns and at most a thousand rows, one column after the
other, compressed by pcodec: neighbours in time lie side by side, so counters and prices shrink to
half a byte. Markers (stale, absent) are NaNs and pass unchanged. A page of histograms keeps the
buckets of equal layouts as columns of their own.
"""

import json
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, standalone

from tapewatch.model.histograms import Histogram, ResetHint

VALUES_MAX: Final = 65_536
"""How many values a page holds at most: about 150 microseconds to read."""
ROWS_MAX: Final = 1024
COLUMNS_MAX: Final = 1024

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


def encode_histograms(cells: Sequence[Cell]) -> bytes:
    """Compress histograms; buckets of one layout become columns over time."""
    ordered = sorted(cells, key=lambda cell: (cell.column, cell.row))
    layouts: dict[Any, int] = {}
    numbers = [layouts.setdefault(_layout(cell.histogram), len(layouts)) for cell in ordered]
    told = [
        np.array([cell.column for cell in ordered], dtype=np.int64),
        np.array([cell.row for cell in ordered], dtype=np.int64),
        np.array(numbers, dtype=np.int64),
        np.array([cell.histogram.reset_hint for cell in ordered], dtype=np.int64),
        np.array([cell.histogram.zero_count for cell in ordered], dtype=np.float64),
        np.array([cell.histogram.count for cell in ordered], dtype=np.float64),
        np.array([cell.histogram.sum for cell in ordered], dtype=np.float64),
    ]
    members: dict[int, list[Histogram]] = defaultdict(list)
    for number, cell in zip(numbers, ordered, strict=True):
        members[number].append(cell.histogram)
    buckets = [_bucket_columns(layout, members[number]) for layout, number in layouts.items()]
    head = {"cells": len(ordered), "layouts": list(layouts)}
    parts = [json.dumps(head).encode(), *map(encode_numbers, [*told, *buckets])]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def decode_histograms(data: bytes) -> Iterator[Cell]:
    """Read back what ``encode_histograms`` wrote, by column and row."""
    parts = list(_parts(data))
    head = json.loads(parts[0])
    count = head["cells"]
    columns, rows, numbers, hints = (decode_integers(part, count) for part in parts[1:5])
    zeros, counts, sums = (decode_floats(part, count) for part in parts[5:8])
    buckets = [
        iter(_bucket_rows(layout, part, int((numbers == number).sum())))
        for number, (layout, part) in enumerate(zip(head["layouts"], parts[8:], strict=True))
    ]
    for i in range(count):
        schema, threshold, positive, negative, bounds = head["layouts"][numbers[i]]
        values = next(buckets[numbers[i]])
        histogram = Histogram(
            schema=schema,
            count=float(counts[i]),
            sum=float(sums[i]),
            zero_threshold=threshold,
            zero_count=float(zeros[i]),
            positive=_filled(positive, values),
            negative=_filled(negative, values[len(positive) :]),
            custom_bounds=tuple(bounds),
            reset_hint=ResetHint(int(hints[i])),
        )
        yield Cell(int(columns[i]), int(rows[i]), histogram)


def _layout(histogram: Histogram) -> Any:
    return (
        histogram.schema,
        histogram.zero_threshold,
        tuple(histogram.positive),
        tuple(histogram.negative),
        histogram.custom_bounds,
    )


def _bucket_columns(layout: Any, histograms: Iterable[Histogram]) -> Floats:
    width = len(layout[2]) + len(layout[3])
    values = [[*each.positive.values(), *each.negative.values()] for each in histograms]
    return np.array(values, dtype=np.float64).reshape(len(values), width).T


def _bucket_rows(layout: Any, data: bytes, count: int) -> list[list[float]]:
    width = len(layout[2]) + len(layout[3])
    rows: list[list[float]] = decode_floats(data, width * count).reshape(width, count).T.tolist()
    return rows


def _filled(indexes: Sequence[int], values: Sequence[float]) -> dict[int, float]:
    return dict(zip(indexes, values, strict=False))


def _parts(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(data):
        (length,) = _LENGTH.unpack_from(data, offset)
        offset += _LENGTH.size
        yield data[offset : offset + length]
        offset += length
