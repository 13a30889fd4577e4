"""
The clock, handed to whoever needs the time.

Nothing reads the time from a module: a component is given a ``Clock``, so a test (or a drill that
plays a month in a minute) owns time.
"""

import asyncio
import heapq
import time
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch; may step when the machine's clock is set."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since some start; never steps backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until it is told to move, for tests and simulations."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns
        self._monotonic_ns = 0
        self._order = count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    async def sleep(self, seconds: float) -> None:
        """Wait until ``advance`` has moved the clock far enough."""
        wake_ns = self._monotonic_ns + round(seconds * 1e9)
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (wake_ns, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, waking every sleeper in the order in which its time comes."""
        target_ns = self._monotonic_ns + round(seconds * 1e9)
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= target_ns:
            wake_ns, _, future = heapq.heappop(self._sleepers)
            self._move(wake_ns - self._monotonic_ns)
            if not future.done():
                future.set_result(None)
            await _settle()
        self._move(target_ns - self._monotonic_ns)

    def step(self, seconds: float) -> None:
        """Set the wall clock forwards or backwards, as a machine's clock is set."""
        self._now_ns += round(seconds * 1e9)

    def _move(self, by_ns: int) -> None:
        self._now_ns += max(by_ns, 0)
        self._monotonic_ns += max(by_ns, 0)


async def _settle() -> None:
    # Tasks that were woken may wake others; a few turns of the loop let them reach their next wait.
    for _ in range(10):
        await asyncio.sleep(0)
