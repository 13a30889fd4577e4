"""``/status`` and ``/receivers``: what runs here, by which configuration."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.configuration import AlertmanagerConfig
from tapewatch.alerting.original import original
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import match_all
from tapewatch.server.faces.alertmanager.answers import (
    PREFIX,
    Call,
    endpoint,
    format_ms,
    respond,
)
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.server import Server

SPOKEN: Final = "0.34.0"
"""The Alertmanager whose API this is; clients choose by it how to talk."""


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/status", show_status)
    yield endpoint(server, f"{PREFIX}/receivers", show_receivers)


async def show_status(call: Call) -> Response:
    """Show this server and its peers, the version, and the configuration without its secrets."""
    server = call.server
    name = server.directory.identity.id
    return respond(
        {
            "cluster": {
                "name": name,
                "status": "ready",
                "peers": [{"name": name, "address": server.address}, *_others(call)],
            },
            "config": {"original": original(call.service.config, AlertmanagerConfig)},
            "uptime": format_ms(server.started_ns),
            "versionInfo": {
                "version": SPOKEN,
                "revision": "",
                "branch": f"tapewatch-{VERSION}",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            },
        }
    )


def _others(call: Call) -> list[dict[str, str]]:
    """Name the peers that were heard of lately."""
    peers = call.service.crew.peers
    if peers is None:
        return []
    alive = peers.alive(call.now_ns)
    return [
        {"name": each.id, "address": urlsplit(each.url).netloc}
        for each in peers.neighbours
        if each.id in alive
    ]


async def show_receivers(call: Call) -> Response:
    """Show who can be told."""
    matchers = call.matchers("receiver_matchers")
    found: list[dict[str, Any]] = []
    for receiver in call.service.config.receivers:
        if match_all(matchers, Labels.of(receiver.labels)):
            labels = {"labels": dict(receiver.labels)} if receiver.labels else {}
            found.append({"name": receiver.name, **labels})
    return respond(found)
