"""``/api/v1/alerting/{outbox,channels,health}``: what waits, and how the channels are."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.delivery.health import ChannelHealth
from tapewatch.alerting.outbox import NEVER_NS, Parcel
from tapewatch.model.durations import format_time_ns
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond

if TYPE_CHECKING:
    from tapewatch.server.server import Server

SHOWN_MAX: Final = 1000


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{OWN}/outbox", outbox)
    yield endpoint(server, f"{OWN}/channels", channels)
    yield endpoint(server, f"{OWN}/health", health)


async def outbox(call: Call) -> Response:
    """Show what has not arrived, the most urgent first."""
    waiting = sorted(
        call.desk.outbox.waiting(),
        key=lambda each: (each.notification.urgency, each.notification.created_ns),
    )
    return respond(
        {"waiting": len(waiting), "parcels": [_shown(each) for each in waiting[:SHOWN_MAX]]}
    )


async def channels(call: Call) -> Response:
    """Show how every channel is."""
    return respond([_health(each, call) for each in call.service.health()])


async def health(call: Call) -> Response:
    """Show how alerting as a whole is."""
    desk = call.desk
    return respond(
        {
            "ready": call.service.ready(),
            "last_error": call.service.last_error,
            "alerts": len(desk.alerts),
            "groups": len(desk.groups),
            "silences": len(desk.silences),
            "outbox": len(desk.outbox),
            "limited": dict(desk.limited),
        }
    )


def _shown(parcel: Parcel) -> dict[str, Any]:
    told = parcel.notification
    under_way = parcel.due_ns == NEVER_NS
    return {
        "id": told.id,
        "group_key": told.group_key,
        "receiver": told.receiver,
        "integration": told.integration,
        "status": told.status,
        "reason": told.reason,
        "urgency": told.urgency,
        "alerts": len(told.alerts) + told.folded,
        "created": format_time_ns(told.created_ns),
        "attempt": parcel.attempt,
        "under_way": under_way,
        "due": None if under_way else format_time_ns(parcel.due_ns),
    }


def _health(each: ChannelHealth, call: Call) -> dict[str, Any]:
    told = asdict(each)
    for name in [name for name in told if name.endswith("_ns")]:
        at_ns = told.pop(name)
        told[name.removesuffix("_ns")] = format_time_ns(at_ns) if at_ns else None
    route = (each.receiver, each.integration)
    return told | {"waiting": call.desk.outbox.counts().get(route, 0)}
