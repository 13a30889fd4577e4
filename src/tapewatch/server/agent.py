"""
The agent as a process of its own: for a host without a server, or beside other engines.

It answers ``/metrics`` by reading all regions at that moment, pushes what it reads where it was
told to, and writes the lines of event rings. It leans on the server's listener, limits and
supervisor, and keeps nothing but last states and how far rings were read.
"""

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from tapewatch.agent.errors import NotDelivered
from tapewatch.agent.events import EventReader, Positions
from tapewatch.agent.exposition import families
from tapewatch.agent.finding import default_folders
from tapewatch.agent.frame import Reading
from tapewatch.agent.post_mortem import PostMortems
from tapewatch.agent.process import Process
from tapewatch.agent.push import Destination, Pusher, push_families
from tapewatch.agent.regions import Regions
from tapewatch.agent.sinks import LineSink
from tapewatch.agent.vitals import vital_families
from tapewatch.metrics.scrape.errors import ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient
from tapewatch.metrics.scrape.http.client import Request as Question
from tapewatch.metrics.scrape.http.settings import Authorization, HttpSettings
from tapewatch.metrics.scrape.secrets import InlineSecret
from tapewatch.model.clock import Clock
from tapewatch.model.samples import Family, counter, gauge
from tapewatch.sdk.redaction import Redactor
from tapewatch.server.http.app import App
from tapewatch.server.http.listener import Listener, check_exposure
from tapewatch.server.http.routes import Route
from tapewatch.server.http.shapes import ErrorShapes
from tapewatch.server.lifecycle import Component, Supervisor
from tapewatch.server.regions import LOOK_NS, described
from tapewatch.server.settings import ServerSettings
from tapewatch.wire.exposition import Form, negotiate, write

PUSH_NS: Final = 1_000_000_000
EVENTS_SECONDS: Final = 0.25
SEND_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What the agent is to do."""

    server: ServerSettings
    folders: tuple[Path, ...] = ()
    every_ms: int = 100
    push: tuple[Destination, ...] = ()
    push_token: str = ""
    events: str = ""
    spans: str = ""
    keep: Path = Path("tapewatch-regions")


class Agent(Component):
    """Reads regions, for whoever asks and for whom it was told to push to."""

    name = "regions"
    needs: Sequence[str] = ()

    def __init__(self, settings: AgentSettings, clock: Clock) -> None:
        check_exposure(settings.server)
        self.settings = settings
        self.regions = Regions(
            lambda: settings.folders or default_folders(os.environ),
            clock,
            PostMortems(settings.keep),
        )
        self.pushers = [Pusher(each, self._send, clock) for each in settings.push]
        self._clock = clock
        self._client = HttpClient(_http_settings(settings.push_token), clock)
        self._events = LineSink(settings.events) if settings.events else None
        self._spans = LineSink(settings.spans) if settings.spans else None
        self._reader = EventReader(self._positions(), Redactor())
        self._turn = threading.Lock()
        self._look_at_ns = self._push_at_ns = 0
        self._taken: list[tuple[Process, Reading]] = []
        self._left_out = 0

    def _positions(self) -> Positions:
        sinks = (self._events, self._spans)
        path = next((sink.path for sink in sinks if sink and sink.path), None)
        return Positions.load(path.with_name(f"{path.name}.positions")) if path else Positions()

    async def start(self) -> None:
        """See who is there before the first question comes."""
        await asyncio.to_thread(self._round)

    async def run(self) -> None:
        """Look, read, write lines and push, again and again."""
        async with asyncio.TaskGroup() as group:
            for pusher in self.pushers:
                group.create_task(pusher.run())
            group.create_task(self._rounds())

    async def _rounds(self) -> None:
        while True:
            began_ns = self._clock.monotonic_ns()
            if await asyncio.to_thread(self._round):
                taken, self._taken = self._taken, []
                for pusher in self.pushers:
                    await asyncio.to_thread(pusher.push, taken)
            took = (self._clock.monotonic_ns() - began_ns) / 1e9
            await self._clock.sleep(max(self._pause_seconds() - took, took))

    def _pause_seconds(self) -> float:
        if self.pushers:
            return self.settings.every_ms / 1000
        return EVENTS_SECONDS if self._events or self._spans else LOOK_NS / 1e9

    def _round(self) -> bool:
        """Do what is due; says whether it is time to push."""
        now_ns = self._clock.monotonic_ns()
        with self._turn:
            for process, reading, _ in self.regions.read(self._ended(now_ns)):
                if reading is not None and self.pushers:
                    self._taken.append((process, reading))
            self._write_lines()
        due = now_ns >= self._push_at_ns
        if due:
            self._push_at_ns = now_ns + PUSH_NS
        return due and bool(self._taken)

    def _ended(self, now_ns: int) -> list[Process]:
        if now_ns < self._look_at_ns:
            return []
        self._look_at_ns = now_ns + LOOK_NS
        ended = self.regions.look()
        for process in ended:
            # What it pushed last is told before its file is let go of.
            self._write_lines_of(process)
        return ended

    def _write_lines(self) -> None:
        if self._events is None and self._spans is None:
            return
        before = self._reader.lines
        for process in self.regions.running:
            self._write_lines_of(process)
        if self._reader.lines != before:
            self._reader.positions.save()

    def _write_lines_of(self, process: Process) -> None:
        if self._events is None and self._spans is None:
            return
        lines = self._reader.read(process)
        if self._events is not None:
            self._events.write(lines.events)
        if self._spans is not None:
            self._spans.write(lines.spans)

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        question = Question(url, headers, method="POST", body=body)
        try:
            answer = await self._client.fetch(question, timeout_seconds=SEND_TIMEOUT_SECONDS)
        except ScrapeFailed as fault:
            raise NotDelivered(str(fault)) from None
        if answer.status // 100 != 2:
            told = answer.body[:200].decode(errors="replace").strip()
            reason = f"HTTP status {answer.status} {answer.reason} {told}".strip()
            raise NotDelivered(reason, answer.status, _seconds(answer.header("retry-after")))

    async def stop(self) -> str:
        """Let go of everything."""
        with self._turn:
            self.regions.close()
        self._client.close()
        waiting = sum(len(pusher) for pusher in self.pushers)
        return f"{waiting} pushes" if waiting else ""

    def exposition(self, form: Form) -> bytes:
        """Read everything now and write it in the form that was asked for."""
        with self._turn:
            self._ended(self._clock.monotonic_ns())
            read = [(each, reading) for each, reading, _ in self.regions.read() if reading]
            counted, self._left_out = families(read, form.kind)
            told = [*counted, *vital_families(self.regions.shown()), *self.families()]
        return write(told, form)

    def families(self) -> Iterator[Family]:
        """Yield what the agent did itself."""
        yield gauge("agent_regions", "Processes whose regions are read.", len(self.regions.running))
        yield gauge(
            "agent_series_left_out",
            "Series that another process claims too, or means otherwise.",
            self._left_out,
        )
        yield counter("agent_event_lines_total", "Events and spans written.", self._reader.lines)
        yield from push_families(self.pushers)


def make_agent(settings: AgentSettings, clock: Clock) -> tuple[Agent, Supervisor, str]:
    """Make the agent with its listener; returns it, what runs it, and its address."""
    agent = Agent(settings, clock)
    shapes = ErrorShapes()
    app = App(routes(agent), shapes, settings.server, is_open=lambda _path: False)
    listener = Listener(app, settings.server, needs=("regions",))
    address = listener.bind()
    return agent, Supervisor([agent, listener], clock), address


def routes(agent: Agent) -> Iterator[BaseRoute]:
    """Yield the routes: the numbers, who is seen, and whether the agent works."""

    async def metrics(request: Request) -> Response:
        form = negotiate(request.headers.get("accept", ""))
        body = await asyncio.to_thread(agent.exposition, form)
        return Response(body, media_type=form.content_type)

    async def regions(_request: Request) -> Response:
        told = [described(process) for process in list(agent.regions)]
        return JSONResponse({"status": "success", "data": {"regions": told}})

    async def healthy(_request: Request) -> Response:
        return PlainTextResponse("The agent is healthy.\n")

    yield Route("/metrics", metrics)
    yield Route("/api/v1/regions", regions)
    yield Route("/-/healthy", healthy)
    yield Route("/-/ready", healthy)


def _http_settings(token: str) -> HttpSettings:
    if not token:
        return HttpSettings()
    return HttpSettings(authorization=Authorization(credentials=InlineSecret(token)))


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
