"""
Pages as the console draws them: the JSON that ``docs/console.md`` describes.

The same intent becomes a dashboard of Grafana in the part ``deploy``; here it becomes ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.dashboard import Dashboard, Panel
from tapewatch.catalog.derive.panels import AskedPanel, AskedRow, asked_rows
from tapewatch.catalog.platform import ALWAYS_OPEN
from tapewatch.catalog.vocabulary import Vocabulary
from tapewatch.model.durations import format_duration_ms

Board = dict[str, Any]

_KINDS: Final[Mapping[str, Board]] = {
    "lines": {"kind": "timeseries", "shape": "lines"},
    "area": {"kind": "timeseries", "shape": "stacked"},
    "bars": {"kind": "timeseries", "shape": "bars"},
    "number": {"kind": "stat"},
    "objective": {"kind": "stat"},
    "gauge": {"kind": "gauge"},
    "heatmap": {"kind": "heatmap"},
    "table": {"kind": "table"},
    "alerts": {"kind": "table"},
    "status": {"kind": "timeline"},
    "logs": {"kind": "text"},
    "text": {"kind": "text"},
}
_UNITS: Final[Mapping[str, str]] = {
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "us",
    "nanoseconds": "ns",
    "minutes": "min",
    "days": "d",
    "bytes": "bytes",
    "megabytes": "MB",
    "ratio": "ratio",
    "percent": "percent",
    "basis_points": "bps",
    "usd": "USD",
    "eur": "EUR",
    "per_second": "/s",
    "celsius": "°C",
}
_SHORT: Final = frozenset(("number", "gauge", "status", "objective", "text"))
_UP_OR_DOWN: Final = (
    {"value": 1, "label": "ok", "tone": "good"},
    {"value": 0, "label": "down", "tone": "bad"},
)
_FIRING: Final = 'ALERTS{alertstate="firing"}'
_TWELFTHS: Final = 12


def boards(catalog: Catalog) -> Iterator[Board]:
    """Yield every page of a platform; its name begins with the platform's."""
    for name, page in catalog.dashboards.items():
        yield board(catalog, name, page)


def board(catalog: Catalog, name: str, page: Dashboard) -> Board:
    """Return one page."""
    return {
        "name": f"{catalog.platform.name}-{name}",
        "title": page.title,
        "description": page.help,
        "tags": [catalog.platform.title or catalog.platform.name],
        "range": f"now-{format_duration_ms(page.span)}",
        "variables": list(_choices(catalog, page)),
        "annotations": list(_annotations(page)),
        "rows": [_row(row) for row in asked_rows(catalog, page)],
    }


def _row(row: AskedRow) -> Board:
    kinds = {asked.panel.kind for asked in row.panels}
    shares = sum(asked.panel.wide for asked in row.panels)
    panels = [_panel(asked, shares) for asked in row.panels]
    return {
        "title": row.title,
        "height": "short" if kinds <= _SHORT else "normal",
        "panels": panels,
    }


def _panel(asked: AskedPanel, shares: int) -> Board:
    own = asked.panel
    told: Board = {
        **_KINDS[own.kind],
        "title": own.title,
        "width": max(round(_TWELFTHS * own.wide / shares), 1),
        "queries": list(_queries(asked)),
    }
    if own.help:
        told["description"] = own.help
    if unit := _UNITS.get(asked.unit):
        told["unit"] = unit
    if asked.limit is not None:
        told["thresholds"] = [{"value": asked.limit, "tone": "bad"}]
    if own.kind == "status":
        told["states"] = list(_UP_OR_DOWN)
    if told["kind"] == "text":
        told["words"] = _words(own, asked)
    if own.kind == "gauge" and asked.unit in ("ratio", "percent"):
        told |= {"min": 0, "max": 1 if asked.unit == "ratio" else 100}
    return told


def _queries(asked: AskedPanel) -> Iterator[Board]:
    if asked.panel.kind == "alerts":
        yield {"expr": _FIRING, "legend": "{{alertname}}"}
    queries = asked.queries
    # Of an objective one number is shown: how much of the budget is left.
    for query in queries[:1] if asked.panel.kind == "objective" else queries:
        if query.language == "promql":
            yield {"expr": query.text, **({"legend": query.legend} if query.legend else {})}


def _words(panel: Panel, asked: AskedPanel) -> list[str]:
    if panel.text:
        return [part.strip() for part in panel.text.split("\n\n")]
    return [query.text for query in asked.queries]


def _choices(catalog: Catalog, page: Dashboard) -> Iterator[Board]:
    vocabulary = Vocabulary(catalog)
    for label in page.choose:
        told: Board = {"name": label, "title": label.replace("_", " ").capitalize(), "label": label}
        series = (name for name in vocabulary.series if label in (vocabulary.labels_of(name) or ()))
        if match := next(series, ""):
            told["match"] = match
        yield told


def _annotations(page: Dashboard) -> Iterator[Board]:
    if page.calendar and page.calendar != ALWAYS_OPEN:
        expr = f'calendar_open{{calendar="{page.calendar}"}}'
        yield {"title": f"{page.calendar} closed", "expr": expr, "tone": "muted", "shades": True}
