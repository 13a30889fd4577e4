"""``/api/v1/alerting/{report,heartbeats}``: how good alerts were, and who would know."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.report.markdown import as_markdown
from tapewatch.alerting.report.report import report
from tapewatch.model.durations import format_time_ns
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond, time_of
from tapewatch.watch.rules.views import ALERTING

if TYPE_CHECKING:
    from tapewatch.server.server import Server

WEEK_NS: Final = 7 * 86_400 * 1_000_000_000


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{OWN}/report", show_report)
    yield endpoint(server, f"{OWN}/heartbeats", heartbeats)


async def show_report(call: Call) -> Response:
    """Report on a time; ``format`` is json or markdown."""
    form = call.get("format", "json")
    if form not in ("json", "markdown"):
        raise Refusal(400, "bad_data", f"format {form!r} is not one of json, markdown")
    now_ns = call.now_ns
    since_ns = time_of("report", call.get("since")) or now_ns - WEEK_NS
    until_ns = time_of("report", call.get("until")) or now_ns
    groups = call.server.watch.groups()
    rules = {rule.name for group in groups for rule in group.rules if rule.kind == ALERTING}
    await call.service.written()
    told = await asyncio.to_thread(
        lambda: report(
            call.desk.book,
            call.service.crew.roster,
            since_ns=since_ns,
            until_ns=until_ns,
            rules=rules,
        )
    )
    if form == "markdown":
        return Response(as_markdown(told), media_type="text/markdown")
    return respond(told)


async def heartbeats(call: Call) -> Response:
    """Say whether alerts get through, and whether those outside hear of it."""
    crew = call.service.crew
    return respond(
        {
            "fault": crew.chain.fault(call.now_ns),
            "heartbeats": [
                {
                    "kind": each.settings.kind,
                    "sent": each.sent,
                    "failed": each.failed,
                    "last": format_time_ns(each.last_ns) if each.last_ns else None,
                    "last_error": each.last_error,
                }
                for each in crew.heartbeats
            ],
        }
    )
