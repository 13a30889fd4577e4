"""``tapewatch test``: run what says how things have to behave."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tapewatch.cli import exits
from tapewatch.cli.output import emit, json_option, progress

if TYPE_CHECKING:
    from tapewatch.catalog.rule_tests.run import Report as RuleReport
    from tapewatch.metrics.promql.script import Report

SCRIPT_SUFFIX: Final = ".test"


@click.group()
def test() -> None:
    """
    Run tests of queries, rules and packs.

    \b
    Examples:
      tapewatch test rules tests/*.yml
      tapewatch test pack mydesk
      tapewatch test promql orders.test
    """


@test.command()
@click.argument("places", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--source",
    type=click.Choice(["database", "memory"]),
    default="database",
    show_default=True,
    help="Where the samples go: a database in a temporary folder, or plain memory.",
)
@json_option
def promql(places: tuple[str, ...], source: str, *, as_json: bool) -> None:
    """
    Run scripts in Prometheus' test language: load samples, ask, compare.

    FILE may be a folder (its *.test files) or a pattern. Exit status 1 when an expectation does
    not hold.

    \b
    Examples:
      tapewatch test promql orders.test
      tapewatch test promql 'tests/**/*.test' --source memory
    """
    files = find_scripts(places)
    told: dict[str, Any] = {"files": len(files), "passed": 0, "failures": []}
    with progress("scripts", len(files)) as advance:
        for file in files:
            report = run_file(file, source)
            told["passed"] += report.passed
            told["failures"] += [
                {"file": each.file, "line": each.line, "message": each.message}
                for each in report.failed
            ]
            advance()
    told["failed"] = len(told["failures"])
    emit(told, as_json=as_json, words=_words)
    sys.exit(exits.FAILED if told["failed"] else exits.FINE)


def find_scripts(places: tuple[str, ...]) -> list[Path]:
    """Find the scripts behind files, folders and patterns, each once."""
    found: dict[Path, None] = {}
    for place in places:
        scripts = list(_scripts(place))
        if not scripts:
            raise click.BadParameter(
                f"{place!r} is no file, no folder with *{SCRIPT_SUFFIX} files, no pattern for any"
            )
        found.update(dict.fromkeys(scripts))
    return list(found)


def _scripts(place: str) -> Iterator[Path]:
    path = Path(place)
    if path.is_dir():
        yield from sorted(path.rglob(f"*{SCRIPT_SUFFIX}"))
    elif path.exists():
        yield path
    else:
        yield from sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def run_file(file: Path, source: str) -> "Report":
    """Run one script with every feature on, as the reference runs its own."""
    from tapewatch.metrics.promql.engine import MemoryEngine, script_settings
    from tapewatch.metrics.promql.errors import ScriptError
    from tapewatch.metrics.promql.features import EVERYTHING
    from tapewatch.metrics.promql.script import Failure, Report, run_script
    from tapewatch.metrics.scratch import ScratchEngine

    settings = script_settings(EVERYTHING)
    try:
        text = file.read_text(encoding="utf-8")
        if source == "memory":
            return run_script(text, MemoryEngine(settings), file=str(file))
        with ScratchEngine(settings) as engine:
            return run_script(text, engine, file=str(file))
    except ScriptError as fault:
        return Report(0, (Failure(str(file), fault.line, fault.reason),))
    except (OSError, UnicodeDecodeError) as fault:
        return Report(0, (Failure(str(file), 0, f"the file cannot be read: {fault}"),))


def _words(told: dict[str, Any]) -> None:
    for each in told["failures"]:
        place = f"{each['file']}:{each['line']}" if each["line"] else each["file"]
        click.echo(f"{place}: {each['message']}")
    click.echo(f"{told['passed']} passed, {told['failed']} failed")


only_option = click.option(
    "--run", "only", default="", metavar="PATTERN", help="Only the tests whose name matches (RE2)."
)
junit_option = click.option(
    "--junit", type=click.Path(path_type=Path), help="Write the outcome as JUnit XML too."
)


@test.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@only_option
@junit_option
@json_option
def rules(files: tuple[Path, ...], only: str, junit: Path | None, *, as_json: bool) -> None:
    """
    Run rule tests in promtool's format, with the same verdict.

    Exit status 1 when an expectation does not hold.

    \b
    Examples:
      tapewatch test rules alerts_test.yml
      tapewatch test rules tests/*.yml --run 'stale feed'
    """
    from tapewatch.catalog.rule_tests.run import Report, run_file

    total = Report()
    with progress("files", len(files)) as advance:
        for file in files:
            total.join(run_file(file, only=only))
            advance()
    _finish(total, junit, as_json=as_json)


@test.command()
@click.argument("packs", nargs=-1, required=True, metavar="PACK...")
@only_option
@junit_option
@json_option
def pack(packs: tuple[str, ...], only: str, junit: Path | None, *, as_json: bool) -> None:
    """
    Run the tests of packs: their alerts, their channels, their calendars.

    PACK is a folder, or the name of a pack that comes with Tapewatch.

    \b
    Examples:
      tapewatch test pack example
      tapewatch test pack ./mydesk --run 'loss'
    """
    from tapewatch.catalog.loading import find_pack, load_catalog
    from tapewatch.catalog.rule_tests.run import Report, run_pack

    total = Report()
    for name in packs:
        total.join(run_pack(load_catalog(find_pack(name)), only=only))
    _finish(total, junit, as_json=as_json)


def _finish(report: "RuleReport", junit: Path | None, *, as_json: bool) -> None:
    told = {
        "passed": report.passed,
        "failed": report.failed,
        "failures": [
            {"file": each.file, "line": each.line, "test": each.test, "message": each.message}
            for each in report.failures
        ],
    }
    if junit is not None:
        from tapewatch.catalog.rule_tests.junit import junit_text

        junit.write_text(junit_text(report), encoding="utf-8")
    emit(told, as_json=as_json, words=lambda _: _rule_words(report))
    sys.exit(exits.FAILED if report.failures else exits.FINE)


def _rule_words(report: "RuleReport") -> None:
    for each in report.failures:
        click.echo(str(each))
    click.echo(f"{report.passed} passed, {report.failed} failed")
