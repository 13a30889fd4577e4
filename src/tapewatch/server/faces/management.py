"""``/-/healthy``, ``/-/ready``, ``/-/reload`` and ``/metrics``: for whoever operates the server."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from tapewatch.document.errors import DocumentError
from tapewatch.model.durations import format_time_ns
from tapewatch.server.errors import Refusal, StartError
from tapewatch.server.http.routes import Route
from tapewatch.wire.exposition import negotiate, write

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""

    async def healthy(_request: Request) -> Response:
        return PlainTextResponse("Tapewatch is healthy.\n")

    async def ready(request: Request) -> Response:
        good = server.supervisor.ready()
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(_health(server), 200 if good else 503)
        words = "Tapewatch is ready.\n" if good else _not_ready(server)
        return PlainTextResponse(words, 200 if good else 503)

    async def reload(request: Request) -> Response:
        # Nothing is expected in the body, but an unread one would cost the connection.
        await request.body()
        try:
            waiting = server.reload()
        except (DocumentError, StartError) as fault:
            raise Refusal(400, "bad_configuration", f"the old one stays: {fault}") from None
        return JSONResponse({"status": "reloaded", "restart_for": waiting})

    async def metrics(request: Request) -> Response:
        form = negotiate(request.headers.get("accept", ""))
        return Response(write(server.families(), form), media_type=form.content_type)

    yield Route("/-/healthy", healthy)
    yield Route("/-/ready", ready)
    yield Route("/-/reload", reload, methods=["POST", "PUT"])
    yield Route("/metrics", metrics)


def _health(server: "Server") -> dict[str, object]:
    components = [
        {
            "name": each.name,
            "state": each.state.value,
            "since": format_time_ns(each.since_ns),
            "restarts": each.restarts,
            "last_error": each.last_error,
        }
        for each in server.supervisor.health()
    ]
    return {"ready": server.supervisor.ready(), "components": components}


def _not_ready(server: "Server") -> str:
    lines = [
        f"{each.name} is {each.state.value}" + (f": {each.last_error}" if each.last_error else "")
        for each in server.supervisor.health()
        if not each.good
    ]
    return "Tapewatch is not ready.\n" + "".join(f"{line}\n" for line in lines)
