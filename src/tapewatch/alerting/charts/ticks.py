"""Where the marks of an axis stand, and how they read."""

import math
from datetime import UTC, datetime
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_LARGE: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SPANS_SECONDS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10_800, 21_600, 43_200, 86_400),
)


def value_ticks(low: float, high: float, count: int) -> list[float]:
    """Choose round values from ``low`` to ``high``, about ``count`` of them."""
    rough = (high - low) / max(count, 1)
    if rough <= max(abs(low), abs(high)) * 1e-12:
        return [low]
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(each * scale for each in _STEPS if each * scale >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def time_ticks(start_ns: int, end_ns: int, count: int) -> list[int]:
    """Choose round times, about ``count`` of them."""
    seconds = (end_ns - start_ns) / 1e9
    step = next((each for each in _SPANS_SECONDS if seconds / each <= count), 86_400)
    first = -(-start_ns // (step * 1_000_000_000))
    last = end_ns // (step * 1_000_000_000)
    return [index * step * 1_000_000_000 for index in range(first, last + 1)]


def say_value(value: float) -> str:
    """Write a value shortly."""
    for scale, unit in _LARGE:
        if abs(value) >= scale:
            return f"{value / scale:.4g}{unit}"
    return f"{value:.4g}" if value else "0"


def say_time(time_ns: int, span_ns: int) -> str:
    """Write a time as exactly as the axis needs."""
    moment = datetime.fromtimestamp(time_ns / 1e9, UTC)
    if span_ns < 300 * 1_000_000_000:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%H:%M" if span_ns < 2 * 86_400 * 1_000_000_000 else "%d %b %H:%M")
