"""
What an instrument may be called, and what it may count.

The rules are those of the readers: Prometheus' names, a unit at the end of the name, ``_total`` at
the end of a counter. They hold when an instrument is declared, so that a name that no reader takes
is found before the first order.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from tapewatch.model.labels import is_plain_label_name, is_plain_metric_name
from tapewatch.sdk.errors import BadDeclaration, DeclarationConflict
from tapewatch.sdk.region.layout import BUCKETS_PER_OCTAVE, Kind
from tapewatch.sdk.region.region import FamilyEntry

OVERFLOW: Final = "overflow"
"""The label of the one series that stands for all over the limit."""

SERIES_MAX: Final = 2000

_TIME_UNITS_NS: Final = {
    "seconds": 1e9,
    "s": 1e9,
    "milliseconds": 1e6,
    "ms": 1e6,
    "microseconds": 1e3,
    "us": 1e3,
    "nanoseconds": 1.0,
    "ns": 1.0,
}
_TIME_OCTAVES: Final = 40
"""From a nanosecond to 18 minutes."""

_OTHER_OCTAVES: Final = (-24, 40)
"""From a ten-millionth to a trillion."""

_EXPONENT_MAX: Final = 1020
_RESERVED_LABELS: Final = {"le", "quantile", OVERFLOW}
_ENDINGS: Final = {Kind.COUNTER: "_total", Kind.INFO: "_info"}


def declared(
    kind: Kind,
    name: str,
    help_text: str,
    *,
    labels: Sequence[str] = (),
    unit: str = "",
    series_max: int = SERIES_MAX,
    states: Sequence[str] = (),
    cuts: Sequence[float] = (),
    low: float | None = None,
    high: float | None = None,
    signed: bool = False,
) -> FamilyEntry:
    """Check a declaration and write it as the directory has it."""
    _check_name(kind, name, unit)
    _check_labels(name, labels)
    _check_states(kind, name, states)
    _check_cuts(name, cuts)
    if series_max < 1:
        raise BadDeclaration(name, f"may have {series_max} series", "allow at least one")
    index_low, bucket_count = (0, 0)
    if kind is Kind.HISTOGRAM:
        index_low, bucket_count = _buckets(name, unit, low, high)
    return FamilyEntry(
        kind=kind,
        name=name,
        help=help_text,
        unit=unit,
        labels=tuple(labels),
        states=tuple(states),
        cuts=tuple(float(cut) for cut in cuts),
        signed=signed,
        index_low=index_low,
        bucket_count=bucket_count,
        series_max=series_max,
    )


def refuse_conflict(first: FamilyEntry, second: FamilyEntry) -> None:
    """Refuse to give one name two meanings."""
    for field in FamilyEntry._fields:
        one, other = getattr(first, field), getattr(second, field)
        if one != other:
            raise DeclarationConflict(first.name, field, _shown(one), _shown(other))


def unit_ns(unit: str) -> float:
    """How many nanoseconds the unit has; a unit that is no time is taken for seconds."""
    return _TIME_UNITS_NS.get(unit, 1e9)


def is_time(unit: str) -> bool:
    """Whether the unit measures time."""
    return unit in _TIME_UNITS_NS


def _shown(value: Any) -> Any:
    return value.name.lower() if isinstance(value, Kind) else value


def _check_name(kind: Kind, name: str, unit: str) -> None:
    if not is_plain_metric_name(name):
        raise BadDeclaration(
            name, "is not a metric name", "use letters, digits, _ and :, and no digit at the start"
        )
    ending = _ENDINGS.get(kind, "")
    if not name.endswith(ending):
        noun = kind.name.lower()
        raise BadDeclaration(name, f"does not end in {ending}", f"call the {noun} {name}{ending}")
    stem = name.removesuffix(ending)
    if unit and not stem.endswith(f"_{unit}"):
        right = f"{stem}_{unit}{ending}"
        raise BadDeclaration(name, f"does not end in its unit {unit}", f"call it {right}")


def _check_labels(name: str, labels: Sequence[str]) -> None:
    if isinstance(labels, str):
        raise BadDeclaration(name, f"has the labels {labels!r}", f'write them as ("{labels}",)')
    for label in labels:
        if not is_plain_label_name(label) or label.startswith("__"):
            raise BadDeclaration(
                name,
                f"has the label {label!r}",
                "use letters, digits and _, no digit at the start and no __ either",
            )
        if label in _RESERVED_LABELS:
            raise BadDeclaration(
                name, f"has the label {label!r}", "readers give that one a meaning, take another"
            )
    if len(set(labels)) < len(labels):
        raise BadDeclaration(name, f"has the labels {tuple(labels)!r}", "name each of them once")


def _check_states(kind: Kind, name: str, states: Sequence[str]) -> None:
    if kind is Kind.STATE and (len(states) < 2 or len(set(states)) < len(states)):
        raise BadDeclaration(
            name, f"has the states {tuple(states)!r}", "name two or more, each of them once"
        )


def _check_cuts(name: str, cuts: Sequence[float]) -> None:
    finite = all(math.isfinite(cut) for cut in cuts)
    if not finite or any(low >= high for low, high in pairwise(cuts)):
        raise BadDeclaration(
            name,
            f"has the cuts {tuple(cuts)!r}",
            "they must be finite and rise; +Inf comes by itself",
        )


def _buckets(name: str, unit: str, low: float | None, high: float | None) -> tuple[int, int]:
    first, last = _octaves(unit)
    first = first if low is None else _octave(name, low, math.floor)
    last = last if high is None else _octave(name, high, math.ceil)
    if first >= last:
        raise BadDeclaration(
            name, f"counts from {low} to {high}", "the upper bound must lie above the lower one"
        )
    return first * BUCKETS_PER_OCTAVE + 1, (last - first) * BUCKETS_PER_OCTAVE


def _octaves(unit: str) -> tuple[int, int]:
    if not is_time(unit):
        return _OTHER_OCTAVES
    first = math.floor(-math.log2(unit_ns(unit)))
    return first, first + _TIME_OCTAVES


def _octave(name: str, bound: float, rounded: Any) -> int:
    if not 0 < bound < math.inf or abs(math.log2(bound)) > _EXPONENT_MAX:
        raise BadDeclaration(
            name, f"has the bound {bound}", "bounds are above zero; signed=True counts below it"
        )
    return int(rounded(math.log2(bound)))
