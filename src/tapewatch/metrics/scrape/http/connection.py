"""One connection: dialled directly or through a proxy, and used for one request at a time."""

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from typing import cast

from tapewatch.metrics.scrape.errors import BadAnswer, ScrapeFailed, Unreachable
from tapewatch.metrics.scrape.http.answer import AnswerReader
from tapewatch.metrics.scrape.http.origin import Origin
from tapewatch.metrics.scrape.http.proxy import Proxy


class Connection(asyncio.Protocol):
    """Bytes of a request out, an answer in."""

    def __init__(self) -> None:
        self.used = False
        self.local = False
        self._transport: asyncio.Transport | None = None
        self._reader: AnswerReader | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, request: bytes, reader: AnswerReader) -> None:
        """Send a request and wait until ``reader`` has its whole answer."""
        assert self._waiter is None, "a connection serves one request at a time"
        assert self._transport is not None
        self._reader = reader
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            await self._waiter
        finally:
            self._reader = self._waiter = None
        self.used = True

    async def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Speak TLS from here on."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(
            self._transport, self, context, server_hostname=server_name
        )
        if transport is None:
            raise ConnectionResetError("the connection was closed during the TLS handshake")
        self._transport = transport

    def close(self) -> None:
        """Drop the connection, whatever it is doing."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.local = (
            peer is not None and ipaddress.ip_address(peer[0].partition("%")[0]).is_loopback
        )

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._reader is None:
            # Nobody asked; whatever the server means, this connection cannot be trusted any more.
            self.close()
            return
        try:
            done = self._reader.feed(data)
        except ScrapeFailed as fault:
            self.close()
            self._settle(fault)
            return
        if done:
            self._settle(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._transport = None
        if self._reader is not None and self._reader.end():
            self._settle(None)
            return
        reason = str(exc) if exc else "the connection was closed before the answer was whole"
        self._settle(ConnectionResetError(reason))

    def _settle(self, fault: Exception | None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if fault is None:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(fault)


async def dial(
    origin: Origin,
    proxy: Proxy | None,
    context: ssl.SSLContext | None,
    *,
    server_name: str,
    connect_headers: Mapping[str, str],
) -> Connection:
    """Open a connection to ``origin``; ``context`` is given where it speaks TLS."""
    try:
        if proxy is None:
            return await _connect(origin, context, server_name)
        trust = ssl.create_default_context() if proxy.origin.secure else None
        connection = await _connect(proxy.origin, trust, proxy.origin.host)
        if context is not None:
            await _tunnel(connection, origin, proxy, connect_headers)
            await connection.secure(context, server_name)
        return connection
    except ssl.SSLError as fault:
        raise Unreachable(origin.authority, f"TLS: {_tls_reason(fault)}") from None
    except OSError as fault:
        raise Unreachable(origin.authority, _reason(fault)) from None


async def _connect(origin: Origin, context: ssl.SSLContext | None, server_name: str) -> Connection:
    loop = asyncio.get_running_loop()
    name = server_name if context is not None else None
    _, connection = await loop.create_connection(
        Connection, origin.host, origin.port, ssl=context, server_hostname=name
    )
    return connection


async def _tunnel(
    connection: Connection, origin: Origin, proxy: Proxy, headers: Mapping[str, str]
) -> None:
    lines = [f"CONNECT {origin.authority} HTTP/1.1", f"Host: {origin.authority}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    reader = AnswerReader(bodiless=True)
    try:
        await connection.send("\r\n".join([*lines, "", ""]).encode("latin-1"), reader)
    except BaseException:
        connection.close()
        raise
    if reader.status != 200:
        connection.close()
        proxied = f"the proxy {proxy.origin.authority}"
        raise BadAnswer(f"{proxied} answered CONNECT with {reader.status} {reader.reason}")


def _reason(fault: OSError) -> str:
    return fault.strerror or str(fault) or type(fault).__name__


def _tls_reason(fault: ssl.SSLError) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return fault.verify_message
    return fault.reason or str(fault)
