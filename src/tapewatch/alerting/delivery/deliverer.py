"""
The loop that delivers: begin, wait for the disk, send, report.

Attempts run beside each other; a slow peer holds up nobody but itself. When the loop is stopped it
waits a little for what is under way; what does not end is sent again after the restart.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from tapewatch.alerting.channels.channel import Outcome, Refused, Retry
from tapewatch.alerting.delivery.composer import Composer
from tapewatch.alerting.delivery.dispatcher import Dispatcher, Post
from tapewatch.alerting.delivery.pace import NS
from tapewatch.alerting.outbox import NEVER_NS, Parcel
from tapewatch.model.clock import Clock
from tapewatch.model.errors import TapewatchError

log = logging.getLogger(__name__)

Written = Callable[[], Awaitable[None]]
"""Returns once everything that was noted is on disk."""

SEND_SECONDS: Final = 60.0
"""No attempt takes longer, whatever a channel is set to."""

STOP_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 60.0


class Deliverer:
    """Runs a dispatcher's decisions."""

    def __init__(
        self, dispatcher: Dispatcher, composer: Composer, clock: Clock, written: Written
    ) -> None:
        self.dispatcher = dispatcher
        self.composer = composer
        self._clock = clock
        self._written = written
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._testing: set[tuple[str, str]] = set()

    def wake(self) -> None:
        """Say that the outbox, the channels or the time have changed."""
        self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._news.clear()
            await self.deliver_due()
            await self._rest()

    async def deliver_due(self) -> None:
        """Start everything that is due now."""
        now_ns = self._clock.now_ns()
        begun = self.dispatcher.start(now_ns)
        if begun:
            await self._on_disk()
        for parcel in begun:
            self._spawn(self._deliver(parcel))
        for post in self.dispatcher.tests_due(now_ns):
            if post.route not in self._testing:
                self._testing.add(post.route)
                self._spawn(self._test(post))

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Wait a little for what is under way, then leave it to the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _on_disk(self) -> None:
        try:
            await self._written()
        except TapewatchError as fault:
            # People must hear of an alert also when the disk is full; a crash may double it.
            log.warning("delivering what could not be written down: %s", fault)

    async def _rest(self) -> None:
        now_ns = self._clock.now_ns()
        wake_ns = self.dispatcher.wake_at_ns(now_ns)
        seconds = IDLE_SECONDS if wake_ns == NEVER_NS else (wake_ns - now_ns) / NS
        sleeping = asyncio.ensure_future(self._clock.sleep(min(seconds, IDLE_SECONDS)))
        hearing = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({sleeping, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (sleeping, hearing):
                waiting.cancel()
            await asyncio.gather(sleeping, hearing, return_exceptions=True)

    async def _deliver(self, parcel: Parcel) -> None:
        told = parcel.notification
        post = self.dispatcher.post((told.receiver, told.integration))
        if post is None:
            outcome: Outcome = Refused(f"there is no channel {told.receiver}/{told.integration}")
        else:
            outcome = await self._attempt(parcel, post)
        self.dispatcher.settle(parcel, outcome, self._clock.now_ns())
        self.wake()
        # On disk soon: a delivery that is not known after a crash is made again.
        await self._on_disk()

    async def _attempt(self, parcel: Parcel, post: Post) -> Outcome:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                message = await self.composer.compose(parcel, post.channel)
                return await post.channel.send(message.parcel, message.context)
        except TimeoutError:
            return Retry(None, f"took longer than {SEND_SECONDS:g} s")
        except Exception as fault:
            # A fault of ours must not lose a message: it is tried again, and told.
            log.exception("sending %s failed", parcel.notification.id)
            return Retry(None, f"{type(fault).__name__}: {fault}")

    async def _test(self, post: Post) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                outcome = await post.channel.test()
        except TimeoutError:
            outcome = Retry(None, f"took longer than {SEND_SECONDS:g} s")
        except Exception as fault:
            log.exception("testing %s failed", post.route)
            outcome = Retry(None, f"{type(fault).__name__}: {fault}")
        self._testing.discard(post.route)
        self.dispatcher.tested(post.route, outcome, self._clock.now_ns())
        self.wake()
