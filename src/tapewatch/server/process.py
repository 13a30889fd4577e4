"""
The life of the process: start, banner, signals, drain.

SIGHUP reloads. The first SIGINT or SIGTERM drains within ``server.drain_timeout`` and says what was
drained; a second one stops at once.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

from tapewatch.document.errors import DocumentError
from tapewatch.model.clock import SystemClock
from tapewatch.model.memory import keep_freed_memory
from tapewatch.server import logs
from tapewatch.server.errors import StartError
from tapewatch.server.server import Server
from tapewatch.server.settings import SettingsSource
from tapewatch.store.errors import StoreError

log = logging.getLogger(__name__)

EXIT_FINE: Final = 0
EXIT_CANNOT_START: Final = 1
EXIT_BAD_SETTINGS: Final = 2
EXIT_STOPPED_AT_ONCE: Final = 130


def run(source: SettingsSource, announce: Callable[[Server, float], None]) -> int:
    """Run a server until it is told to stop; returns the exit status of the process."""
    began = time.perf_counter()
    keep_freed_memory()
    try:
        settings = source.read()
    except DocumentError as fault:
        return _fail(f"the configuration cannot be used:\n{fault}", EXIT_BAD_SETTINGS)
    logs.set_up(level=settings.log.level, form=settings.log.form)
    for name in source.slips():
        log.warning("this variable sets nothing", extra={"variable": name})
    try:
        server = Server(source, settings, SystemClock())
    except DocumentError as fault:
        return _fail(f"the rules or packs cannot be used:\n{fault}", EXIT_BAD_SETTINGS)
    except (StartError, StoreError) as fault:
        return _fail(str(fault), EXIT_CANNOT_START)
    return _loop_runner()(_live(server, lambda: announce(server, time.perf_counter() - began)))


async def _live(server: Server, announce: Callable[[], None]) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop_or_leave, stopping)
    loop.add_signal_handler(signal.SIGHUP, _reload, server)
    try:
        await server.start()
    except (StartError, StoreError) as fault:
        return _fail(str(fault), EXIT_CANNOT_START)
    settle_memory()
    announce()
    await stopping.wait()
    log.info("stopping", extra={"drain_ms": server.settings.server.drain_timeout})
    began = time.perf_counter()
    drained = await server.stop()
    seconds = round(time.perf_counter() - began, 3)
    log.info("stopped", extra={"drained": drained or "nothing was open", "seconds": seconds})
    return EXIT_FINE


def settle_memory() -> None:
    """
    Tell the collector that what stands after the start stays.

    Looking through it again and again cost 18 % of the processor at 1,000 scraped targets.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _stop_or_leave(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        # What was acknowledged is already on disk, so leaving at once loses nothing.
        sys.stderr.write("stopped at once\n")
        sys.stderr.flush()
        os._exit(EXIT_STOPPED_AT_ONCE)
    stopping.set()


def _reload(server: Server) -> None:
    try:
        server.reload()
    except (DocumentError, StartError):
        return  # Told in the log and in the metrics; the old settings stay.


def _loop_runner() -> Callable[..., int]:
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.run
    runner: Callable[..., int] = uvloop.run
    return runner


def _fail(message: str, status: int) -> int:
    sys.stderr.write(f"tapewatch: {message}\n")
    return status
