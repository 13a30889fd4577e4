"""
Prometheus' HTTP API, as clients of version 3 know it.

One module for each group of endpoints; they turn parameters into questions to ``metrics`` and
answers into JSON, and know nothing of storage or evaluation themselves. Read ``answers.py`` first:
what every endpoint has in common is there.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tapewatch.server.faces.prometheus import (
    admin,
    explain,
    federate,
    notifications,
    otlp,
    query,
    read,
    rules,
    search,
    series,
    specification,
    status,
    targets,
    write,
)
from tapewatch.server.faces.prometheus.answers import Preflight
from tapewatch.server.http.shapes import ErrorShapes, prometheus_shape
from tapewatch.server.rpc import Method

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server", shapes: ErrorShapes) -> Iterator[BaseRoute]:
    """Yield the routes, the busiest first."""
    for prefix in ("/api/v1/", "/v1/metrics", "/federate"):
        shapes.register(prefix, prometheus_shape)
    for group in (query, write, otlp, series, targets, rules, status, search, read, federate):
        yield from group.routes(server)
    yield from admin.routes(server)
    yield from notifications.routes(server)
    yield from specification.routes(server)
    yield from explain.routes(server)
    yield Preflight(server)


def rpc_methods(server: "Server") -> dict[str, Method]:
    """Return what is answered over gRPC."""
    return otlp.rpc_methods(server)
