"""
Times and durations as people give them to a question.

A time is ``now``, an offset from it (``-1h30m``, ``now-5m``), RFC 3339, seconds since 1970, or a
``datetime``. A duration is ``1h30m``, a number of seconds, or a ``timedelta``.
"""

from datetime import datetime, timedelta
from typing import Final

from tapewatch.model.durations import parse_duration_ms, parse_time_ms
from tapewatch.model.errors import BadText

Moment = str | float | datetime
Duration = str | float | timedelta

POINTS_WANTED: Final = 250
_NICE_MS: Final = (
    *(1_000, 2_000, 5_000, 10_000, 15_000, 30_000),
    *(60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000),
    *(3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000),
)


def read_moment_ms(moment: Moment, now_ms: int) -> int:
    """Read a time as milliseconds since 1970; one without a zone is local, as Python has it."""
    if isinstance(moment, datetime):
        return round(moment.timestamp() * 1000)
    if not isinstance(moment, str):
        return round(moment * 1000)
    text = moment.strip()
    offset = text.removeprefix("now")
    if not offset:
        return now_ms
    if offset[0] in "+-" and not _is_number(offset):
        return now_ms + _signed_ms(offset, text)
    return parse_time_ms(text)


def read_duration_ms(duration: Duration) -> int:
    """Read a duration as milliseconds; raises ``BadText`` where it is not longer than nothing."""
    if isinstance(duration, timedelta):
        length_ms = round(duration.total_seconds() * 1000)
    elif isinstance(duration, str):
        length_ms = _text_ms(duration.strip())
    else:
        length_ms = round(duration * 1000)
    if length_ms <= 0:
        raise BadText("duration", str(duration), "it has to be longer than 0")
    return length_ms


def choose_step_ms(length_ms: int, points: int = POINTS_WANTED) -> int:
    """Choose a round step that cuts a range into about ``points`` pieces, a second at the least."""
    wanted_ms = length_ms / points
    for nice_ms in _NICE_MS:
        if nice_ms >= wanted_ms:
            return nice_ms
    day_ms = _NICE_MS[-1]
    return -int(-wanted_ms // day_ms) * day_ms


def _signed_ms(offset: str, text: str) -> int:
    try:
        length_ms = parse_duration_ms(offset[1:].strip())
    except BadText:
        remedy = (
            "write now, -1h, now-5m, RFC 3339 as in 2026-01-31T09:30:00Z, or seconds since 1970"
        )
        raise BadText("time", text, remedy) from None
    return -length_ms if offset[0] == "-" else length_ms


def _text_ms(text: str) -> int:
    return round(float(text) * 1000) if _is_number(text) else parse_duration_ms(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
