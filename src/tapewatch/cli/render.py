"""``tapewatch render``: write a pack's files for the engines that others run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapewatch.cli.output import emit, json_option

if TYPE_CHECKING:
    from tapewatch.deploy.rendering import Files

TARGETS = ("prometheus", "alertmanager", "grafana", "loki", "docs")


@click.command()
@click.argument("target", type=click.Choice((*TARGETS, "all")))
@click.argument("pack", metavar="PACK")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("rendered"),
    show_default=True,
    help="The folder that the files are written to.",
)
@json_option
def render(target: str, pack: str, out: Path, *, as_json: bool) -> None:
    """
    Write a pack's files for Prometheus, Alertmanager, Grafana or Loki, or as documentation.

    The same pack gives the same bytes, so a rendering can be kept in git. A file that is there
    already is replaced; files of before that nothing renders any more are left alone, and named.

    \b
    Examples:
      tapewatch render prometheus low_latency --out deploy/prometheus
      tapewatch render grafana mydesk --out deploy/grafana
      tapewatch render all mydesk --out deploy
    """
    from tapewatch.catalog.loading import find_pack, load_catalog
    from tapewatch.deploy.rendering import render as render_for

    catalog = load_catalog(find_pack(pack))
    written: list[Path] = []
    for each in TARGETS if target == "all" else (target,):
        folder = out / each if target == "all" else out
        written += _write(render_for(catalog, each), folder)
    told = {"folder": str(out), "files": [str(path) for path in written]}
    emit(told, as_json=as_json, words=lambda _: _words(written, out))


def _write(files: "Files", folder: Path) -> list[Path]:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return [folder / path for path in files]


def _words(written: list[Path], out: Path) -> None:
    for path in written:
        click.echo(path)
    kept = set(written)
    for path in sorted(each for each in out.rglob("*") if each.is_file() and each not in kept):
        click.echo(f"{path} is from before: nothing renders it", err=True)
