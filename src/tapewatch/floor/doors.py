"""
Where the floor can be reached: each service on its pack's port, and the control beside them.

Everything is on the loopback address, and one web server listens on all ports. A service that a
fault has killed answers its scraper with an error, which is as good as no answer.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tapewatch.floor.errors import PortTaken, UnknownFault
from tapewatch.floor.face import Face
from tapewatch.floor.faults import FAULTS
from tapewatch.floor.floor import Floor
from tapewatch.floor.mischief import Running
from tapewatch.floor.service import Service
from tapewatch.model.clock import Clock
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadText

HOST: Final = "127.0.0.1"
CONTROL_PORT: Final = 7602
LASTS: Final = "2m"


class Doors:
    """The ports of one floor."""

    def __init__(self, floor: Floor, clock: Clock) -> None:
        self.floor = floor
        self._clock = clock
        self._at: dict[int, tuple[Service, Face]] = {}
        self._sockets: list[socket.socket] = []
        self._server: Server | None = None

    def open(self, control_port: int = CONTROL_PORT, *, any_port: bool = False) -> int:
        """Take every port, or say whose is taken; returns the control's."""
        for desk in self.floor.desks:
            for service in desk.services:
                if service.port and service.folder:
                    port = self._bind(service.name, 0 if any_port else service.port)
                    self._at[port] = service, Face(desk.catalog, service.folder, self._clock)
        return self._bind("the control", control_port)

    @property
    def ports(self) -> dict[int, str]:
        """Which service is scraped at which port."""
        return {port: service.name for port, (service, _) in self._at.items()}

    def _bind(self, who: str, port: int) -> int:
        try:
            listening = socket.create_server((HOST, port))
        except OSError as fault:
            self.close()
            raise PortTaken(who, port, fault.strerror or str(fault)) from None
        self._sockets.append(listening)
        taken: int = listening.getsockname()[1]
        return taken

    async def serve(self) -> None:
        """Answer until ``stop`` is called."""
        app = Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/faults", self._faults),
                Route("/faults/{name}", self._begin, methods=["POST"]),
                Route("/faults/{name}", self._end, methods=["DELETE"]),
            ]
        )
        self._server = server_of(app)
        await self._server.serve(sockets=self._sockets)

    def stop(self) -> None:
        """Let ``serve`` end."""
        if self._server is not None:
            self._server.should_exit = True

    def close(self) -> None:
        """Give the ports free."""
        for each in self._sockets:
            each.close()
        for _, face in self._at.values():
            face.close()
        self._sockets, self._at = [], {}

    async def _metrics(self, request: Request) -> Response:
        known = self._at.get(request.scope["server"][1])
        if known is None:
            return PlainTextResponse("no service is scraped at this port\n", 404)
        service, face = known
        if service.down:
            return PlainTextResponse("the service is down\n", 503)
        accept = request.headers.get("accept", "")
        content_type, content = await asyncio.to_thread(face.answer, accept)
        return Response(content, media_type=content_type)

    async def _faults(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        running = self.floor.mischief.at(self._now_s())
        known = [
            {"name": name, "help": fault.help, "fires": list(fault.fires)}
            for name, fault in FAULTS.items()
        ]
        return JSONResponse(
            {
                "running": [{**_told(each), "costs": self._costs(each.name)} for each in running],
                "known": known,
            }
        )

    async def _begin(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        try:
            lasts_s = parse_duration_ms(request.query_params.get("for", LASTS)) / 1000
            running = self.floor.mischief.begin(
                request.path_params["name"], now_s=self._now_s(), lasts_s=lasts_s
            )
        except UnknownFault as fault:
            return JSONResponse({"errorType": "not_found", "error": str(fault)}, 404)
        except BadText as fault:
            return JSONResponse({"errorType": "bad_data", "error": str(fault)}, 400)
        return JSONResponse(_told(running))

    async def _end(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        name = request.path_params["name"]
        return JSONResponse({"ended": self.floor.mischief.end(name), "costs": self._costs(name)})

    def _costs(self, fault: str) -> dict[str, dict[str, float]]:
        return {desk: asdict(cost) for desk, cost in self.floor.costs(fault).items()}

    def _refused(self, request: Request) -> Response | None:
        # A page in a browser may reach the loopback address too; it has no business here.
        if request.scope["server"][1] in self._at or "origin" in request.headers:
            return PlainTextResponse("the control is not here\n", 403)
        return None

    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9


def _told(running: Running) -> dict[str, object]:
    return {
        "name": running.name,
        "began": running.began_s,
        "ends": running.ends_s,
        "fires": list(running.fault.fires),
    }


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals belong to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(app: Starlette) -> Server:
    """A web server without logs and signals of its own."""
    # A ping of uvicorn says bytes at random, and not every client gives such back.
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, ws_ping_interval=None
    )
    return Server(config)


async def live(floor: Floor, doors: Doors, clock: Clock, *, speed: float) -> None:
    """Play and answer until ``doors.stop`` is called; a fault of either ends both."""
    playing = asyncio.create_task(floor.run(clock, speed=speed))
    serving = asyncio.create_task(doors.serve())
    try:
        done, _ = await asyncio.wait((playing, serving), return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        doors.stop()
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
        await serving
