"""The files of calendars: what is usual in a week, since when, and which days differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tapewatch.document.fields import option
from tapewatch.document.types import TextForm
from tapewatch.model.errors import BadText

Span = tuple[int, int]
"""Opening and closing, in minutes of the wall clock from the midnight that a day begins with."""

Hours = tuple[Span, ...]
"""The spans of one session; there is a break between two."""

_SPAN = re.compile(r"(~?)([0-9]{2}):([0-9]{2})-(~?)([0-9]{2}):([0-9]{2})")


def parse_hours(text: str) -> Hours:
    """Read ``09:00-11:30, 12:30-15:00``; ``~07:00`` is seven hours before midnight."""
    spans = []
    for each in text.split(","):
        match = _SPAN.fullmatch(each.strip())
        if match is None:
            raise BadText("span of hours", each.strip(), "write it as 09:30-16:00")
        opens, closes = _minutes(*match.groups()[:3]), _minutes(*match.groups()[3:])
        if opens >= closes:
            raise BadText("span of hours", each.strip(), "it must open before it closes")
        spans.append((opens, closes))
    return tuple(spans)


def format_hours(hours: Hours) -> str:
    """Write hours as ``parse_hours`` reads them."""
    return ", ".join(f"{_wall(opens)}-{_wall(closes)}" for opens, closes in hours)


def _minutes(before: str | None, hour: str | None, minute: str | None) -> int:
    minutes = int(hour or 0) * 60 + int(minute or 0)
    return -minutes if before else minutes


def _wall(minutes: int) -> str:
    sign = "~" if minutes < 0 else ""
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


HOURS: Final = TextForm("hours such as 09:30-16:00", parse_hours, format_hours)
DAY: Final = TextForm("a day such as 2026-12-24", date.fromisoformat, str)

HoursText = Annotated[Hours, HOURS]
Day = Annotated[date, DAY]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What is usual from some day on; weekdays that are left out have no session."""

    since: Day = option("The first day.")
    mon: HoursText = option("Monday.", default=())
    tue: HoursText = option("Tuesday.", default=())
    wed: HoursText = option("Wednesday.", default=())
    thu: HoursText = option("Thursday.", default=())
    fri: HoursText = option("Friday.", default=())
    sat: HoursText = option("Saturday.", default=())
    sun: HoursText = option("Sunday.", default=())

    @property
    def days(self) -> tuple[Hours, ...]:
        """The hours of every weekday, Monday first."""
        return self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One calendar as written."""

    name: str = option("The code of the exchange (ISO 10383), or a word.")
    title: str = option("What people call it.")
    zone: str = option("The time zone of its hours.")
    aliases: tuple[str, ...] = option("Other names.", default=())
    first: Day | None = option("The first day whose holidays are known.", default=None)
    last: Day | None = option("The last day whose holidays are known.", default=None)
    weeks: tuple[Week, ...] = option("What is usual, the oldest first.")
    closed: tuple[Day, ...] = option("Days without their usual session.", default=())
    special: dict[str, HoursText] = option("Days with other hours.", default_factory=dict)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the zone, the order of the weeks and the days."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield "zone", f"{self.zone!r} is not a time zone such as America/New_York"
        if list(self.weeks) != sorted(self.weeks, key=lambda week: week.since) or not self.weeks:
            yield "weeks", "must have one, and begin with the oldest"
        for day in self.special:
            try:
                date.fromisoformat(day)
            except ValueError:
                yield f"special.{day}", f"{day!r} is not a day such as 2026-12-24"
