"""
What ``Content-Encoding`` names, undone under a limit.

A body of a few kilobytes can unpack to gigabytes, so nothing larger than the limit is ever
allocated: sizes that the body promises are checked first, and what promises none is unpacked
piece by piece.
"""

import zlib
from collections.abc import Callable
from typing import Final

import cramjam

from tapewatch.wire import snappy
from tapewatch.wire.errors import BadEncoding, TooLarge, UnsupportedContent

_GZIP_WINDOW: Final = 31
_FIRST_ROOM_FACTOR: Final = 8


def decompress(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    """Unpack ``body`` as its ``Content-Encoding`` says; more than ``limit_bytes`` is refused."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        if len(body) > limit_bytes:
            raise TooLarge(limit_bytes)
        return body
    unpack = _ENCODINGS.get(name)
    if unpack is None:
        known = ", ".join(_ENCODINGS)
        raise UnsupportedContent("Content-Encoding", encoding, f"send one of {known}, or none")
    return unpack(body, limit_bytes)


def _gzip(body: bytes, limit_bytes: int) -> bytes:
    return _inflate("gzip", body, limit_bytes, _GZIP_WINDOW)


def _deflate(body: bytes, limit_bytes: int) -> bytes:
    # The name means zlib's format, and some senders leave its two bytes of header out.
    zlib_header = len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0 and body[0] & 0x0F == 8
    window = zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS
    return _inflate("deflate", body, limit_bytes, window)


def _inflate(name: str, body: bytes, limit_bytes: int, window: int) -> bytes:
    pieces, room = [], limit_bytes + 1
    try:
        while body:
            stream = zlib.decompressobj(window)
            piece = stream.decompress(body, room)
            room -= len(piece)
            if not room:
                raise TooLarge(limit_bytes)
            if not stream.eof:
                raise BadEncoding(name, "it ends too early")
            pieces.append(piece)
            body = stream.unused_data
    except zlib.error as fault:
        raise BadEncoding(name, str(fault)) from None
    return b"".join(pieces)


def _zstd(body: bytes, limit_bytes: int) -> bytes:
    # The buffer grows from try to try, so that a small body never costs a large buffer.
    room = min(max(len(body) * _FIRST_ROOM_FACTOR, 4096), limit_bytes + 1)
    while True:
        buffer = bytearray(room)
        try:
            size = cramjam.zstd.decompress_into(body, buffer)
        except cramjam.DecompressionError as fault:
            if "failed to write whole buffer" not in str(fault):
                raise BadEncoding("zstd", str(fault)) from None
            if room > limit_bytes:
                raise TooLarge(limit_bytes) from None
            room = min(room * 4, limit_bytes + 1)
            continue
        if size > limit_bytes:
            raise TooLarge(limit_bytes)
        return bytes(buffer[:size])


_ENCODINGS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
    "snappy": snappy.decompress,
}
