"""``tapewatch version``."""

import importlib
import platform

import click

from tapewatch.cli.output import emit, json_option
from tapewatch.model.compiled import FORCED_PURE, chosen_twins
from tapewatch.version import VERSION


@click.command()
@json_option
def version(*, as_json: bool) -> None:
    """
    Say which version this is, and whether the compiled core is in use.

    \b
    Examples:
      tapewatch version
      tapewatch version --json
    """
    importlib.import_module("tapewatch.model.hashing")
    told = {
        "version": VERSION,
        "python": platform.python_version(),
        "core": "pure" if FORCED_PURE or "pure" in chosen_twins().values() else "compiled",
    }
    emit(told, as_json=as_json, words=_words)


def _words(told: dict[str, str]) -> None:
    click.echo(f"tapewatch {told['version']} (Python {told['python']}, {told['core']} core)")
