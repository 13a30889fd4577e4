"""
Numbers as bits from the left, in the ways of the chunks of Prometheus' storage.

Doubles are told by what differs from the one before (after "Gorilla: a fast, scalable, in-memory
time series database", VLDB 2015), integers by a prefix of ones that tells how many bits follow.
"""

import struct
from typing import Final

_BITS = struct.Struct(">Q")
_DOUBLE = struct.Struct(">d")
_LEADING_MAX: Final = 31
WIDTHS: Final = (0, 3, 6, 9, 12, 18, 25, 56, 64)
"""How many bits follow each prefix of ones (closed by a zero, where there are fewer than eight)."""


class BitWriter:
    """Bits from the left, collected in one number."""

    def __init__(self) -> None:
        self._bits = 0
        self._count = 0

    def write(self, value: int, count: int) -> None:
        """Write the lowest ``count`` bits of a number."""
        self._bits = self._bits << count | value & ((1 << count) - 1)
        self._count += count

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.write(int.from_bytes(data, "big"), 8 * len(data))

    def write_double(self, value: float) -> None:
        """Write a float64 as it stands."""
        self.write_bytes(_DOUBLE.pack(value))

    def write_unsigned(self, number: int) -> None:
        """Write a number of 64 bits behind the shortest prefix that holds it."""
        self._prefixed(number, next(width for width in WIDTHS if number < 1 << width))

    def write_signed(self, number: int) -> None:
        """Do the same for a number that may lie below zero, down to half of the range."""
        self._prefixed(number, next(width for width in WIDTHS if _fits(number, width)))

    def _prefixed(self, number: int, width: int) -> None:
        ones = WIDTHS.index(width)
        self.write((1 << ones) - 1, ones)
        if ones < len(WIDTHS) - 1:
            self.write(0, 1)
        self.write(number, width)

    def finish(self) -> bytes:
        """Return what was written, filled up with zeros to whole bytes."""
        padding = -self._count % 8
        return (self._bits << padding).to_bytes((self._count + padding) // 8, "big")


def _fits(number: int, width: int) -> bool:
    if width in (0, 64):
        return number == 0 or width == 64
    return -(1 << width - 1) < number <= 1 << width - 1


class DoubleWriter:
    """Writes each value by what differs from the one before."""

    def __init__(self, writer: BitWriter) -> None:
        self._writer = writer
        self._last: int | None = None
        self._leading = -1  # no window is open yet
        self._trailing = 0

    def write(self, value: float) -> None:
        """Write the next double."""
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
