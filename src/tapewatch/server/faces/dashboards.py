"""``/api/v1/dashboards``: what there is to look at, and ``…/{name}``: how it is drawn."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/dashboards", listed)
    yield endpoint(server, f"{PREFIX}/dashboards/{{name}}", shown)


async def listed(call: Call) -> Data:
    """List the dashboards without their panels."""
    keys = ("name", "title", "description", "tags")
    return Data(
        [
            {key: each[key] for key in keys if key in each}
            for source in call.server.boards
            for each in source.dashboards()
        ]
    )


async def shown(call: Call) -> Data:
    """Show one dashboard; a declared one goes before the server's own of the same name."""
    name = call.request.path_params["name"]
    for source in call.server.boards:
        for each in source.dashboards():
            if each["name"] == name:
                return Data(each)
    raise Refusal(404, "not_found", f"there is no dashboard {name!r}")
