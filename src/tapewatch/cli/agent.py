"""``tapewatch agent``: read the regions of this host for other engines."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapewatch.cli import exits
from tapewatch.cli.output import tell
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.agent import AgentSettings

EVERY_MIN_MS = 50


def _milliseconds(_context: click.Context, parameter: click.Parameter, text: str) -> int:
    try:
        every_ms = parse_duration_ms(text)
    except BadText as fault:
        raise click.BadParameter(str(fault), param=parameter) from None
    if every_ms < EVERY_MIN_MS:
        raise click.BadParameter(f"{text} is below {EVERY_MIN_MS}ms", param=parameter)
    return every_ms


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:7601",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to answer /metrics.",
)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder with regions; may be repeated. [default: /dev/shm/tapewatch-UID]",
)
@click.option("--push", multiple=True, metavar="URL", help="Where to push to; may be repeated.")
@click.option(
    "--every",
    "every_ms",
    default="100ms",
    show_default=True,
    callback=_milliseconds,
    help="How often numbers are taken for a push.",
)
@click.option("--push-token-file", type=click.Path(path_type=Path), help="A token for pushes.")
@click.option("--events", default="", metavar="FILE", help="Write events as JSON lines; - is here.")
@click.option("--spans", default="", metavar="FILE", help="Write spans as JSON lines; - is here.")
@click.option(
    "--keep",
    default=Path("tapewatch-regions"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where the last states of processes that died are kept.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="A token that requests must carry; a public address needs one.",
)
def agent(
    listen: str,
    folders: tuple[Path, ...],
    push: tuple[str, ...],
    every_ms: int,
    push_token_file: Path | None,
    events: str,
    spans: str,
    keep: Path,
    token_file: Path | None,
) -> None:
    """
    Read the regions of this host, for Prometheus or another store.

    A server (tapewatch up) reads the regions of its own host by itself. URL is remote write 2.0, as
    in http://HOST:PORT/api/v1/write, or OTLP where its path ends in /v1/metrics.

    \b
    Examples:
      tapewatch agent
      tapewatch agent --push http://store:9090/api/v1/write --every 1s
      tapewatch agent --events - --spans spans.jsonl
    """
    from tapewatch.agent.push import Destination
    from tapewatch.document.types import Secret
    from tapewatch.server.agent import AgentSettings
    from tapewatch.server.settings import ServerSettings

    settings = AgentSettings(
        server=ServerSettings(
            listen=listen, auth_token=Secret.from_file(token_file) if token_file else None
        ),
        folders=folders,
        every_ms=every_ms,
        push=tuple(Destination.of(url) for url in push),
        push_token=Secret.from_file(push_token_file).reveal() if push_token_file else "",
        events=events,
        spans=spans,
        keep=keep,
    )
    for path, fault in settings.server.faults():
        raise click.BadParameter(fault, param_hint=f"--{path}")
    sys.exit(_run(settings))


def _run(settings: "AgentSettings") -> int:
    from tapewatch.model.clock import SystemClock
    from tapewatch.server import logs
    from tapewatch.server.agent import make_agent
    from tapewatch.server.errors import StartError

    logs.set_up(level="info", form="auto")
    try:
        _, supervisor, address = make_agent(settings, SystemClock())
    except StartError as fault:
        tell(f"tapewatch: {fault}")
        return exits.FAILED

    async def live() -> int:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await supervisor.start()
        tell(f"Tapewatch {VERSION} reads regions: http://{address}/metrics")
        await stopping.wait()
        await supervisor.stop()
        return exits.FINE

    return asyncio.run(live())
