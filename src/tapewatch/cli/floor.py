"""``tapewatch floor``: a sample trading desk, and what can go wrong on it."""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO
from urllib.parse import urlencode

import click

from tapewatch.cli import exits
from tapewatch.cli.asking import chosen_source, source_options, told_refusals
from tapewatch.cli.output import emit, json_option, table, tell
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadText

if TYPE_CHECKING:
    from tapewatch.floor.floor import Floor

RUN: Final = "run"
PAUSE: Final = "10m"
TIMEOUT_SECONDS: Final = 5.0


class FloorGroup(click.Group):
    """A group whose first verb need not be said: ``floor hft`` runs the desk of ``hft``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [RUN, *args]
        return super().parse_args(ctx, args)


@click.group(cls=FloorGroup)
def floor() -> None:
    """
    Run a sample trading floor, and let things go wrong on it.

    \b
    Examples:
      tapewatch floor hft
      tapewatch floor fault feed_stall --for 2m
      tapewatch floor faults
    """


@floor.command(name=RUN)
@click.argument("packs", metavar="[PACK]...", nargs=-1)
@click.option(
    "--symbols",
    default=12,
    show_default=True,
    type=click.IntRange(1, 500),
    help="Symbols of each desk, as many as its pack allows.",
)
@click.option(
    "--venues",
    default=3,
    show_default=True,
    type=click.IntRange(1, 50),
    help="Venues of each desk, as many as its pack allows.",
)
@click.option(
    "--rate",
    default=1000.0,
    show_default=True,
    type=click.FloatRange(1, 1e6),
    help="Messages of the market a second, on each desk.",
)
@click.option(
    "--orders",
    default=4.0,
    show_default=True,
    type=click.FloatRange(0.1, 1e4),
    help="Orders a second, on each desk.",
)
@click.option(
    "--seed", type=int, help="The same seed gives the same market. [default: another each time]"
)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.1, 100),
    help="How much more happens in a second.",
)
@click.option(
    "--processes",
    default="one",
    show_default=True,
    type=click.Choice(["one", "each"]),
    help="All services in one process, or each in its own.",
)
@click.option(
    "--logs",
    default="",
    metavar="FOLDER",
    help="Write each service's log there as JSON; - for the standard output.",
)
@click.option(
    "--faults",
    "coming",
    default="none",
    show_default=True,
    type=click.Choice(["none", "random"]),
    help="Let faults come by themselves, by the seed.",
)
@click.option(
    "--trouble",
    default="",
    metavar="PAUSE",
    help="The pause between random faults.  [default: 10m]",
)
@click.option(
    "--schedule",
    type=click.File(encoding="utf-8"),
    help="Let faults come by a file with lines such as: 5m feed_stall 2m.",
)
@click.option(
    "--port",
    default=7602,
    show_default=True,
    type=click.IntRange(1, 65_535),
    help="Where the control listens, on 127.0.0.1.",
)
def run(
    packs: tuple[str, ...],
    symbols: int,
    venues: int,
    rate: float,
    orders: float,
    seed: int | None,
    speed: float,
    processes: str,
    logs: str,
    coming: str,
    trouble: str,
    schedule: TextIO | None,
    port: int,
) -> None:
    """
    Run the desks of some packs, of all five where none is named.

    Each service is scraped at the port that its pack declares, so `tapewatch up --pack PACK` beside
    it sees everything.
    """
    from tapewatch.floor.cast import CASTS
    from tapewatch.floor.errors import FloorError
    from tapewatch.floor.floor import Floor
    from tapewatch.floor.remote import RemoteService, speak
    from tapewatch.floor.schedule import parse_schedule
    from tapewatch.floor.service import LocalService
    from tapewatch.floor.size import Size
    from tapewatch.model.clock import SystemClock
    from tapewatch.sdk.region.file import SHARED_MEMORY, default_folder

    clock = SystemClock()
    chosen = random.randrange(1 << 32) if seed is None else seed  # noqa: S311  # a game
    now_s = clock.now_ns() / 1e9
    folder = SHARED_MEMORY / f"tapewatch-floor-{os.getuid()}-{os.getpid()}"
    pause_ms = _duration_ms(trouble or (PAUSE if coming == "random" else ""), "--trouble")
    shared = Path(os.environ.get("TAPEWATCH_REGION_FOLDER") or default_folder())
    try:
        speak("floor", "all", str(shared))
        made = Floor.of(
            packs or tuple(CASTS),
            seed=chosen,
            now_s=now_s,
            size=Size(symbols, venues, rate, orders),
            folder=folder,
            shared=shared,
            logs=logs,
            hire=RemoteService if processes == "each" else LocalService,
        )
        if pause_ms:
            made.foresee(chosen, now_s=now_s, mean_pause_s=pause_ms / 1000)
        if schedule:
            made.follow(parse_schedule(schedule.read(), now_s=now_s))
        status = _live(made, speed, port, chosen)
    except FloorError as fault:
        tell(f"tapewatch: {fault}")
        status = exits.FAILED
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


def _duration_ms(text: str, option: str) -> int:
    try:
        return parse_duration_ms(text) if text else 0
    except BadText as fault:
        raise click.BadParameter(str(fault), param_hint=option) from None


def _live(made: "Floor", speed: float, port: int, seed: int) -> int:
    from tapewatch.floor.doors import Doors, live
    from tapewatch.model.clock import SystemClock

    clock = SystemClock()
    doors = Doors(made, clock)

    async def play() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, doors.stop)
        await live(made, doors, clock, speed=speed)

    try:
        control = doors.open(port)
        for at, name in doors.ports.items():
            tell(f"{name}: http://127.0.0.1:{at}/metrics")
        tell(f"The floor is open (seed {seed}); its control is at 127.0.0.1:{control}")
        asyncio.run(play())
    finally:
        doors.close()
        made.close()
    return exits.FINE


@floor.command()
@click.argument("name", metavar="[NAME]", default="binance")
@click.option(
    "--port", default=7610, show_default=True, type=click.IntRange(1, 65_535), help="Where."
)
@click.option(
    "--symbols", default=12, show_default=True, type=click.IntRange(1, 500), help="How many."
)
@click.option("--seed", default=1, show_default=True, help="Which market.")
def venue(name: str, port: int, symbols: int, seed: int) -> None:
    """Run a venue to try a client against: binance, alpaca or deribit."""
    from tapewatch.floor.errors import FloorError
    from tapewatch.floor.venues.opening import open_venue

    async def play() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        async with open_venue(symbols=symbols, seed=seed, port=port, name=name) as address:
            tell(f"The venue is open: http://{address}")
            await stopping.wait()

    try:
        asyncio.run(play())
    except FloorError as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.FAILED)


@floor.command()
@click.argument("packs", metavar="[PACK]...", nargs=-1)
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 400), help="How many."
)
@click.option("--every", default="2m", show_default=True, help="The time between two samples.")
@click.option(
    "--symbols", default=12, show_default=True, type=click.IntRange(1, 500), help="As run."
)
@click.option("--venues", default=3, show_default=True, type=click.IntRange(1, 50), help="As run.")
@click.option("--seed", default=1, show_default=True, help="Which past.")
@json_option
@source_options
def backfill(
    packs: tuple[str, ...],
    days: int,
    every: str,
    symbols: int,
    venues: int,
    seed: int,
    url: str | None,
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """
    Write a past as the floor would have told it, up to now, into a server or a data directory.

    \b
    Examples:
      tapewatch floor backfill --days 30
      tapewatch floor backfill hft --days 7 --data ./tapewatch-floor-data
    """
    from tapewatch.client.keeping import open_kept
    from tapewatch.floor.backfill import fill
    from tapewatch.floor.cast import CASTS
    from tapewatch.floor.past import Days
    from tapewatch.floor.size import Size

    begun = time.perf_counter()
    every_ms = _duration_ms(every, "--every")
    with told_refusals(), open_kept(chosen_source(url, data), make=True) as kept:
        drawn = Days.of(end_s=time.time(), days=days, every_s=every_ms / 1000, seed=seed)
        size = Size(symbols, venues)
        filled = fill(kept.writer(), drawn, packs or tuple(CASTS), seed=seed, size=size)
    told = {**filled, "seconds": round(time.perf_counter() - begun, 1)}

    def words(_: Any) -> None:
        tell(
            f"{told['samples']:,} samples of {told['series']:,} series in {told['seconds']} s, "
            f"with {told['incidents']} incidents"
        )

    emit(told, as_json=as_json, words=words)


port_option = click.option(
    "--port", default=7602, show_default=True, help="Where the floor's control listens."
)


@floor.command()
@click.argument("name", metavar="NAME")
@click.option("--for", "lasts", default="2m", show_default=True, help="How long it lasts.")
@port_option
@json_option
def fault(name: str, lasts: str, port: int, *, as_json: bool) -> None:
    """Let a fault begin on the floor that runs here."""

    def words(told: Any) -> None:
        fires = ", ".join(told["fires"]) or "no alert"
        tell(f"{told['name']} holds for {lasts}; it must set off {fires}")

    emit(_asked("POST", f"/faults/{name}", port, {"for": lasts}), as_json=as_json, words=words)


@floor.command()
@click.argument("name", metavar="NAME")
@port_option
@json_option
def end(name: str, port: int, *, as_json: bool) -> None:
    """End a fault now, and say what it came to on each desk."""

    def words(told: Any) -> None:
        tell(f"{name} is over" if told["ended"] else f"{name} did not hold")
        if told["ended"]:
            rows = [_cost(desk, cost) for desk, cost in told["costs"].items()]
            table(("desk", "profit and loss", "orders refused", "orders at risk"), rows)

    emit(_asked("DELETE", f"/faults/{name}", port, {}), as_json=as_json, words=words)


@floor.command()
@json_option
def faults(*, as_json: bool) -> None:
    """List what can go wrong, and which alerts tell of it."""
    from tapewatch.floor.faults import FAULTS

    known = [
        {"name": name, "help": each.help, "fires": list(each.fires)}
        for name, each in FAULTS.items()
    ]

    def words(told: Any) -> None:
        rows = ((each["name"], each["help"], " ".join(each["fires"])) for each in told)
        table(("fault", "what goes wrong", "alerts"), rows)

    emit(known, as_json=as_json, words=words)


def _cost(desk: str, cost: dict[str, float]) -> tuple[str, ...]:
    return (
        desk,
        f"{cost['pnl_usd']:+,.0f} USD",
        f"{cost['orders_refused']:,} of {cost['orders_wanted']:,}",
        f"{cost['orders_at_risk']:,} ({cost['usd_at_risk']:,.0f} USD)",
    )


def _asked(method: str, path: str, port: int, parameters: dict[str, str]) -> Any:
    from tapewatch.client.connection import Connection
    from tapewatch.client.errors import AnswerUnreadable, ServerRefused, ServerUnreachable
    from tapewatch.floor.errors import FloorUnreachable

    address = f"127.0.0.1:{port}"
    connection = Connection(f"http://{address}", timeout_seconds=TIMEOUT_SECONDS)
    question = f"{path}?{urlencode(parameters)}" if parameters else path
    try:
        return connection.call(question, method=method)
    except (ServerUnreachable, AnswerUnreadable) as problem:
        tell(f"tapewatch: {FloorUnreachable(address, problem.reason)}")
        sys.exit(exits.UNREACHABLE)
    except ServerRefused as refused:
        tell(f"tapewatch: {refused.message}")
        sys.exit(exits.UNUSABLE)
