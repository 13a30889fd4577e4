"""Units, colours, thresholds and names of states, as Grafana writes them and as we do."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tapewatch.server.grafana.report import Plain, Report, number, plain, plains, text

_UNITS: Final[Mapping[str, str]] = {
    "s": "s",
    "ms": "ms",
    "µs": "us",
    "ns": "ns",
    "dtdurations": "s",
    "m": "min",
    "h": "h",
    "d": "d",
    "bytes": "bytes",
    "decbytes": "bytes",
    "decmbytes": "MB",
    "decgbytes": "GB",
    "Bps": "bytes/s",
    "binBps": "bytes/s",
    "percent": "percent",
    "percentunit": "ratio",
    "currencyUSD": "USD",
    "currencyEUR": "EUR",
    "currencyGBP": "GBP",
    "currencyJPY": "JPY",
    "reqps": "/s",
    "ops": "/s",
    "cps": "/s",
    "eps": "/s",
    "rps": "/s",
    "wps": "/s",
    "iops": "/s",
    "celsius": "°C",
    "hertz": "Hz",
    "dateTimeAsIso": "",
    "short": "",
    "none": "",
    "string": "",
    "locale": "",
}
_TONES: Final[Mapping[str, str]] = {
    "red": "bad",
    "orange": "warn",
    "yellow": "warn",
    "green": "good",
    "blue": "info",
    "purple": "info",
}
_WHOLE: Final = 100.0


def unit(fields: Mapping[str, Any], report: Report, where: str) -> str:
    """Return our word for a panel's unit."""
    told = text(fields.get("unit"))
    for mark in ("suffix:", "prefix:"):
        if told.startswith(mark):
            return told.removeprefix(mark).strip()
    if told and told not in _UNITS:
        report.leave_out(where, f"the unit {told!r}")
    return _UNITS.get(told, "")


def tone(colour: object) -> str:
    """Return the tone of a colour: ``semi-dark-red`` is bad."""
    word = text(colour).rpartition("-")[2].lower()
    return _TONES.get(word, "muted")


def thresholds(fields: Mapping[str, Any]) -> Iterator[Plain]:
    """Yield the thresholds; the first step of Grafana's has no value and is no threshold."""
    told = plain(fields.get("thresholds"))
    low, high = number(fields.get("min")) or 0.0, number(fields.get("max")) or _WHOLE
    for step in plains(told.get("steps")):
        value = number(step.get("value"))
        if value is None:
            continue
        if told.get("mode") == "percentage":
            value = low + (high - low) * value / _WHOLE
        yield {"value": value, "tone": tone(step.get("color"))}


def states(fields: Mapping[str, Any], report: Report, where: str) -> Iterator[Plain]:
    """Yield the names of single values; names of ranges and patterns are left out."""
    for mapping in plains(fields.get("mappings")):
        if mapping.get("type") != "value":
            report.leave_out(where, f"the mapping of a {text(mapping.get('type')) or 'value'}")
            continue
        for key, told in plain(mapping.get("options")).items():
            yield from _state(key, plain(told))


def _state(key: str, told: Mapping[str, Any]) -> Iterator[Plain]:
    try:
        value = float(key)
    except ValueError:
        return
    yield {"value": value, "label": text(told.get("text")) or key, "tone": tone(told.get("color"))}
