"""
How much of a window is trading time.

A promise over thirty days of an exchange holds for its sessions only: the budget is a share of
that time, and so is what a long window of a burn rate sees of it. Both are reckoned from the
calendar of one year, always the same, so that rules do not change from day to day.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Final

from tapewatch.watch.calendars.calendar import Calendar, calendar

_NS_IN_MS: Final = 1_000_000
_YEAR_NS: Final = tuple(
    round(datetime(year, 1, 5, tzinfo=UTC).timestamp()) * 1_000_000_000 for year in (2026, 2027)
)
_WEEKS_NS: Final = tuple(
    round(datetime(2026, 2, day, tzinfo=UTC).timestamp()) * 1_000_000_000 for day in (2, 14)
)
"""Two ordinary weeks, without a holiday on the larger exchanges."""


@cache
def usual_open_ms(name: str, duration_ms: int) -> int:
    """Tell how much trading time a long duration holds on average."""
    start_ns, end_ns = _YEAR_NS
    open_ns = _open_ns(calendar(name), start_ns, end_ns)
    return round(duration_ms * open_ns / (end_ns - start_ns))


@cache
def most_open_ms(name: str, duration_ms: int) -> int:
    """Tell how much trading time a window holds at most: that of one that ends with a session."""
    kept = calendar(name)
    duration_ns = duration_ms * _NS_IN_MS
    ends = [end for _, end in kept.open_spans(*_WEEKS_NS)]
    return max(_open_ns(kept, end - duration_ns, end) for end in ends) // _NS_IN_MS


def _open_ns(kept: Calendar, start_ns: int, end_ns: int) -> int:
    spans = kept.open_spans(start_ns, end_ns)
    return sum(min(end, end_ns) - max(start, start_ns) for start, end in spans)
