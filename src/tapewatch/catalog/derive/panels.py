"""
What the panels of a page ask: the queries behind an intent.

A metric is asked as its type wants; what a reader can choose becomes a matcher on every series that
has that label; the unit comes from the metric. Where a panel stands is for whoever draws it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.dashboard import Dashboard, Panel
from tapewatch.catalog.meaning import name_of, readings
from tapewatch.catalog.metric import type_of
from tapewatch.catalog.vocabulary import SeriesFacts, Vocabulary
from tapewatch.metrics.promql.nodes import Expr, VectorSelector, rewrite
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.model.numbers import format_float_go

_ADDITIVE: Final = frozenset(("usd", "eur", "count", "bytes", "megabytes"))
_WINDOW_MIN_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One question of a panel."""

    language: Literal["promql", "logql", "lucene"]
    text: str
    legend: str = ""
    """What its line is called; ``{{venue}}`` stands for a label's value."""


@dataclass(frozen=True, slots=True)
class AskedPanel:
    """A panel with its questions."""

    panel: Panel
    queries: tuple[PanelQuery, ...]
    unit: str
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row of panels with their questions."""

    title: str
    panels: tuple[AskedPanel, ...]
    each: str = ""
    folded: bool = False


def asked_rows(catalog: Catalog, dashboard: Dashboard) -> tuple[AskedRow, ...]:
    """Return a page's rows with the questions of every panel."""
    asker = _Asker(catalog, dashboard)
    return tuple(
        AskedRow(row.title, tuple(map(asker.ask, row.panels)), row.each, row.folded)
        for row in dashboard.rows
    )


class _Asker:
    """Asks for one page."""

    def __init__(self, catalog: Catalog, dashboard: Dashboard) -> None:
        self.catalog = catalog
        self.choose = dashboard.choose
        self.vocabulary = Vocabulary(catalog)
        window_ms = max(4 * catalog.platform.scrape_every, _WINDOW_MIN_MS)
        self.window = format_duration_ms(window_ms)

    def ask(self, panel: Panel) -> AskedPanel:
        """Find the questions of one panel."""
        limit = self.catalog.limits.get(panel.limit)
        value = limit.value if limit else None
        return AskedPanel(panel, tuple(self._queries(panel)), self._unit(panel), value)

    def _queries(self, panel: Panel) -> Iterator[PanelQuery]:
        for word, text in panel.show.series.items():
            if panel.kind == "logs":
                yield from self._of_logs(text)
            elif panel.kind == "objective":
                yield from _of_objective(text)
            elif panel.kind not in ("text", "alerts"):
                yield from self._of_metrics(panel, word, text)

    def _of_logs(self, name: str) -> Iterator[PanelQuery]:
        query = self.catalog.log_queries[name]
        if query.logql:
            yield PanelQuery("logql", query.logql)
        if query.lucene:
            yield PanelQuery("lucene", query.lucene)

    def _of_metrics(self, panel: Panel, word: str, text: str) -> Iterator[PanelQuery]:
        legend = "" if word == text else word
        if text in self.catalog.metrics:
            questions = list(self._of_metric(panel, text))
        else:
            questions = [(self.catalog.expand(text), _legend(panel.by))]
        for question, told in questions:
            tree = self._chosen(parse(question))
            spoken = " ".join(part for part in (legend, told) if part)
            yield PanelQuery("promql", print_query(tree), spoken)
            if panel.compare:
                before = f"{spoken} {format_duration_ms(panel.compare)} ago".strip()
                yield PanelQuery("promql", print_query(_earlier(tree, panel.compare)), before)

    def _of_metric(self, panel: Panel, name: str) -> Iterator[tuple[str, str]]:
        kind = type_of(name, self.catalog.metrics[name])
        where = f"{{{panel.where}}}" if panel.where else ""
        if kind == "counter":
            yield self._by("sum", panel, f"rate({name}{where}[{self.window}])"), _legend(panel.by)
        elif kind == "histogram":
            yield from self._of_histogram(panel, name, where)
        else:
            yield self._of_gauge(panel, name, where), _legend(panel.by)

    def _of_histogram(self, panel: Panel, name: str, where: str) -> Iterator[tuple[str, str]]:
        native = self.catalog.metrics[name].buckets.native
        series = name if native else f"{name}_bucket"
        labels = panel.by if native else ("le", *panel.by)
        grouping = f" by ({', '.join(labels)}) " if labels else ""
        buckets = f"sum{grouping}(rate({series}{where}[{self.window}]))"
        if panel.kind == "heatmap":
            yield buckets, "" if native else "{{le}}"
            return
        quantiles = panel.quantiles[-1:] if panel.kind in ("number", "gauge") else panel.quantiles
        for quantile in quantiles:
            told = f"p{format_float_go(round(quantile * 100, 6))} {_legend(panel.by)}".strip()
            yield f"histogram_quantile({format_float_go(quantile)}, {buckets})", told

    def _of_gauge(self, panel: Panel, name: str, where: str) -> str:
        if not panel.by and panel.kind not in ("number", "gauge", "area"):
            return f"{name}{where}"
        facts = self.vocabulary.series[name]
        way = "sum" if facts.unit in _ADDITIVE else "min" if facts.unit == "flag" else "avg"
        return self._by(way, panel, f"{name}{where}")

    def _by(self, way: str, panel: Panel, expr: str) -> str:
        grouping = f" by ({', '.join(panel.by)}) " if panel.by else ""
        return f"{way}{grouping}({expr})"

    def _chosen(self, tree: Expr) -> Expr:
        """Let every series follow what the reader has chosen."""
        return rewrite(tree, self._choose_in)

    def _choose_in(self, node: Expr) -> Expr:
        if not isinstance(node, VectorSelector):
            return node
        known = self.vocabulary.labels_of(name_of(node)) or frozenset()
        spoken = {matcher.name for matcher in node.matchers}
        added = [
            Matcher(MatchKind.REGEX, label, f"${label}")
            for label in self.choose
            if label in known and label not in spoken
        ]
        return replace(node, matchers=(*added, *node.matchers)) if added else node

    def _unit(self, panel: Panel) -> str:
        if panel.unit or panel.kind == "objective":
            return panel.unit or "ratio"
        for text in panel.show.series.values():
            if panel.kind not in ("logs", "text", "alerts"):
                return self._unit_of(text, panel)
        return "none"

    def _unit_of(self, text: str, panel: Panel) -> str:
        if text in self.catalog.metrics:
            facts = self._facts_of(text)
            counts = facts.type == "counter" or panel.kind == "heatmap"
            return "per_second" if counts and facts.unit == "count" else facts.unit
        read = readings(parse(self.catalog.expand(text)))
        known = (self.vocabulary.facts(name_of(reading.selector)) for reading in read)
        units = {each.unit for each in known if each is not None}
        return units.pop() if len(units) == 1 else "none"

    def _facts_of(self, metric: str) -> SeriesFacts:
        series = self.vocabulary.series
        return series[metric] if metric in series else series[f"{metric}_sum"]


def _of_objective(name: str) -> Iterator[PanelQuery]:
    own = f'{{objective="{name}"}}'
    yield PanelQuery("promql", f"objective:budget_left:ratio{own}", "budget left")
    yield PanelQuery("promql", f"objective:burn:ratio{own}", "burn")


def _legend(by: tuple[str, ...]) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by)


def _earlier(tree: Expr, by_ms: int) -> Expr:
    """Ask the same of an earlier time."""

    def shift(node: Expr) -> Expr:
        if isinstance(node, VectorSelector):
            return replace(node, offset_ms=node.offset_ms + by_ms)
        return node

    return rewrite(tree, shift)
