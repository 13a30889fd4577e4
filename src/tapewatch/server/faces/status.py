"""``/api/v1/status/…``: what Prometheus' API tells of the server itself."""

import os
import platform
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from tapewatch.document.overlay import leaf_paths
from tapewatch.document.printing import to_plain, to_yaml
from tapewatch.model.compiled import chosen_twins
from tapewatch.model.durations import format_time_ns
from tapewatch.server.http.routes import Route
from tapewatch.server.http.shapes import ErrorShapes, prometheus_shape
from tapewatch.server.settings import Settings
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server", shapes: ErrorShapes) -> Iterator[BaseRoute]:
    """Yield the routes."""
    shapes.register("/api/v1/", prometheus_shape)

    async def buildinfo(_request: Request) -> Response:
        return success(
            {
                "version": VERSION,
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
                "pythonVersion": platform.python_version(),
                "twins": chosen_twins(),
            }
        )

    async def config(_request: Request) -> Response:
        return success({"yaml": to_yaml(server.settings)})

    async def flags(_request: Request) -> Response:
        return success({path: flat(server.settings, path) for path in leaf_paths(Settings)})

    async def runtimeinfo(_request: Request) -> Response:
        return success(
            {
                "startTime": format_time_ns(server.started_ns),
                "CWD": os.getcwd(),  # noqa: PTH109  # The text that the API shows.
                "hostname": platform.node(),
                "serverTime": format_time_ns(server.clock.now_ns()),
                "reloadConfigSuccess": server.reload_good,
                "lastConfigTime": format_time_ns(server.reloaded_ns),
                "corruptionCount": 0,
                "goroutineCount": 0,
                "GOMAXPROCS": os.cpu_count() or 1,
                "GOMEMLIMIT": sys.maxsize,
                "GOGC": "",
                "GODEBUG": "",
                "storageRetention": "",
            }
        )

    yield Route("/api/v1/status/buildinfo", buildinfo)
    yield Route("/api/v1/status/config", config)
    yield Route("/api/v1/status/flags", flags)
    yield Route("/api/v1/status/runtimeinfo", runtimeinfo)


def success(data: Any) -> Response:
    """Wrap an answer as Prometheus' API does."""
    return JSONResponse({"status": "success", "data": data})


def flat(settings: Settings, path: str) -> str:
    """Return one setting as the text that would set it."""
    value: Any = to_plain(settings, Settings)
    for key in path.split("."):
        value = value[key]
    return "" if value is None else str(value)
