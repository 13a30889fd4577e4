"""
Alerting as a part of a running server: the desk, its book, delivery, and what drives them.

The desk is synchronous and quick, so it runs on the event loop; the book is written on a thread.
Many turns share one write to disk, and whoever must not answer before waits for ``written``.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import SystemRandom
from typing import Final

from tapewatch.alerting.actions.hands import Folders
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.story import Steps
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.alerting.configuration import AlertmanagerConfig, Integration
from tapewatch.alerting.crew import Crew, Ground
from tapewatch.alerting.delivery.composer import Composer, Painter
from tapewatch.alerting.delivery.deliverer import Deliverer
from tapewatch.alerting.delivery.dispatcher import Dispatcher, Post
from tapewatch.alerting.delivery.health import ChannelHealth
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.errors import BadAlerts, BookUnusable
from tapewatch.alerting.heartbeats.chain import Rules
from tapewatch.alerting.outbox import Route
from tapewatch.alerting.plan import Plan
from tapewatch.alerting.privacy.filter import PrivacyFilter
from tapewatch.alerting.privacy.key import load_key
from tapewatch.alerting.routing import MS
from tapewatch.alerting.settings import AlertingSettings
from tapewatch.alerting.templates import Words
from tapewatch.alerting.vitals import families
from tapewatch.model.clock import Clock
from tapewatch.model.samples import Family, gauge
from tapewatch.watch.alert import Alert
from tapewatch.watch.calendars.calendar import calendar

log = logging.getLogger(__name__)

STEP_NS: Final = 1_000_000_000
"""A wall clock that moves so much more or less than the other clock was set."""

AGAIN_SECONDS: Final = 1.0
"""How long to wait before a book that could not be written is tried again."""

REST_SECONDS_MAX: Final = 30.0


class AlertingService:
    """Owns the desk of a server."""

    name = "alerting"
    needs: Sequence[str] = ()

    def __init__(
        self,
        folder: Path,
        settings: AlertingSettings,
        clock: Clock,
        *,
        external_url: str = "",
        steps: Steps | None = None,
        painter: Painter | None = None,
        rules: Rules | None = None,
        server_id: str = "",
        folders: Folders | None = None,
    ) -> None:
        self.settings = settings
        self.config: AlertmanagerConfig = settings.configuration()
        self._words: Words = self.config.words()
        self._folder = folder
        self._clock = clock
        self._external_url = external_url
        self._steps = steps
        self._painter = painter
        self._rules = rules
        self._server_id = server_id
        self._folders = folders
        self._running = False
        self._turned = asyncio.Event()
        self._gathered = asyncio.Event()
        self._waiters: list[asyncio.Future[None]] = []
        self._offset_ns = 0

    async def start(self) -> None:
        """Open the book, take up what the last process left, and make the channels."""
        await asyncio.to_thread(self._open)
        self._dispatcher = Dispatcher(
            self.desk.outbox, SystemRandom(), sink=self, fallback=self.settings.fallback
        )
        self.deliverer = Deliverer(self._dispatcher, self._composer(), self._clock, self.written)
        self.crew = Crew(self._ground(), self.settings)
        self._use_channels()
        self._offset_ns = self._clock.now_ns() - self._clock.monotonic_ns()
        self._running = True

    async def run(self) -> None:
        """Drive the desk, the book and delivery."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._drive())
            tasks.create_task(self._commit())
            tasks.create_task(self.deliverer.run())
            tasks.create_task(self.crew.run())

    async def stop(self) -> str:
        """Let attempts end, write what is left, and close the book."""
        if not self._running:
            return ""
        self._running = False
        await self.deliverer.stop()
        self.crew.close()
        for post in self._posts.values():
            post.channel.close()
        left = len(self.desk.outbox)
        await asyncio.to_thread(self.desk.book.close)
        for waiter in self._waiters:
            waiter.cancel()
        return f"{left} notifications wait for the next start" if left else ""

    def ready(self) -> bool:
        """Say whether alerts are taken."""
        return self._running and self.desk.book.last_error is None

    @property
    def last_error(self) -> str | None:
        """Why the book cannot be written, if it cannot."""
        return self.desk.book.last_error if self._running else None

    def now_ns(self) -> int:
        """Give the time that the desk goes by."""
        return self._clock.now_ns()

    def accept(self, alerts: Sequence[Alert], now_ns: int) -> None:
        """Take alerts of this process; they are on disk soon, and bad ones are told in the log."""
        try:
            self.take(alerts, now_ns)
        except BadAlerts as fault:
            log.warning("alerts that cannot be taken", extra={"faults": list(fault.faults)})

    def take(self, alerts: Sequence[Alert], now_ns: int) -> None:
        """Take alerts of somebody else; raises ``BadAlerts`` after the good ones were taken."""
        try:
            self.desk.accept(alerts, now_ns)
        finally:
            self.turn()

    def turn(self) -> None:
        """Say that the desk was told something: it looks again, and the book is written."""
        self._turned.set()
        self._gathered.set()

    async def written(self) -> None:
        """Return once everything that was decided so far is on disk; raises ``BookUnusable``."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._gathered.set()
        await waiter

    def apply(self, settings: AlertingSettings) -> None:
        """Use new settings from now on; raises ``DocumentError`` before anything is changed."""
        config = settings.configuration()
        words = config.words()
        self.settings, self.config, self._words = settings, config, words
        if not self._running:
            return
        self.desk.reload(self._plan(), self._clock.now_ns())
        self.crew.apply(settings)
        self._dispatcher.fallback = settings.fallback
        self.deliverer.composer = self._composer()
        self._use_channels()
        self.turn()
        self.deliverer.wake()

    def families(self) -> Iterator[Family]:
        """Yield the metrics of alerting."""
        if self._running:
            yield from families(self.desk, self._clock.now_ns(), self.health())
            yield gauge(
                "tapewatch_alerting_redirected",
                "Whether every message goes to an inbox instead of people.",
                bool(self.settings.inbox),
            )
            yield from self.crew.families()

    def health(self) -> Sequence[ChannelHealth]:
        """Say how every channel is."""
        return self._dispatcher.health()

    def post(self, route: Route) -> Post | None:
        """Give a channel."""
        return self._posts.get(route)

    async def _drive(self) -> None:
        """Tell the desk the time whenever it wants to know."""
        while True:
            self._turned.clear()
            now_ns = self._clock.now_ns()
            self._mind_the_clock(now_ns)
            waiting = len(self.desk.outbox)
            flushed = self.desk.tick(now_ns)
            self.crew.tick(now_ns)
            if flushed or len(self.desk.outbox) != waiting:
                self.deliverer.wake()
            if self.desk.book.pending:
                self._gathered.set()
            wait_ns = self._wake_at_ns(now_ns) - self._clock.now_ns()
            if wait_ns <= 0:
                await asyncio.sleep(0)
            else:
                await self._rest(min(wait_ns / 1e9, REST_SECONDS_MAX))

    def _wake_at_ns(self, now_ns: int) -> int:
        desk_ns, crew_ns = self.desk.wake_at_ns(), self.crew.wake_at_ns(now_ns)
        return min(desk_ns, crew_ns) if crew_ns else desk_ns

    async def _rest(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        turning = asyncio.ensure_future(self._turned.wait())
        try:
            await asyncio.wait({sleeping, turning}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            turning.cancel()

    async def _commit(self) -> None:
        """Write the book whenever there is something to write, and tell who waits."""
        while True:
            await self._gathered.wait()
            self._gathered.clear()
            waiters, self._waiters = self._waiters, []
            batch = self.desk.book.take()
            try:
                await asyncio.to_thread(self.desk.book.put, batch)
            except BookUnusable as fault:
                log.error("the alerting book cannot be written", extra={"fault": str(fault)})  # noqa: TRY400  # the fault is the whole story
                _tell(waiters, fault)
                await self._clock.sleep(AGAIN_SECONDS)
                self._gathered.set()
            else:
                _tell(waiters, None)

    def _mind_the_clock(self, now_ns: int) -> None:
        offset_ns = now_ns - self._clock.monotonic_ns()
        step_ns = offset_ns - self._offset_ns
        if abs(step_ns) > STEP_NS:
            log.warning("the clock was set", extra={"by_seconds": round(step_ns / 1e9, 3)})
            self.desk.clock_stepped(step_ns, now_ns)
            self._dispatcher.clock_stepped(step_ns)
            self.crew.clock_stepped(step_ns)
        self._offset_ns = offset_ns

    def _open(self) -> None:
        book = Book(self._folder / "book.sqlite")
        self._key = load_key(self._folder)
        now_ns = self._clock.now_ns()
        self.desk = Desk(book, self._plan(), now_ns=now_ns, new_id=lambda: str(uuid.uuid4()))
        book.commit()

    def _ground(self) -> Ground:
        return Ground(
            self.desk,
            self._clock,
            sink=self,
            written=self.written,
            health=self.health,
            rules=self._rules,
            id=self._server_id,
            external_url=self._external_url,
            folders=self._folders,
        )

    def _plan(self) -> Plan:
        return Plan(
            self.config,
            calendar,
            reading=self.settings.matchers,
            limits=self.settings.limits(),
            external_url=self._external_url,
        )

    def _composer(self) -> Composer:
        return Composer(PrivacyFilter(self._key), self._words, self._steps, self._painter)

    def _use_channels(self) -> None:
        former: dict[Route, Post] = getattr(self, "_posts", {})
        surroundings = Surroundings(
            clock=self._clock,
            words=self._words,
            external_url=self._external_url,
            puller=self.crew.actions,
        )
        self._posts = {
            (each.receiver, each.name): _post(each, surroundings)
            for integrations in self.config.integrations.values()
            for each in integrations
        }
        self._dispatcher.use(self._posts, self._clock.now_ns())
        for post in former.values():
            post.channel.close()


def _post(integration: Integration, surroundings: Surroundings) -> Post:
    own = integration.settings.tapewatch
    return Post(
        integration.receiver,
        integration.name,
        KINDS[integration.key].make(integration.settings, surroundings),
        fallback=own.fallback,
        test_interval_ns=own.test_interval * MS,
    )


def _tell(waiters: Sequence["asyncio.Future[None]"], fault: Exception | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if fault is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(fault)
