"""
Time intervals: when a route speaks, when it is mute, and when a silence recurs.

An interval has Alertmanager's parts (times, weekdays, days of the month, months, years, a zone),
and ours: the sessions of a trading calendar. All parts that are given must hold; a part holds
where one of its ranges does.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tapewatch.alerting.errors import BadInterval
from tapewatch.document.fields import option
from tapewatch.document.nodes import Node, Scalar
from tapewatch.document.reading import Reader
from tapewatch.watch.calendars.calendar import calendar
from tapewatch.watch.errors import UnknownCalendar

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


class Calendar(Protocol):
    """The sessions of a market, as ``watch.calendars`` knows them."""

    def is_open(self, at_ns: int) -> bool:
        """Say whether the market trades."""
        ...


Calendars = Callable[[str], Calendar]
"""Finds a calendar by its name; raises ``TapewatchError`` where there is none."""


def _scalar(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers from ``first`` to ``last``, both included."""

    first: int
    last: int

    def holds(self, number: int) -> bool:
        """Say whether a number lies inside."""
        return self.first <= number <= self.last

    @classmethod
    def parse(cls, text: str) -> "Range":
        """Read ``3`` or ``1:5``."""
        first, colon, last = text.lower().strip().partition(":")
        return cls._checked(text, cls.number(first), cls.number(last) if colon else None)

    @classmethod
    def number(cls, text: str) -> int:
        """Read one end."""
        try:
            return int(text.strip())
        except ValueError:
            raise BadInterval(text, "is not a whole number") from None

    @classmethod
    def _checked(cls, text: str, first: int, last: int | None) -> "Range":
        made = cls(first, first if last is None else last)
        made.check(text)
        return made

    def check(self, text: str) -> None:
        """Raise where the range cannot be meant."""
        if self.first > self.last:
            raise BadInterval(text, "ends before it begins")

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read a range of a document."""
        try:
            return cls.parse(_scalar(node))
        except BadInterval as fault:
            return reader.fault(node, path, str(fault))

    def to_plain(self) -> str:
        """Write the range as it stands in a document."""
        first, last = self.word(self.first), self.word(self.last)
        return first if first == last else f"{first}:{last}"

    @classmethod
    def word(cls, number: int) -> str:
        """Write one end."""
        return str(number)

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe a range in JSON Schema."""
        return {"type": ["string", "integer"]}


class Years(Range):
    """A range of years."""

    __slots__ = ()


class Weekdays(Range):
    """A range of days of the week; Sunday is 0."""

    __slots__ = ()

    @classmethod
    def number(cls, text: str) -> int:
        if text.strip() not in WEEKDAYS:
            raise BadInterval(text, f"is not one of {', '.join(WEEKDAYS)}")
        return WEEKDAYS.index(text.strip())

    @classmethod
    def word(cls, number: int) -> str:
        return WEEKDAYS[number]


class Months(Range):
    """A range of months, by name or number."""

    __slots__ = ()

    @classmethod
    def number(cls, text: str) -> int:
        if text.strip() in MONTHS:
            return MONTHS.index(text.strip()) + 1
        return Range.number(text)

    @classmethod
    def word(cls, number: int) -> str:
        return MONTHS[number - 1]

    def check(self, text: str) -> None:
        if not (1 <= self.first <= 12 and 1 <= self.last <= 12):
            raise BadInterval(text, "is no month from 1 to 12")
        Range.check(self, text)


class MonthDays(Range):
    """A range of days of the month; negative ones count from its end, -1 is the last day."""

    __slots__ = ()

    def check(self, text: str) -> None:
        for end in (self.first, self.last):
            if end == 0 or not -31 <= end <= 31:
                raise BadInterval(text, f"has {end}, which is no day of a month")
        if self.first < 0 < self.last:
            raise BadInterval(text, "must end with a negative day where it begins with one")
        # Which day a negative one is depends on the month; the shortest has 28.
        first, last = (28 + end if end < 0 else end for end in (self.first, self.last))
        if first > last:
            raise BadInterval(text, "ends before it begins")

    def holds_in(self, day: int, days: int) -> bool:
        """Say whether a day of a month with so many days lies inside."""
        first, last = (days + end + 1 if end < 0 else end for end in (self.first, self.last))
        return first <= day <= min(last, days)


@dataclass(frozen=True, slots=True)
class Times:
    """Minutes of a day, the last one excluded."""

    start_minute: int
    end_minute: int

    def holds(self, minute: int) -> bool:
        """Say whether a minute of the day lies inside."""
        return self.start_minute <= minute < self.end_minute

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read ``start_time`` and ``end_time`` of a document."""
        given = reader.read(node, _TimesText, path)
        if not isinstance(given, _TimesText):
            return given
        try:
            made = cls(_minute(given.start_time), _minute(given.end_time))
        except BadInterval as fault:
            return reader.fault(node, path, str(fault))
        if made.start_minute >= made.end_minute:
            return reader.fault(node, path, "start_time must be before end_time")
        return made

    def to_plain(self) -> dict[str, str]:
        """Write the times as they stand in a document."""
        ends = {"start_time": self.start_minute, "end_time": self.end_minute}
        return {name: f"{end // 60:02}:{end % 60:02}" for name, end in ends.items()}

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe the times in JSON Schema."""
        ends = {name: {"type": "string"} for name in ("start_time", "end_time")}
        return {"type": "object", "properties": ends}


@dataclass(frozen=True, slots=True)
class _TimesText:
    start_time: str = option("When it begins, as HH:MM.")
    end_time: str = option("When it is over, as HH:MM; 24:00 is the end of the day.")


def _minute(text: str) -> int:
    if not _CLOCK.fullmatch(text):
        raise BadInterval(text, "is not a time of day: write HH:MM")
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by its IANA name."""

    name: str
    info: ZoneInfo

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read a zone of a document."""
        name = _scalar(node)
        try:
            return cls(name, ZoneInfo("UTC" if name in ("", "Local") else name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return reader.fault(node, path, f"{name!r} is no time zone: write Europe/London")

    def to_plain(self) -> str:
        """Write the zone's name."""
        return self.name

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe a zone in JSON Schema."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A set of times; every part that is given must hold."""

    times: tuple[Times, ...] = option("Times of the day.", default=())
    weekdays: tuple[Weekdays, ...] = option("Days of the week, as monday:friday.", default=())
    days_of_month: tuple[MonthDays, ...] = option(
        "Days of the month; negative ones count from its end.", default=()
    )
    months: tuple[Months, ...] = option("Months, by name or number.", default=())
    years: tuple[Years, ...] = option("Years.", default=())
    location: Zone | None = option("The time zone that the rest is meant in.", default=None)
    calendar: str = option("A trading calendar, as XNYS.", default="")
    session: Literal["open", "closed"] = option(
        "Whether the calendar's market must be open or closed.", default="open"
    )

    def faults(self) -> Iterable[tuple[str, str]]:
        """Check the calendar's name."""
        if self.calendar:
            try:
                calendar(self.calendar)
            except UnknownCalendar as fault:
                yield "calendar", str(fault)

    def contains(self, at_ns: int, calendars: Calendars) -> bool:
        """Say whether a time lies inside."""
        zone = self.location.info if self.location else UTC
        moment = datetime.fromtimestamp(at_ns // 1_000_000_000, zone)
        return (
            _any(self.times, moment.hour * 60 + moment.minute)
            and self._holds_day(moment)
            and _any(self.months, moment.month)
            and _any(self.weekdays, moment.isoweekday() % 7)
            and _any(self.years, moment.year)
            and self._holds_session(at_ns, calendars)
        )

    def _holds_day(self, moment: datetime) -> bool:
        if not self.days_of_month:
            return True
        following = datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1)  # noqa: DTZ001  # a date, counted on
        days = (following - datetime(moment.year, moment.month, 1)).days  # noqa: DTZ001  # a date, counted on
        return any(each.holds_in(moment.day, days) for each in self.days_of_month)

    def _holds_session(self, at_ns: int, calendars: Calendars) -> bool:
        if not self.calendar:
            return True
        return calendars(self.calendar).is_open(at_ns) is (self.session == "open")


def _any(ranges: Iterable[Range | Times], number: int) -> bool:
    given = False
    for each in ranges:
        given = True
        if each.holds(number):
            return True
    return not given


@dataclass(frozen=True, slots=True)
class NamedIntervals:
    """Intervals under a name; a time lies inside where it lies in one of them."""

    name: str = option("What routes call it.")
    time_intervals: tuple[TimeInterval, ...] = option("The intervals.", default=())

    def faults(self) -> Iterable[tuple[str, str]]:
        """Check the name."""
        if not self.name:
            yield "name", "a time interval needs a name"

    def contains(self, at_ns: int, calendars: Calendars) -> bool:
        """Say whether a time lies inside."""
        return any(each.contains(at_ns, calendars) for each in self.time_intervals)
