"""
One page as a dashboard of Grafana (schema 42, the classic form that every version loads).

Rows stay rows, panels share a row by their width, choices become variables. Metrics and logs come
through variables too, so that one file serves every data source.
"""

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.dashboard import Dashboard
from tapewatch.catalog.derive.panels import AskedPanel, AskedRow, PanelQuery, asked_rows
from tapewatch.catalog.vocabulary import Vocabulary
from tapewatch.deploy.grafana.look import GREEN, LOOKS, RED, UNITS, Look, Plain
from tapewatch.model.durations import format_duration_ms

SCHEMA_VERSION: Final = 42
COLUMNS: Final = 24
UID_LENGTH_MAX: Final = 40
METRICS: Final[Plain] = {"type": "prometheus", "uid": "${metrics}"}
LOGS: Final[Plain] = {"type": "loki", "uid": "${logs}"}
DOCUMENTS: Final[Plain] = {"type": "elasticsearch", "uid": "${documents}"}
_SOURCES: Final = {"promql": METRICS, "logql": LOGS, "lucene": DOCUMENTS}


def dashboard(catalog: Catalog, name: str, page: Dashboard) -> Plain:
    """Return the content of the dashboard's file."""
    rows = asked_rows(catalog, page)
    sources = [METRICS, *_sources_of(rows)]
    return {
        "uid": f"{catalog.platform.name}-{name}".replace("_", "-")[:UID_LENGTH_MAX],
        "title": page.title,
        "description": page.help,
        "tags": ["tapewatch", catalog.platform.name],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": f"now-{format_duration_ms(page.span)}", "to": "now"},
        "refresh": format_duration_ms(page.refresh),
        "schemaVersion": SCHEMA_VERSION,
        "templating": {"list": [*map(_source, sources), *_choices(catalog, page)]},
        "annotations": {"list": list(_annotations(page))},
        "links": [],
        "panels": list(_Placing(rows).panels()),
    }


class _Placing:
    """Puts the rows of a page below each other."""

    def __init__(self, rows: Sequence[AskedRow]) -> None:
        self._rows = rows
        self._ids = count(1)
        self._y = 0

    def panels(self) -> Iterator[Plain]:
        for row in self._rows:
            heading = self._heading(row)
            panels = list(self._side_by_side(row))
            if row.folded:
                yield {**heading, "collapsed": True, "panels": panels}
            else:
                yield heading
                yield from panels

    def _heading(self, row: AskedRow) -> Plain:
        place = {"x": 0, "y": self._y, "w": COLUMNS, "h": 1}
        self._y += 1
        heading = {"id": next(self._ids), "type": "row", "title": row.title, "gridPos": place}
        repeat = {"repeat": row.each} if row.each else {}
        return {**heading, **repeat, "collapsed": False, "panels": []}

    def _side_by_side(self, row: AskedRow) -> Iterator[Plain]:
        height = max(LOOKS[asked.panel.kind].height for asked in row.panels)
        x = 0
        for asked, width in zip(
            row.panels, widths([p.panel.wide for p in row.panels]), strict=True
        ):
            place = {"x": x, "y": self._y, "w": width, "h": height}
            yield {"id": next(self._ids), "gridPos": place, **panel(asked)}
            x += width
        self._y += height


def widths(shares: Sequence[int]) -> list[int]:
    """Share the columns of a row; what is left over goes to the left."""
    whole = sum(shares)
    edges = [COLUMNS * sum(shares[:place]) // whole for place in range(len(shares) + 1)]
    return [right - left for left, right in pairwise(edges)]


def panel(asked: AskedPanel) -> Plain:
    """Return a panel without its place."""
    own, look = asked.panel, LOOKS[asked.panel.kind]
    targets = _targets(asked, look)
    told: Plain = {"type": look.plugin, "title": own.title}
    if own.help:
        told["description"] = own.help
    if targets:
        told["datasource"] = targets[0]["datasource"]
        told["targets"] = targets
    options = {**look.options, "content": own.text} if own.kind == "text" else look.options
    return {**told, "options": options, "fieldConfig": _fields(asked, look)}


def _targets(asked: AskedPanel, look: Look) -> list[Plain]:
    queries = asked.queries
    if any(query.language == "logql" for query in queries):
        # The same question in Lucene is for who has no Loki.
        queries = tuple(query for query in queries if query.language == "logql")
    return [
        _target(query, chr(ord("A") + place), look, asked.panel.kind)
        for place, query in enumerate(queries)
    ]


def _target(query: PanelQuery, ref: str, look: Look, kind: str) -> Plain:
    target: Plain = {"refId": ref, "datasource": _SOURCES[query.language]}
    if query.language == "lucene":
        return {**target, "query": query.text, "metrics": [{"type": "logs", "id": "1"}]}
    target |= {"expr": query.text, "editorMode": "code"}
    if query.language == "logql":
        return {**target, "queryType": "range"}
    form = {"table": "table", "heatmap": "heatmap"}.get(kind, "time_series")
    legend = query.legend or "__auto"
    return {
        **target,
        "legendFormat": legend,
        "format": form,
        "instant": look.instant,
        "range": not look.instant,
    }


def _fields(asked: AskedPanel, look: Look) -> Plain:
    steps: list[Plain] = [{"value": None, "color": GREEN}]
    custom = dict(look.custom)
    if asked.limit is not None:
        steps.append({"value": asked.limit, "color": RED})
        if look.plugin == "timeseries":
            custom["thresholdsStyle"] = {"mode": "dashed"}
    defaults: Plain = {
        "unit": UNITS[asked.unit or "none"],
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "palette-classic" if look.plugin == "timeseries" else "thresholds"},
        **look.defaults,
    }
    if custom:
        defaults["custom"] = custom
    if look.plugin == "gauge" and asked.unit in ("ratio", "percent"):
        defaults |= {"min": 0, "max": 1 if asked.unit == "ratio" else 100}
    return {"defaults": defaults, "overrides": []}


def _sources_of(rows: Sequence[AskedRow]) -> Iterator[Plain]:
    languages = {
        tuple(query.language for query in asked.queries) for row in rows for asked in row.panels
    }
    if any("logql" in each for each in languages):
        yield LOGS
    if any("lucene" in each and "logql" not in each for each in languages):
        yield DOCUMENTS


def _source(source: Plain) -> Plain:
    name = source["uid"].strip("${}")
    return {"type": "datasource", "name": name, "label": name.title(), "query": source["type"]}


def _choices(catalog: Catalog, page: Dashboard) -> Iterator[Plain]:
    vocabulary = Vocabulary(catalog)
    for label in page.choose:
        series = next(
            (name for name in vocabulary.series if label in (vocabulary.labels_of(name) or ())), ""
        )
        values = f"label_values({series}, {label})" if series else f"label_values({label})"
        yield {
            "type": "query",
            "name": label,
            "label": label.replace("_", " ").title(),
            "datasource": METRICS,
            "query": values,
            "definition": values,
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def _annotations(page: Dashboard) -> Iterator[Plain]:
    yield _annotation("Alerts", RED, 'ALERTS{alertstate="firing"}', "{{alertname}}")
    if page.calendar and page.calendar != "24/7":
        expr = f'calendar_open{{calendar="{page.calendar}"}} == 0'
        yield _annotation(f"{page.calendar} closed", "#808080", expr, "closed")


def _annotation(name: str, color: str, expr: str, title: str) -> dict[str, Any]:
    return {
        "name": name,
        "datasource": METRICS,
        "enable": True,
        "iconColor": color,
        "expr": expr,
        "titleFormat": title,
        "step": "60s",
    }
