"""
The index of a block: its symbols, its series and where their chunks lie.

Postings and label indexes are not needed to read everything, and are passed over.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tapewatch.model.hashing import crc32c
from tapewatch.model.labels import Labels

MAGIC: Final = 0xBAAAD700
_CONTENTS = struct.Struct(">6QI")
_LENGTH = struct.Struct(">I")
_ALIGNMENT: Final = 16


class ChunkPlace(NamedTuple):
    """Where a chunk lies, and which time it covers."""

    first_ms: int
    last_ms: int
    reference: int


class IndexedSeries(NamedTuple):
    """A series of a block."""

    number: int
    labels: Labels
    chunks: list[ChunkPlace]


class Cursor:
    """Reads numbers of seven bits a byte; raises ``ValueError`` at the end."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self.data = data
        self.at = at

    def unsigned(self) -> int:
        number = shift = 0
        data, at = self.data, self.at
        try:
            while True:
                byte = data[at]
                at += 1
                number |= (byte & 0x7F) << shift
                if byte < 0x80:
                    self.at = at
                    return number
                shift += 7
        except IndexError:
            raise ValueError("it ends in the middle of a number") from None

    def signed(self) -> int:
        number = self.unsigned()
        return number >> 1 ^ -(number & 1)

    def take(self, length: int) -> memoryview:
        if self.at + length > len(self.data):
            raise ValueError("it ends in the middle of an entry")
        taken = self.data[self.at : self.at + length]
        self.at += length
        return taken


def read_index(data: memoryview) -> Iterator[IndexedSeries]:
    """Yield every series; raises ``ValueError`` with what is wrong with the file."""
    if len(data) < 5 + _CONTENTS.size or _LENGTH.unpack_from(data)[0] != MAGIC:
        raise ValueError("it is no index of a block")
    if data[4] != 2:
        raise ValueError(f"it has version {data[4]}, only version 2 can be read")
    contents = data[-_CONTENTS.size :]
    symbols_at, series_at, *rest, checksum = _CONTENTS.unpack(contents)
    if crc32c(bytes(contents[:-4])) != checksum:
        raise ValueError("its table of contents is damaged")
    symbols = _read_symbols(data, symbols_at)
    later = [place for place in rest if place > series_at]
    end = min(later, default=len(data) - _CONTENTS.size)
    cursor = Cursor(data[:end], series_at)
    while True:
        number = -(-cursor.at // _ALIGNMENT)
        cursor.at = number * _ALIGNMENT
        if cursor.at >= end:
            return
        entry = cursor.take(cursor.unsigned())
        if not len(entry):
            return
        if _LENGTH.unpack(cursor.take(4))[0] != crc32c(bytes(entry)):
            raise ValueError(f"the series at {number * _ALIGNMENT} is damaged")
        yield _read_series(number, Cursor(entry), symbols)


def _read_symbols(data: memoryview, at: int) -> list[str]:
    length, count = struct.unpack_from(">II", data, at)
    body = data[at + 4 : at + 4 + length]
    if _LENGTH.unpack_from(data, at + 4 + length)[0] != crc32c(bytes(body)):
        raise ValueError("its symbols are damaged")
    cursor = Cursor(body, 4)
    return [str(cursor.take(cursor.unsigned()), "utf-8") for _ in range(count)]


def _read_series(number: int, cursor: Cursor, symbols: list[str]) -> IndexedSeries:
    count = cursor.unsigned()
    pairs = [(symbols[cursor.unsigned()], symbols[cursor.unsigned()]) for _ in range(count)]
    chunks: list[ChunkPlace] = []
    last_ms = reference = 0
    for i in range(cursor.unsigned()):
        first_ms = last_ms + cursor.unsigned() if i else cursor.signed()
        last_ms = first_ms + cursor.unsigned()
        reference = reference + cursor.signed() if i else cursor.unsigned()
        chunks.append(ChunkPlace(first_ms, last_ms, reference))
    return IndexedSeries(number, Labels.from_pairs(pairs), chunks)
