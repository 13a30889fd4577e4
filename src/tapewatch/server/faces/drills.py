"""
``/api/v1/drills``: the sample floor's faults and the inbox, for a console that shows both.

Faults are let loose only while every message goes to an inbox (``alerting.inbox``), so a drill
never wakes anybody. Floor and inbox are processes of their own on this machine; what they say is
passed on, and that one of them is not there is an answer too.
"""

from asyncio import to_thread
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from starlette.routing import BaseRoute

from tapewatch.client.connection import Connection
from tapewatch.client.errors import AnswerUnreadable, ServerRefused, ServerUnreachable
from tapewatch.server.diary import let_loose
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server

TIMEOUT_SECONDS: Final = 3.0
LASTS: Final = "2m"


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/drills", drills)
    yield endpoint(server, f"{PREFIX}/drills/messages", messages)
    yield endpoint(server, f"{PREFIX}/drills/faults/{{name}}", begin, ("POST",))
    yield endpoint(server, f"{PREFIX}/drills/faults/{{name}}", end, ("DELETE",))


async def drills(call: Call) -> Data:
    """Say whether this is a rehearsal, and what can go wrong on the floor."""
    settings = call.server.settings
    told: dict[str, Any] = {
        "inbox": settings.alerting.inbox,
        "floor": "",
        "known": [],
        "running": [],
    }
    if not settings.alerting.inbox:
        return Data({**told, "floor": "no inbox: messages go to people here"})
    try:
        return Data({**told, **await _asked("GET", f"{settings.server.floor}/faults")})
    except Refusal as refused:
        return Data({**told, "floor": str(refused)})


async def messages(call: Call) -> Data:
    """Pass on what has come into the inbox, or has changed there, since a revision."""
    inbox = _inbox(call)
    parameters = {"since": call.parameters.get("since", "0")}
    return Data(await _asked("GET", f"{inbox}/api/messages", parameters))


async def begin(call: Call) -> Data:
    """Let a fault loose."""
    _inbox(call)
    lasts, name = call.parameters.get("for", LASTS), call.request.path_params["name"]
    told = await _asked("POST", _fault(call), {"for": lasts})
    note = let_loose(call.server.clock.now_ns(), name, lasts)
    await to_thread(call.server.diary.note, note)
    return Data(told)


async def end(call: Call) -> Data:
    """End a fault."""
    _inbox(call)
    return Data(await _asked("DELETE", _fault(call)))


def _inbox(call: Call) -> str:
    inbox = call.server.settings.alerting.inbox
    if not inbox:
        reason = "messages go to people here: set alerting.inbox, or start with --inbox"
        raise Refusal(409, "unavailable", reason)
    return inbox.rstrip("/")


def _fault(call: Call) -> str:
    return f"{call.server.settings.server.floor}/faults/{call.request.path_params['name']}"


async def _asked(method: str, url: str, parameters: dict[str, str] | None = None) -> Any:
    parts = urlsplit(url)
    connection = Connection(f"{parts.scheme}://{parts.netloc}", timeout_seconds=TIMEOUT_SECONDS)
    path = f"{parts.path}?{urlencode(parameters)}" if parameters else parts.path
    try:
        return await to_thread(connection.call, path, method=method)
    except (ServerUnreachable, AnswerUnreadable) as fault:
        reason = f"{parts.netloc} does not answer: {fault.reason}"
        raise Refusal(503, "unavailable", reason) from None
    except ServerRefused as refused:
        raise Refusal(refused.status, "bad_data", refused.message) from None
