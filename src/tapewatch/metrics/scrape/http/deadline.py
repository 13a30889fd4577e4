"""
A time limit that charges the other side alone.

When the loop itself is busy (a large target is read for the first time), limits run out while the
answer lies unread in the socket. Time that the loop lost at the end is granted once more, so a busy
moment here does not make targets look down.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

LATE_SECONDS: Final = 0.005
"""A limit that rings later than this after its time was held up by the loop."""


class Deadline:
    """Raises ``TimeoutError`` out of its block when the limit is over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._scope = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds
        self._timer = loop.call_at(due, self._ring, loop, due)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._scope.__aexit__(kind, fault, trace)

    def _ring(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        late = now - due
        self._scope.reschedule(now + late if late > LATE_SECONDS else now)
