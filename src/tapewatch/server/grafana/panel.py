"""One panel of Grafana as one of ours."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tapewatch.server.grafana.look import states, thresholds, unit
from tapewatch.server.grafana.query import Variables, read_targets
from tapewatch.server.grafana.report import Plain, Report, number, plain, plains, text

_KINDS: Final[Mapping[str, str]] = {
    "timeseries": "timeseries",
    "graph": "timeseries",
    "barchart": "toplist",
    "piechart": "toplist",
    "grafana-piechart-panel": "toplist",
    "bargauge": "toplist",
    "stat": "stat",
    "singlestat": "stat",
    "gauge": "gauge",
    "table": "table",
    "table-old": "table",
    "heatmap": "heatmap",
    "state-timeline": "timeline",
    "status-history": "timeline",
    "text": "text",
    "alertlist": "table",
}
_LIKE: Final[Mapping[str, str]] = {
    "barchart": "bars",
    "piechart": "a pie",
    "grafana-piechart-panel": "a pie",
    "bargauge": "gauges side by side",
}
_FIRING: Final = 'ALERTS{alertstate="firing"}'
_AREA_OPACITY: Final = 20.0
_TAG: Final = re.compile(r"<[^>]*>")


def read_panel(panel: Mapping[str, Any], variables: Variables, report: Report) -> Plain | None:
    """Turn a panel; None where there is nothing of it to draw."""
    plugin, title = text(panel.get("type")), text(panel.get("title")) or "Panel"
    kind = _KINDS.get(plugin)
    if kind is None:
        report.leave_out(title, f"panels of the kind {plugin or '(none)'} cannot be drawn")
        return None
    if plugin in _LIKE:
        report.leave_out(title, f"it is drawn as a list, not as {_LIKE[plugin]}")
    _tell_what_is_lost(panel, report, title)
    made: Plain = {"kind": kind, "title": title}
    if told := text(panel.get("description")):
        made["description"] = told
    if kind == "text":
        return {**made, **_words(panel)}
    queries = list(read_targets(panel, variables, report, title))
    if plugin == "alertlist":
        queries = [{"expr": _FIRING, "legend": "{{alertname}}"}]
    if not queries:
        report.leave_out(title, "nothing is left that could be asked")
        return None
    return {**made, "queries": queries, **_look(panel, kind, report, title)}


def _tell_what_is_lost(panel: Mapping[str, Any], report: Report, title: str) -> None:
    if plains(plain(panel.get("fieldConfig")).get("overrides")):
        report.leave_out(title, "looks of single fields (overrides)")
    for each in plains(panel.get("transformations")):
        report.leave_out(title, f"the transformation {text(each.get('id'))!r}")
    if panel.get("repeat"):
        report.leave_out(title, f"its repetition for each {text(panel.get('repeat'))}")
    if panel.get("links"):
        report.leave_out(title, "its links")
    if panel.get("alert"):
        report.leave_out(title, "its alert: declare it in a pack")


def _look(panel: Mapping[str, Any], kind: str, report: Report, title: str) -> Plain:
    fields = plain(plain(panel.get("fieldConfig")).get("defaults"))
    custom, look = plain(fields.get("custom")), Plain()
    if told := unit(fields, report, title) or _old_unit(panel, report, title):
        look["unit"] = told
    limits = list(thresholds(fields))
    drawn = kind != "timeseries" or plain(custom.get("thresholdsStyle")).get("mode", "off") != "off"
    if limits and drawn:
        look["thresholds"] = limits
    if kind in ("stat", "timeline") and (names := list(states(fields, report, title))):
        look["states"] = names
    if kind == "timeseries":
        look |= _lines(panel, custom)
    if kind == "gauge":
        edges = {name: number(fields.get(name)) for name in ("min", "max")}
        look |= {name: value for name, value in edges.items() if value is not None}
    return look


def _lines(panel: Mapping[str, Any], custom: Mapping[str, Any]) -> Plain:
    stacked = plain(custom.get("stacking")).get("mode", "none") != "none" or panel.get("stack")
    bars = custom.get("drawStyle") == "bars" or panel.get("bars") is True
    filled = (number(custom.get("fillOpacity")) or 0.0) >= _AREA_OPACITY
    shape = "stacked" if stacked else "bars" if bars else "area" if filled else "lines"
    scale = plain(custom.get("scaleDistribution")).get("type")
    return {"shape": shape, "logarithmic": scale == "log"}


def _old_unit(panel: Mapping[str, Any], report: Report, title: str) -> str:
    """Return the unit where panels had it before there were fields."""
    axes = plains(panel.get("yaxes"))
    told = text(axes[0].get("format")) if axes else text(panel.get("format"))
    return unit({"unit": told}, report, title)


def _words(panel: Mapping[str, Any]) -> Plain:
    content = text(plain(panel.get("options")).get("content")) or text(panel.get("content"))
    parts = (part.strip() for part in re.split(r"\n\s*\n", _TAG.sub("", content)))
    return {"queries": [], "words": [part for part in parts if part]}
