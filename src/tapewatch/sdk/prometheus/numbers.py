"""Numbers as prometheus_client writes them, so that texts and ``le`` labels are the same."""

import math
from typing import Final

_DIGITS_MAX: Final = 6


def number_text(value: float) -> str:
    """Write a number: ``1.0``, ``0.005``, ``1e+06``, ``+Inf``."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    shortest = repr(value)
    whole, point, rest = shortest.partition(".")
    if value > 0 and point and len(whole) > _DIGITS_MAX:
        digits = f"{whole[0]}.{whole[1:]}{rest}".rstrip("0.")
        return f"{digits}e+{len(whole) - 1:02d}"
    return shortest
