"""
``/api/v1/desk``: what a desk wants to see and no series holds.

``…/gaps`` are the numbers that feeds did not receive, ``…/switches`` the kill switches with who
moved them and why, ``…/calendars`` when the exchanges that somebody asks for are open these days.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import BaseRoute

from tapewatch.agent.desk import DeskReader, Gap, Switch
from tapewatch.model.durations import format_time_ns
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint
from tapewatch.watch.calendars.calendar import Calendar, calendar

if TYPE_CHECKING:
    from tapewatch.server.server import Server

GAPS_SHOWN: Final = 500
DAY_NS: Final = 86_400 * 1_000_000_000
_NS_IN_MS: Final = 1_000_000

Told = dict[str, Any]


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    desk = _Desk()
    yield endpoint(server, f"{PREFIX}/desk/gaps", desk.gaps)
    yield endpoint(server, f"{PREFIX}/desk/switches", desk.switches)
    yield endpoint(server, f"{PREFIX}/desk/calendars", calendars)


class _Desk:
    """Asks the regions of this host; one question at a time, on a thread."""

    def __init__(self) -> None:
        self._reader = DeskReader()
        self._turn = Lock()

    async def gaps(self, call: Call) -> Data:
        """List what feeds did not receive, the newest first; venue, channel and symbol choose."""
        wanted = {
            name: value
            for name in ("venue", "channel", "symbol")
            if (value := call.parameters.get(name))
        }
        found = await asyncio.to_thread(self._gaps, call.server.regions.told())
        chosen = [each for each in found if wanted.items() <= each.items()]
        chosen.sort(key=lambda each: str(each["at"]), reverse=True)
        return Data({"gaps": chosen[:GAPS_SHOWN]})

    async def switches(self, call: Call) -> Data:
        """List the kill switches, the tripped ones first."""
        found = await asyncio.to_thread(self._switches, call.server.regions.told())
        return Data({"switches": sorted(found, key=lambda each: not each["tripped"])})

    def _gaps(self, processes: list[Told]) -> list[Told]:
        with self._turn:
            self._reader.keep([Path(each["path"]) for each in processes])
            return [
                _gap(gap, process)
                for process in processes
                for gap in self._reader.gaps(Path(process["path"]))
            ]

    def _switches(self, processes: list[Told]) -> list[Told]:
        with self._turn:
            return [
                _switch(switch, process)
                for process in processes
                if process["up"]
                for switch in self._reader.switches(Path(process["path"]))
            ]


def _gap(gap: Gap, process: Told) -> Told:
    return {
        "venue": gap.venue,
        "channel": gap.channel,
        "symbol": gap.symbol,
        "first": gap.first,
        "last": gap.last,
        "at": format_time_ns(gap.at_ns),
        "service": process["service"],
        "instance": process["instance"],
    }


def _switch(switch: Switch, process: Told) -> Told:
    moved_ns = switch.reason.at_ns
    return {
        "switch": switch.name,
        "tripped": switch.tripped,
        "who": switch.reason.who,
        "why": switch.reason.why,
        "at": format_time_ns(moved_ns) if moved_ns else None,
        "service": process["service"],
        "instance": process["instance"],
    }


async def calendars(call: Call) -> Data:
    """Tell of every calendar in use when it is open, from a day before a time to two after."""
    at_ns = call.parameters.time_ms("time", call.now_ms) * _NS_IN_MS
    return Data(
        {
            "calendars": [
                _hours(calendar(name), at_ns) for name in call.server.settings.watch.calendars
            ]
        }
    )


def _hours(own: Calendar, at_ns: int) -> Told:
    change_ns = own.next_change(at_ns)
    spans = own.open_spans(at_ns - DAY_NS, at_ns + 2 * DAY_NS)
    return {
        "calendar": own.name,
        "title": own.title,
        "zone": own.zone.key,
        "open": own.is_open(at_ns),
        "holiday": own.is_holiday(at_ns),
        "half_day": own.is_half_day(at_ns),
        "known": own.knows(at_ns),
        "changes": format_time_ns(change_ns) if change_ns else None,
        "spans": [[format_time_ns(opens), format_time_ns(closes)] for opens, closes in spans],
    }
