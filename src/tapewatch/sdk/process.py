"""
This process: its region, its heartbeat, and what it tells of itself.

Whether a process is dead is seen from outside: its pid is gone, or another process has it. Whether
a living one hangs can only be told against a promise. ``beating`` (a coroutine) and ``beat`` (a
call in a loop of your own) are that promise: when it is broken, the process hangs. A process that
never promised is merely quiet.
"""

import atexit
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from tapewatch.sdk.region.file import Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.region.region import Region
from tapewatch.sdk.registry import Registry, Start, Status

if TYPE_CHECKING:
    import asyncio

REGISTRY: Final = Registry()
atexit.register(REGISTRY.stop)


def start(
    service: str | None = None,
    *,
    instance: str | None = None,
    folder: Path | str | None = None,
    on_disk: bool | None = None,
    sealed: bool | None = None,
    sections: Sections | None = None,
) -> Region:
    """
    Make the region now, or fail with the reason.

    What is not given comes from the environment (``TAPEWATCH_SERVICE``, ``TAPEWATCH_INSTANCE``,
    ``TAPEWATCH_REGION_FOLDER``, ``…_ON_DISK``, ``…_SEALED``). ``sections`` counts only where no
    instrument was bound before.
    """
    told = REGISTRY.defaults()
    place = Place(
        Path(folder) if folder is not None else told.place.folder,
        told.place.on_disk if on_disk is None else on_disk,
        told.place.sealed if sealed is None else sealed,
    )
    return REGISTRY.start(
        Start(service or told.service, instance or told.instance, place, sections or told.sections)
    )


def stop() -> None:
    """Say that the process ends on purpose. Called by itself when the interpreter ends."""
    REGISTRY.stop()


def status() -> Status:
    """Tell where the region is, or why there is none."""
    return REGISTRY.status()


def beat() -> None:
    """Say that the process runs; call it in the loop whose hanging would be the fault."""
    REGISTRY.beat()


def promise(interval_seconds: float) -> None:
    """Promise to call ``beat`` so often; 0 takes the promise back."""
    REGISTRY.region.promise(round(interval_seconds * 1e9))


class Beating:
    """A promise to beat, kept while the block runs: ``async with beating(1.0): …``."""

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds
        self._next: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Promise, and begin."""
        from asyncio import get_running_loop

        REGISTRY.region.promise(round(self._interval_seconds * 1e9))
        self._beat(get_running_loop())
        return self

    def _beat(self, loop: "asyncio.AbstractEventLoop") -> None:
        beat()
        self._next = loop.call_later(self._interval_seconds, self._beat, loop)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the promise back."""
        assert self._next is not None
        self._next.cancel()
        REGISTRY.region.promise(0)


def beating(interval_seconds: float = 1.0) -> Beating:
    """Beat from the running event loop, so that a loop that hangs is seen from outside."""
    return Beating(interval_seconds)


def catch(error: BaseException) -> None:
    """Count an error in the region's log of distinct errors; never raises."""
    REGISTRY.errors.record(error)
