"""
``python -m tools.reference``: write the reference pages from the program itself.

The commands come from their own help, the configuration from its dataclasses, so a page cannot say
what the program does not do; a test writes them again and compares.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import click

from tapewatch.catalog.checks.run import CHECKS
from tapewatch.catalog.file import CatalogFile
from tapewatch.catalog.loading import PACKS, load_catalog
from tapewatch.cli.main import NOUNS, tapewatch
from tapewatch.document.fields import Setting, settings_of
from tapewatch.document.overlay import environment_name
from tapewatch.document.printing import json_schema, to_plain
from tapewatch.document.reading import join
from tapewatch.server.settings import Settings

PLATFORMS = ("hft", "crypto_desk", "low_latency", "forex", "equities")
COUNTED = ("metrics", "alerts", "objectives", "dashboards", "log_queries", "runbooks")
FOLDER = Path(__file__).parent.parent / "docs" / "reference"


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    schema = json.dumps(json_schema(Settings, title="tapewatch.yaml"), indent=2) + "\n"
    catalog = json.dumps(json_schema(CatalogFile, title="a file of a pack"), indent=2) + "\n"
    return {
        "catalog.schema.json": catalog,
        "checks.md": "\n".join(_checks()) + "\n",
        "commands.md": "\n".join(_commands()) + "\n",
        "configuration.md": "\n".join(_configuration()) + "\n",
        "tapewatch.schema.json": schema,
        "../packs.md": "\n".join(_packs()) + "\n",
    }


def _packs() -> Iterator[str]:
    yield "# Packs"
    yield ""
    yield "Written by `make docs` from the packs. Five real platforms were described by the people"
    yield "who run them; for each this page shows where every item of its description lives here."
    for name in PLATFORMS:
        folder = PACKS / name
        catalog = load_catalog(folder)
        yield from ["", f"## {catalog.platform.title} (`{name}`)", "", catalog.platform.help, ""]
        counts = (f"{len(getattr(catalog, section))} {section}" for section in COUNTED)
        yield f"{', '.join(counts)}; built on {', '.join(catalog.platform.uses) or 'nothing'}."
        lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
        base = "../src/tapewatch/catalog/packs/base"
        yield ""
        yield from (line.replace("](../base", f"]({base}") for line in lines if line[:1] == "|")
    yield from ["", "## Base packs", "", "| pack | what it watches | alerts |", "|---|---|---|"]
    for folder in sorted((PACKS / "base").iterdir()):
        catalog = load_catalog(folder)
        own = sorted(
            path
            for path in catalog.alerts
            if catalog.places["alerts", path].file.startswith(str(folder))
        )
        yield f"| `{folder.name}` | {catalog.platform.help} | {', '.join(own)} |"


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Written by `make docs` from the program's own help."
    context = click.Context(tapewatch, info_name="tapewatch", max_content_width=96)
    for name in NOUNS:
        command = tapewatch.get_command(context, name)
        assert command is not None
        yield from _command(command, context, f"tapewatch {name}", depth=2)


def _command(
    command: click.Command, parent: click.Context, title: str, *, depth: int
) -> Iterator[str]:
    context = click.Context(command, info_name=command.name, parent=parent, max_content_width=96)
    yield from ["", f"{'#' * depth} {title}", "", "```", command.get_help(context), "```"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, context, f"{title} {name}", depth=depth + 1)


def _checks() -> Iterator[str]:
    yield "# Checks of the catalog"
    yield ""
    yield "Written by `make docs` from the checks themselves; every example here is a test."
    yield "A check that does not apply is switched off beside the thing: `accept: {TW111: why}`."
    yield ""
    yield "| code | finds | plain rule files |"
    yield "|---|---|---|"
    for check in CHECKS:
        link = f"[{check.code} {check.title}](#{check.code.lower()}-{check.title})"
        yield f"| {check.code} | {link} | {'yes' if check.plain else 'no'} |"
    for check in CHECKS:
        yield from ["", f"## {check.code} {check.title}", "", check.why]
        yield from _example("Found:", check.bad)
        yield from _example("Good:", check.good)


def _example(title: str, example: str | Mapping[str, str]) -> Iterator[str]:
    files = {"": example} if isinstance(example, str) else example
    yield from ["", title]
    for name, text in files.items():
        if name:
            yield from ["", f"`{name}`"]
        # Four backticks, because a runbook has blocks of its own.
        yield from ["", "````", text.rstrip(), "````"]


def _configuration() -> Iterator[str]:
    yield "# Configuration"
    yield ""
    yield "Written by `make docs` from the settings themselves."
    yield "The file is `tapewatch.yaml`, or `--config`, or `$TAPEWATCH_CONFIG`; all is optional."
    yield "The environment goes over the file, the command line (`--set PATH=VALUE`) over both."
    yield "A secret is never written down: point to it with `{file: PATH}` or `{env: NAME}`."
    yield from _sections(Settings, "")


def _sections(shape: Any, path: str) -> Iterator[str]:
    leaves = [each for each in settings_of(shape) if not _is_section(each.type)]
    if leaves:
        yield from ["", f"## {path or 'Top level'}", ""]
        yield "| setting | default | what it is | variable |"
        yield "|---|---|---|---|"
        yield from (_row(each, path) for each in leaves)
    for setting in settings_of(shape):
        if _is_section(setting.type):
            yield from _sections(setting.type, join(path, setting.key))


def _row(setting: Setting, path: str) -> str:
    value = None if setting.default is None else to_plain(setting.default, setting.type)
    default = "" if value in (None, "") else f"`{json.dumps(value).strip(chr(34))}`"
    variable = environment_name(join(path, setting.key))
    return f"| `{setting.key}` | {default} | {setting.option.help} | `{variable}` |"


def _is_section(shape: Any) -> bool:
    return is_dataclass(shape) and not hasattr(shape, "read_node")


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
