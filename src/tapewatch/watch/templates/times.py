"""Times and durations as templates show them: Go's methods, layouts and text forms."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from tapewatch.watch.errors import TemplateMisuse

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS: Final = 1_000_000_000
ZERO_NS: Final = -62_135_596_800 * _NS
"""The first moment of the year 1, Go's time that is not set."""

_LAYOUT = re.compile(
    r"2006|January|Monday|Jan|Mon|MST|Z07:00|Z0700|-07:00|-0700|-07|002|15|"
    r"01|02|03|04|05|06|_2|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5"
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time, in nanoseconds."""

    ns: int

    def seconds(self) -> float:
        """Return the span in seconds."""
        return self.ns / 1e9

    def minutes(self) -> float:
        """Return the span in minutes."""
        return self.ns / 60e9

    def hours(self) -> float:
        """Return the span in hours."""
        return self.ns / 3600e9

    def milliseconds(self) -> int:
        """Return the whole milliseconds."""
        return int(self.ns / 1_000_000)

    def string(self) -> str:
        """Return the text form."""
        return str(self)

    def __bool__(self) -> bool:
        return self.ns != 0

    def __str__(self) -> str:
        sign, ns = ("-", -self.ns) if self.ns < 0 else ("", self.ns)
        if ns < _NS:
            return sign + _below_a_second(ns)
        whole, fraction = divmod(ns, _NS)
        minutes, seconds = divmod(whole, 60)
        hours, minutes = divmod(minutes, 60)
        digits = f".{fraction:09d}".rstrip("0").rstrip(".")
        head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{head}{seconds}{digits}s"


_SMALL_UNITS: Final = (("ms", 1_000_000), ("µs", 1_000), ("ns", 1))


def _below_a_second(ns: int) -> str:
    if ns == 0:
        return "0s"
    unit, unit_ns = next(each for each in _SMALL_UNITS if ns >= each[1])
    whole, rest = divmod(ns, unit_ns)
    width = len(str(unit_ns)) - 1
    fraction = f".{rest:0{width}d}".rstrip("0").rstrip(".") if width else ""
    return f"{whole}{fraction}{unit}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, in nanoseconds since the epoch, seen in a zone."""

    ns: int
    zone: tzinfo = UTC

    def format(self, layout: str) -> str:
        """Write the time by a layout of Go."""
        return _LAYOUT.sub(lambda match: self._part(match[0]), layout)

    def unix(self) -> int:
        """Return the seconds since the epoch."""
        return self.ns // _NS

    def unix_milli(self) -> int:
        """Return the milliseconds since the epoch."""
        return self.ns // 1_000_000

    def unix_nano(self) -> int:
        """Return the nanoseconds since the epoch."""
        return self.ns

    def utc(self) -> "Moment":
        """Return the same time in UTC."""
        return Moment(self.ns)

    def local(self) -> "Moment":
        """Return the same time in UTC, which is a server's zone."""
        return Moment(self.ns)

    def to_zone(self, name: str) -> "Moment":
        """Return the same time in another zone."""
        return Moment(self.ns, zone_of(name))

    def add(self, span: Duration) -> "Moment":
        """Return the time a span later."""
        return Moment(self.ns + span.ns, self.zone)

    def sub(self, other: "Moment") -> Duration:
        """Return the span since another time."""
        return Duration(self.ns - other.ns)

    def before(self, other: "Moment") -> bool:
        """Say whether the time is before another."""
        return self.ns < other.ns

    def after(self, other: "Moment") -> bool:
        """Say whether the time is after another."""
        return self.ns > other.ns

    def equal(self, other: "Moment") -> bool:
        """Say whether two times are the same, whatever their zones."""
        return self.ns == other.ns

    def is_zero(self) -> bool:
        """Say whether the time is not set."""
        return self.ns == ZERO_NS

    def year(self) -> int:
        """Return the year."""
        return self._civil().year

    def month(self) -> str:
        """Return the name of the month."""
        return self._civil().strftime("%B")

    def day(self) -> int:
        """Return the day of the month."""
        return self._civil().day

    def hour(self) -> int:
        """Return the hour."""
        return self._civil().hour

    def minute(self) -> int:
        """Return the minute."""
        return self._civil().minute

    def second(self) -> int:
        """Return the second."""
        return self._civil().second

    def weekday(self) -> str:
        """Return the name of the day of the week."""
        return self._civil().strftime("%A")

    def string(self) -> str:
        """Return the text form."""
        return str(self)

    def __str__(self) -> str:
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def _civil(self) -> datetime:
        try:
            return (_EPOCH + timedelta(seconds=self.ns // _NS)).astimezone(self.zone)
        except OverflowError:
            raise TemplateMisuse(f"{self.ns} ns lie outside of the years 1 to 9999") from None

    def _part(self, token: str) -> str:
        civil = self._civil()
        if token[0] in ".,":
            return self._fraction(token)
        if token in _OFFSET_FORMS:
            return self._offset(civil, token)
        if token == "MST":  # noqa: S105  # a zone's name in Go's layouts
            return civil.tzname() or "UTC"
        return _CIVIL[token](civil)

    def _fraction(self, token: str) -> str:
        digits = f"{self.ns % _NS:09d}"[: len(token) - 1]
        if token[1] == "9":
            digits = digits.rstrip("0")
            return f"{token[0]}{digits}" if digits else ""
        return f"{token[0]}{digits}"

    def _offset(self, civil: datetime, token: str) -> str:
        offset = civil.utcoffset() or timedelta(0)
        if token[0] == "Z" and not offset:
            return "Z"
        minutes = int(offset.total_seconds()) // 60
        sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
        hour, minute = f"{minutes // 60:02d}", f"{minutes % 60:02d}"
        return sign + hour + _OFFSET_FORMS[token].format(minute)


_OFFSET_FORMS: Final = {
    "Z07:00": ":{}",
    "Z0700": "{}",
    "-07:00": ":{}",
    "-0700": "{}",
    "-07": "",
}
_CIVIL: Final[dict[str, Callable[[datetime], str]]] = {
    "2006": lambda at: f"{at.year:04d}",
    "06": lambda at: f"{at.year % 100:02d}",
    "January": lambda at: at.strftime("%B"),
    "Jan": lambda at: at.strftime("%b"),
    "01": lambda at: f"{at.month:02d}",
    "1": lambda at: str(at.month),
    "Monday": lambda at: at.strftime("%A"),
    "Mon": lambda at: at.strftime("%a"),
    "02": lambda at: f"{at.day:02d}",
    "_2": lambda at: f"{at.day:2d}",
    "2": lambda at: str(at.day),
    "002": lambda at: at.strftime("%j"),
    "15": lambda at: f"{at.hour:02d}",
    "03": lambda at: f"{(at.hour + 11) % 12 + 1:02d}",
    "3": lambda at: str((at.hour + 11) % 12 + 1),
    "04": lambda at: f"{at.minute:02d}",
    "4": lambda at: str(at.minute),
    "05": lambda at: f"{at.second:02d}",
    "5": lambda at: str(at.second),
    "PM": lambda at: "PM" if at.hour >= 12 else "AM",
    "pm": lambda at: "pm" if at.hour >= 12 else "am",
}


def zone_of(name: str) -> tzinfo:
    """Return a zone by its name in the IANA data."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise TemplateMisuse(f"unknown time zone {name}") from None
