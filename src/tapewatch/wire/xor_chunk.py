"""
The XOR chunk of Prometheus' storage, which streamed remote reads carry.

After a count of two bytes come time and value of the first sample in full, then for each further
sample how much the step of time has changed (prefix codes) and which bits of the value have
(after "Gorilla: a fast, scalable, in-memory time series database", VLDB 2015).
"""

import struct
from collections.abc import Sequence
from typing import Final

from tapewatch.wire.protobuf import varint

_SAMPLES_MAX: Final = 0xFFFF
_BITS = struct.Struct(">Q")
_DOUBLE = struct.Struct(">d")
# How many bits a change of step takes, and the prefix that says so.
_STEP_CODES: Final = ((14, 0b10, 2), (17, 0b110, 3), (20, 0b1110, 4))
_STEP_ESCAPE: Final = (0b1111, 4)
_LEADING_MAX: Final = 31


class _BitWriter:
    """Bits from the left, collected in one number."""

    def __init__(self) -> None:
        self._bits = 0
        self._count = 0

    def write(self, value: int, count: int) -> None:
        self._bits = self._bits << count | value & ((1 << count) - 1)
        self._count += count

    def write_bytes(self, data: bytes) -> None:
        self.write(int.from_bytes(data, "big"), 8 * len(data))

    def finish(self) -> bytes:
        padding = -self._count % 8
        return (self._bits << padding).to_bytes((self._count + padding) // 8, "big")


def encode_xor(points: Sequence[tuple[int, float]]) -> bytes:
    """Write a chunk from pairs of time and value, in order of time."""
    assert 0 < len(points) <= _SAMPLES_MAX
    writer = _BitWriter()
    values = _ValueWriter(writer)
    writer.write(len(points), 16)
    last_ms = step_ms = 0
    for position, (time_ms, value) in enumerate(points):
        if position == 0:
            writer.write_bytes(varint(_zigzag(time_ms)))
        elif position == 1:
            step_ms = time_ms - last_ms
            writer.write_bytes(varint(step_ms))
        else:
            _write_step_change(writer, time_ms - last_ms - step_ms)
            step_ms = time_ms - last_ms
        last_ms = time_ms
        values.write(value)
    return writer.finish()


def _write_step_change(writer: _BitWriter, change: int) -> None:
    if change == 0:
        writer.write(0, 1)
        return
    for count, prefix, prefix_count in _STEP_CODES:
        if -(1 << count - 1) < change <= 1 << count - 1:
            writer.write(prefix, prefix_count)
            writer.write(change, count)
            return
    writer.write(*_STEP_ESCAPE)
    writer.write(change, 64)


class _ValueWriter:
    """Writes each value by what differs from the one before."""

    def __init__(self, writer: _BitWriter) -> None:
        self._writer = writer
        self._last: int | None = None
        self._leading = -1  # no window is open yet
        self._trailing = 0

    def write(self, value: float) -> None:
        (bits,) = _BITS.unpack(_DOUBLE.pack(value))
        if self._last is None:
            self._writer.write(bits, 64)
        else:
            self._write_changed(bits ^ self._last)
        self._last = bits

    def _write_changed(self, changed: int) -> None:
        if changed == 0:
            self._writer.write(0, 1)
            return
        leading = min(64 - changed.bit_length(), _LEADING_MAX)
        trailing = (changed & -changed).bit_length() - 1
        if 0 <= self._leading <= leading and trailing >= self._trailing:
            # The bits fit into the window that the value before has opened.
            self._writer.write(0b10, 2)
        else:
            self._leading, self._trailing = leading, trailing
            self._writer.write(0b11, 2)
            self._writer.write(leading, 5)
            self._writer.write(64 - leading - trailing, 6)
        size = 64 - self._leading - self._trailing
        self._writer.write(changed >> self._trailing, size)


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 63
