"""
How late an event loop is: the time that a callback waits behind whatever hogs the loop.

    async with LoopLag(0.1):
        await main()
"""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from tapewatch.sdk.hooks import metrics

if TYPE_CHECKING:
    import asyncio


class LoopLag:
    """Looks every ``interval_s`` seconds while the block runs."""

    def __init__(self, interval_s: float = 0.1) -> None:
        self._interval_s = interval_s
        self._lag = metrics.LOOP_LAG.bind()
        self._next: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        from asyncio import get_running_loop

        self._look_later(get_running_loop())
        return self

    def _look_later(self, loop: "asyncio.AbstractEventLoop") -> None:
        due_s = loop.time() + self._interval_s
        self._next = loop.call_at(due_s, self._look, loop, due_s)

    def _look(self, loop: "asyncio.AbstractEventLoop", due_s: float) -> None:
        self._lag.set(max(loop.time() - due_s, 0.0))
        self._look_later(loop)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._next is not None:
            self._next.cancel()
