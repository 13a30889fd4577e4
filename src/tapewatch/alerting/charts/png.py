"""Writing PNG: eight bits for each of red, green and blue, packed by zlib."""

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR: Final = 2


def write_png(pixels: NDArray[np.uint8]) -> bytes:
    """Write an image; shape ``(height, width, 3)``."""
    height, width, _ = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, _TRUE_COLOUR, 0, 0, 0)
    # Each row begins with its filter; "up" (2) says the difference to the row above, which is
    # nothing nearly everywhere in a chart.
    above = np.vstack([np.zeros((1, width, 3), np.uint8), pixels[:-1]])
    rows = (pixels - above).reshape(height, width * 3)
    filtered = np.hstack([np.full((height, 1), 2, np.uint8), rows])
    body = zlib.compress(filtered.tobytes(), 9)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
