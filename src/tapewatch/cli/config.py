"""``tapewatch config``: write, check and show the configuration."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from tapewatch.cli import exits
from tapewatch.cli.output import emit, json_option, tell
from tapewatch.cli.settings import find_settings, settings_options
from tapewatch.document.errors import DocumentError
from tapewatch.document.overlay import environment_name, leaf_paths
from tapewatch.document.printing import commented_yaml, json_schema, to_plain, to_yaml
from tapewatch.server.settings import DEFAULT_FILE, Settings

HEAD = """\
# yaml-language-server: $schema=tapewatch.schema.json
# The configuration of Tapewatch. Everything has a default, so an empty file is a good one.
# The environment ({example}=…) goes over this file, the command line over both.

"""


@click.group()
def config() -> None:
    """
    Write, check and show the configuration.

    \b
    Examples:
      tapewatch config init
      tapewatch config check --config /etc/tapewatch.yaml
      tapewatch config show --set log.level=debug
      tapewatch config schema > tapewatch.schema.json
    """


@config.command()
@click.argument("path", type=click.Path(path_type=Path), default=DEFAULT_FILE)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def init(path: Path, *, force: bool) -> None:
    """Write a configuration to start from: every setting, commented out, with its default."""
    text = HEAD.format(example=environment_name("server.listen")) + commented_yaml(Settings)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        tell(f"tapewatch: {path} is there already: edit it, or replace it with --force")
        sys.exit(exits.FAILED)
    except OSError as fault:
        tell(f"tapewatch: {path} cannot be written: {fault.strerror}")
        sys.exit(exits.FAILED)
    tell(f"wrote {path}")


@config.command()
@settings_options
@json_option
def check(file: Path | None, singles: tuple[str, ...], *, as_json: bool) -> None:
    """Read the configuration as the server would; every fault at once, exit status 2 if any."""
    source = find_settings(file, singles)
    faults = _faults(source.read)
    slips = source.slips()
    told = {"file": str(source.file) if source.file else None, "faults": faults, "unused": slips}
    emit(told, as_json=as_json, words=_check_words)
    sys.exit(exits.UNUSABLE if faults else exits.FINE)


@config.command()
@settings_options
@json_option
def show(file: Path | None, singles: tuple[str, ...], *, as_json: bool) -> None:
    """Print the configuration that the server would use, secrets left out."""
    try:
        settings = find_settings(file, singles).read()
    except DocumentError as fault:
        tell(str(fault))
        sys.exit(exits.UNUSABLE)
    emit(
        to_plain(settings, Settings),
        as_json=as_json,
        words=lambda _: click.echo(to_yaml(settings), nl=False),
    )


@config.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    click.echo(json.dumps(json_schema(Settings, title="tapewatch.yaml"), indent=2))


@config.command()
def variables() -> None:
    """List the environment variable of every setting."""
    for path in leaf_paths(Settings):
        click.echo(f"{environment_name(path)}\t{path}")


def _faults(read: Any) -> list[dict[str, Any]]:
    try:
        read()
    except DocumentError as fault:
        return [
            {"file": each.file, "line": each.line, "path": each.path, "message": each.message}
            for each in fault.faults
        ]
    return []


def _check_words(told: dict[str, Any]) -> None:
    for each in told["faults"]:
        place = f"{each['file']}:{each['line']}" if each["line"] else each["file"]
        click.echo(f"{place}: {each['path']}: {each['message']}".replace(": : ", ": "))
    for name in told["unused"]:
        click.echo(f"{name}: this variable sets nothing; see `tapewatch config variables`")
    count = len(told["faults"])
    if count:
        click.echo(f"{count} fault{'s' if count > 1 else ''} found")
    else:
        click.echo(f"{told['file'] or 'the defaults'}: good")
