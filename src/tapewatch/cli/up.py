"""``tapewatch up``: run the server, alone or with a sample trading floor beside it."""

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tapewatch.cli import exits
from tapewatch.cli.output import tell
from tapewatch.cli.settings import find_settings, settings_options
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.drill.companions import Companion
    from tapewatch.server.server import Server

FLOOR_PACKS: Final = ("hft", "crypto_desk", "low_latency", "forex", "equities")
FLOOR_DATA: Final = "tapewatch-floor-data"
"""What a sample floor says must not come between the numbers of a real desk."""

INBOX_PORT: Final = 7603


@click.command()
@settings_options
@click.option("--listen", metavar="HOST:PORT", help="Where to listen. [default: 127.0.0.1:7600]")
@click.option("--data", metavar="DIRECTORY", help="Where to keep everything.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
@click.option(
    "--pack", "packs", multiple=True, metavar="PACK", help="A pack to run: a folder or a name."
)
@click.option(
    "--inbox",
    metavar="URL",
    help="Send every message to this `tapewatch inbox` instead of to people.",
)
@click.option(
    "--floor",
    "with_floor",
    is_flag=True,
    help="Run the sample trading floor and an inbox beside it, with the five packs.",
)
def up(
    file: Path | None,
    singles: tuple[str, ...],
    listen: str | None,
    data: str | None,
    log_level: str | None,
    packs: tuple[str, ...],
    inbox: str | None,
    *,
    with_floor: bool,
) -> None:
    """
    Run the server until Ctrl-C.

    \b
    Examples:
      tapewatch up
      tapewatch up --floor
      tapewatch up --data /var/lib/tapewatch --listen 127.0.0.1:7700
      tapewatch up --config desk.yaml --set log.form=json
      tapewatch up --pack ./mydesk
    """
    from tapewatch.server.process import run

    if with_floor:
        packs, data = packs or FLOOR_PACKS, data or FLOOR_DATA
        log_level = log_level or "warning"
        inbox = inbox or f"http://127.0.0.1:{INBOX_PORT}"
    flags = {"listen": listen, "data": data, "log-level": log_level, "inbox": inbox}
    flags["pack"] = f"[{', '.join(map(json.dumps, packs))}]" if packs else None
    source = find_settings(file, singles, **flags)
    if not with_floor:
        sys.exit(run(source, announce))
    with _beside(packs) as lost:
        status = run(source, announce_floor)
    sys.exit(exits.FAILED if lost else status)


@contextmanager
def _beside(packs: Sequence[str]) -> "Iterator[list[Companion]]":
    """Run floor and inbox; yields those that ended by themselves, which ends the server too."""
    from tapewatch.drill.companions import Companion, own_regions

    lost: list[Companion] = []
    os.environ["TAPEWATCH_REGION_FOLDER"] = str(own_regions())
    companions = [Companion("inbox", "--port", str(INBOX_PORT)), Companion("floor", *packs)]

    def give_up(companion: Companion) -> None:
        lost.append(companion)
        tell("\n".join(companion.said) or f"tapewatch: {companion.words[0]} has ended")
        os.kill(os.getpid(), signal.SIGTERM)

    for each in companions:
        each.on_death(give_up)
    try:
        yield lost
    finally:
        for each in reversed(companions):
            each.stop()


def announce(server: "Server", seconds: float) -> None:
    """Say where to look, in a few lines."""
    _say(server, seconds, floor=False)


def announce_floor(server: "Server", seconds: float) -> None:
    """Say where to look, and how to let something go wrong."""
    _say(server, seconds, floor=True)


def _say(server: "Server", seconds: float, *, floor: bool) -> None:
    url = f"http://{server.address}"
    inbox = server.settings.alerting.inbox
    click.echo(f"Tapewatch {VERSION} is ready ({seconds:.2f} s)")
    click.echo(f"  look      {url}/")
    if inbox:
        click.echo(f"  inbox     {inbox}/ gets every message; nobody else is told")
    if floor:
        names = ", ".join(each.platform.name for each in server.packs.catalogs)
        click.echo(f"  floor     the desks {names}")
        click.echo("  try       tapewatch floor fault kill_switch; tapewatch floor faults")
    click.echo(f"  metrics   {url}/metrics")
    click.echo(f"  data      {server.directory.path}")
    click.echo(f"  settings  {server.source.file or 'the defaults (tapewatch config init)'}")
    click.echo("  stop      Ctrl-C")
