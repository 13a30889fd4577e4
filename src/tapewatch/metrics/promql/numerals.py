"""How Go's ``%g`` and ``%f`` write a float, for label values and messages that Prometheus makes."""

import math
from decimal import Decimal

from tapewatch.model.histograms import Histogram


def general(value: float, *, digits: int | None = None) -> str:
    """Write ``value`` as ``%g`` does: the shortest digits, or ``digits`` significant ones."""
    special = _special(value)
    if special is not None:
        return special
    if digits is not None:
        return f"{value:.{digits}g}"
    sign, numerals, power = _shortest(value)
    if -4 <= power < 6:
        return fixed(value)
    fraction = f".{numerals[1:]}" if len(numerals) > 1 else ""
    return f"{sign}{numerals[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"


def fixed(value: float) -> str:
    """Write ``value`` without an exponent, with as many digits as it takes to read it back."""
    special = _special(value)
    if special is not None:
        return special
    text = repr(value)
    return (f"{Decimal(text):f}" if "e" in text else text).removesuffix(".0")


def open_metrics(value: float) -> str:
    """Write ``value`` as a label: always with a point or an exponent (``1.0``)."""
    special = _special(value)
    if special is not None:
        return special
    text = general(value)
    return text if "." in text or "e" in text else f"{text}.0"


def describe(histogram: Histogram) -> str:
    """Write a histogram as ``count_values`` puts it into a label."""
    parts = [f"count:{general(histogram.count)}", f"sum:{general(histogram.sum)}"]
    for bucket in histogram.buckets():
        opening = "[" if bucket.lower_inclusive else "("
        closing = "]" if bucket.upper_inclusive else ")"
        bounds = f"{opening}{general(bucket.lower)},{general(bucket.upper)}{closing}"
        parts.append(f"{bounds}:{general(bucket.count)}")
    return "{" + ", ".join(parts) + "}"


def fixed_digits(value: float) -> str:
    """Write ``value`` as ``%f`` does: six digits after the point."""
    return _special(value) or f"{value:.6f}"


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return None


def _shortest(value: float) -> tuple[str, str, int]:
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    numerals = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + exponent - 1 if value else 0
    return "-" if sign else "", numerals, power
