"""``tapewatch region``: look into the memory of trading processes, dead ones too."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tapewatch.cli import exits
from tapewatch.cli.output import emit, json_option, table, tell
from tapewatch.model.durations import format_time_ns
from tapewatch.sdk.errors import SdkError

if TYPE_CHECKING:
    from rich.table import Table

    from tapewatch.agent.process import Process
    from tapewatch.sdk.region.reader import SeriesSeen, Snapshot

REFRESH_SECONDS: Final = 1.0
_QUANTILES: Final = (0.5, 0.99)

folder_option = click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder with regions; may be repeated. [default: /dev/shm/tapewatch-UID]",
)
region_argument = click.argument("region", metavar="REGION")


@click.group()
def region() -> None:
    """
    Look into the memory of trading processes.

    REGION is a file, or the service, the instance or the pid of a process. What a process left
    when it died can be read like what a living one writes.

    \b
    Examples:
      tapewatch region list
      tapewatch region show maker
      tapewatch region errors tapewatch-data/regions/maker-4711-1710483.region
      tapewatch region trip maker desk --why "daily loss limit"
    """


@region.command(name="list")
@folder_option
@json_option
def list_regions(folders: tuple[Path, ...], *, as_json: bool) -> None:
    """List the processes whose regions are there, and how each is."""
    from tapewatch.server.regions import described

    found = list(_processes(folders))
    for process in found:
        process.read()
    emit([described(each) for each in found], as_json=as_json, words=_list_words)
    if not found:
        tell("no region was found")


def _list_words(told: Sequence[dict[str, Any]]) -> None:
    names = ("service", "instance", "pid", "state", "series", "path")
    table(names, [[each[name] for name in names] for each in told])


def _processes(folders: Sequence[Path]) -> "Iterator[Process]":
    from tapewatch.agent.finding import default_folders, find
    from tapewatch.agent.process import Process
    from tapewatch.model.clock import SystemClock

    for found in find(folders or default_folders(os.environ)):
        process = Process(found, SystemClock())
        process.open()
        yield process


def _find(region: str, folders: Sequence[Path]) -> Path:
    """Find the file that is meant; of several processes by one name those that run go first."""
    if Path(region).exists() or os.sep in region:
        return Path(region)
    found = list(_processes(folders))
    named = [
        each
        for each in found
        if each.head
        and region in (each.service, each.instance, str(each.head.identity.pid), each.path.name)
    ]
    living = [each for each in named if not each.ended] or named
    if len(living) == 1:
        return living[0].path
    several = ", ".join(f"{each.service} {each.instance}" for each in living or found) or "none"
    what = "is more than one" if living else "is none"
    tell(f"tapewatch: {region!r} {what} of the processes there: {several}")
    sys.exit(exits.UNUSABLE)


@region.command()
@region_argument
@folder_option
@click.option("--once", is_flag=True, help="Print one reading and end.")
@json_option
def show(region: str, folders: tuple[Path, ...], *, once: bool, as_json: bool) -> None:
    """
    Show every number of a process, again each second.

    \b
    Examples:
      tapewatch region show maker
      tapewatch region show 4711 --once --json
    """
    from tapewatch.sdk.region.reader import Reader

    path = _find(region, folders)
    with _told_faults(), Reader(path) as reader:
        if as_json or once or not sys.stdout.isatty():
            told = _shown(reader.snapshot(), reader)
            emit(told, as_json=as_json, words=_show_words)
        else:
            _show_live(reader)


def _show_live(reader: Any) -> None:
    from rich.live import Live

    before: dict[str, float] = {}
    began = time.monotonic()
    with Live(auto_refresh=False, screen=False) as live:
        try:
            while True:
                told = _shown(reader.snapshot(), reader)
                now = time.monotonic()
                live.update(_drawn(told, before, now - began), refresh=True)
                before = {each["series"]: each["value"] for each in told["values"]}
                began = now
                time.sleep(REFRESH_SECONDS)
        except KeyboardInterrupt:
            return


def _drawn(told: dict[str, Any], before: dict[str, float], seconds: float) -> "Table":
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=_headline(told), title_justify="left", box=None, header_style="bold")
    drawn.add_column("series")
    drawn.add_column("value", justify="right")
    drawn.add_column("a second", justify="right")
    drawn.add_column("")
    for each in told["values"]:
        rises = each["kind"] in ("counter", "histogram", "classic", "summary")
        known = rises and each["series"] in before and seconds > 0
        pace = f"{(each['value'] - before[each['series']]) / seconds:,.1f}" if known else ""
        drawn.add_row(Text(each["series"]), Text(_number(each["value"])), pace, Text(each["more"]))
    return drawn


def _headline(told: dict[str, Any]) -> str:
    return f"{told['service']} {told['instance']} (pid {told['pid']}) is {told['state']}"


def _show_words(told: dict[str, Any]) -> None:
    click.echo(_headline(told))
    rows = [(each["series"], _number(each["value"]), each["more"]) for each in told["values"]]
    table(("series", "value", ""), rows)
    if told["drops"]:
        table(("dropped", "times"), told["drops"].items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def _shown(snapshot: "Snapshot", reader: Any) -> dict[str, Any]:
    head = snapshot.head
    return {
        "service": head.service,
        "instance": head.instance,
        "pid": head.identity.pid,
        "state": head.standing().value,
        "writer": head.writer,
        "created": format_time_ns(head.created_ns),
        "drops": {reason.name.lower(): count for reason, count in snapshot.drops.items()},
        "values": [_value(series, snapshot, reader) for series in snapshot.series],
    }


def _value(series: "SeriesSeen", snapshot: "Snapshot", reader: Any) -> dict[str, Any]:
    from tapewatch.sdk.region.layout import Kind

    family, value, more = series.family, 0.0, ""
    if family.kind in (Kind.HISTOGRAM, Kind.CLASSIC, Kind.SUMMARY):
        histogram = snapshot.histogram(series)
        value, more = histogram.count, _quantiles(histogram)
    elif family.kind is Kind.NOTE:
        more = reader.note(series)
    else:
        value = snapshot.number(series)
        more = snapshot.state(series) if family.kind is Kind.STATE else ""
    name = f"{family.name}{series.labels}" if series.labels else family.name
    kind = family.kind.name.lower()
    return {"series": name, "kind": kind, "unit": family.unit, "value": value, "more": more}


def _quantiles(histogram: Any) -> str:
    """Say the middle and the edge of a histogram, and its mean."""
    if not histogram.count:
        return ""
    told = [f"mean {_number(histogram.sum / histogram.count)}"]
    buckets = list(histogram.buckets())
    for quantile in _QUANTILES if buckets else ():
        rank, seen = quantile * histogram.count, 0.0
        for bucket in buckets:
            seen += bucket.count
            if seen >= rank:
                told.append(f"p{quantile * 100:g} ≤ {_number(bucket.upper)}")
                break
    return ", ".join(told)


@region.command()
@region_argument
@folder_option
@json_option
def errors(region: str, folders: tuple[Path, ...], *, as_json: bool) -> None:
    """List the distinct errors that a process has noted, the newest first."""
    from tapewatch.sdk.region.reader import Reader

    path = _find(region, folders)
    with _told_faults(), Reader(path) as reader:
        found = reader.errors()
    told = [
        {
            "count": error.count,
            "first": format_time_ns(error.first_ns),
            "last": format_time_ns(error.last_ns),
            "text": error.text,
        }
        for error in found
    ]
    emit(told, as_json=as_json, words=lambda rows: _rows(("count", "first", "last", "text"), rows))
    if not told:
        tell("no error was noted")


def _rows(names: Sequence[str], told: Sequence[dict[str, Any]]) -> None:
    table(names, [[each[name] for name in names] for each in told])


@region.command()
@region_argument
@folder_option
@click.option("--spans", is_flag=True, help="Show the spans instead of the events.")
@click.option("--last", "count", default=0, metavar="N", help="The last N only.")
def events(region: str, folders: tuple[Path, ...], *, spans: bool, count: int) -> None:
    """
    Print what lies in the event ring, one JSON line each; secrets are taken out.

    \b
    Examples:
      tapewatch region events maker --last 20
    """
    from tapewatch.agent.events import EventReader
    from tapewatch.agent.finding import find_file
    from tapewatch.agent.process import Process
    from tapewatch.model.clock import SystemClock
    from tapewatch.sdk.redaction import Redactor

    path = _find(region, folders)
    with _told_faults():
        process = Process(find_file(path), SystemClock())
        process.open()
        told = EventReader(redactor=Redactor()).read(process)
    if process.fault:
        tell(f"tapewatch: {path}: {process.fault}")
        sys.exit(exits.FAILED)
    lines = told.spans if spans else told.events
    for line in lines[-count:] if count else lines:
        click.echo(line)


@region.command()
@region_argument
@click.argument("switch")
@click.option("--who", default=lambda: os.environ.get("USER", "somebody"), help="Who does it.")
@click.option("--why", required=True, help="Why; it is told to whoever asks the switch.")
@folder_option
def trip(region: str, switch: str, who: str, why: str, folders: tuple[Path, ...]) -> None:
    """Trip a kill switch of a running process: it stops trading when it looks next."""
    from tapewatch.sdk.trading import switchboard

    with _told_faults():
        standing = switchboard.trip(_find(region, folders), switch, who=who, why=why)
    _moved(switch, "tripped", standing)


@region.command()
@region_argument
@click.argument("switch")
@click.option("--who", default=lambda: os.environ.get("USER", "somebody"), help="Who does it.")
@click.option("--why", required=True, help="Why; it is told to whoever asks the switch.")
@folder_option
def arm(region: str, switch: str, who: str, why: str, folders: tuple[Path, ...]) -> None:
    """Let a process trade again."""
    from tapewatch.sdk.trading import switchboard

    with _told_faults():
        standing = switchboard.arm(_find(region, folders), switch, who=who, why=why)
    _moved(switch, "armed", standing)


def _moved(switch: str, state: str, standing: Any) -> None:
    from tapewatch.sdk.region.reader import Standing

    click.echo(f"{switch} is {state}")
    if standing not in (Standing.LIVE, Standing.QUIET):
        tell(f"the process is {standing.value}: nobody may be looking at the switch")
        sys.exit(exits.FAILED)


@contextmanager
def _told_faults() -> Iterator[None]:
    """Say in one line why a region cannot be read, and leave."""
    from tapewatch.agent.process import READABLE_FAULTS

    try:
        yield
    except READABLE_FAULTS as fault:
        told = fault if isinstance(fault, SdkError) else f"the region cannot be read: {fault}"
        tell(f"tapewatch: {told}")
        sys.exit(exits.FAILED)
