"""``tapewatch query``: ask a question in PromQL, and see the answer."""

import math
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tapewatch.cli.asking import chosen_source, source_options, told_refusals
from tapewatch.cli.output import emit, json_option, table, tell
from tapewatch.model.clock import SystemClock
from tapewatch.model.durations import format_time_ms
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.numbers import format_float

if TYPE_CHECKING:
    from tapewatch.cli.charts import Line
    from tapewatch.client.result import Distribution, QueryResult, Series
    from tapewatch.client.sources import Asked
    from tapewatch.metrics.promql.matrix import Steps

COLOURS: Final = ("cyan", "yellow", "green", "magenta", "blue", "red", "white")
CURVES_MAX: Final = len(COLOURS)
CHART_HEIGHT: Final = 14
SPARK_WIDTH: Final = 30


@click.command()
@click.argument("text", metavar="EXPR")
@click.option("--at", metavar="TIME", help="Answer for one time. [default: now]")
@click.option("--range", "length", metavar="DURATION", help="Answer for a range of this length.")
@click.option("--end", metavar="TIME", help="Where the range ends. [default: now]")
@click.option("--step", metavar="DURATION", help="How far apart its points are. [default: chosen]")
@click.option("--explain", is_flag=True, help="Show how it is worked out, and what that costs.")
@click.option("--table", "view", flag_value="table", help="Print the answer as a table.")
@click.option("--chart", "view", flag_value="chart", help="Draw the answer.")
@json_option
@source_options
def query(
    text: str,
    at: str | None,
    length: str | None,
    end: str | None,
    step: str | None,
    view: str | None,
    url: str | None,
    data: Path | None,
    *,
    explain: bool,
    as_json: bool,
) -> None:
    """
    Ask a question in PromQL.

    A TIME is now, -1h, 2026-01-31T09:30:00Z or seconds since 1970. One time is answered with a
    table, a range with a chart (a table where nobody is looking).

    \b
    Examples:
      tapewatch query 'sum by (venue) (rate(orders_total[1m]))'
      tapewatch query up --at -1h --json
      tapewatch query 'rate(fills_total[5m])' --range 6h --chart
      tapewatch query up --url http://prometheus:9090
      tapewatch query up --data /var/lib/tapewatch --explain
    """
    from tapewatch.client.sources import open_source

    if view and as_json:
        raise click.UsageError(f"--{view} and --json exclude each other: choose one")
    with told_refusals(text):
        steps = read_steps(at, length, end, step)
        with open_source(chosen_source(url, data)) as asked:
            if explain:
                words = asked.explain(text, steps)
                emit({"query": text, "plan": words}, as_json=as_json, words=lambda _: print(words))
                return
            result = _ask(asked, text, steps)
        for note in (*result.warnings, *result.infos):
            tell(note)
        show(result, view, as_json=as_json)


def read_steps(at: str | None, length: str | None, end: str | None, step: str | None) -> "Steps":
    """Read the options of time; one step stands for one time."""
    from tapewatch.client.moments import choose_step_ms, read_duration_ms, read_moment_ms
    from tapewatch.metrics.promql.matrix import Steps

    now_ms = SystemClock().now_ns() // 1_000_000
    if length is None:
        if end or step:
            raise click.UsageError("--end and --step belong to a range: give its length by --range")
        return Steps(read_moment_ms(at or "now", now_ms), 0, 1)
    if at:
        raise click.UsageError("--at is one time and --range is many: use --end to end it then")
    end_ms, length_ms = read_moment_ms(end or "now", now_ms), read_duration_ms(length)
    step_ms = read_duration_ms(step) if step else choose_step_ms(length_ms)
    return Steps.between(end_ms - length_ms, end_ms, step_ms)


def _ask(asked: "Asked", text: str, steps: "Steps") -> "QueryResult":
    if not steps.step_ms:
        return asked.instant(text, steps.start_ms)
    return asked.range(text, steps.start_ms, steps.end_ms, steps.step_ms)


def show(result: "QueryResult", view: str | None, *, as_json: bool) -> None:
    """Print an answer in the form asked for, or in the one that suits it."""
    from tapewatch.client.answers import to_json
    from tapewatch.metrics.promql.signatures import ValueType

    looking = sys.stdout.isatty()
    if as_json:
        emit(to_json(result), as_json=True, words=print)
    elif result.kind in (ValueType.STRING, ValueType.SCALAR):
        value = result.value
        click.echo(_told(value) if not isinstance(value, str) else value)
    elif not len(result):
        tell("nothing was found: no series matches, or none has a sample at that time")
    elif view == "chart" or (view is None and looking and result.kind is ValueType.MATRIX):
        _draw(result, coloured=looking and "NO_COLOR" not in os.environ)
    else:
        _print_table(result, timed=result.kind is ValueType.MATRIX)


def _print_table(result: "QueryResult", *, timed: bool) -> None:
    names = sorted({name for labels in result.labels for name in labels.names()})
    if METRIC_NAME in names:
        names.remove(METRIC_NAME)
        names.insert(0, METRIC_NAME)
    rows = (
        [*([format_time_ms(at)] if timed else []), *map(series.labels.get, names), _told(point)]
        for series in result
        for index, at in enumerate(series.timestamps_ms.tolist())
        for point in [series.point(index)]
    )
    heads = [name if name != METRIC_NAME else "metric" for name in names]
    table([*(["time"] if timed else []), *heads, "value"], rows)


def _told(point: "float | Distribution") -> str:
    return format_float(point) if isinstance(point, float) else str(point)


def _draw(result: "QueryResult", *, coloured: bool) -> None:
    if all(len(series) == 1 for series in result):
        _draw_bars(result)
    elif len(result) == 1 or (coloured and len(result) <= CURVES_MAX):
        _draw_lines(result)
    else:
        # Lines in one colour, or too many of them, cannot be told apart.
        _draw_sparks(result)


def _draw_lines(result: "QueryResult") -> None:
    from tapewatch.cli.charts import Curve, line_chart

    curves = [Curve(series.timestamps_ms, series.values) for series in result]
    for line in line_chart(curves, width=_width(), height=CHART_HEIGHT):
        click.echo(_coloured(line))
    for number, (series, name) in enumerate(zip(result, short_names(result.labels), strict=True)):
        mark = click.style("●", fg=COLOURS[number])
        click.echo(f"{mark} {name}  {_range_words(series)}")


def _coloured(line: "Line") -> str:
    return "".join(
        piece.text if piece.series is None else click.style(piece.text, fg=COLOURS[piece.series])
        for piece in line
    )


def _draw_sparks(result: "QueryResult") -> None:
    from tapewatch.cli.charts import spark

    names = short_names(result.labels)
    margin = min(max(map(len, names)), max(_width() - SPARK_WIDTH - 30, 10))
    for series, name in zip(result, names, strict=True):
        drawn = spark(series.values, SPARK_WIDTH)
        click.echo(f"{_fit(name, margin)}  {drawn:<{SPARK_WIDTH}}  {_range_words(series)}")


def _draw_bars(result: "QueryResult") -> None:
    from tapewatch.cli.charts import bar, short_number

    names = short_names(result.labels)
    margin = min(max(map(len, names)), max(_width() - SPARK_WIDTH - 12, 10))
    values = [float(series.values[0]) for series in result]
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    for value, name in zip(values, names, strict=True):
        drawn = bar(value, largest, SPARK_WIDTH)
        click.echo(f"{_fit(name, margin)}  {drawn:<{SPARK_WIDTH}}  {short_number(value)}")


def _fit(name: str, width: int) -> str:
    return f"{name:<{width}}" if len(name) <= width else f"{name[: width - 1]}…"


def _range_words(series: "Series") -> str:
    import numpy as np

    from tapewatch.cli.charts import short_number

    finite = series.values[np.isfinite(series.values)]
    if not len(finite):
        return "no numbers"
    low, high, last = (
        short_number(float(each)) for each in (finite.min(), finite.max(), finite[-1])
    )
    return f"last {last}, {low} to {high}"


def short_names(rows: Sequence[Labels]) -> list[str]:
    """Name series by the labels in which they differ; one alone keeps them all."""
    if len(rows) < 2:
        return [str(labels) for labels in rows]
    shared = set(rows[0]).intersection(*map(set, rows[1:]))
    return [_plain([pair for pair in labels if pair not in shared]) for labels in rows]


def _plain(pairs: list[tuple[str, str]]) -> str:
    name = dict(pairs).get(METRIC_NAME, "")
    rest = [f"{label}={value}" for label, value in pairs if label != METRIC_NAME]
    return " ".join([name, *rest] if name else rest)


def _width() -> int:
    return max(shutil.get_terminal_size((100, 24)).columns, 40)
