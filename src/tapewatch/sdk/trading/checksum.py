"""
The checksum that Kraken's books carry.

CRC32 over the ten best asks from low to high, then the ten best bids from high to low, each price
and quantity written as the venue wrote it, without its point and without leading zeros.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Final, TypeAlias
from zlib import crc32

Level: TypeAlias = "tuple[str | Decimal, str | Decimal]"
DEPTH: Final = 10


def book_checksum(asks: Iterable[Level], bids: Iterable[Level]) -> int:
    """
    Checksum a book; each side begins with its best price.

    Levels are texts or decimals with the digits that the venue sent: floats lose the zeros at the
    end, and those count.
    """
    return crc32(f"{_side(asks)}{_side(bids)}".encode())


def _side(levels: Iterable[Level]) -> str:
    return "".join(_digits(price) + _digits(quantity) for price, quantity in islice(levels, DEPTH))


def _digits(number: str | Decimal) -> str:
    # A decimal such as 1E-8 has to be written out before its point can be taken away.
    text = number if isinstance(number, str) else f"{number:f}"
    return text.replace(".", "").lstrip("0")
