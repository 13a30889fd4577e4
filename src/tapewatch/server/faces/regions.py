"""``/api/v1/regions``: the processes of this host whose regions are read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the route."""
    yield endpoint(server, f"{PREFIX}/regions", regions)


async def regions(call: Call) -> Data:
    """Tell of every process: how it is, since when, and what it counts."""
    return Data({"regions": call.server.regions.told()})
