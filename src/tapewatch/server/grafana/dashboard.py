"""A dashboard of Grafana as one of ours: rows by the places of its panels, choices, marks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tapewatch.server.grafana.look import tone
from tapewatch.server.grafana.panel import read_panel
from tapewatch.server.grafana.query import Variables, fill, read_variables, slip
from tapewatch.server.grafana.report import Plain, Report, number, plain, plains, text

PREFIX: Final = "grafana-"
PANELS_MAX: Final = 300
NAME_MAX: Final = 80
_TWELFTHS: Final = 12
_COLUMNS: Final = 24
_SHORT_MAX: Final = 5.0
_NORMAL_MAX: Final = 11.0
_PIXELS_IN_ROW: Final = 38.0
_SPAN: Final = re.compile(r"^now-(\d+[smhdwy])$")
_SPAN_DEFAULT: Final = "6h"


class NotADashboard(ValueError):
    """What was sent is no dashboard that can be read."""


def read_dashboard(given: object) -> Plain:
    """Read a dashboard's file; ``left_out`` says what could not be taken over."""
    told = _model(given)
    report = Report()
    title = text(told.get("title"))
    span = _SPAN.match(text(plain(told.get("time")).get("from")))
    opened = span[1] if span else _SPAN_DEFAULT
    variables = read_variables(told, report, opened)
    rows = list(_rows(told, variables, report))
    if not rows:
        raise NotADashboard(f"of {title!r} nothing can be drawn: {'; '.join(report.told[:5])}")
    marks = list(_annotations(told, variables, report))
    if told.get("links"):
        report.leave_out("", "the links of the dashboard")
    return {
        "name": PREFIX + _slug(title),
        "title": title,
        "description": text(told.get("description")),
        "tags": ["Grafana", *(text(tag) for tag in _list(told.get("tags")) if text(tag))],
        "range": f"now-{opened}",
        "variables": variables.choices,
        "annotations": marks,
        "rows": rows,
        "left_out": report.told,
    }


def _model(given: object) -> Mapping[str, Any]:
    told = plain(given)
    told = plain(told.get("dashboard")) or told
    if "elements" in plain(told.get("spec")):
        raise NotADashboard("this is Grafana's new form (v2): export it in the classic one")
    if not text(told.get("title")):
        raise NotADashboard("a dashboard has a title; this is none, or not the whole file")
    if not plains(told.get("panels")) and not plains(told.get("rows")):
        raise NotADashboard(f"the dashboard {told['title']!r} has no panels")
    return told


def _list(given: object) -> Sequence[object]:
    return given if isinstance(given, list) else ()


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:NAME_MAX] or "dashboard"


def _rows(told: Mapping[str, Any], variables: Variables, report: Report) -> Iterator[Plain]:
    sections = list(_sections(told))
    if sum(len(panels) for _, panels in sections) > PANELS_MAX:
        raise NotADashboard(f"it has more than {PANELS_MAX} panels")
    for title, panels in sections:
        shown = [
            (panel, made)
            for panel in panels
            if (made := read_panel(panel, variables, report)) is not None
        ]
        for place, row in enumerate(_packed(shown)):
            yield {**({"title": title} if title and place == 0 else {}), **row}


def _sections(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield titles with their panels, of both forms that Grafana has had."""
    for row in plains(told.get("rows")):
        panels: list[Mapping[str, Any]] = [
            {**panel, "height": row.get("height")} for panel in plains(row.get("panels"))
        ]
        yield text(row.get("title")) if row.get("showTitle") else "", panels
    title, open_panels = "", list[Mapping[str, Any]]()
    for panel in sorted(plains(told.get("panels")), key=_place):
        if panel.get("type") != "row":
            open_panels.append(panel)
            continue
        yield title, open_panels
        # A row that is folded holds its panels itself, one that is open is followed by them.
        title, open_panels = (
            text(panel.get("title")),
            sorted(plains(panel.get("panels")), key=_place),
        )
    yield title, open_panels


def _place(panel: Mapping[str, Any]) -> tuple[float, float]:
    grid = plain(panel.get("gridPos"))
    return number(grid.get("y")) or 0.0, number(grid.get("x")) or 0.0


def _packed(shown: Sequence[tuple[Mapping[str, Any], Plain]]) -> Iterator[Plain]:
    """Put panels side by side as long as there is room."""
    row: list[Plain] = []
    heights: list[float] = []
    for panel, made in shown:
        width = _width(panel)
        if row and sum(each["width"] for each in row) + width > _TWELFTHS:
            yield {"height": _height(heights), "panels": row}
            row, heights = [], []
        row.append({**made, "width": width})
        heights.append(_rows_high(panel))
    if row:
        yield {"height": _height(heights), "panels": row}


def _width(panel: Mapping[str, Any]) -> int:
    columns = number(plain(panel.get("gridPos")).get("w"))
    if columns is None:
        columns = 2 * (number(panel.get("span")) or _TWELFTHS)
    return min(max(round(columns * _TWELFTHS / _COLUMNS), 1), _TWELFTHS)


def _rows_high(panel: Mapping[str, Any]) -> float:
    high = number(plain(panel.get("gridPos")).get("h"))
    if high is not None:
        return high
    digits = re.match(r"\d+", str(panel.get("height") or ""))
    return float(digits[0]) / _PIXELS_IN_ROW if digits else _NORMAL_MAX


def _height(heights: Sequence[float]) -> str:
    high = max(heights)
    return "short" if high <= _SHORT_MAX else "normal" if high <= _NORMAL_MAX else "tall"


def _annotations(told: Mapping[str, Any], variables: Variables, report: Report) -> Iterator[Plain]:
    for each in plains(plain(told.get("annotations")).get("list")):
        name, expr = text(each.get("name")) or "Annotation", text(each.get("expr"))
        if each.get("builtIn"):
            continue
        asked = fill(expr, variables)
        if not expr or slip(asked, variables):
            report.leave_out(f"the annotation {name}", "it does not come from PromQL")
            continue
        yield {"title": name, "expr": asked, "tone": tone(each.get("iconColor"))}
