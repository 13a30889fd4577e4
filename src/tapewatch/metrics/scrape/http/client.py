"""
Asking: one client for each job or mechanism, with its settings.

Connections are kept per origin. A request on a kept connection that the server closed meanwhile is
sent once more on a new one. From this machine no compression is asked for: packing and unpacking
would cost both sides more than the bytes do.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from tapewatch.metrics.scrape.errors import (
    BadAnswer,
    BadStatus,
    TimedOut,
    Unreachable,
)
from tapewatch.metrics.scrape.http.answer import AnswerReader, Sink
from tapewatch.metrics.scrape.http.connection import Connection, dial
from tapewatch.metrics.scrape.http.credentials import Credentials, Headers, Tokens
from tapewatch.metrics.scrape.http.deadline import Deadline
from tapewatch.metrics.scrape.http.origin import Origin, split_url
from tapewatch.metrics.scrape.http.proxy import Proxy, ProxyChoice
from tapewatch.metrics.scrape.http.settings import HttpSettings, OAuth2
from tapewatch.metrics.scrape.http.tls import TlsContexts
from tapewatch.model.clock import Clock
from tapewatch.version import VERSION

REDIRECTS_MAX: Final = 10
IDLE_MAX: Final = 64
"""Most idle connections to one origin."""

TOKEN_TIMEOUT_SECONDS: Final = 10.0
USER_AGENT: Final = f"tapewatch/{VERSION}"

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, or the empty text."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Request:
    """One question, ready to be asked again and again."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    compressed: bool = True
    limit_bytes: int = 0
    method: str = "GET"
    body: bytes = b""
    sink: Sink | None = None


class HttpClient:
    """Asks servers on behalf of one job."""

    def __init__(self, settings: HttpSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = TlsContexts(settings.tls_config)
        self._proxies = ProxyChoice(settings)
        self._idle: dict[tuple[Origin, Proxy | None], list[Connection]] = {}
        self._token_client: HttpClient | None = None
        tokens = None
        if settings.oauth2 is not None:
            self._token_client = HttpClient(_token_settings(settings.oauth2), clock)
            tokens = Tokens(settings.oauth2, self._token_client.post_form, clock)
        self._credentials = Credentials(settings, tokens)

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_seconds: float
    ) -> Answer:
        """Fetch a URL; raises ``ScrapeFailed`` for anything but a whole answer with status 200."""
        return await self.ask(Request(url, headers or {}), timeout_seconds=timeout_seconds)

    async def ask(self, request: Request, *, timeout_seconds: float) -> Answer:
        """Send a request, follow where it leads, and return the answer of status 200."""
        answer = await self.fetch(request, timeout_seconds=timeout_seconds)
        if answer.status != 200:
            raise BadStatus(answer.status, answer.reason)
        return answer

    async def fetch(self, request: Request, *, timeout_seconds: float) -> Answer:
        """Send a request, follow where it leads, and return the answer, whatever its status."""
        try:
            async with Deadline(timeout_seconds):
                return await self._follow(request)
        except TimeoutError:
            raise TimedOut(request.url, timeout_seconds) from None

    async def lines(self, request: Request, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        """Yield the lines of a long answer as they come; the limit holds for the whole of it."""
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        streaming = Request(
            request.url, request.headers, sink=lambda piece: pieces.put_nowait(bytes(piece))
        )
        task = asyncio.create_task(self.ask(streaming, timeout_seconds=timeout_seconds))
        task.add_done_callback(lambda _task: pieces.put_nowait(None))
        rest = b""
        try:
            while (piece := await pieces.get()) is not None:
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def post_form(self, url: str, headers: Headers, body: bytes) -> bytes:
        """Post a form and return the body of the answer."""
        fields = {**dict(headers), "Content-Type": "application/x-www-form-urlencoded"}
        request = Request(url, fields, method="POST", body=body)
        return (await self.ask(request, timeout_seconds=TOKEN_TIMEOUT_SECONDS)).body

    def close(self) -> None:
        """Close the connections that are kept."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        if self._token_client is not None:
            self._token_client.close()

    async def _follow(self, request: Request) -> Answer:
        credentials = await self._credentials.headers()
        origin, path = split_url(request.url)
        first, url = origin, request.url
        for _ in range(REDIRECTS_MAX + 1):
            told = credentials if _trusted(origin, first) else []
            answer = await self._exchange(origin, path, request, told)
            location = answer.header("location")
            if not (answer.status in _REDIRECTS and location and self._settings.follow_redirects):
                return answer
            url = urljoin(url, location)
            origin, path = split_url(url)
        raise BadAnswer(f"{request.url} leads through more than {REDIRECTS_MAX} redirects")

    async def _exchange(
        self, origin: Origin, path: str, request: Request, credentials: Headers
    ) -> Answer:
        proxy = self._proxies.for_origin(origin)
        connection = self._kept(origin, proxy) or await self._dial(origin, proxy)
        try:
            return await self._converse(connection, origin, proxy, path, request, credentials)
        except _ClosedWhileIdle:
            connection = await self._dial(origin, proxy)
            return await self._converse(connection, origin, proxy, path, request, credentials)

    async def _converse(
        self,
        connection: Connection,
        origin: Origin,
        proxy: Proxy | None,
        path: str,
        request: Request,
        credentials: Headers,
    ) -> Answer:
        head = _head(connection, origin, proxy, path, request, credentials)
        reader = AnswerReader(
            limit_bytes=request.limit_bytes, sink=request.sink, bodiless=request.method == "HEAD"
        )
        reused = connection.used
        try:
            await connection.send(head + request.body, reader)
        except ConnectionError as fault:
            connection.close()
            if reused and not reader.begun:
                raise _ClosedWhileIdle from None
            raise Unreachable(origin.authority, str(fault)) from None
        except BaseException:
            connection.close()
            raise
        self._keep(connection, reader, origin, proxy)
        return Answer(reader.status, reader.reason, reader.headers, reader.body)

    async def _dial(self, origin: Origin, proxy: Proxy | None) -> Connection:
        context = self._tls.current() if origin.secure else None
        connect_headers = {
            name: ", ".join(value.reveal() for value in values)
            for name, values in self._settings.proxy_connect_header.items()
        }
        return await dial(
            origin,
            proxy,
            context,
            server_name=self._settings.tls_config.server_name or origin.host,
            connect_headers=connect_headers,
        )

    def _kept(self, origin: Origin, proxy: Proxy | None) -> Connection | None:
        kept = self._idle.get((origin, proxy), [])
        while kept:
            connection = kept.pop()
            if connection.open:
                return connection
        return None

    def _keep(
        self, connection: Connection, reader: AnswerReader, origin: Origin, proxy: Proxy | None
    ) -> None:
        kept = self._idle.setdefault((origin, proxy), [])
        if reader.keep_alive and connection.open and len(kept) < IDLE_MAX:
            kept.append(connection)
        else:
            connection.close()


class _ClosedWhileIdle(Exception):
    """The server closed a kept connection before it saw the request; ask again on a new one."""


def _head(
    connection: Connection,
    origin: Origin,
    proxy: Proxy | None,
    path: str,
    request: Request,
    credentials: Headers,
) -> bytes:
    plain_proxy = proxy is not None and not origin.secure
    where = f"{origin.scheme}://{origin.authority}{path}" if plain_proxy else path
    packed = request.compressed and not connection.local
    lines = [
        f"{request.method} {where} HTTP/1.1",
        f"Host: {origin.host_header}",
        f"User-Agent: {USER_AGENT}",
        f"Accept-Encoding: {'gzip' if packed else 'identity'}",
    ]
    if plain_proxy and proxy is not None and proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    if request.body:
        lines.append(f"Content-Length: {len(request.body)}")
    lines.extend(f"{name}: {value}" for name, value in request.headers.items())
    lines.extend(f"{name}: {value}" for name, value in credentials)
    if any("\r" in line or "\n" in line for line in lines):
        raise BadAnswer("a header holds a line end; look at the credentials and http_headers")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _trusted(origin: Origin, first: Origin) -> bool:
    # Credentials follow a redirect within a host and down to its subdomains, never elsewhere.
    return origin.host == first.host or origin.host.endswith(f".{first.host}")


def _token_settings(oauth2: OAuth2) -> HttpSettings:
    return HttpSettings(
        tls_config=oauth2.tls_config,
        proxy_url=oauth2.proxy_url,
        no_proxy=oauth2.no_proxy,
        proxy_from_environment=oauth2.proxy_from_environment,
        proxy_connect_header=oauth2.proxy_connect_header,
    )
