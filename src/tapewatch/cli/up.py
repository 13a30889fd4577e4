"""``tapewatch up``: run the server."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapewatch.cli.settings import find_settings, settings_options
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.server import Server


@click.command()
@settings_options
@click.option("--listen", metavar="HOST:PORT", help="Where to listen. [default: 127.0.0.1:7600]")
@click.option("--data", metavar="DIRECTORY", help="Where to keep everything.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
@click.option(
    "--pack", "packs", multiple=True, metavar="PACK", help="A pack to run: a folder or a name."
)
def up(
    file: Path | None,
    singles: tuple[str, ...],
    listen: str | None,
    data: str | None,
    log_level: str | None,
    packs: tuple[str, ...],
) -> None:
    """
    Run the server until Ctrl-C.

    \b
    Examples:
      tapewatch up
      tapewatch up --data /var/lib/tapewatch --listen 127.0.0.1:7700
      tapewatch up --config desk.yaml --set log.form=json
      tapewatch up --pack ./mydesk
    """
    from tapewatch.server.process import run

    flags = {"listen": listen, "data": data, "log-level": log_level}
    flags["pack"] = f"[{', '.join(map(json.dumps, packs))}]" if packs else None
    sys.exit(run(find_settings(file, singles, **flags), announce))


def announce(server: "Server", seconds: float) -> None:
    """Say where to look, in a few lines."""
    url = f"http://{server.address}"
    click.echo(f"Tapewatch {VERSION} is ready ({seconds:.2f} s)")
    click.echo(f"  look      {url}/")
    click.echo(f"  metrics   {url}/metrics")
    click.echo(f"  data      {server.directory.path}")
    click.echo(f"  settings  {server.source.file or 'the defaults (tapewatch config init)'}")
    click.echo("  stop      Ctrl-C")
