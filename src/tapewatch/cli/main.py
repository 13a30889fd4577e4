"""The entry point: finds the noun, runs the verb, turns our errors into one clear line."""

import importlib
import sys
from typing import Final

import click

from tapewatch.cli import exits
from tapewatch.model.errors import TapewatchError

NOUNS: Final = {
    "up": ("tapewatch.cli.up:up", "Run the server."),
    "query": ("tapewatch.cli.query:query", "Ask a question in PromQL."),
    "alerts": ("tapewatch.cli.alerts:alerts", "See, take over, silence and explain alerts."),
    "metrics": ("tapewatch.cli.metrics:metrics", "Import, list, count, delete and copy metrics."),
    "catalog": ("tapewatch.cli.catalog:catalog", "Check, show, compare and begin packs."),
    "render": ("tapewatch.cli.render:render", "Write a pack's files for other engines."),
    "test": ("tapewatch.cli.test:test", "Run tests of queries, rules and packs."),
    "sdk": ("tapewatch.cli.sdk:sdk", "Write typed handles for the metrics of a pack."),
    "floor": ("tapewatch.cli.floor:floor", "Run a sample trading floor, and its faults."),
    "drill": ("tapewatch.cli.drill:drill", "Hold drills: what fires, how soon, who is told."),
    "inbox": ("tapewatch.cli.inbox:inbox", "Show what channels would have received."),
    "region": ("tapewatch.cli.region:region", "Look into the memory of trading processes."),
    "agent": ("tapewatch.cli.agent:agent", "Read the regions of this host for other engines."),
    "config": ("tapewatch.cli.config:config", "Write, check and show the configuration."),
    "data": ("tapewatch.cli.data:data", "Look into a data directory."),
    "completion": ("tapewatch.cli.completion:completion", "Set up completion in your shell."),
    "version": ("tapewatch.cli.version:version", "Say which version this is."),
}
"""Every noun with its place and its one line of help; imported only when it is called."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if cmd_name not in NOUNS:
            return None
        module, _, name = NOUNS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in NOUNS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from tapewatch.document.reading import suggestion

        if args and args[0] not in NOUNS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{suggestion(args[0], NOUNS)}")
        return super().resolve_command(ctx, args)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 fine, 1 failed or found something, 2 wrong usage or configuration, "
    "3 no server answers.",
)
def tapewatch() -> None:
    """
    The observability platform of a trading desk.

    \b
    tapewatch up                   run everything here, on 127.0.0.1:7600
    tapewatch query up             ask a question in PromQL
    tapewatch config init          write a configuration file to start from
    tapewatch COMMAND --help       more on one command, with examples
    """


def main() -> None:
    """Run the command line and leave with its status."""
    try:
        status = tapewatch.main(standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        status = exits.UNUSABLE
    except click.exceptions.Abort:
        status = 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        status = exits.FINE
    except TapewatchError as fault:
        click.echo(f"tapewatch: {fault}", err=True)
        status = exits.FAILED
    sys.exit(status if isinstance(status, int) else exits.FINE)
