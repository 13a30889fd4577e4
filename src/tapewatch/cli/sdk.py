"""``tapewatch sdk``: write typed handles for the metrics of a pack."""

import sys
from pathlib import Path

import click

from tapewatch.cli import exits
from tapewatch.cli.output import tell


@click.group()
def sdk() -> None:
    """
    Write code for trading processes.

    \b
    Examples:
      tapewatch sdk generate equities --out desk_metrics.py
    """


@sdk.command()
@click.argument("pack", metavar="PACK")
@click.option("--out", type=click.Path(path_type=Path), help="The file. [default: print it]")
@click.option("--service", default="", metavar="NAME", help="The metrics of one service only.")
def generate(pack: str, out: Path | None, service: str) -> None:
    """
    Write a module with one attribute for each metric that the pack's services write.

    Labels are keyword arguments, and where a pack declares their values a type checker knows them.

    \b
    Examples:
      tapewatch sdk generate equities --out desk_metrics.py
      tapewatch sdk generate ./mydesk --service maker
    """
    from tapewatch.catalog.handles import write_handles
    from tapewatch.catalog.loading import find_pack, load_catalog
    from tapewatch.document.reading import suggestion

    catalog = load_catalog(find_pack(pack))
    if service and service not in catalog.services:
        tell(f"tapewatch: {pack} has no service {service!r}{suggestion(service, catalog.services)}")
        sys.exit(exits.UNUSABLE)
    handles = write_handles(catalog, service)
    for fault in handles.left_out:
        tell(f"left out: {fault}")
    if out is None:
        click.echo(handles.text, nl=False)
        return
    out.write_text(handles.text, encoding="utf-8")
    tell(f"{out}: {len(handles.names)} metrics")
