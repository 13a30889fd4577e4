"""
Alertmanager's API v2, as Prometheus, Grafana and amtool know it, and what ours has beside it.

``alerts.py``, ``groups.py``, ``silences.py`` and ``status.py`` answer under ``/api/v2`` with the
shapes and words of Alertmanager; ``attention.py``, ``insight.py`` and ``upkeep.py`` answer under
``/api/v1/alerting``. They turn requests into calls of the desk and decide nothing. Read
``answers.py`` first: what every endpoint has in common is there.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tapewatch.server.faces.alertmanager import (
    actions,
    alerts,
    attention,
    groups,
    insight,
    oncall,
    peers,
    quality,
    silences,
    status,
    upkeep,
)
from tapewatch.server.faces.alertmanager.answers import OWN, PREFIX, shape
from tapewatch.server.faces.prometheus.answers import Preflight
from tapewatch.server.http.shapes import ErrorShapes, own_shape

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server", shapes: ErrorShapes) -> Iterator[BaseRoute]:
    """Yield the routes, the busiest first."""
    shapes.register(f"{PREFIX}/", shape)
    shapes.register(f"{OWN}/", own_shape)
    for group in _BUSIEST_FIRST:
        yield from group.routes(server)
    yield Preflight(server, PREFIX)


_BUSIEST_FIRST = (
    alerts,
    groups,
    silences,
    status,
    attention,
    insight,
    upkeep,
    peers,
    oncall,
    actions,
    quality,
)
