"""``/api/v1/changes``: what changed, and notes of deployments and other doings."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.routing import BaseRoute

from tapewatch.model.durations import format_time_ns, parse_time_ns
from tapewatch.server.diary import Note, bounded
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server

DAY_MS: Final = 86_400_000
SHOWN_MAX: Final = 200
TEXT_MAX: Final = 2_000


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/changes", listed)
    yield endpoint(server, f"{PREFIX}/changes", leave, ("POST",))


async def listed(call: Call) -> Data:
    """List what changed between ``since`` and ``until`` (the last day), the newest first."""
    until_ms = call.parameters.time_ms("until", call.now_ms)
    since_ms = call.parameters.time_ms("since", until_ms - DAY_MS)
    kinds = call.parameters.all("kind")
    found = call.server.diary.notes(since_ms * 1_000_000, until_ms * 1_000_000, kinds)
    return Data([_shown(each) for each in found[:SHOWN_MAX]])


async def leave(call: Call) -> Data:
    """Leave a note: ``{what, by, kind?, link?, at?, details?}``, of a ``deploy`` where unsaid."""
    told = await _told(call)
    at_ns = call.now_ms * 1_000_000
    details = told.get("details", [])
    if not isinstance(details, list) or not all(isinstance(each, str) for each in details):
        raise Refusal(400, "bad_data", "details is not a list of texts")
    note = Note(
        _moment_ns(told, at_ns),
        _text(told, "kind") or "deploy",
        _text(told, "what", needed=True),
        _text(told, "by", needed=True),
        _text(told, "link"),
        bounded(details),
    )
    await asyncio.to_thread(call.server.diary.note, note)
    return Data(_shown(note))


async def _told(call: Call) -> dict[str, Any]:
    try:
        told = orjson.loads(await call.request.body())
    except orjson.JSONDecodeError as fault:
        raise Refusal(400, "bad_data", f"the body is no JSON: {fault}") from None
    if not isinstance(told, dict):
        raise Refusal(400, "bad_data", "an object is expected")
    return told


def _text(told: dict[str, Any], name: str, *, needed: bool = False) -> str:
    value = told.get(name, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise Refusal(400, "bad_data", f"{name} is missing: say it as a text")
    if len(value) > TEXT_MAX:
        raise Refusal(400, "bad_data", f"{name} has {len(value)} characters, at most {TEXT_MAX}")
    return value.strip()


def _moment_ns(told: dict[str, Any], now_ns: int) -> int:
    text = _text(told, "at")
    at_ns = parse_time_ns(text) if text else now_ns
    if not 0 < at_ns <= now_ns:
        raise Refusal(400, "bad_data", f"at={text} has not been yet")
    return at_ns


def _shown(note: Note) -> dict[str, Any]:
    return {
        "at": format_time_ns(note.at_ns),
        "kind": note.kind,
        "what": note.what,
        "by": note.by,
        "link": note.link,
        "details": list(note.details),
    }
