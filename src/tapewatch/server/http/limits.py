"""What one request may cost: bytes, packed and unpacked, time, and a place in the crowd."""

import asyncio
import zlib
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapewatch.server.errors import Refusal
from tapewatch.server.settings import ServerSettings

ALWAYS_ANSWERED: Final = frozenset({"/-/healthy", "/-/ready"})
"""Paths that a full server still answers, so that it is not killed for being busy."""

_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}
_STEP_BYTES: Final = 1024 * 1024


class Limits:
    """Refuses what is too large, too many or too slow, and unpacks gzip and deflate bodies."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._at_once = 0

    def apply(self, settings: ServerSettings) -> None:
        """Use new limits for the requests that follow."""
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in ALWAYS_ANSWERED:
            await self._app(scope, receive, send)
            return
        if self._at_once >= self._settings.requests_at_once_max:
            message = f"{self._at_once} requests are being answered, the most that are taken"
            raise Refusal(503, "unavailable", message, {"retry-after": "1"})
        self._at_once += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self._at_once -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit_ms = self._settings.request_timeout
        body = _Body(scope, receive, self._settings)
        try:
            async with asyncio.timeout(limit_ms / 1000) as timer:
                scope["tapewatch.timer"] = timer
                await self._app(scope, body.receive, send)
        except TimeoutError:
            if not timer.expired():
                raise
            raise Refusal(503, "timeout", f"not answered within {limit_ms} ms") from None


class _Body:
    """The body of one request, counted and unpacked as it arrives."""

    def __init__(self, scope: Scope, receive: Receive, settings: ServerSettings) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self._body_max = settings.request_body_max
        self._unpacked_max = settings.request_unpacked_max
        self._body_bytes = self._unpacked_bytes = 0
        self._refuse_announced(headers)
        coding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        scope["tapewatch.coding"] = coding
        bits = _WINDOW_BITS.get(coding)
        self._unpacker: Any = None if bits is None else zlib.decompressobj(bits)
        if bits is not None:
            _drop_coding(scope)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        chunk = message.get("body", b"")
        self._body_bytes += len(chunk)
        if self._body_bytes > self._body_max:
            raise _too_large("body", self._body_max)
        if self._unpacker is None:
            return message
        unpacked = self._unpack(chunk)
        if not message.get("more_body", False) and not self._unpacker.eof and self._body_bytes:
            raise Refusal(400, "bad_data", "the compressed body ends too early")
        return {**message, "body": unpacked}

    def _unpack(self, chunk: bytes) -> bytes:
        parts = []
        while chunk:
            try:
                part = self._unpacker.decompress(chunk, _STEP_BYTES)
            except zlib.error as fault:
                raise Refusal(
                    400, "bad_data", f"the body cannot be decompressed: {fault}"
                ) from None
            self._unpacked_bytes += len(part)
            if self._unpacked_bytes > self._unpacked_max:
                raise _too_large("body after decompression", self._unpacked_max)
            parts.append(part)
            chunk = self._unpacker.unconsumed_tail
        return b"".join(parts)

    def _refuse_announced(self, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._body_max:
            raise _too_large("body", self._body_max)


def _drop_coding(scope: Scope) -> None:
    dropped = (b"content-encoding", b"content-length")
    scope["headers"] = [each for each in scope["headers"] if each[0] not in dropped]


def _too_large(what: str, limit: int) -> Refusal:
    return Refusal(413, "too_large", f"the {what} is over {limit} bytes")
