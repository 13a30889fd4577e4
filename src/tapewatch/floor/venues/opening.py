"""A venue that runs: its market moves, and its port answers."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple

from tapewatch.floor.doors import HOST, server_of
from tapewatch.floor.errors import PortTaken, UnknownVenue
from tapewatch.floor.market import COINS, SHARES, Market, names
from tapewatch.floor.venues.alpaca import AlpacaVenue
from tapewatch.floor.venues.binance import BinanceVenue
from tapewatch.floor.venues.deribit import DeribitVenue
from tapewatch.floor.venues.venue import Venue
from tapewatch.model.clock import Clock, SystemClock

STEP_S: Final = 0.25


class Kind(NamedTuple):
    """One venue that can be run, with what it trades."""

    made: Callable[[Market, Clock], Venue]
    symbols: Sequence[str]
    ending: str


KINDS: Final[Mapping[str, Kind]] = {
    "binance": Kind(BinanceVenue, COINS, "USDT"),
    "alpaca": Kind(AlpacaVenue, SHARES, ""),
    "deribit": Kind(DeribitVenue, COINS, "-PERPETUAL"),
}


@asynccontextmanager
async def open_venue(
    *, symbols: int, seed: int, port: int, clock: Clock | None = None, name: str = "binance"
) -> AsyncIterator[str]:
    """Run a venue while the block runs; gives its address."""
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownVenue(name, tuple(KINDS))
    time = clock or SystemClock()
    rng = random.Random(f"{seed} venue")  # noqa: S311 # A game, and repeatable.
    venue = kind.made(Market(names(kind.symbols, symbols, kind.ending), ("venue",), 0.0, rng), time)
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


async def _move(venue: Venue, clock: Clock) -> None:
    while True:
        await clock.sleep(STEP_S)
        venue.step(STEP_S)
