"""
Durations and times as people and protocols write them.

Durations are whole milliseconds in Prometheus' form (``1h30m``, ``250ms``, ``2w``). Times are
milliseconds or nanoseconds since the Unix epoch; texts are RFC 3339 or seconds with a fraction.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from tapewatch.model.errors import BadText

UNITS_MS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}

_DURATION = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in UNITS_MS))
_DURATION_MAX_MS: Final = (2**63 - 1) // 1_000_000
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9})[0-9]*)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration_ms(text: str) -> int:
    """Read ``1h30m`` (units from large to small, each once) or ``0`` as milliseconds."""
    if text == "0":
        return 0
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        remedy = "write numbers with the units y w d h m s ms, largest first, as in 1h30m"
        raise BadText("duration", text, remedy)
    amounts = zip(match.groups(), UNITS_MS.values(), strict=True)
    total = sum(int(amount) * unit for amount, unit in amounts if amount is not None)
    if total > _DURATION_MAX_MS:
        raise BadText("duration", text, "it is longer than 292 years")
    return total


def format_duration_ms(duration_ms: int) -> str:
    """Write milliseconds as Prometheus prints a duration; ``parse_duration_ms`` reads it back."""
    if duration_ms == 0:
        return "0s"
    sign, rest = ("-", -duration_ms) if duration_ms < 0 else ("", duration_ms)
    parts = []
    for unit, unit_ms in UNITS_MS.items():
        # Years, weeks and days are only used where nothing smaller is left over.
        if unit in ("y", "w", "d") and rest % unit_ms:
            continue
        amount, rest = divmod(rest, unit_ms)
        if amount:
            parts.append(f"{amount}{unit}")
    return sign + "".join(parts)


def parse_time_ns(text: str) -> int:
    """Read RFC 3339, or seconds since the epoch with an optional fraction, as nanoseconds."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return _seconds_ns(text)
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper()}")
    except ValueError as fault:
        raise BadText("time", text, str(fault)) from None
    since = moment - _EPOCH
    whole = since.days * 86_400 + since.seconds
    return whole * 1_000_000_000 + int((fraction or "").ljust(9, "0"))


def parse_time_ms(text: str) -> int:
    """Read a time as ``parse_time_ns`` does, rounded to the nearest millisecond."""
    return (parse_time_ns(text) + 500_000) // 1_000_000


def format_time_ns(time_ns: int) -> str:
    """Write nanoseconds since the epoch as RFC 3339 in UTC, without trailing zeros."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{rest:09d}".rstrip("0")
    return f"{moment}.{fraction}Z" if fraction else f"{moment}Z"


def format_time_ms(time_ms: int) -> str:
    """Write milliseconds since the epoch as RFC 3339 in UTC."""
    return format_time_ns(time_ms * 1_000_000)


def _seconds_ns(text: str) -> int:
    try:
        seconds = Decimal(text)
    except InvalidOperation:
        remedy = "write RFC 3339 as in 2026-01-31T09:30:00Z, or seconds since 1970"
        raise BadText("time", text, remedy) from None
    if not seconds.is_finite() or abs(seconds) > Decimal(2**63 // 1_000_000_000):
        raise BadText("time", text, "it lies outside of the years 1678 to 2262")
    return int((seconds * 1_000_000_000).to_integral_value())
