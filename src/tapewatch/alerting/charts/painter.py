"""
Painting a notification: find what its rule looks at, ask for it, draw it.

The series come through ``SeriesSource``, so a server's own engine, a remote one or a test can give
them. The names in the picture come from the filtered notification: a label that must not leave is
not drawn either.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from tapewatch.alerting.channels.context import Picture
from tapewatch.alerting.charts.chart import Chart, Line, draw_chart
from tapewatch.alerting.charts.ticks import say_value
from tapewatch.alerting.notification import AlertView, Notification
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.nodes import Binary, Expr, NumberLiteral, Operator, Parenthesis, Unary
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.model.labels import METRIC_NAME, Labels

POINTS: Final = 240
KEPT_MAX: Final = 16
ASKING_MAX: Final = 4
_NS: Final = 1_000_000_000
BEFORE_MIN_NS: Final = 10 * 60 * _NS
SPAN_MAX_NS: Final = 24 * 3600 * _NS


@dataclass(frozen=True)
class Series:
    """One series of an answer; shapes ``(n,)``."""

    labels: Labels
    times_ns: NDArray[np.int64]
    values: NDArray[np.float64]


class SeriesSource(Protocol):
    """Whoever can answer a range query."""

    async def series(
        self, expression: str, start_ns: int, end_ns: int, step_ns: int
    ) -> Sequence[Series]:
        """Answer; may raise."""
        ...


@dataclass(frozen=True)
class Subject:
    """What a rule looks at, and the value that it must not pass."""

    expression: str
    threshold: float | None = None


class SeriesPainter:
    """Draws the series behind notifications."""

    def __init__(self, source: SeriesSource) -> None:
        self._source = source
        self._drawing = asyncio.Lock()
        self._asking = 0
        self._kept: dict[tuple[object, ...], Picture] = {}

    async def paint(self, told: Notification, filtered: Notification) -> Picture | None:
        """Draw, or give nothing where there is nothing to see."""
        shown = next(iter(told.firing or told.alerts), None)
        subject = subject_of(shown) if shown else None
        if shown is None or subject is None:
            return None
        start_ns, end_ns = window_of(told, shown)
        step_ns = max((end_ns - start_ns) // POINTS, _NS)
        found = await self._ask(subject.expression, start_ns, end_ns, step_ns)
        lines = lines_of(found, told, filtered)
        if not lines:
            return None
        names = tuple(line.name for line in lines)
        key = (told.group_key, told.episode, told.sequence, _title(filtered), names)
        title = _title(filtered)
        chart = Chart(
            title=title,
            lines=lines,
            start_ns=start_ns,
            end_ns=end_ns,
            threshold=subject.threshold,
            fires_from_ns=shown.starts_at_ns,
            fires_until_ns=shown.ends_at_ns,
        )
        # One at a time and beside the loop: under a storm, messages go without pictures.
        async with self._drawing:
            if key not in self._kept:
                png = await asyncio.to_thread(draw_chart, chart)
                self._keep(key, Picture(png, _words(title, lines, subject)))
            return self._kept[key]

    async def _ask(
        self, expression: str, start_ns: int, end_ns: int, step_ns: int
    ) -> Sequence[Series]:
        # In a storm the engine has more important questions to answer.
        if self._asking >= ASKING_MAX:
            return ()
        self._asking += 1
        try:
            return await self._source.series(expression, start_ns, end_ns, step_ns)
        finally:
            self._asking -= 1

    def _keep(self, key: tuple[object, ...], picture: Picture) -> None:
        # The channels of one receiver want the same picture.
        if len(self._kept) >= KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = picture


def subject_of(alert: AlertView) -> Subject | None:
    """Read the rule's expression out of the link to it, and part it from its threshold."""
    expressions = parse_qs(urlsplit(alert.generator_url).query).get("g0.expr", [])
    if not expressions:
        return None
    try:
        expr = parse(expressions[0])
    except QueryError:
        return None
    return _parted(expr) or Subject(expressions[0])


def window_of(told: Notification, alert: AlertView) -> tuple[int, int]:
    """Choose from when to when: what came before, and up to now or a little after the end."""
    end_ns = told.created_ns
    before_ns = max(BEFORE_MIN_NS, (end_ns - alert.starts_at_ns) // 2)
    return max(alert.starts_at_ns - before_ns, end_ns - SPAN_MAX_NS), end_ns


def lines_of(found: Sequence[Series], told: Notification, filtered: Notification) -> list[Line]:
    """Choose the series that alerts are about, the first alert's first, and name them."""
    for belongs in (_is_of, _agrees_with):
        chosen: dict[Labels, Line] = {}
        for alert, shown in zip(told.alerts, filtered.alerts, strict=True):
            for series in found:
                own = series.labels.drop(METRIC_NAME)
                if series.labels not in chosen and belongs(own, alert):
                    name = _name(own, shown.labels, filtered)
                    chosen[series.labels] = Line(name, series.times_ns, series.values)
        if chosen:
            return list(chosen.values())
    return []


def _parted(expr: Expr) -> Subject | None:
    while isinstance(expr, Parenthesis):
        expr = expr.expr
    if not isinstance(expr, Binary):
        return None
    if expr.operator.joins_sets:
        return _parted(expr.left)
    if not expr.operator.compares:
        return None
    for value, other in ((expr.right, expr.left), (expr.left, expr.right)):
        number = _number(value)
        if number is not None:
            return Subject(print_query(other), number)
    return Subject(print_query(expr.left))


def _number(expr: Expr) -> float | None:
    if isinstance(expr, Parenthesis):
        return _number(expr.expr)
    if isinstance(expr, Unary):
        inner = _number(expr.expr)
        return -inner if inner is not None and expr.operator is Operator.SUBTRACT else inner
    return expr.value if isinstance(expr, NumberLiteral) else None


def _is_of(labels: Labels, alert: AlertView) -> bool:
    return all(alert.labels.get(name) == value for name, value in labels)


def _agrees_with(labels: Labels, alert: AlertView) -> bool:
    # Alerts that were posted, or relabelled, may know less than the series do.
    return all(alert.labels.get(name) in ("", value) for name, value in labels)


def _name(labels: Labels, shown: Labels, filtered: Notification) -> str:
    common = set(filtered.group_labels)
    free = [(name, shown.get(name)) for name, _ in labels if shown.get(name)]
    words = [value for name, value in free if (name, value) not in common]
    return " ".join(words or [value for _, value in free]) or "value"


def _title(filtered: Notification) -> str:
    name = filtered.common_labels.get("alertname") or "Alert"
    where = [value for label, value in filtered.group_labels if label != "alertname"]
    return " · ".join([name, *where])


def _words(title: str, lines: Sequence[Line], subject: Subject) -> str:
    known = lines[0].values[np.isfinite(lines[0].values)]
    value = f", now {say_value(float(known[-1]))}" if known.size else ""
    limit = "" if subject.threshold is None else f", threshold {say_value(subject.threshold)}"
    return f"{title}{value}{limit}"
