"""
The chunk of native histograms with fractional counts, which streamed remote reads carry.

All histograms of a chunk have their buckets in common, told once at its beginning; then come time,
count, zero count, sum and every bucket of each, as the XOR chunk tells its values.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from tapewatch.model.histograms import Histogram, ResetHint, to_spans
from tapewatch.wire.bits import BitWriter, DoubleWriter

_FLAGS: Final = {
    ResetHint.UNKNOWN: 0,
    ResetHint.NOT_RESET: 0b01 << 6,
    ResetHint.RESET: 0b10 << 6,
    ResetHint.GAUGE: 0b11 << 6,
}
_THRESHOLD_EXACT: Final = 255
_THRESHOLD_EXPONENT: Final = 243
_BOUND_SCALE: Final = 1000.0
_BOUND_WHOLE_MAX: Final = (1 << 25) - 1

Stamped = tuple[int, Histogram]


class Layout(NamedTuple):
    """What the histograms of a chunk have in common, besides their buckets."""

    schema: int
    zero_threshold: float
    custom_bounds: tuple[float, ...]
    gauge: bool


def layout_of(histogram: Histogram) -> Layout:
    """Say with which others a histogram can share a chunk."""
    gauge = histogram.reset_hint is ResetHint.GAUGE
    return Layout(histogram.schema, histogram.zero_threshold, histogram.custom_bounds, gauge)


def runs(stamped: Sequence[Stamped], size: int) -> Iterator[list[Stamped]]:
    """Cut histograms into runs that fit a chunk: of one layout, a reset only at the beginning."""
    run: list[Stamped] = []
    for each in stamped:
        fresh = each[1].reset_hint is ResetHint.RESET
        alike = bool(run) and layout_of(run[0][1]) == layout_of(each[1])
        if run and (fresh or not alike or len(run) == size):
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def encode_histograms(run: Sequence[Stamped]) -> bytes:
    """Write a chunk from one of the ``runs``."""
    first = run[0][1]
    positive = sorted(set(chain.from_iterable(each.positive for _, each in run)))
    negative = sorted(set(chain.from_iterable(each.negative for _, each in run)))
    writer = BitWriter()
    writer.write(len(run), 16)
    writer.write(_FLAGS[first.reset_hint], 8)
    _write_layout(writer, first, positive, negative)
    columns = [DoubleWriter(writer) for _ in range(3 + len(positive) + len(negative))]
    last_ms = step_ms = 0
    for place, (at_ms, histogram) in enumerate(run):
        step = at_ms - last_ms
        writer.write_signed(step - step_ms if place > 1 else step)
        last_ms, step_ms = at_ms, step
        row = _row(histogram, positive, negative)
        for column, number in zip(columns, row, strict=True):
            column.write(number)
    return writer.finish()


def _row(histogram: Histogram, positive: list[int], negative: list[int]) -> Iterator[float]:
    yield from (histogram.count, histogram.zero_count, histogram.sum)
    yield from (histogram.positive.get(index, 0.0) for index in positive)
    yield from (histogram.negative.get(index, 0.0) for index in negative)


def _write_layout(
    writer: BitWriter, first: Histogram, positive: list[int], negative: list[int]
) -> None:
    _write_threshold(writer, first.zero_threshold)
    writer.write_signed(first.schema)
    for indices in (positive, negative):
        spans, _ = to_spans(dict.fromkeys(indices, 1.0))
        writer.write_unsigned(len(spans))
        for span in spans:
            writer.write_unsigned(span.length)
            writer.write_signed(span.offset)
    if first.custom:
        writer.write_unsigned(len(first.custom_bounds))
        for bound in first.custom_bounds:
            _write_bound(writer, bound)


def _write_threshold(writer: BitWriter, threshold: float) -> None:
    """Write zero and powers of two as a byte, anything else in full."""
    fraction, exponent = math.frexp(threshold)
    code = exponent + _THRESHOLD_EXPONENT
    if threshold == 0:
        writer.write(0, 8)
    elif fraction == 0.5 and 0 < code < _THRESHOLD_EXACT:
        writer.write(code, 8)
    else:
        writer.write(_THRESHOLD_EXACT, 8)
        writer.write_double(threshold)


def _write_bound(writer: BitWriter, bound: float) -> None:
    """Write a bound that is a number of thousandths as that, anything else in full."""
    scaled = bound * _BOUND_SCALE
    whole = 0 <= scaled < _BOUND_WHOLE_MAX and scaled == int(scaled)
    if whole and int(scaled) / _BOUND_SCALE == bound:
        writer.write_unsigned(int(scaled) + 1)
    else:
        writer.write_unsigned(0)
        writer.write_double(bound)
