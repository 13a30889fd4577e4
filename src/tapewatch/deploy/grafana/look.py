"""How a kind of panel and a unit look in Grafana."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Plain = dict[str, Any]

UNITS: Final[Mapping[str, str]] = {
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "µs",
    "nanoseconds": "ns",
    "minutes": "m",
    "days": "d",
    "timestamp": "none",
    "bytes": "bytes",
    "megabytes": "decmbytes",
    "ratio": "percentunit",
    "percent": "percent",
    "basis_points": "suffix: bps",
    "usd": "currencyUSD",
    "eur": "currencyEUR",
    "per_second": "cps",
    "celsius": "celsius",
    "flag": "none",
    "count": "short",
    "none": "short",
}
"""Grafana's names of our units."""

GREEN, AMBER, RED = "green", "orange", "red"
_TALL: Final = 9
_LOW: Final = 5
_LEGEND: Final[Plain] = {
    "displayMode": "table",
    "placement": "bottom",
    "showLegend": True,
    "calcs": ["lastNotNull", "max"],
}
_ONE_VALUE: Final[Plain] = {"reduceOptions": {"calcs": ["lastNotNull"], "values": False}}
_UP_OR_DOWN: Final[list[Plain]] = [
    {
        "type": "value",
        "options": {
            "0": {"text": "down", "color": RED, "index": 0},
            "1": {"text": "ok", "color": GREEN, "index": 1},
        },
    }
]


@dataclass(frozen=True, slots=True)
class Look:
    """What a kind of panel becomes: the plugin, its height, its options and its fields."""

    plugin: str
    height: int = _TALL
    instant: bool = False
    """Whether the newest value is all that is shown."""
    options: Plain = field(default_factory=dict)
    custom: Plain = field(default_factory=dict)
    defaults: Plain = field(default_factory=dict)


def _lines(**custom: Any) -> Look:
    options = {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}}
    return Look("timeseries", options=options, custom={"showPoints": "never", **custom})


LOOKS: Final[Mapping[str, Look]] = {
    "lines": _lines(lineWidth=1, fillOpacity=5),
    "area": _lines(fillOpacity=30, stacking={"mode": "normal", "group": "A"}),
    "bars": _lines(drawStyle="bars", fillOpacity=60, stacking={"mode": "normal", "group": "A"}),
    "number": Look("stat", _LOW, options={**_ONE_VALUE, "graphMode": "area", "colorMode": "value"}),
    "gauge": Look("gauge", _LOW, True, {**_ONE_VALUE, "showThresholdLabels": False}),
    "status": Look(
        "stat",
        _LOW,
        True,
        {**_ONE_VALUE, "graphMode": "none", "colorMode": "background", "textMode": "auto"},
        defaults={"mappings": _UP_OR_DOWN},
    ),
    "objective": Look("stat", _LOW, True, {**_ONE_VALUE, "graphMode": "area"}),
    "table": Look("table", _TALL, True, {"showHeader": True, "cellHeight": "sm"}),
    "heatmap": Look(
        "heatmap",
        options={
            "calculate": False,
            "color": {"mode": "scheme", "scheme": "Viridis", "steps": 64},
            "cellGap": 0,
            "yAxis": {"axisPlacement": "left"},
            "tooltip": {"mode": "single", "yHistogram": True},
        },
    ),
    "logs": Look(
        "logs",
        options={
            "showTime": True,
            "wrapLogMessage": True,
            "enableLogDetails": True,
            "sortOrder": "Descending",
            "dedupStrategy": "none",
        },
    ),
    "text": Look("text", _LOW, options={"mode": "markdown"}),
    "alerts": Look(
        "alertlist",
        _LOW,
        options={"alertName": "", "maxItems": 20, "viewMode": "list", "sortOrder": 1},
    ),
}
PLUGINS: Final = frozenset(look.plugin for look in LOOKS.values()) | {"row"}
