"""
OpenTelemetry's names as Prometheus' names.

A strategy says whether letters beyond ``[a-zA-Z0-9_:]`` become underscores, and whether unit and
type are told by suffixes (``_seconds``, ``_total``, ``_ratio``).
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

UNITS: Final = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
RATES: Final = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}

_NO_METRIC_LETTER = re.compile(r"[^a-zA-Z0-9:]+")
_NO_PLAIN_LETTER = re.compile(r"[^a-zA-Z0-9:_]+")
_NO_LABEL_LETTER = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class NameRules:
    """What a strategy does."""

    escapes: bool
    suffixes: bool


class Strategy(Enum):
    """The four strategies, by the names that Prometheus' configuration gives them."""

    UnderscoreEscapingWithSuffixes = NameRules(escapes=True, suffixes=True)
    UnderscoreEscapingWithoutSuffixes = NameRules(escapes=True, suffixes=False)
    NoUTF8EscapingWithSuffixes = NameRules(escapes=False, suffixes=True)
    NoTranslation = NameRules(escapes=False, suffixes=False)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What of a metric its name depends on."""

    name: str
    unit: str = ""
    counter: bool = False
    gauge: bool = False


@lru_cache(maxsize=16384)
def metric_name(instrument: Instrument, strategy: Strategy) -> str:
    """Name a metric; empty where nothing but underscores would be left."""
    rules = strategy.value
    if not rules.escapes:
        return _suffixed(instrument) if rules.suffixes else instrument.name
    if rules.suffixes:
        name = _digit_safe("_".join(_words(instrument)))
    else:
        name = _digit_safe("_".join(filter(None, _NO_PLAIN_LETTER.split(instrument.name))))
    return name if name == instrument.name or name.strip("_") else ""


@lru_cache(maxsize=16384)
def label_name(attribute: str, strategy: Strategy) -> str:
    """Name a label; empty where nothing but underscores would be left."""
    if not attribute or not strategy.value.escapes:
        return attribute
    name = _NO_LABEL_LETTER.sub("_", attribute)
    if name[0].isdigit():
        name = f"key_{name}"
    elif name.startswith("_") and not name.startswith("__"):
        name = f"key{name}"
    return name if name == attribute or name.strip("_") else ""


def unit_name(unit: str, strategy: Strategy) -> str:
    """Name a unit for the metadata, as in ``bytes_per_second``."""
    parts = [_clean(part) if strategy.value.escapes else part for part in _unit_parts(unit)]
    return "_".join(filter(None, parts)).removeprefix("_").removesuffix("_")


def _words(instrument: Instrument) -> list[str]:
    words = [word for word in _NO_METRIC_LETTER.split(instrument.name) if word]
    unit, rate = (_clean(part) for part in _unit_parts(instrument.unit))
    unit = "" if unit in words else unit
    rate = "" if rate == "per_" else rate.removesuffix("_")
    rate = "" if rate in words else rate
    unit = unit.removesuffix("_") if rate else unit
    words += [word for word in (unit, rate) if word]
    if instrument.counter:
        words = [*(word for word in words if word != "total"), "total"]
    if instrument.unit == "1" and instrument.gauge:
        words = [*(word for word in words if word != "ratio"), "ratio"]
    return words


def _suffixed(instrument: Instrument) -> str:
    # Suffixes that the name already ends with are taken off first, the outermost first.
    name, endings = instrument.name, []
    if instrument.unit == "1" and instrument.gauge:
        name, endings = _without(name, "ratio"), ["ratio"]
    if instrument.counter:
        name, endings = _without(name, "total"), ["total", *endings]
    unit, rate = _unit_parts(instrument.unit)
    if rate:
        name, endings = _without(name, rate), [rate, *endings]
    if unit and not name.endswith(unit):
        endings = [unit, *endings]
    return "_".join([name, *endings])


def _without(name: str, suffix: str) -> str:
    # The letter before the suffix is taken for a separator, whatever it is.
    if name.endswith(suffix) and len(name) > len(suffix) + 1:
        return name[: -len(suffix) - 1]
    return name


def _unit_parts(unit: str) -> tuple[str, str]:
    main, _, rate = (part.strip() for part in unit.partition("/"))
    # Braces hold remarks, such as {orders}, and no units.
    main = "" if "{" in main or "}" in main else UNITS.get(main, main)
    rate = "" if "{" in rate or "}" in rate else RATES.get(rate, rate)
    return main, f"per_{rate}" if rate else ""


def _clean(unit: str) -> str:
    return _NO_METRIC_LETTER.sub("_", unit).removeprefix("_")


def _digit_safe(name: str) -> str:
    return f"_{name}" if name[:1].isdigit() else name
