"""
The protocol faces: who speaks which API on which paths.

A face is a function that takes the server and returns its routes; it turns requests into calls and
answers into its protocol's words, and decides nothing else.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tapewatch.server.faces import (
    alertmanager,
    catalog,
    changes,
    console,
    dashboards,
    desk,
    drills,
    imports,
    management,
    prometheus,
    regions,
    stream,
)
from tapewatch.server.http.shapes import ErrorShapes
from tapewatch.server.rpc import Method

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server", shapes: ErrorShapes) -> Iterator[BaseRoute]:
    """Yield the routes of every face."""
    yield from management.routes(server)
    yield from prometheus.routes(server, shapes)
    yield from alertmanager.routes(server, shapes)
    yield from imports.routes(server)
    yield from regions.routes(server)
    yield from stream.routes(server)
    yield from dashboards.routes(server)
    yield from desk.routes(server)
    yield from drills.routes(server)
    yield from catalog.routes(server)
    yield from changes.routes(server)
    yield from console.routes(server)


def rpc_methods(server: "Server") -> dict[str, Method]:
    """Return what every face answers over gRPC, by ``package.Service/Method``."""
    return {**prometheus.rpc_methods(server)}
