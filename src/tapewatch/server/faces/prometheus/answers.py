"""
How the endpoints of Prometheus' API answer: envelope, compression, cross-origin headers, errors.

An endpoint is an async function of a ``Call``; it returns data, or a whole response, or raises.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cramjam
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from tapewatch.metrics.errors import ReadOnly
from tapewatch.metrics.promql.errors import (
    QueryCanceled,
    QueryFailed,
    QueryRefused,
    QueryTimedOut,
)
from tapewatch.metrics.promql.settings import Budget
from tapewatch.metrics.service import MetricsService
from tapewatch.model.errors import BadRegex, BadText, TapewatchError
from tapewatch.model.regex import regex
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.parameters import Parameters
from tapewatch.server.http.routes import Route
from tapewatch.wire.errors import TooLarge, UnsupportedContent, WireError

if TYPE_CHECKING:
    from tapewatch.server.server import Server

PREFIX: Final = "/api/v1"
JSON: Final = "application/json"
PACKED_MIN_BYTES: Final = 1400
"""A body that fits into one packet is not compressed."""
BESIDE_MIN_BYTES: Final = 256 * 1024
"""A body that is larger is compressed on a thread."""
GRACE_SECONDS: Final = 10.0
"""How much longer than a query its request may take, so that the query's own words are heard."""
TRUNCATED: Final = "results truncated due to limit"

_PACKERS: Final[dict[str, Callable[[bytes], Any]]] = {
    "zstd": lambda body: cramjam.zstd.compress(body, 1),
    "gzip": lambda body: cramjam.gzip.compress(body, 1),
    "deflate": lambda body: cramjam.zlib.compress(body, 1),
}


@dataclass(frozen=True, slots=True)
class Packed:
    """A body as it will be sent."""

    body: bytes
    coding: str = ""


@dataclass(frozen=True, slots=True)
class Data:
    """What an endpoint has to say, before it is wrapped."""

    value: Any
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with what its endpoint needs."""

    server: "Server"
    request: Request
    parameters: Parameters

    @property
    def metrics(self) -> MetricsService:
        """The metrics of the server."""
        return self.server.metrics

    @property
    def now_ms(self) -> int:
        """The time of the server."""
        return self.server.clock.now_ns() // 1_000_000

    @property
    def wanted_coding(self) -> str:
        """The best compression that the client takes, or nothing."""
        return best_coding(self.request.headers.get("accept-encoding", ""))

    def allow(self, seconds: float | None) -> None:
        """Let the request take as long as its query may, or for ever."""
        timer: asyncio.Timeout = self.request.scope["tapewatch.timer"]
        now = asyncio.get_running_loop().time()
        timer.reschedule(None if seconds is None else now + seconds + GRACE_SECONDS)

    async def gone(self) -> None:
        """Return when the client does not wait any more."""
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    async def run(self, work: Callable[[Budget], Packed], budget: Budget, key: Any) -> Response:
        """Run a query while its client waits, and send what it makes."""
        if budget.timeout_s is not None:
            self.allow(budget.timeout_s)
        return packed_response(
            await self.metrics.queries.run(work, budget, gone=self.gone, key=key)
        )

    async def beside(self, work: Callable[[], Data]) -> Response:
        """Do what may take a while on a thread, as a query that nobody names."""
        coding = self.wanted_coding
        budget = self.metrics.queries.budget()
        return await self.run(lambda _: pack(wrap(work()), coding), budget, None)


Result: TypeAlias = Data | Response
Answer: TypeAlias = Callable[[Call], Awaitable[Result]]


def endpoint(
    server: "Server", path: str, answer: Answer, methods: Iterable[str] = ("GET",)
) -> Route:
    """Make the route of one endpoint."""

    async def handle(request: Request) -> Response:
        headers = cross_origin(request, server.settings.server.cors_origin)
        try:
            call = Call(server, request, await Parameters.of(request))
            result = await answer(call)
            response = result if isinstance(result, Response) else await respond(call, result)
        except TapewatchError as fault:
            refusal = fault if isinstance(fault, Refusal) else refusal_of(fault)
            refusal.headers.update(headers)
            raise refusal from None
        if headers:
            response.headers.update(headers)
        return response

    return Route(path, handle, methods=list(methods))


class Preflight(Route):
    """Answers OPTIONS for every path of an API, and is not there for other methods."""

    def __init__(self, server: "Server", prefix: str = PREFIX) -> None:
        async def handle(request: Request) -> Response:
            headers = cross_origin(request, server.settings.server.cors_origin)
            return Response(status_code=204, headers=headers)

        super().__init__(f"{prefix}/{{path:path}}", handle, methods=["OPTIONS"])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            return Match.NONE, {}
        return super().matches(scope)


async def respond(call: Call, data: Data) -> Response:
    """Wrap data and send it."""
    body, coding = wrap(data), call.wanted_coding
    if coding and len(body) >= BESIDE_MIN_BYTES:
        return packed_response(await asyncio.to_thread(pack, body, coding))
    return packed_response(pack(body, coding))


def wrap(data: Data) -> bytes:
    """Put data into the envelope."""
    told: dict[str, Any] = {"status": "success", "data": data.value}
    if data.warnings:
        told["warnings"] = data.warnings
    if data.infos:
        told["infos"] = data.infos
    return orjson.dumps(told)


def truncated(found: Sequence[Any], limit: int) -> Data:
    """Return the first ``limit`` of what was found (0: all), and say so."""
    if limit and len(found) > limit:
        return Data(found[:limit], (TRUNCATED,))
    return Data(found)


def pack(body: bytes, coding: str) -> Packed:
    """Compress a body, where that is worth it."""
    if not coding or len(body) < PACKED_MIN_BYTES:
        return Packed(body)
    return Packed(bytes(_PACKERS[coding](body)), coding)


def packed_response(packed: Packed, media_type: str = JSON) -> Response:
    """Send a body that was packed before."""
    headers = {"vary": "Accept-Encoding"}
    if packed.coding:
        headers["content-encoding"] = packed.coding
    return Response(packed.body, headers=headers, media_type=media_type)


def best_coding(accepted: str) -> str:
    """Choose a compression from an ``Accept-Encoding`` header."""
    if not accepted:
        return ""
    offered = {
        name.strip().lower(): weight.replace(" ", "")
        for name, _, weight in (part.partition(";") for part in accepted.split(","))
    }
    refused = ("q=0", "q=0.0", "q=0.00", "q=0.000")
    fit = (name for name in _PACKERS if name in offered and offered[name] not in refused)
    return next(fit, "")


def cross_origin(request: Request, allowed: str) -> dict[str, str]:
    """Return the headers that let pages of other sites read the answer, as Prometheus does."""
    origin = request.headers.get("origin")
    if origin is None or not allowed:
        return {}
    everyone = allowed == ".*"
    if not everyone and not regex(allowed).matches(origin):
        return {}
    return {
        "access-control-allow-origin": "*" if everyone else origin,
        "access-control-allow-headers": "Accept, Authorization, Content-Type, Origin",
        "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
        "access-control-expose-headers": "Date",
        "vary": "Origin, Accept-Encoding",
    }


def refusal_of(fault: TapewatchError) -> Refusal:
    """Put an error of the engine or the store into the API's words."""
    for kind, status, word in _REFUSALS:
        if isinstance(fault, kind):
            lead = 'invalid parameter "query": ' if kind is QueryRefused else ""
            headers = {"retry-after": "5"} if kind is ReadOnly else None
            return Refusal(status, word, f"{lead}{fault}", headers)
    return Refusal(500, "internal", str(fault))


_REFUSALS: Final[tuple[tuple[type[TapewatchError], int, str], ...]] = (
    (QueryRefused, 400, "bad_data"),
    (QueryTimedOut, 503, "timeout"),
    (QueryCanceled, 499, "canceled"),
    (QueryFailed, 422, "execution"),
    (ReadOnly, 503, "unavailable"),
    (TooLarge, 413, "too_large"),
    (UnsupportedContent, 415, "bad_data"),
    (WireError, 400, "bad_data"),
    (BadText, 400, "bad_data"),
    (BadRegex, 400, "bad_data"),
)
