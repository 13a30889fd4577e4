"""``/api/v1/alerting/alerts/…``: taking alerts over, giving them to somebody, and comments."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.model.durations import format_time_ns
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond, time_of
from tapewatch.server.faces.alertmanager.bodies import needed, told_in

if TYPE_CHECKING:
    from tapewatch.server.server import Server

ALERT = f"{OWN}/alerts/{{fingerprint}}"


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{ALERT}/attention", show)
    yield endpoint(server, f"{ALERT}/acknowledge", acknowledge, ("POST",))
    yield endpoint(server, f"{ALERT}/acknowledge", release, ("DELETE",))
    yield endpoint(server, f"{ALERT}/assign", assign, ("POST",))
    yield endpoint(server, f"{ALERT}/comment", comment, ("POST",))


async def show(call: Call) -> Response:
    """Show what people have done about an alert."""
    return respond(_shown(call, _fingerprint(call)))


async def acknowledge(call: Call) -> Response:
    """Take an alert over; ``until`` ends that before the alert does."""
    told = await told_in(call)
    fingerprint, until_ns = _fingerprint(call), time_of("acknowledgement", told.get("until"))
    call.desk.acknowledge(fingerprint, needed(told, "by"), call.now_ns, until_ns=until_ns)
    return await _written(call, fingerprint)


async def release(call: Call) -> Response:
    """Give an alert back; who does is told by ``?by=``."""
    fingerprint = _fingerprint(call)
    call.desk.release(fingerprint, call.get("by"), call.now_ns)
    return await _written(call, fingerprint)


async def assign(call: Call) -> Response:
    """Give an alert to somebody, or with an empty ``to`` to nobody."""
    told = await told_in(call)
    fingerprint = _fingerprint(call)
    call.desk.assign(fingerprint, str(told.get("to", "")), needed(told, "by"), call.now_ns)
    return await _written(call, fingerprint)


async def comment(call: Call) -> Response:
    """Say something about an alert."""
    told = await told_in(call)
    fingerprint = _fingerprint(call)
    text, by = needed(told, "text"), needed(told, "by")
    call.desk.comment(fingerprint, text, by, call.now_ns)
    return await _written(call, fingerprint)


async def _written(call: Call, fingerprint: str) -> Response:
    call.service.turn()
    await call.service.written()
    return respond(_shown(call, fingerprint))


def _shown(call: Call, fingerprint: str) -> dict[str, Any]:
    attention = call.desk.attention.of(fingerprint)
    taken = attention.is_acknowledged(call.now_ns)
    return {
        "fingerprint": fingerprint,
        "acknowledged_by": attention.acknowledged_by if taken else "",
        "acknowledged_at": format_time_ns(attention.acknowledged_ns) if taken else None,
        "until": format_time_ns(attention.until_ns) if taken and attention.until_ns else None,
        "assignee": attention.assignee,
        "comments": [
            {"at": format_time_ns(each.at_ns), "by": each.by, "text": each.text}
            for each in attention.comments
        ],
    }


def _fingerprint(call: Call) -> str:
    return call.desk.alert(call.request.path_params["fingerprint"]).fingerprint
