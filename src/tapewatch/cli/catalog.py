"""``tapewatch catalog``: check, show, compare and begin the packs that declare a platform."""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapewatch.cli import exits
from tapewatch.cli.output import emit, json_option, table, tell

if TYPE_CHECKING:
    from tapewatch.catalog.catalog import Catalog
    from tapewatch.catalog.checks.check import Finding

pack_argument = click.argument("pack", metavar="PACK")


@click.group()
def catalog() -> None:
    """
    Check, show, compare and begin packs.

    PACK is a folder, or the name of a pack that comes with Tapewatch.

    \b
    Examples:
      tapewatch catalog new mydesk
      tapewatch catalog check mydesk
      tapewatch catalog check --rules rules.yml --metrics metrics.yaml
      tapewatch catalog diff main:mydesk mydesk
    """


@catalog.command()
@click.argument("packs", metavar="[PACK]...", nargs=-1)
@click.option("--rules", multiple=True, type=click.Path(path_type=Path), help="A plain rule file.")
@click.option(
    "--metrics",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Metrics (and labels, services) beside the rule files, in a pack's format.",
)
@click.option(
    "--scrape", type=click.Path(path_type=Path), help="A prometheus.yml beside the rule files."
)
@click.option("--calendar", default="", help="When the rules' markets are open: XNYS, or 24/7.")
@json_option
def check(
    packs: tuple[str, ...],
    rules: tuple[Path, ...],
    metrics: tuple[Path, ...],
    scrape: Path | None,
    calendar: str,
    *,
    as_json: bool,
) -> None:
    """
    Find every fault and every mistake at once, sorted by file and line.

    Exit status 1 when something was found.

    \b
    Examples:
      tapewatch catalog check mydesk
      tapewatch catalog check --rules rules.yml --metrics metrics.yaml --calendar 24/7
    """
    if not (packs or rules):
        raise click.UsageError("name a pack, or a rule file with --rules")
    found: list[Finding] = []
    for pack in packs:
        found += _check_pack(pack)
    if rules:
        found += _check_rules(rules, metrics, scrape, calendar)
    told = [_told(finding) for finding in sorted(found)]
    emit(told, as_json=as_json, words=lambda _: _check_words(sorted(found)))
    sys.exit(exits.FAILED if found else exits.FINE)


def _check_pack(pack: str) -> "Iterator[Finding]":
    from tapewatch.catalog.checks.run import check_catalog, of_faults
    from tapewatch.catalog.loading import find_pack, load

    loaded = load(find_pack(pack))
    yield from of_faults(loaded.faults)
    yield from check_catalog(loaded.catalog)


def _check_rules(
    rules: Sequence[Path], metrics: Sequence[Path], scrape: Path | None, calendar: str
) -> "Iterator[Finding]":
    from tapewatch.catalog.checks.run import check_catalog, of_faults
    from tapewatch.catalog.plain import PlainRules

    plain = PlainRules()
    for path in rules:
        plain.read_rules(path)
    for path in metrics:
        plain.read_declared(path)
    if scrape:
        plain.read_scrape(scrape)
    yield from of_faults(plain.faults)
    yield from check_catalog(plain.catalog(), plain=True, calendar=calendar)


def _told(finding: "Finding") -> dict[str, Any]:
    names = ("file", "line", "code", "title", "path", "message")
    return {name: getattr(finding, name) for name in names}


def _check_words(findings: "Sequence[Finding]") -> None:
    for finding in findings:
        click.echo(str(finding))
    count = len(findings)
    click.echo(f"{count} found" if count else "good")


@catalog.command(name="list")
@json_option
def list_packs(*, as_json: bool) -> None:
    """List the packs that come with Tapewatch."""
    from tapewatch.catalog.loading import find_pack, load, pack_names

    rows = []
    for name in pack_names():
        platform = load(find_pack(name)).catalog.platform
        kind = "base" if platform.base else "platform"
        told = {"name": name, "kind": kind, "title": platform.title, "help": platform.help}
        rows.append(told)
    emit(rows, as_json=as_json, words=_list_words)


def _list_words(rows: Sequence[dict[str, str]]) -> None:
    table(("pack", "kind", "title"), [(row["name"], row["kind"], row["title"]) for row in rows])


@catalog.command()
@pack_argument
@click.argument("name", required=False)
@json_option
def show(pack: str, name: str | None, *, as_json: bool) -> None:
    """
    Show what a pack holds, or all about the things called NAME.

    \b
    Examples:
      tapewatch catalog show example
      tapewatch catalog show example FeedStale
    """
    from tapewatch.catalog.file import SECTIONS

    read = _load(pack)
    if name is None:
        counts = {section: len(read.section(section)) for section in (*SECTIONS, "runbooks")}
        emit(counts, as_json=as_json, words=lambda _: table(("section", "things"), counts.items()))
        return
    found = dict(_named(read, name))
    if not found:
        raise click.BadParameter(f"the pack has nothing called {name!r}", param_hint="NAME")
    emit(found, as_json=as_json, words=_show_words)


def _named(read: "Catalog", name: str) -> Iterator[tuple[str, Any]]:
    from tapewatch.catalog.derive.rules import alert_rule
    from tapewatch.catalog.file import SECTIONS
    from tapewatch.document.printing import to_plain

    for section in SECTIONS:
        if name in read.section(section):
            thing = read.section(section)[name]
            place = read.place(section, name)
            told = {"declared": f"{place.file}:{place.line}", **to_plain(thing, type(thing))}
            if section == "alerts":
                told["rule"] = dict(alert_rule(read, name, thing))
            yield section, told
    if name in read.runbooks:
        yield "runbooks", {"text": read.runbooks[name].text}


def _show_words(found: dict[str, Any]) -> None:
    import yaml

    click.echo(yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=100), nl=False)


@catalog.command()
@pack_argument
@click.option("--form", type=click.Choice(["mermaid", "dot"]), default="mermaid", show_default=True)
def graph(pack: str, form: str) -> None:
    """Draw the services and what they need, as Mermaid or DOT."""
    from tapewatch.catalog.graph import graph as draw

    click.echo(draw(_load(pack), "dot" if form == "dot" else "mermaid"), nl=False)


@catalog.command()
@click.argument("old")
@click.argument("new")
@json_option
def diff(old: str, new: str, *, as_json: bool) -> None:
    """
    Tell what changed between two packs, in words for a reviewer.

    OLD and NEW are folders or names; REF:FOLDER is a folder as git has it at REF.

    \b
    Examples:
      tapewatch catalog diff main:mydesk mydesk
      tapewatch catalog diff v1/mydesk v2/mydesk --json
    """
    from tapewatch.catalog.difference import differences

    with _at(old) as before, _at(new) as after:
        changes = list(differences(_load(before), _load(after)))
    names = ("kind", "section", "name", "setting", "before", "after", "note")
    told = [{name: getattr(change, name) for name in names} for change in changes]
    emit(told, as_json=as_json, words=lambda _: _diff_words([str(each) for each in changes]))


def _diff_words(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)
    counts = Counter(line.split()[0] for line in lines)
    summary = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    click.echo(summary or "nothing has changed")


@contextmanager
def _at(place: str) -> Iterator[str]:
    """Give the folder of a place; one in git is written out for as long as it is needed."""
    reference, colon, folder = place.partition(":")
    if not colon or Path(place).exists():
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="tapewatch-diff-") as temporary:
        yield str(_write_out(reference, folder, Path(temporary)))


def _write_out(reference: str, folder: str, target: Path) -> Path:
    import io
    import tarfile

    if reference.startswith("-"):
        raise click.BadParameter(f"{reference!r} is no name in git")
    git = ["git", "archive", "--format=tar", reference, folder]
    try:
        packed = subprocess.run(git, capture_output=True, check=True).stdout  # noqa: S603  # arguments are one ref and one path
    except (OSError, subprocess.CalledProcessError) as fault:
        reason = getattr(fault, "stderr", b"") or str(fault).encode()
        told = reason.decode(errors="replace").strip()
        raise click.BadParameter(f"git has no {folder} at {reference}: {told}") from None
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(target, filter="data")
    return target / folder


@catalog.command()
@pack_argument
def docs(pack: str) -> None:
    """Print the platform as a page of Markdown."""
    from tapewatch.catalog.pages import platform_page

    click.echo(platform_page(_load(pack)), nl=False)


@catalog.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Write a small pack that is complete and checks clean; the folder's name is its name."""
    from tapewatch.catalog.scaffold import create

    for path in create(folder):
        tell(f"wrote {path}")
    tell(f"next: tapewatch catalog check {folder}")


def _load(pack: str) -> "Catalog":
    from tapewatch.catalog.loading import find_pack, load_catalog

    return load_catalog(find_pack(pack))
