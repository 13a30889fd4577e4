"""
Evaluates groups: each in its own task, on a few threads, at its times.

A group never runs twice at once. Reading new rules replaces groups that changed, keeps those that
did not, and hands over what their rules knew.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Protocol

from tapewatch.model.clock import Clock
from tapewatch.watch.alert import Alert, AlertSink
from tapewatch.watch.baton import Baton
from tapewatch.watch.rules.files import GroupSource
from tapewatch.watch.rules.group import Group, Tell, Usual
from tapewatch.watch.rules.languages import Selector
from tapewatch.watch.rules.rule import Surroundings
from tapewatch.watch.schedule import Allowance, Timing, first_turn_ns, slot_ns

log = logging.getLogger(__name__)

LOOK_AGAIN_S: Final = 0.2


class Hearing(Protocol):
    """A subscription that can be ended."""

    def close(self) -> None:
        """Hear no more."""
        ...


class Arrivals(Protocol):
    """Tells when samples of some series land."""

    def listen(self, selectors: Sequence[Selector], heard: Callable[[], None]) -> Hearing:
        """Call ``heard``, from any thread, whenever samples land that a selector selects."""
        ...


class Turning:
    """One group with its times and its task."""

    def __init__(self, group: Group, timing: Timing) -> None:
        self.group = group
        self.timing = timing
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.hearing: Hearing | None = None
        self.thread: int | None = None
        """The thread that evaluates the group at the moment."""

    def turn(self, around: Surroundings, clock: Clock, tell: Tell, baton: Baton) -> None:
        """Evaluate the group at the time at which its turn really comes."""
        with baton.held():
            self.thread = threading.get_ident()
            try:
                self.group.turn(around, clock.now_ns(), tell)
            finally:
                self.thread = None

    def hear(self) -> None:
        """Note that samples have landed."""
        self.timing.arrive()
        self.wake.set()


class Watcher:
    """Owns the groups."""

    def __init__(
        self, clock: Clock, arrivals: Arrivals | None, *, concurrency: int, floor_ns: int
    ) -> None:
        self.sinks: list[AlertSink] = []
        self.allowance = Allowance(0.25)
        self.baton = Baton()
        self.floor_ns = floor_ns
        self._clock = clock
        self._arrivals = arrivals
        self._around: Surroundings | None = None
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="rules")
        self._turnings: dict[tuple[str, str], Turning] = {}
        self._running = False

    @property
    def groups(self) -> Sequence[Group]:
        """The groups, ordered by file and name."""
        return [self._turnings[key].group for key in sorted(self._turnings)]

    async def apply(
        self, sources: Iterable[GroupSource], usual: Usual, around: Surroundings, *, restores: bool
    ) -> None:
        """Evaluate these groups from now on."""
        former, self._turnings = self._turnings, {}
        same_usual = self._around is not None
        self._around = around
        for source in sources:
            fresh = Group(source, usual, restores=restores)
            known = former.pop(source.key, None)
            if known is not None and same_usual and _is_same(known.group, fresh):
                self._turnings[source.key] = known
                continue
            if known is not None:
                await self._halt(known)
                fresh.inherit(known.group)
            self._turnings[source.key] = self._begin(fresh)
        for gone in former.values():
            await self._halt(gone)
            gone.group.close(self._clock.now_ns() // 1_000_000)

    def start(self) -> None:
        """Begin to evaluate."""
        self._running = True
        for each in self._turnings.values():
            self._launch(each)

    async def stop(self) -> None:
        """End; series stay as they are, because a restart goes on with them."""
        self._running = False
        await asyncio.gather(*(self._halt(each) for each in self._turnings.values()))
        for each in self._turnings.values():
            each.group.close(None)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, group: Group) -> Turning:
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.now_ns()
        slot = slot_ns(group.source.key, group.interval_ns)
        wait_ns = first_turn_ns(wall_ns, group.interval_ns, slot) - wall_ns
        timing = Timing(group.interval_ns, self.floor_ns, now_ns + wait_ns)
        turning = Turning(group, timing)
        if self._running:
            self._launch(turning)
        return turning

    def _launch(self, turning: Turning) -> None:
        name = f"rules {turning.group.name}"
        turning.task = asyncio.create_task(self._run(turning), name=name)
        if self._arrivals is not None and turning.group.source.settings.on_arrival:
            heard = _Heard(turning, asyncio.get_running_loop())
            turning.hearing = self._arrivals.listen(turning.group.reads(), heard)

    async def _halt(self, turning: Turning) -> None:
        if turning.hearing is not None:
            turning.hearing.close()
            turning.hearing = None
        if turning.task is not None:
            turning.task.cancel()
            await asyncio.gather(turning.task, return_exceptions=True)
            turning.task = None

    async def _run(self, turning: Turning) -> None:
        while True:
            await self._wait(turning)
            turning.wake.clear()
            missed = turning.timing.turn(self._clock.monotonic_ns())
            turning.group.missed += missed
            await self._turn(turning)
            self.allowance.spend(turning.group.busy_seconds, self._clock.monotonic_ns())

    async def _wait(self, turning: Turning) -> None:
        while True:
            wait_ns = turning.timing.next_ns(self.pause_ns()) - self._clock.monotonic_ns()
            if wait_ns <= 0:
                return
            if turning.timing.arrived:
                # Others may have left something of the share meanwhile.
                await self._clock.sleep(min(wait_ns / 1e9, LOOK_AGAIN_S))
                continue
            await self._sleep_unless_woken(turning.wake, wait_ns / 1e9)

    async def _sleep_unless_woken(self, wake: asyncio.Event, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        waking = asyncio.ensure_future(wake.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (sleeping, waking):
                each.cancel()

    def pause_ns(self) -> int:
        """Return how long groups have to wait so that all of them keep to their share."""
        if not self.allowance.is_used_up(self._clock.monotonic_ns()):
            return 0
        seconds = sum(each.group.busy_seconds for each in self._turnings.values() if each.hearing)
        return int(seconds / self.allowance.share * 1e9)

    async def _turn(self, turning: Turning) -> None:
        assert self._around is not None
        loop = asyncio.get_running_loop()
        around = self._around

        def tell(alerts: Sequence[Alert], now_ns: int) -> None:
            with suppress(RuntimeError):  # The loop is closed: whoever would be told has gone.
                loop.call_soon_threadsafe(self._tell, alerts, now_ns)

        work = self._pool.submit(turning.turn, around, self._clock, tell, self.baton)
        done = asyncio.wrap_future(work)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            # A turn that has begun is finished before anybody else touches the group.
            if not work.cancel():
                await asyncio.gather(done, return_exceptions=True)
            raise

    def _tell(self, alerts: Sequence[Alert], now_ns: int) -> None:
        for sink in self.sinks:
            sink.accept(alerts, now_ns)


class _Heard:
    """Wakes a group from whatever thread samples land on, once until it has been evaluated."""

    __slots__ = ("_loop", "_turning")

    def __init__(self, turning: Turning, loop: asyncio.AbstractEventLoop) -> None:
        self._turning = turning
        self._loop = loop

    def __call__(self) -> None:
        turning = self._turning
        # What a group writes itself is nothing new to it.
        if turning.timing.arrived or turning.thread == threading.get_ident():
            return
        with suppress(RuntimeError):  # The loop is closed: there is nobody to wake.
            self._loop.call_soon_threadsafe(turning.hear)


def _is_same(known: Group, fresh: Group) -> bool:
    if known.source != fresh.source:
        return False
    return (known.interval_ns, known.offset_ns) == (fresh.interval_ns, fresh.offset_ns)
