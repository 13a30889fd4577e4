"""``tapewatch metrics``: import, list, count, delete and copy what is kept."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tapewatch.cli import exits
from tapewatch.cli.asking import chosen_source, source_options, told_refusals
from tapewatch.cli.output import emit, json_option, progress, table, tell
from tapewatch.model.clock import SystemClock
from tapewatch.model.durations import format_duration_ms, format_time_ms

if TYPE_CHECKING:
    from tapewatch.client.counting import Cardinality
    from tapewatch.client.keeping import Writer
    from tapewatch.metrics.errors import BadImport
    from tapewatch.metrics.imports.batch import Batch, Reader

FAULTS_SHOWN_MAX: Final = 20
FORMATS: Final = ("auto", "openmetrics", "text", "csv", "parquet", "tsdb")

from_option = click.option("--from", "since", metavar="TIME", help="Not before. [default: ever]")
to_option = click.option("--to", "until", metavar="TIME", help="Not after. [default: ever]")


@click.group()
def metrics() -> None:
    """
    Import, list, count, delete and copy metrics.

    \b
    Examples:
      tapewatch metrics import 2025.om.gz --dry-run
      tapewatch metrics cardinality
      tapewatch metrics delete 'orders_total{venue="test"}' --from -1d
      tapewatch metrics snapshot /backup/monday
    """


@metrics.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="auto",
    show_default=True,
    help="What the files are.",
)
@click.option("--metric", metavar="NAME", help="The name of samples in a table without names.")
@click.option("--dry-run", is_flag=True, help="Read everything, say what there is, keep nothing.")
@json_option
@source_options
def import_(
    files: tuple[Path, ...],
    form: str,
    metric: str | None,
    url: str | None,
    data: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Take in samples of the past, however old, while the server runs or at rest.

    FILE is OpenMetrics or the text format with times, a table as CSV or Parquet (with a column
    value: one sample a row, labels beside it; without: one series a column), or a folder with
    blocks of Prometheus. Lines that cannot be read are named and left out, with exit status 1.

    \b
    Examples:
      tapewatch metrics import 2025.om.gz
      tapewatch metrics import fills.csv --metric fills_total --data /var/lib/tapewatch
      tapewatch metrics import /var/lib/prometheus/data --format tsdb
    """
    from tapewatch.client.keeping import open_kept

    tally = Tally()
    begun = time.perf_counter()
    with told_refusals():
        if dry_run:
            _read_files(files, form, metric, tally, None)
        else:
            with open_kept(chosen_source(url, data), make=True) as kept:
                writer = kept.writer()
                _read_files(files, form, metric, tally, writer)
                writer.close()
    told = {**tally.told(), "seconds": round(time.perf_counter() - begun, 3), "kept": not dry_run}
    emit(told, as_json=as_json, words=_import_words)
    if not as_json:
        _tell_faults(tally)
    sys.exit(exits.FAILED if tally.faults else exits.FINE)


@dataclass(slots=True)
class Tally:
    """What an import has read so far."""

    samples: int = 0
    series: set[Any] = field(default_factory=set)
    first_ms: int | None = None
    last_ms: int | None = None
    faults: "list[BadImport]" = field(default_factory=list)

    def add(self, batch: "Batch") -> None:
        """Count a batch."""
        self.samples += len(batch)
        self.faults.extend(batch.faults)
        if len(batch):
            first, last = int(batch.timestamps_ms.min()), int(batch.timestamps_ms.max())
            self.first_ms = first if self.first_ms is None else min(self.first_ms, first)
            self.last_ms = last if self.last_ms is None else max(self.last_ms, last)

    def told(self) -> dict[str, Any]:
        """Return what there is to say."""
        return {
            "samples": self.samples,
            "series": len(self.series),
            "first": None if self.first_ms is None else format_time_ms(self.first_ms),
            "last": None if self.last_ms is None else format_time_ms(self.last_ms),
            "faults": [
                {"file": each.file, "place": each.place, "reason": each.reason}
                for each in self.faults
            ],
        }


def _read_files(
    files: Sequence[Path], form: str, metric: str | None, tally: Tally, writer: "Writer | None"
) -> None:
    from tapewatch.metrics.imports.formats import Format, open_import

    # All are opened before the first is read, so a slip in a name leaves nothing half done.
    readers = [open_import(file, Format(form), metric) for file in files]
    with progress("importing", sum(reader.size_bytes for reader in readers)) as advance:
        for reader in readers:
            for batch in _batches(reader, tally):
                if writer is not None:
                    writer.write(reader.labels, batch)
                advance(batch.bytes_read)
            tally.series.update(reader.labels)


def _batches(reader: "Reader", tally: Tally) -> "Iterator[Batch]":
    for batch in reader.batches():
        tally.add(batch)
        yield batch


def _import_words(told: dict[str, Any]) -> None:
    rate = told["samples"] / max(told["seconds"], 1e-3)
    verb = "imported" if told["kept"] else "found"
    click.echo(
        f"{verb} {told['samples']:,} samples of {told['series']:,} series "
        f"in {told['seconds']:.2f} s ({rate:,.0f} a second)"
    )
    if told["first"]:
        click.echo(f"from {told['first']} to {told['last']}")


def _tell_faults(tally: Tally) -> None:
    for fault in tally.faults[:FAULTS_SHOWN_MAX]:
        tell(str(fault))
    hidden = len(tally.faults) - FAULTS_SHOWN_MAX
    if hidden > 0:
        tell(f"… and {hidden} more (--json names all of them)")
    from tapewatch.metrics.storage.settings import StorageSettings

    retention_ms = StorageSettings().retention
    now_ms = SystemClock().now_ns() // 1_000_000
    if tally.first_ms is not None and tally.first_ms < now_ms - retention_ms:
        tell(
            f"note: a server keeps samples for {format_duration_ms(retention_ms)} unless "
            "metrics.storage.retention says otherwise; older ones go with the next compaction"
        )


@metrics.command()
@click.argument("selector")
@from_option
@to_option
@json_option
@source_options
def series(
    selector: str,
    since: str | None,
    until: str | None,
    url: str | None,
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """
    List the series that a selector finds.

    \b
    Examples:
      tapewatch metrics series 'orders_total{venue=~"okx|bybit"}'
      tapewatch metrics series '{job="desk"}' --from -1h --json
    """
    from tapewatch.client.keeping import open_kept

    with told_refusals(selector), open_kept(chosen_source(url, data)) as kept:
        found = kept.series(selector, *_times(since, until))
    emit(
        [labels.as_dict() for labels in found],
        as_json=as_json,
        words=lambda _: click.echo("\n".join(map(str, found))) if found else None,
    )
    if not found:
        tell("no series was found")


@metrics.command()
@click.option("--limit", default=10, show_default=True, help="How many of each kind.")
@json_option
@source_options
def cardinality(limit: int, url: str | None, data: Path | None, *, as_json: bool) -> None:
    """
    Say which metrics and labels make most of the series.

    \b
    Examples:
      tapewatch metrics cardinality
      tapewatch metrics cardinality --limit 50 --data /var/lib/tapewatch --json
    """
    from tapewatch.client.keeping import open_kept

    with told_refusals(), open_kept(chosen_source(url, data)) as kept:
        found = kept.cardinality(limit)
    told = {
        "series": found.series,
        **{kind: dict(getattr(found, kind)) for kind in ("metrics", "labels", "pairs")},
    }
    emit(told, as_json=as_json, words=lambda _: _cardinality_words(found))


def _cardinality_words(found: "Cardinality") -> None:
    click.echo(f"{found.series:,} series")
    table(("metric", "series"), found.metrics)
    click.echo()
    table(("label", "values"), found.labels)
    click.echo()
    table(("label and value", "series"), found.pairs)


@metrics.command()
@click.argument("selector")
@from_option
@to_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@source_options
def delete(
    selector: str,
    since: str | None,
    until: str | None,
    url: str | None,
    data: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Delete the samples of some series, all of them or those between two times.

    A server allows it only with metrics.enable_admin_api.

    \b
    Examples:
      tapewatch metrics delete 'orders_total{venue="test"}'
      tapewatch metrics delete '{job="load"}' --from -2d --to -1d --yes
    """
    from tapewatch.client.keeping import open_kept

    with told_refusals(selector), open_kept(chosen_source(url, data)) as kept:
        times = _times(since, until)
        count = len(kept.series(selector, *times))
        if count and not yes:
            between = f" from {since or 'ever'} to {until or 'ever'}" if since or until else ""
            click.confirm(f"delete samples of {count} series{between}?", abort=True, err=True)
        if count:
            kept.delete(selector, *times)
    told = {"selector": selector, "series": count}
    emit(told, as_json=as_json, words=lambda _: click.echo(f"deleted from {count} series"))


@metrics.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="DIRECTORY")
@json_option
@source_options
def snapshot(target: Path, url: str | None, data: Path | None, *, as_json: bool) -> None:
    """
    Copy all metrics, as they are now, into a new data directory.

    The server goes on meanwhile; it allows it only with metrics.enable_admin_api. The copy of a
    server on another machine stays there, and its place is told.

    \b
    Examples:
      tapewatch metrics snapshot /backup/monday
      tapewatch metrics snapshot /backup/monday --data /var/lib/tapewatch
    """
    from tapewatch.client.keeping import open_kept

    with told_refusals(), open_kept(chosen_source(url, data)) as kept:
        place = kept.snapshot(target)
    told = {"place": str(place), "brought": place == target}
    words = f"copied to {place}" if place == target else f"copied on the server, to {place}"
    emit(told, as_json=as_json, words=lambda _: click.echo(words))


def _times(since: str | None, until: str | None) -> tuple[int, int]:
    from tapewatch.client.keeping import ALWAYS
    from tapewatch.client.moments import read_moment_ms

    now_ms = SystemClock().now_ns() // 1_000_000
    first = ALWAYS[0] if since is None else read_moment_ms(since, now_ms)
    last = ALWAYS[1] if until is None else read_moment_ms(until, now_ms)
    if last < first:
        raise click.UsageError(f"--to {until} comes before --from {since}")
    return first, last
