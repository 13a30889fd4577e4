"""
``/api/v1/dashboards``: what there is to look at, and ``…/{name}``: how it is drawn.

``POST …/import`` takes a dashboard of Grafana and says what of it is left out; ``DELETE …/{name}``
forgets one that was imported.
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson
from starlette.routing import BaseRoute

from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import JSON, PREFIX, Call, Data, endpoint
from tapewatch.server.grafana.dashboard import NotADashboard, read_dashboard
from tapewatch.server.grafana.kept import KEPT_MAX

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/dashboards", listed)
    yield endpoint(server, f"{PREFIX}/dashboards/import", imported, ("POST",))
    yield endpoint(server, f"{PREFIX}/dashboards/{{name}}", shown)
    yield endpoint(server, f"{PREFIX}/dashboards/{{name}}", removed, ("DELETE",))


async def listed(call: Call) -> Data:
    """List the dashboards without their panels."""
    keys = ("name", "title", "description", "tags")
    drawn = (each for source in call.server.boards for each in source.dashboards())
    return Data(
        [
            {key: each[key] for key in keys if key in each}
            for each in (*drawn, *call.server.service_pages.headings())
        ]
    )


async def shown(call: Call) -> Data:
    """Show one dashboard; a declared one goes before the server's own of the same name."""
    name = call.request.path_params["name"]
    for source in call.server.boards:
        for each in source.dashboards():
            if each["name"] == name:
                return Data(each)
    if page := await asyncio.to_thread(call.server.service_pages.find, name):
        return Data(page)
    raise Refusal(404, "not_found", f"there is no dashboard {name!r}")


async def imported(call: Call) -> Data:
    """Keep a dashboard of Grafana as one of ours; the same title replaces the former."""
    if not call.request.headers.get("content-type", "").startswith(JSON):
        raise Refusal(415, "bad_data", f"a dashboard is sent as {JSON}")
    try:
        board = await asyncio.to_thread(read_dashboard, orjson.loads(await call.request.body()))
    except orjson.JSONDecodeError as fault:
        raise Refusal(400, "bad_data", f"this is no JSON: {fault}") from None
    except NotADashboard as fault:
        raise Refusal(400, "bad_data", str(fault)) from None
    kept = call.server.imported
    if kept.full and not kept.knows(board["name"]):
        reason = f"{KEPT_MAX} dashboards are kept: remove one first"
        raise Refusal(409, "unavailable", reason)
    await asyncio.to_thread(kept.keep, board)
    return Data({key: board[key] for key in ("name", "title", "left_out")})


async def removed(call: Call) -> Data:
    """Forget a dashboard that was imported; a declared one is taken out of its pack."""
    name = call.request.path_params["name"]
    if not call.server.imported.knows(name):
        raise Refusal(404, "not_found", f"no dashboard {name!r} was imported")
    await asyncio.to_thread(call.server.imported.remove, name)
    return Data({"removed": name})
