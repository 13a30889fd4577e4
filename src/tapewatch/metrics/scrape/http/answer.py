"""
Reading an HTTP/1.1 answer from bytes as they come.

It knows no socket. The pieces of a body are put in their place as they come and let go, so a large
one takes its own size once. The limit holds for the unpacked body and is checked while it grows.
"""

import io
import zlib
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, TypeAlias

from tapewatch.metrics.scrape.errors import BadAnswer, BodyTooLarge

HEAD_MAX_BYTES: Final = 64 * 1024
CHUNK_LINE_MAX_BYTES: Final = 1024
ROOM_MIN_BYTES: Final = 64 * 1024
ROOM_MAX_BYTES: Final = 64 * 1024 * 1024
"""Room is made at once for a body that says so, but not for any size that a server may claim."""

_CHUNK_DIGITS_MAX: Final = 18  # sixteen digits and the line end

Piece: TypeAlias = bytes | memoryview
Sink: TypeAlias = Callable[[Piece], None]

_GZIP_WINDOW: Final = 31  # the largest window, with gzip's header


class Framing(Enum):
    """How the end of a body is found."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()


class AnswerReader:
    """One answer; ``feed`` it until it says True, then read its fields."""

    def __init__(
        self, *, limit_bytes: int = 0, sink: Sink | None = None, bodiless: bool = False
    ) -> None:
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.keep_alive = False
        self.begun = False
        self._body: _Body | None = None
        self._frames: _Chunks | _Length | None = None
        self._framing = Framing.NONE
        self._head = b""
        self._limit_bytes = limit_bytes
        self._sink = sink
        self._bodiless = bodiless

    @property
    def body(self) -> bytes:
        """The body, unpacked; empty where it went to a sink."""
        return self._body.whole() if self._body else b""

    def feed(self, data: bytes) -> bool:
        """Take more bytes; True once the answer is whole. Raises ``BadAnswer``."""
        self.begun = True
        if self._body is None:
            rest = self._feed_head(data)
            if rest is None:
                return False
            data = rest
        assert self._body is not None
        if self._frames is not None:
            return self._frames.feed(data, self._body)
        if self._framing is Framing.CLOSE:
            self._body.add(data)
            return False
        return True

    def end(self) -> bool:
        """Say whether the answer is whole now that the connection has ended."""
        return self._body is not None and self._framing is Framing.CLOSE

    def _feed_head(self, data: bytes) -> bytes | None:
        # Returns what follows the head, or None while it is not complete.
        self._head = self._head + data if self._head else data
        while True:
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                if len(self._head) > HEAD_MAX_BYTES:
                    raise BadAnswer(f"the answer's head is larger than {HEAD_MAX_BYTES} bytes")
                return None
            head, self._head = self._head[:end], self._head[end + 4 :]
            self._read_head(head)
            # An interim answer (100 Continue, 103 Early Hints) comes before the real one.
            if not 100 <= self.status < 200:
                break
        self._begin_body()
        return self._head

    def _read_head(self, head: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        status, _, self.reason = rest.partition(" ")
        if version not in ("HTTP/1.1", "HTTP/1.0") or not status.isdigit() or len(status) != 3:
            raise BadAnswer(f"the answer begins with {first[:60]!r}, which is not HTTP/1.1")
        self.status = int(status)
        self.headers = _headers(lines)
        said = self.headers.get("connection", "").lower()
        self.keep_alive = "close" not in said if version == "HTTP/1.1" else "keep-alive" in said

    def _begin_body(self) -> None:
        self._framing, length = self._find_framing()
        if self._framing is Framing.CLOSE:
            self.keep_alive = False
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        sink = self._sink if self.status == 200 else None
        self._body = _Body(encoding, self._limit_bytes, sink)
        if self._framing is Framing.CHUNKED:
            self._frames = _Chunks()
        elif self._framing is Framing.LENGTH:
            if encoding == "identity":
                self._body.announce(length)
            self._frames = _Length(length)

    def _find_framing(self) -> tuple[Framing, int]:
        if self._bodiless or self.status in (204, 304):
            return Framing.NONE, 0
        transfer = self.headers.get("transfer-encoding", "").lower()
        if transfer:
            if transfer.strip() != "chunked":
                raise BadAnswer(f"Transfer-Encoding {transfer!r} is not supported")
            return Framing.CHUNKED, 0
        length = self.headers.get("content-length")
        if length is None:
            return Framing.CLOSE, 0
        if not length.isdigit():
            raise BadAnswer(f"Content-Length {length!r} is not a number")
        return Framing.LENGTH, int(length)


class _Body:
    """A body while it grows, unpacked."""

    def __init__(self, encoding: str, limit_bytes: int, sink: Sink | None) -> None:
        if encoding not in ("identity", "gzip", "x-gzip", ""):
            raise BadAnswer(f"Content-Encoding {encoding!r} was not asked for")
        self._unpack = zlib.decompressobj(_GZIP_WINDOW) if "gzip" in encoding else None
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._whole = io.BytesIO()
        self._sink = sink

    def announce(self, size_bytes: int) -> None:
        """Refuse a body that says itself that it is too large."""
        if self._limit_bytes and size_bytes > self._limit_bytes:
            raise BodyTooLarge(self._limit_bytes)
        if self._sink is None and ROOM_MIN_BYTES <= size_bytes <= ROOM_MAX_BYTES:
            # Room for all of it at once: growing step by step copies what is there already.
            self._whole.seek(size_bytes - 1)
            self._whole.write(b"\0")
            self._whole.seek(0)

    def add(self, piece: Piece) -> None:
        """Keep one more piece."""
        if self._unpack is None:
            self._keep(piece)
            return
        while piece:
            if self._unpack.eof:
                self._unpack = zlib.decompressobj(_GZIP_WINDOW)
            piece = self._add_packed(self._unpack, piece)

    def finish(self) -> None:
        """Check that nothing is missing at the end."""
        if self._unpack is not None and not self._unpack.eof and self._size_bytes:
            raise BadAnswer("the gzip body ends too early")

    def whole(self) -> bytes:
        """Return what has come; it is not copied."""
        return self._whole.getvalue()

    def _add_packed(self, unpack: "zlib._Decompress", piece: Piece) -> Piece:
        # Returns what follows the end of a gzip member: another one may begin there.
        room = self._limit_bytes + 1 - self._size_bytes if self._limit_bytes else 0
        try:
            self._keep(unpack.decompress(piece, room))
        except zlib.error as fault:
            raise BadAnswer(f"the body is not gzip: {fault}") from None
        return unpack.unused_data if unpack.eof else unpack.unconsumed_tail

    def _keep(self, piece: Piece) -> None:
        self._size_bytes += len(piece)
        if self._limit_bytes and self._size_bytes > self._limit_bytes:
            raise BodyTooLarge(self._limit_bytes)
        if self._sink is not None:
            self._sink(piece)
        else:
            self._whole.write(piece)


class _Length:
    """A body whose length was said before."""

    def __init__(self, length: int) -> None:
        self._left = length

    def feed(self, data: bytes, body: _Body) -> bool:
        if len(data) > self._left:
            raise BadAnswer("the answer is longer than its Content-Length")
        self._left -= len(data)
        if data:
            body.add(data)
        if self._left:
            return False
        body.finish()
        return True


class _Chunks:
    """A body in chunks, each with its length in front."""

    def __init__(self) -> None:
        self._left = 0  # of the chunk that is open, with the line end behind it
        self._line = b""
        self._trailers = False

    def feed(self, data: bytes, body: _Body) -> bool:
        if self._line:
            data, self._line = self._line + data, b""
        view = memoryview(data)
        at, size = 0, len(data)
        while at < size:
            if self._left:
                at = self._chunk(view, at, body)
                at = self._whole_chunks(data, view, at, body)
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._hold(data[at:])
                return False
            line, at = data[at:end], end + 2
            if self._trailers:
                if not line:
                    return self._finish(at == size, body)
            else:
                self._open(line)
        return False

    def _whole_chunks(self, data: bytes, view: memoryview, at: int, body: _Body) -> int:
        # Servers write many small chunks; those that came whole, and plainly, are taken at a run.
        size, add = len(data), body.add
        while not self._left:
            end = data.find(b"\r\n", at, at + _CHUNK_DIGITS_MAX)
            digits = data[at:end]
            if end < 0 or not digits.isalnum():
                return at
            start = end + 2
            stop = start + _chunk_size(digits)
            if stop == start or stop + 2 > size:
                return at
            add(view[start:stop])
            at = stop + 2
        return at

    def _chunk(self, view: memoryview, at: int, body: _Body) -> int:
        # The last two of the bytes that are left are the line end behind the chunk.
        end = min(at + self._left, len(view))
        data_end = min(end, at + max(self._left - 2, 0))
        if data_end > at:
            body.add(view[at:data_end])
        self._left -= end - at
        return end

    def _open(self, line: bytes) -> None:
        size = _chunk_size(line.partition(b";")[0].strip())
        if not size:
            self._trailers = True
        self._left = size + 2 if size else 0

    def _hold(self, line: bytes) -> None:
        if len(line) > CHUNK_LINE_MAX_BYTES:
            raise BadAnswer("the length of a chunk is missing")
        self._line = line

    def _finish(self, exactly: bool, body: _Body) -> bool:
        if not exactly:
            raise BadAnswer("something follows the last chunk")
        body.finish()
        return True


def _chunk_size(digits: bytes) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        raise BadAnswer(f"{digits[:20]!r} is not the length of a chunk") from None


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadAnswer(f"{line[:60]!r} is not a header")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
