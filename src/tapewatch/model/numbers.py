"""Numbers as Prometheus' text formats and API write and read them."""

import math
import re
from decimal import Decimal
from typing import Final

from tapewatch.model.errors import BadText

STALE_BITS: Final = 0x7FF0_0000_0000_0002

_GO_INTEGER = re.compile(r"[+-]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)")
_GO_FLOAT = re.compile(r"[+-]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][+-]?[0-9]+)?")
_SPECIAL: Final = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "-inf": -math.inf,
    "infinity": math.inf,
    "+infinity": math.inf,
    "-infinity": -math.inf,
}


def format_float(value: float) -> str:
    """Write ``value`` as the Prometheus API does: shortest digits, ``e`` from 1e21, below 1e-6."""
    return _format(value, exponent_below=1e-6)


def format_float_go(value: float) -> str:
    """Write ``value`` in the shortest digits, with an exponent from 1e21 and below 1e-4 alone."""
    return _format(value, exponent_below=1e-4)


def parse_float(text: str) -> float:
    """Read a number as Go's ``strconv.ParseFloat`` does, with ``0x`` integers and ``_`` as well."""
    special = _SPECIAL.get(text.lower())
    if special is not None:
        return special
    if _GO_FLOAT.fullmatch(text) and not text.lower().lstrip("+-").startswith("0x"):
        return float(text.replace("_", ""))
    if _GO_INTEGER.fullmatch(text):
        return float(int(text.replace("_", ""), 0))
    try:
        return float.fromhex(text) if "x" in text.lower() else _refuse(text)
    except ValueError:
        return _refuse(text)


def _refuse(text: str) -> float:
    raise BadText("number", text, "write it as 12, 1.5e-3, 0x1f, +Inf, -Inf or NaN")


def _format(value: float, *, exponent_below: float) -> str:
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    shortest = repr(value)
    magnitude = abs(value)
    if magnitude and not exponent_below <= magnitude < 1e21:
        return _scientific(shortest)
    return _positional(shortest) if "e" in shortest else shortest.removesuffix(".0")


def _positional(shortest: str) -> str:
    return f"{Decimal(shortest):f}"


def _scientific(shortest: str) -> str:
    sign, digits, exponent = Decimal(shortest).normalize().as_tuple()
    assert isinstance(exponent, int)
    first, rest = digits[0], "".join(map(str, digits[1:]))
    power = exponent + len(digits) - 1
    fraction = f".{rest}" if rest else ""
    return f"{'-' if sign else ''}{first}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
