"""``tapewatch data``: look into a data directory, also beside a running server."""

import sys
from pathlib import Path
from typing import Any

import click

from tapewatch.cli import exits
from tapewatch.cli.output import emit, human_bytes, json_option, table
from tapewatch.metrics.storage.examine import examine as examine_metrics
from tapewatch.store import directory
from tapewatch.store.directory import Check, DirectoryReport

CHECKS: dict[str, Check] = {"metrics": examine_metrics}
"""What examines each signal's folder."""

data_argument = click.argument(
    "path", type=click.Path(path_type=Path), default=Path("tapewatch-data"), metavar="[DIRECTORY]"
)


@click.group()
def data() -> None:
    """
    Look into a data directory.

    \b
    Examples:
      tapewatch data info
      tapewatch data check /var/lib/tapewatch --json
    """


@data.command()
@data_argument
@json_option
def info(path: Path, *, as_json: bool) -> None:
    """Say what a data directory holds and who uses it."""
    emit(_told(directory.inspect(path)), as_json=as_json, words=_info_words)


@data.command()
@data_argument
@json_option
def check(path: Path, *, as_json: bool) -> None:
    """Examine a data directory at rest; exit status 1 when something is wrong with it."""
    holder = directory.holder_of(path.absolute())
    found = directory.check(path, CHECKS)
    told = {"path": str(path.absolute()), "in_use_by": holder, "found": found}
    emit(told, as_json=as_json, words=_check_words)
    sys.exit(exits.FAILED if found else exits.FINE)


def _told(report: DirectoryReport) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "id": report.identity.id,
        "layout": report.identity.layout,
        "created": report.identity.created,
        "created_by": report.identity.writer,
        "in_use_by": report.in_use_by,
        "free_bytes": report.free_bytes,
        "folders": [
            {"name": each.name, "files": each.file_count, "bytes": each.size_bytes}
            for each in report.folders
        ],
    }


def _info_words(told: dict[str, Any]) -> None:
    click.echo(f"{told['path']}  (layout {told['layout']}, made {told['created']})")
    click.echo(f"used by {told['in_use_by'] or 'nobody'}, {human_bytes(told['free_bytes'])} free")
    rows = [(each["name"], each["files"], human_bytes(each["bytes"])) for each in told["folders"]]
    if rows:
        table(("folder", "files", "size"), rows)


def _check_words(told: dict[str, Any]) -> None:
    if told["in_use_by"]:
        click.echo(f"in use by {told['in_use_by']}: what is being written may look unfinished")
    for fault in told["found"]:
        click.echo(fault)
    click.echo(f"{len(told['found'])} found" if told["found"] else "nothing found, all is well")
