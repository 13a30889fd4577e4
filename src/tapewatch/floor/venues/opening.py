"""A venue that runs: its market moves, and its port answers."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from tapewatch.floor.doors import HOST, server_of
from tapewatch.floor.errors import PortTaken
from tapewatch.floor.market import COINS, Market, names
from tapewatch.floor.venues.binance import BinanceVenue
from tapewatch.model.clock import Clock, SystemClock

STEP_S: Final = 0.25


@asynccontextmanager
async def open_venue(
    *, symbols: int, seed: int, port: int, clock: Clock | None = None
) -> AsyncIterator[str]:
    """Run a venue while the block runs; gives its address."""
    time = clock or SystemClock()
    rng = random.Random(f"{seed} venue")  # noqa: S311 # A game, and repeatable.
    market = Market(names(COINS, symbols, "USDT"), ("venue",), 0.0, rng)
    venue = BinanceVenue(market, time)
    with _listening(port) as listening:
        host, taken = listening.getsockname()[:2]
        server = server_of(venue.app())
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        moving = asyncio.create_task(_move(venue, time))
        try:
            yield f"{host}:{taken}"
        finally:
            server.should_exit = True
            moving.cancel()
            with suppress(asyncio.CancelledError):
                await moving
            await serving


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as fault:
        raise PortTaken("the venue", port, fault.strerror or str(fault)) from None


async def _move(venue: BinanceVenue, clock: Clock) -> None:
    while True:
        await clock.sleep(STEP_S)
        venue.market.step(venue.now_s, STEP_S)
