"""The options by which every verb finds the configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tapewatch.server.settings import SettingsSource

F = TypeVar("F", bound=Callable[..., Any])


def settings_options(command: F) -> F:
    """Add ``--config`` and ``--set`` to a verb."""
    config = click.option(
        "--config",
        "file",
        type=click.Path(path_type=Path),
        help="The configuration file. [default: $TAPEWATCH_CONFIG, else ./tapewatch.yaml if there]",
    )
    single = click.option(
        "--set",
        "singles",
        multiple=True,
        metavar="PATH=VALUE",
        help="Set one setting, as in log.level=debug; may be repeated.",
    )
    return config(single(command))


def find_settings(
    file: Path | None, singles: tuple[str, ...], **flags: str | None
) -> SettingsSource:
    """Build the source; ``flags`` maps a flag's name (``--listen`` as ``listen``) to its text."""
    given = [_split(single) for single in singles]
    given += [
        (path, text, f"--{name}")
        for name, path in FLAG_PATHS.items()
        if (text := flags.get(name)) is not None
    ]
    return SettingsSource.find(file, given)


FLAG_PATHS = {
    "listen": "server.listen",
    "data": "data.directory",
    "log-level": "log.level",
    "pack": "catalog.packs",
    "inbox": "alerting.inbox",
}


def _split(single: str) -> tuple[str, str, str]:
    path, equals, text = single.partition("=")
    if not equals:
        raise click.BadParameter(f"{single!r} has no '=': write PATH=VALUE", param_hint="--set")
    return path, text, f"--set {path}"
