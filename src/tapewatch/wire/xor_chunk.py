"""
The XOR chunk of Prometheus' storage, which streamed remote reads carry.

After a count of two bytes come time and value of the first sample in full, then for each further
sample how much the step of time has changed (prefix codes) and which bits of the value have.
"""

from collections.abc import Sequence
from typing import Final

from tapewatch.wire.bits import BitWriter, DoubleWriter
from tapewatch.wire.protobuf import varint

_SAMPLES_MAX: Final = 0xFFFF
# How many bits a change of step takes, and the prefix that says so.
_STEP_CODES: Final = ((14, 0b10, 2), (17, 0b110, 3), (20, 0b1110, 4))
_STEP_ESCAPE: Final = (0b1111, 4)


def encode_xor(points: Sequence[tuple[int, float]]) -> bytes:
    """Write a chunk from pairs of time and value, in order of time."""
    assert 0 < len(points) <= _SAMPLES_MAX
    writer = BitWriter()
    values = DoubleWriter(writer)
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


def _write_step_change(writer: BitWriter, change: int) -> None:
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


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 63
