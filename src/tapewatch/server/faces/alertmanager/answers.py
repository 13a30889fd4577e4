"""How the endpoints answer: headers, plain JSON, and refusals in Alertmanager's two forms."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tapewatch.alerting.desk import Desk
from tapewatch.alerting.errors import (
    AlertingError,
    BadMatchers,
    BookUnusable,
    NotAllowed,
    NotKnown,
)
from tapewatch.alerting.matchers import parse_matchers
from tapewatch.alerting.service import AlertingService
from tapewatch.model.durations import format_time_ns, parse_time_ns
from tapewatch.model.errors import BadRegex, BadText
from tapewatch.model.matchers import Matcher
from tapewatch.model.regex import Regex, regex
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import cross_origin
from tapewatch.server.http.routes import Route

if TYPE_CHECKING:
    from tapewatch.server.server import Server

PREFIX: Final = "/api/v2"
OWN: Final = "/api/v1/alerting"
JSON: Final = "application/json"
WORDS: Final = "words"
"""The kind of a refusal whose body is a text alone."""

OWN_KINDS: Final = {400: "bad_data", 403: "forbidden", 404: "not_found", 500: "internal"}
"""What our own bodies call such a refusal, by its status."""

REQUIRED, WRONG_TYPE, TOO_FEW = "602", "601", "612"
"""Kinds of refusals by the numbers that Alertmanager's checks of shapes give them."""

ZERO_TIME: Final = "0001-01-01T00:00:00"
"""How Go writes a time that was not set."""

LATEST_NS: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with what its endpoint needs."""

    server: "Server"
    request: Request

    @property
    def service(self) -> AlertingService:
        """Alerting as it runs."""
        return self.server.alerting

    @property
    def desk(self) -> Desk:
        """The state machine."""
        return self.server.alerting.desk

    @property
    def now_ns(self) -> int:
        """The time of the server."""
        return self.server.clock.now_ns()

    def all(self, name: str) -> list[str]:
        """Give every value of a parameter of the address."""
        text = self.request.scope["query_string"].decode("latin-1")
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
        return [value for key, value in pairs if key == name]

    def get(self, name: str, default: str = "") -> str:
        """Give the last value of a parameter of the address."""
        return (self.all(name) or [default])[-1]

    def flag(self, name: str) -> bool:
        """Give a switch, which is on where nothing is said."""
        return self.get(name, "true").lower() in ("true", "1", "yes", "ok", "y", "on", "t")

    def matchers(self, name: str = "filter") -> list[Matcher]:
        """Give the matchers of a parameter that may be given several times."""
        try:
            reading = self.desk.plan.reading
            return [each for text in self.all(name) for each in parse_matchers(text, reading)]
        except BadMatchers as fault:
            raise words(400, str(fault)) from None

    def receiver(self) -> Regex | None:
        """Give the pattern for names of receivers."""
        text = self.get("receiver")
        try:
            return regex(text) if text else None
        except BadRegex as fault:
            raise words(400, f"failed to parse receiver param: {fault}") from None

    async def body(self, kind: str) -> Any:
        """Read the JSON of the body."""
        content = self.request.headers.get("content-type", JSON).partition(";")[0].strip()
        if content.lower() != JSON:
            told = f'unsupported media type "{content}", only [application/json] are allowed'
            raise Refusal(415, "415", told)
        body = await self.request.body()
        if not body:
            raise Refusal(422, REQUIRED, f"{kind} in body is required")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as fault:
            raise unreadable(kind, str(fault)) from None


Answer: TypeAlias = Callable[[Call], Awaitable[Response]]


def endpoint(
    server: "Server", path: str, answer: Answer, methods: Iterable[str] = ("GET",)
) -> Route:
    """Make the route of one endpoint."""

    async def handle(request: Request) -> Response:
        headers = {
            **cross_origin(request, server.settings.server.cors_origin),
            "cache-control": "no-store",
        }
        try:
            response = await answer(Call(server, request))
        except AlertingError as fault:
            raise _named(path, _refusal_of(fault, headers)) from None
        except Refusal as refusal:
            refusal.headers.update(headers)
            raise _named(path, refusal) from None
        response.headers.update(headers)
        return response

    return Route(path, handle, methods=list(methods))


def respond(value: Any) -> Response:
    """Send a value as JSON."""
    return Response(orjson.dumps(value) + b"\n", media_type=JSON)


def shape(refusal: Refusal) -> Any:
    """Shape a refusal as Alertmanager does: a text alone, or a code with a message."""
    if refusal.kind == WORDS:
        return refusal.message
    code = int(refusal.kind) if refusal.kind.isdigit() else refusal.status
    return {"code": code, "message": refusal.message}


def words(status: int, message: str) -> Refusal:
    """Build a refusal whose body is a text alone."""
    return Refusal(status, WORDS, message)


def _named(path: str, refusal: Refusal) -> Refusal:
    """Give a refusal in words a name where the body is ours, and not Alertmanager's."""
    if refusal.kind == WORDS and path.startswith(OWN):
        refusal.kind = OWN_KINDS[refusal.status]
    return refusal


def unreadable(kind: str, reason: str) -> Refusal:
    """Build the refusal of a body that is not what it should be."""
    return Refusal(400, "400", f'parsing {kind} body from "" failed, because {reason}')


def time_of(kind: str, text: Any) -> int:
    """Read a time of a body as nanoseconds; 0 where none is said."""
    if not text:
        return 0
    if not isinstance(text, str) or "-" not in text:
        raise unreadable(kind, f"{text!r} is not a time: write RFC 3339")
    if text.startswith(ZERO_TIME):
        return 0
    try:
        return max(0, min(parse_time_ns(text), LATEST_NS))
    except BadText as fault:
        raise unreadable(kind, str(fault)) from None


def format_ms(time_ns: int) -> str:
    """Write a time with exactly three digits after the second, as the API has it."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1_000_000:03d}Z"


@lru_cache(4096)
def _second(seconds: int) -> str:
    return format_time_ns(seconds * 1_000_000_000).removesuffix("Z")


def _refusal_of(fault: AlertingError, headers: dict[str, str]) -> Refusal:
    status = 400
    if isinstance(fault, NotKnown):
        status = 404
    elif isinstance(fault, NotAllowed):
        status = 403
    elif isinstance(fault, BookUnusable):
        status = 500
    return Refusal(status, WORDS, str(fault), headers)
