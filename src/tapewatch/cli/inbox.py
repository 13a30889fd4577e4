"""``tapewatch inbox``: a place on this machine where messages end up instead of with people."""

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import click

from tapewatch.cli import exits
from tapewatch.cli.output import tell

if TYPE_CHECKING:
    from tapewatch.inbox.inbox import Inbox


@click.command()
@click.option(
    "--port",
    default=7603,
    show_default=True,
    type=click.IntRange(1, 65_534),
    help="Where it listens, on 127.0.0.1; mail is taken at the next port.",
)
def inbox(port: int) -> None:
    """
    Show what Slack, PagerDuty, Discord, Telegram, webhooks and e-mail would have received.

    A server sends its messages here with `alerting.inbox`, or `tapewatch up --inbox URL`. Each is
    checked against what its service documents. Everything is forgotten at the end.

    \b
    Examples:
      tapewatch inbox
      tapewatch up --pack hft --inbox http://127.0.0.1:7603
    """
    from tapewatch.inbox.errors import InboxError
    from tapewatch.inbox.inbox import Inbox
    from tapewatch.model.clock import SystemClock

    made = Inbox(SystemClock())
    try:
        made.bind(port)
    except InboxError as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.FAILED)
    asyncio.run(_live(made))


async def _live(made: "Inbox") -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await made.start()
    tell(f"The inbox is open: {made.url}/ (mail at 127.0.0.1:{made.port + 1})")
    await stopping.wait()
    await made.stop()
