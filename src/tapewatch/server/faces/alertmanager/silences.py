"""``/silences`` and ``/silence/ID``: making, changing, ending and showing silences."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.errors import BadSilence, NotKnown
from tapewatch.alerting.silences import Silence, in_order, make_matcher, matches_filter
from tapewatch.model.matchers import Matcher
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import (
    PREFIX,
    REQUIRED,
    TOO_FEW,
    WRONG_TYPE,
    Call,
    endpoint,
    respond,
    time_of,
    unreadable,
    words,
)
from tapewatch.server.faces.alertmanager.shapes import show_silence

if TYPE_CHECKING:
    from tapewatch.server.server import Server

NEEDED = ("comment", "createdBy", "endsAt", "matchers", "startsAt")
MATCHER_NEEDED = ("isRegex", "name", "value")


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/silences", show_all)
    yield endpoint(server, f"{PREFIX}/silences", post, ("POST",))
    yield endpoint(server, f"{PREFIX}/silence/{{id}}", show_one)
    yield endpoint(server, f"{PREFIX}/silence/{{id}}", end, ("DELETE",))


async def show_all(call: Call) -> Response:
    """Show silences, those in force first."""
    matchers, now_ns = call.matchers(), call.now_ns
    states = {name for name in ("active", "pending", "expired") if call.flag(name)}
    found = [
        silence
        for silence in call.desk.silences
        if silence.state(now_ns) in states and matches_filter(silence, matchers)
    ]
    return respond([show_silence(each, now_ns) for each in in_order(found, now_ns)])


async def show_one(call: Call) -> Response:
    """Show a silence."""
    silence = _known(call)
    return respond(show_silence(silence, call.now_ns))


async def post(call: Call) -> Response:
    """Make a silence, or change the one whose id is given."""
    told = await call.body("silence")
    wanted = read_silence(told)
    now_ns = call.now_ns
    if wanted.starts_ns and wanted.ends_ns and wanted.starts_ns >= wanted.ends_ns:
        raise words(400, "Failed to create silence: start time must be before end time")
    if wanted.ends_ns and wanted.ends_ns < now_ns:
        raise words(400, "Failed to create silence: end time can't be in the past")
    try:
        made = call.desk.silence(wanted, now_ns)
    except NotKnown:
        raise words(404, "silence not found") from None
    except BadSilence as fault:
        raise words(400, str(fault)) from None
    call.service.turn()
    await call.service.written()
    return respond({"silenceID": made.id})


async def end(call: Call) -> Response:
    """End a silence."""
    silence = _known(call)
    call.desk.unsilence(silence.id, call.now_ns, by=call.request.headers.get("x-user", ""))
    call.service.turn()
    await call.service.written()
    return Response(status_code=200)


def read_silence(told: Any) -> Silence:
    """Read a silence of a body; beside Alertmanager's fields it may have ours."""
    if not isinstance(told, dict):
        raise unreadable("silence", "an object is expected")
    for name in NEEDED:
        if told.get(name) is None:
            raise Refusal(422, REQUIRED, f"{name} in body is required")
    if not told["matchers"]:
        raise Refusal(422, TOO_FEW, "matchers in body should have at least 1 items")
    sets = told.get("matcherSets") or [told["matchers"]]
    return Silence(
        id=_text(told, "id"),
        matcher_sets=tuple(tuple(_read_matchers(each)) for each in sets),
        starts_ns=time_of("silence", told["startsAt"]),
        ends_ns=time_of("silence", told["endsAt"]),
        updated_ns=0,
        created_by=_text(told, "createdBy"),
        comment=_text(told, "comment"),
        annotations=dict(told.get("annotations") or {}),
        recurrence=_text(told, "recurrence"),
        notices=told.get("notices") is True,
    )


def _read_matchers(told: Any) -> Iterator[Matcher]:
    if not isinstance(told, list):
        raise unreadable("silence", "matchers are a list")
    for place, each in enumerate(told):
        if not isinstance(each, dict):
            raise unreadable("silence", f"matcher {place} is no object")
        for name in MATCHER_NEEDED:
            if each.get(name) is None:
                raise Refusal(422, REQUIRED, f"matchers.{place}.{name} in body is required")
        yield make_matcher(
            str(each["name"]),
            str(each["value"]),
            is_regex=each["isRegex"] is True,
            is_equal=each.get("isEqual") is not False,
        )


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unreadable("silence", f"{name} is no text")
    return value


def _known(call: Call) -> Silence:
    name = call.request.path_params["id"]
    try:
        uuid.UUID(name)
    except ValueError:
        message = f'silenceID in path must be of type uuid: "{name}"'
        raise Refusal(422, WRONG_TYPE, message) from None
    return call.desk.silences.get(name)
