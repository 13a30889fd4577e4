"""
Units: what a number of a metric counts, told by the metric's name where it is told at all.

The unit of ``order_latency_us`` is microseconds because its name says so; a pack writes ``unit``
only where the name does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tapewatch.model.numbers import format_float_go


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: how it is written after a number, and how many seconds one of it is, if any."""

    name: str
    symbol: str
    seconds: float = 0.0


UNITS: Final[Mapping[str, Unit]] = {
    unit.name: unit
    for unit in (
        Unit("seconds", " s", 1.0),
        Unit("milliseconds", " ms", 1e-3),
        Unit("microseconds", " µs", 1e-6),
        Unit("nanoseconds", " ns", 1e-9),
        Unit("minutes", " min", 60.0),
        Unit("days", " d", 86_400.0),
        Unit("timestamp", ""),
        Unit("bytes", " B"),
        Unit("megabytes", " MB"),
        Unit("ratio", ""),
        Unit("percent", "%"),
        Unit("basis_points", " bps"),
        Unit("usd", " USD"),
        Unit("eur", " EUR"),
        Unit("per_second", "/s"),
        Unit("celsius", " °C"),
        Unit("flag", ""),
        Unit("count", ""),
        Unit("none", ""),
    )
}

_BY_SUFFIX: Final[Mapping[str, str]] = {
    "timestamp_seconds": "timestamp",
    "timestamp": "timestamp",
    "seconds": "seconds",
    "milliseconds": "milliseconds",
    "microseconds": "microseconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "bytes": "bytes",
    "mb": "megabytes",
    "ratio": "ratio",
    "rate": "ratio",
    "percent": "percent",
    "bps": "basis_points",
    "usd": "usd",
    "eur": "eur",
    "celsius": "celsius",
    "status": "flag",
    "available": "flag",
    "up": "flag",
    "info": "flag",
}


def unit_of_name(name: str) -> str:
    """Tell the unit from the end of a metric's name; what counts things has the unit ``count``."""
    stem = name.removesuffix("_total")
    for suffix, unit in _BY_SUFFIX.items():
        if stem == suffix or stem.endswith(f"_{suffix}"):
            return unit
    return "count"


def convert_seconds(seconds: float, unit: str) -> float:
    """Turn seconds into ``unit``, which must be one of time."""
    return round(seconds / UNITS[unit].seconds, 9)


def with_unit(value: float, unit: str) -> str:
    """Write a number for people."""
    if unit == "ratio":
        return f"{format_float_go(round(value * 100, 6))}%"
    return f"{format_float_go(value)}{UNITS[unit].symbol}"
