"""The readable twin of ``xor_fast.pyx``."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.imports.tsdb.bits import BitReader, XorNumbers, signed, zigzag

# How many bits the change of a step of time takes, by the ones of its prefix.
_CHANGE_BITS: Final = (0, 14, 17, 20, 64)
_WORD: Final = (1 << 64) - 1


def decode_xor(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read times and values."""
    reader = BitReader(data)
    count = reader.bits(16)
    times, values = np.empty(count, np.int64), np.empty(count)
    if not count:
        return times, values
    time_ms, step_ms = zigzag(reader.byte_number()), 0
    times[0] = time_ms
    values[0] = reader.double()
    numbers = XorNumbers(reader, float(values[0]))
    for i in range(1, count):
        step_ms += reader.byte_number() if i == 1 else _change(reader)
        time_ms = signed(time_ms + step_ms & _WORD, 64)
        times[i], values[i] = time_ms, numbers.next()
    return times, values


def _change(reader: BitReader) -> int:
    ones = 0
    while ones < 4 and reader.bits(1):
        ones += 1
    width = _CHANGE_BITS[ones]
    return signed(reader.bits(width), width) if width else 0
