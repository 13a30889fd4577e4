"""
Chunks of native histograms, with whole or with fractional counts.

All histograms of a chunk share their buckets. Counts are told by how much their change has changed
(whole), or by what differs in their bits (fractional).
"""

import math
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from tapewatch.metrics.imports.tsdb.bits import BitReader, XorNumbers
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.packed import Layout

_HINTS: Final = (ResetHint.UNKNOWN, ResetHint.UNKNOWN, ResetHint.RESET, ResetHint.GAUGE)
"""What the flags of a chunk say of its first histogram."""
_BOUND_SCALE: Final = 1000.0


Stamped = tuple[int, Histogram]


def decode_whole(data: bytes) -> list[Stamped]:
    """Read a chunk of histograms with whole counts."""
    return _decode(data, _whole_numbers)


def decode_fractional(data: bytes) -> list[Stamped]:
    """Read a chunk of histograms with fractional counts."""
    return _decode(data, _fractional_numbers)


Numbers = Callable[[BitReader, int, Layout], Iterator[tuple[int, list[float]]]]
"""Yields time and count, zero count, sum, then all buckets of each histogram."""


def _decode(data: bytes, numbers: Numbers) -> list[Stamped]:
    reader = BitReader(data)
    count, flags = reader.bits(16), reader.bits(8) >> 6
    layout = _layout(reader)
    hint, found = _HINTS[flags], []
    for time_ms, row in numbers(reader, count, layout):
        found.append((time_ms, _histogram(layout, row, hint)))
        hint = hint if hint is ResetHint.GAUGE else ResetHint.NOT_RESET
    return found


def _histogram(layout: Layout, row: list[float], hint: ResetHint) -> Histogram:
    count, zero_count, total, *buckets = row
    middle = len(layout.positive)
    return Histogram(
        layout.schema,
        count,
        total,
        layout.zero_threshold,
        zero_count,
        dict(zip(layout.positive, buckets[:middle], strict=True)),
        dict(zip(layout.negative, buckets[middle:], strict=True)),
        layout.custom_bounds,
        hint,
    ).compact()


def _layout(reader: BitReader) -> Layout:
    zero_threshold, schema = _zero_threshold(reader), reader.signed()
    positive, negative = _indices(reader), _indices(reader)
    bounds = (_bound(reader) for _ in range(reader.unsigned())) if schema == -53 else ()
    return Layout(schema, zero_threshold, positive, negative, tuple(bounds))


def _zero_threshold(reader: BitReader) -> float:
    code = reader.bits(8)
    if code == 0:
        return 0.0
    return reader.double() if code == 255 else math.ldexp(0.5, code - 243)


def _indices(reader: BitReader) -> tuple[int, ...]:
    """Read spans, and return the bucket indices that they cover."""
    found: list[int] = []
    at = 0
    for _ in range(reader.unsigned()):
        length, offset = reader.unsigned(), reader.signed()
        if length > 1 << 20:
            raise ValueError(f"a span of {length} buckets is longer than any histogram")
        at += offset
        found.extend(range(at, at + length))
        at += length
    return tuple(found)


def _bound(reader: BitReader) -> float:
    told = reader.unsigned()
    return (told - 1) / _BOUND_SCALE if told else reader.double()


def _whole_numbers(
    reader: BitReader, count: int, layout: Layout
) -> Iterator[tuple[int, list[float]]]:
    # Buckets stand as differences between neighbours.
    if not count:
        return
    time_ms = reader.signed()
    counts = [reader.unsigned(), reader.unsigned()]
    total = reader.double()
    sums = XorNumbers(reader, total)
    counts += [reader.signed() for _ in range(layout.bucket_count)]
    steps = [0] * (len(counts) + 1)
    yield time_ms, _row(counts, total, len(layout.positive))
    for i in range(1, count):
        head = [reader.signed() for _ in range(3)]
        total = sums.next()
        changes = [*head, *(reader.signed() for _ in range(layout.bucket_count))]
        steps = changes if i == 1 else [a + b for a, b in zip(steps, changes, strict=True)]
        time_ms += steps[0]
        counts = [a + b for a, b in zip(counts, steps[1:], strict=True)]
        yield time_ms, _row(counts, total, len(layout.positive))


def _row(counts: list[int], total: float, positive: int) -> list[float]:
    # Each side of zero begins anew.
    sides = counts[2 : 2 + positive], counts[2 + positive :]
    buckets = [float(count) for side in sides for count in accumulate(side)]
    return [float(counts[0]), float(counts[1]), total, *buckets]


def _fractional_numbers(
    reader: BitReader, count: int, layout: Layout
) -> Iterator[tuple[int, list[float]]]:
    if not count:
        return
    time_ms, step_ms = reader.signed(), 0
    row = [reader.double() for _ in range(layout.width)]
    columns = [XorNumbers(reader, number) for number in row]
    yield time_ms, row
    for i in range(1, count):
        change = reader.signed()
        step_ms = change if i == 1 else step_ms + change
        time_ms += step_ms
        yield time_ms, [column.next() for column in columns]
