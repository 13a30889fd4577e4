"""Snappy's block format, in which remote write and remote read send their messages."""

import cramjam

from tapewatch.wire.errors import BadEncoding, TooLarge


def compress(data: bytes) -> bytes:
    """Compress into one block."""
    return bytes(cramjam.snappy.compress_raw(data))


def decompress(body: bytes, limit_bytes: int) -> bytes:
    """Decompress one block; a block that promises more than ``limit_bytes`` is not begun."""
    size = promised_size(body)
    if size > limit_bytes:
        raise TooLarge(limit_bytes)
    try:
        data = bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as fault:
        raise BadEncoding("snappy", str(fault)) from None
    if len(data) != size:
        raise BadEncoding("snappy", f"{len(data)} bytes came out where {size} were promised")
    return data


def promised_size(body: bytes) -> int:
    """Read the size, before compression, that a block begins with."""
    size = 0
    for position, byte in enumerate(body[:5]):
        size |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return size
    raise BadEncoding("snappy", "the block does not begin with its size")
