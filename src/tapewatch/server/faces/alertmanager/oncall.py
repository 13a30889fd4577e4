"""``/api/v1/alerting/oncall…``: who is on call, covers, calendars, and what waits for an answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.oncall.calendar import write_calendar
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond, time_of
from tapewatch.server.faces.alertmanager.bodies import needed, told_in

if TYPE_CHECKING:
    from tapewatch.server.server import Server

DAY_NS: Final = 86_400 * 1_000_000_000
SHOWN_DAYS: Final = 14
EXPORTED_DAYS: Final = 90


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{OWN}/oncall", show)
    yield endpoint(server, f"{OWN}/oncall/{{schedule:path}}/shifts", shifts)
    yield endpoint(server, f"{OWN}/oncall/{{schedule:path}}/calendar.ics", calendar)
    yield endpoint(server, f"{OWN}/oncall/{{schedule:path}}/covers", covers)
    yield endpoint(server, f"{OWN}/oncall/{{schedule:path}}/covers", cover, ("POST",))
    yield endpoint(server, f"{OWN}/oncall/covers/{{id}}", uncover, ("DELETE",))
    yield endpoint(server, f"{OWN}/escalations", escalations)


async def show(call: Call) -> Response:
    """Say for every schedule who is on call, and who is next."""
    roster, now_ns = call.service.crew.roster, call.now_ns
    found = []
    for name in roster.schedules():
        now, later = roster.on_call(name, now_ns), roster.next(name, now_ns)
        found.append(
            {
                "schedule": name,
                "title": roster.settings.schedules[name].title,
                "now": now.as_dict() if now else None,
                "next": later.as_dict() if later else None,
            }
        )
    return respond({"schedules": found, "last_error": roster.last_error})


async def shifts(call: Call) -> Response:
    """Show the shifts of the next days."""
    now_ns = call.now_ns
    found = call.service.crew.roster.shifts(_schedule(call), now_ns, now_ns + _days_ns(call))
    return respond([each.as_dict() for each in found])


async def calendar(call: Call) -> Response:
    """Write the shifts as an iCalendar file, for whoever subscribes to it."""
    name, now_ns = _schedule(call), call.now_ns
    until_ns = now_ns + EXPORTED_DAYS * DAY_NS
    found = call.service.crew.roster.shifts(name, now_ns, until_ns)
    return Response(write_calendar(name, found, now_ns=now_ns), media_type="text/calendar")


async def covers(call: Call) -> Response:
    """Show who stands in."""
    return respond([each.shown() for each in call.service.crew.roster.covers(_schedule(call))])


async def cover(call: Call) -> Response:
    """Let somebody stand in: ``{person, from, to, by}``."""
    told = await told_in(call)
    made = call.service.crew.roster.cover(
        _schedule(call),
        needed(told, "person"),
        time_of("cover", needed(told, "from")),
        time_of("cover", needed(told, "to")),
        by=needed(told, "by"),
        now_ns=call.now_ns,
    )
    call.service.turn()
    await call.service.written()
    return respond(made.shown())


async def uncover(call: Call) -> Response:
    """Take a cover back; who does is told by ``?by=``."""
    roster = call.service.crew.roster
    roster.uncover(call.request.path_params["id"], by=call.get("by"), now_ns=call.now_ns)
    call.service.turn()
    await call.service.written()
    return Response(status_code=200)


async def escalations(call: Call) -> Response:
    """Show what waits for an answer, and who knows of it."""
    found: list[dict[str, Any]] = list(call.service.crew.escalator.shown())
    return respond(found)


def _schedule(call: Call) -> str:
    return str(call.request.path_params["schedule"])


def _days_ns(call: Call) -> int:
    text = call.get("days", str(SHOWN_DAYS))
    if not text.isdecimal() or not 0 < int(text) <= 366:
        raise Refusal(400, "bad_data", f"days={text} is not a number from 1 to 366")
    return int(text) * DAY_NS
