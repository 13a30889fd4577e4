"""The component that listens: uvicorn on a socket of ours, with a bound on request heads."""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tapewatch.server.errors import AddressUnusable, PublicWithoutAuth
from tapewatch.server.lifecycle import Component
from tapewatch.server.settings import ServerSettings, is_loopback, split_address

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS: Final = 75
BACKLOG: Final = 2048


class Listener(Component):
    """Answers HTTP on the configured address."""

    name = "http"

    def __init__(self, app: ASGIApp, settings: ServerSettings, needs: tuple[str, ...] = ()) -> None:
        self.needs = needs
        self._app = app
        self._settings = settings
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def bind(self) -> str:
        """Take the address, before anything else is started; returns it with the real port."""
        if self._socket is None:
            self._socket = _bind(self._settings)
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def start(self) -> None:
        self.bind()
        assert self._socket is not None
        self._server = _Server(self._configuration())
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
            await asyncio.sleep(0.001)

    async def run(self) -> None:
        assert self._serving is not None
        await asyncio.shield(self._serving)

    async def stop(self) -> str:
        open_requests = 0
        if self._server is not None and self._serving is not None:
            open_requests = len(self._server.server_state.tasks)
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
        self.close()
        self._server = self._serving = None
        return f"{open_requests} requests" if open_requests else ""

    def close(self) -> None:
        """Give the address free."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _configuration(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            loop="none",
            http=_bounded_protocol(self._settings.request_head_max),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, self._settings.drain_timeout // 1000),
        )


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals belong to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def check_exposure(settings: ServerSettings) -> None:
    """Refuse a public address without authentication."""
    host, _ = split_address(settings.listen)
    if not is_loopback(host) and not settings.auth_token:
        raise PublicWithoutAuth(settings.listen)


def _bind(settings: ServerSettings) -> socket.socket:
    host, port = split_address(settings.listen)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as fault:
        raise AddressUnusable(settings.listen, f"{host}: {fault.strerror}") from None
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as fault:
        listening.close()
        raise AddressUnusable(settings.listen, (fault.strerror or str(fault)).lower()) from None
    listening.setblocking(False)
    return listening


def _bounded_protocol(head_max_bytes: int) -> type[HttpToolsProtocol]:
    """Make the protocol refuse a request head over the limit, before it fills the memory."""

    class BoundedProtocol(HttpToolsProtocol):
        _head_bytes = 0
        _in_head = True

        def on_message_begin(self) -> None:
            self._head_bytes, self._in_head = 0, True
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            self._count_head(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count_head(len(name) + len(value) + 4)
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._in_head = False
            if not self._refused_head():
                super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if not self._refused_head():
                super().on_body(body)

        def on_message_complete(self) -> None:
            if not self._refused_head():
                super().on_message_complete()

        def data_received(self, data: bytes) -> None:
            # A header that never ends reaches no callback, so unfinished heads are counted raw.
            unfinished = self._in_head
            super().data_received(data)
            if unfinished and self._in_head:
                self._count_head(len(data))
                self._refused_head()

        def _refused_head(self) -> bool:
            if self._head_bytes <= head_max_bytes:
                return False
            if not self.transport.is_closing():
                self.transport.write(_head_too_large(head_max_bytes))
                self.transport.close()
            return True

        def _count_head(self, size: int) -> None:
            self._head_bytes += size

    return BoundedProtocol


def _head_too_large(limit: int) -> bytes:
    message = f"the request line and headers are over {limit} bytes"
    told: dict[str, Any] = {"error": {"code": "head_too_large", "message": message}}
    body = json.dumps(told).encode()
    return (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
        b"connection: close\r\ncontent-length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
