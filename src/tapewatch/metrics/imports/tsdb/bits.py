"""Numbers at the bits of a chunk, from the left."""

import struct

from tapewatch.wire.bits import WIDTHS

_DOUBLE = struct.Struct(">d")
_QUAD = struct.Struct(">Q")


class BitReader:
    """Reads bits; raises ``ValueError`` where there are none left."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        """Read ``count`` bits as a number."""
        self._left -= count
        if self._left < 0:
            raise ValueError("it ends before its samples do")
        return self._number >> self._left & ((1 << count) - 1)

    def double(self) -> float:
        """Read a float64 as it stands."""
        number: float = _DOUBLE.unpack(_QUAD.pack(self.bits(64)))[0]
        return number

    def unsigned(self) -> int:
        """Read a number behind a prefix that tells its width."""
        return self.bits(self._width())

    def signed(self) -> int:
        """Read a number as ``unsigned`` does, half of the range below zero."""
        width = self._width()
        return signed(self.bits(width), width) if width else 0

    def byte_number(self) -> int:
        """Read seven bits a byte, the lowest first, as long as the eighth says so."""
        number = 0
        for shift in range(0, 70, 7):
            byte = self.bits(8)
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        return number & ((1 << 64) - 1)

    def _width(self) -> int:
        ones = 0
        while ones < 8 and self.bits(1):
            ones += 1
        return WIDTHS[ones]


def signed(bits: int, width: int) -> int:
    """Give a number its sign: the upper half of the range, but for its lowest, lies below zero."""
    if width == 64:
        return bits - (1 << 64) if bits >> 63 else bits
    return bits - (1 << width) if bits > 1 << width - 1 else bits


def zigzag(number: int) -> int:
    """Undo the folding of negative numbers between the positive ones."""
    return number >> 1 ^ -(number & 1)


class XorNumbers:
    """Doubles of which each is told by what differs from the one before."""

    def __init__(self, reader: BitReader, first: float) -> None:
        self._reader = reader
        self._bits: int = _QUAD.unpack(_DOUBLE.pack(first))[0]
        self._leading = self._trailing = 0

    def next(self) -> float:
        """Read the next one."""
        reader = self._reader
        if reader.bits(1):
            if reader.bits(1):
                self._leading, size = reader.bits(5), reader.bits(6) or 64
                self._trailing = 64 - self._leading - size
                if self._trailing < 0:
                    raise ValueError("its bits mean no number")
            size = 64 - self._leading - self._trailing
            self._bits ^= reader.bits(size) << self._trailing
        number: float = _DOUBLE.unpack(_QUAD.pack(self._bits))[0]
        return number
