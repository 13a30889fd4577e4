"""The bound of a latency objective, in the unit of its metric."""

from tapewatch.catalog.objective import Objective
from tapewatch.catalog.units import UNITS, convert_seconds
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.model.numbers import parse_float

_SMALL = {"us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def bound_of(objective: Objective, unit: str) -> float:
    """Read ``below``: a duration is turned into ``unit``, a number stands as it is."""
    text = objective.below
    try:
        return parse_float(text)
    except BadText:
        seconds = _seconds(text)
    if not UNITS[unit].seconds:
        raise BadText("bound", text, f"the metric counts {unit}, so write a number")
    return convert_seconds(seconds, unit)


def _seconds(text: str) -> float:
    for suffix, seconds in _SMALL.items():
        if text.endswith(suffix):
            return parse_float(text.removesuffix(suffix)) * seconds
    return parse_duration_ms(text) / 1000
