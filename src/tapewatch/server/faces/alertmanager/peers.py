"""``/api/v1/alerting/peers``: what two servers tell each other."""

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.peers.peers import VERSION
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond
from tapewatch.server.faces.alertmanager.bodies import told_in

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{OWN}/peers", show)
    yield endpoint(server, f"{OWN}/peers/exchange", exchange, ("POST",))


async def show(call: Call) -> Response:
    """Show the other servers, and who sends first."""
    peers = call.service.crew.peers
    if peers is None:
        return respond({"position": 0, "peers": []})
    alive = peers.alive(call.now_ns)
    found = [
        {
            "url": each.url,
            "id": each.id,
            "alive": each.id in alive,
            "behind": peers.is_behind(each),
            "last_error": each.last_error,
        }
        for each in peers.neighbours
    ]
    return respond({"id": peers.id, "position": peers.position(call.now_ns), "peers": found})


async def exchange(call: Call) -> Response:
    """Take what a peer says, if it shows our token."""
    peers, token = call.service.crew.peers, call.service.settings.peer_token
    if peers is None or token is None:
        raise Refusal(404, "not_found", "this server has no alerting.peers")
    shown = call.request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode(), token.reveal().encode()):
        raise Refusal(401, "unauthorized", "the token is not that of alerting.peer_token")
    told = await told_in(call)
    if told.get("version") != VERSION:
        words = f"version {told.get('version')} is spoken there, {VERSION} here: run the same"
        raise Refusal(400, "bad_data", words)
    try:
        answer = peers.receive(told, call.now_ns)
    except (KeyError, TypeError, ValueError) as fault:
        raise Refusal(400, "bad_data", f"a record cannot be read: {fault!r}") from None
    call.service.turn()
    call.service.deliverer.wake()
    # What is answered is on disk: a peer does not say it twice.
    await call.service.written()
    return respond(answer)
