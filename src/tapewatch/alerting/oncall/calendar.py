"""
iCalendar files (RFC 5545): who is on call by the events of a calendar, and ours for others.

Taken are events with a start and an end or a duration, in UTC, in a named zone or of whole days;
``RRULE`` by day, week, month or year with ``INTERVAL``, ``COUNT``, ``UNTIL`` and (by week)
``BYDAY``; ``EXDATE``; and changed single events (``RECURRENCE-ID``). A rule that says more is
refused with its line, because a person who is on call at another time than we think is worse.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tapewatch.alerting.errors import BadCalendar
from tapewatch.alerting.oncall.shift import Shift
from tapewatch.version import VERSION

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PARTS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"})
OCCURRENCES_MAX: Final = 100_000
LINE_OCTETS: Final = 75
SECOND_NS: Final = 1_000_000_000

_LINE: Final = re.compile(
    r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,[^;:]*)?)*):(.*)'
)
_DURATION: Final = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_TIME: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")


@dataclass(frozen=True, slots=True)
class _Property:
    line: int
    name: str
    parameters: dict[str, str]
    value: str


@dataclass(slots=True)
class _Rule:
    frequency: str
    interval: int = 1
    count: int = 0
    until: datetime | None = None
    days: tuple[int, ...] = ()
    week_starts: int = 0


@dataclass(slots=True)
class Event:
    """One event, and when it comes again."""

    uid: str
    person: str
    starts: datetime
    """With its zone; repetitions keep the clock on the wall."""
    lasts: timedelta
    rule: _Rule | None = None
    left_out: set[datetime] = field(default_factory=set)
    changes: datetime | None = None
    """The occurrence of the same event that this one takes the place of."""

    def shifts(self, since_ns: int, until_ns: int) -> Iterator[Shift]:
        """Yield what touches a range."""
        for start in self._starts(until_ns):
            if start in self.left_out:
                continue
            starts_ns = _ns(start)
            ends_ns = _ns(start + self.lasts)
            if ends_ns > since_ns and starts_ns < until_ns:
                yield Shift(self.person, starts_ns, ends_ns)

    def _starts(self, until_ns: int) -> Iterator[datetime]:
        if self.rule is None:
            yield self.starts
            return
        for number, start in enumerate(_repeated(self.starts, self.rule)):
            rule = self.rule
            over = rule.until is not None and _ns(start) > _ns(rule.until)
            if over or (rule.count and number >= rule.count) or _ns(start) >= until_ns:
                return
            if number >= OCCURRENCES_MAX:
                return
            yield start


def read_calendar(text: str) -> list[Event]:
    """Read the events of a calendar; raises ``BadCalendar`` with the line."""
    events: list[Event] = []
    inside: list[_Property] | None = None
    depth: list[str] = []
    for each in _properties(text):
        if each.name == "BEGIN":
            depth.append(each.value.upper())
            if depth[-1] == "VEVENT":
                inside = []
        elif each.name == "END":
            if not depth or depth.pop() != each.value.upper():
                raise BadCalendar(each.line, f"END:{each.value} ends nothing that was begun")
            if each.value.upper() == "VEVENT" and inside is not None:
                events.append(_event(inside, each.line))
                inside = None
        elif inside is not None and depth[-1] == "VEVENT":
            inside.append(each)
    if depth:
        raise BadCalendar(text.count("\n") + 1, f"{depth[-1]} is not ended")
    return _with_changes(events)


def write_calendar(name: str, shifts: Sequence[Shift], *, now_ns: int) -> str:
    """Write shifts as a calendar."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//tapewatch//{VERSION}//EN",
        f"X-WR-CALNAME:{_escape(name)}",
    ]
    for shift in shifts:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escape(name)}-{shift.starts_ns}-{_escape(shift.person)}@tapewatch",
            f"DTSTAMP:{_stamp(now_ns)}",
            f"DTSTART:{_stamp(shift.starts_ns)}",
            f"DTEND:{_stamp(shift.ends_ns)}",
            f"SUMMARY:{_escape(shift.person)}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _properties(text: str) -> Iterator[_Property]:
    for line, content in _unfolded(text):
        match = _LINE.fullmatch(content)
        if match is None:
            raise BadCalendar(line, f"{content[:60]!r} is not NAME:VALUE")
        name, parameters, value = match.groups()
        pairs = dict(each.partition("=")[::2] for each in parameters.split(";") if each)
        told = {key.upper(): text.strip('"') for key, text in pairs.items()}
        yield _Property(line, name.upper(), told, value)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield whole lines; a line that begins with a blank goes on with the one before."""
    begun, whole = 0, ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t"):
            whole += line[1:]
            continue
        if whole:
            yield begun, whole
        begun, whole = number, line
    if whole:
        yield begun, whole


def _event(properties: Sequence[_Property], line: int) -> Event:
    known = {each.name: each for each in properties}
    for name in ("SUMMARY", "DTSTART"):
        if name not in known:
            raise BadCalendar(line, f"the event has no {name}")
    starts, whole_day = _moment(known["DTSTART"])
    left_out = {
        moment
        for each in properties
        if each.name == "EXDATE"
        for value in each.value.split(",")
        for moment, _ in [_moment(replace(each, value=value))]
    }
    return Event(
        uid=known["UID"].value if "UID" in known else f"line {line}",
        person=_unescape(known["SUMMARY"].value).strip(),
        starts=starts,
        lasts=_lasting(known, starts, line, whole_day=whole_day),
        rule=_rule(known["RRULE"], starts) if "RRULE" in known else None,
        left_out=left_out,
        changes=_moment(known["RECURRENCE-ID"])[0] if "RECURRENCE-ID" in known else None,
    )


def _lasting(
    known: dict[str, _Property], starts: datetime, line: int, *, whole_day: bool
) -> timedelta:
    if "DTEND" in known:
        ends, _ = _moment(known["DTEND"])
        # By the clocks on the wall where both are of one zone, so a repeated day stays a day.
        same = ends.tzinfo == starts.tzinfo
        lasts = ends.replace(tzinfo=None) - starts.replace(tzinfo=None) if same else ends - starts
    elif "DURATION" in known:
        lasts = _duration(known["DURATION"])
    else:
        lasts = timedelta(days=1) if whole_day else timedelta()
    if lasts <= timedelta():
        raise BadCalendar(line, "the event ends before it begins")
    return lasts


def _duration(told: _Property) -> timedelta:
    match = _DURATION.fullmatch(told.value)
    if match is None:
        raise BadCalendar(told.line, f"{told.value!r} is not a duration, as in PT12H")
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _moment(told: _Property) -> tuple[datetime, bool]:
    """Read a time; says also whether it is a whole day."""
    match = _TIME.fullmatch(told.value.strip())
    if match is None:
        raise BadCalendar(told.line, f"{told.value!r} is not a time, as in 20260105T090000Z")
    day, clock, utc = match.groups()
    try:
        moment = datetime.strptime(day + (clock or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007  # the zone comes next
    except ValueError:
        raise BadCalendar(told.line, f"{told.value!r} is no day of any year") from None
    zone: tzinfo = UTC if utc else _zone(told)
    return moment.replace(tzinfo=zone), clock is None


def _zone(told: _Property) -> tzinfo:
    name = told.parameters.get("TZID", "")
    if not name:
        return UTC
    try:
        return ZoneInfo(name.lstrip("/"))
    except (ZoneInfoNotFoundError, ValueError):
        words = f"{name!r} is not a time zone that is known here, as in Europe/Zurich"
        raise BadCalendar(told.line, words) from None


def _rule(told: _Property, starts: datetime) -> _Rule:
    parts = dict(each.partition("=")[::2] for each in told.value.upper().split(";") if each)
    frequency = parts.get("FREQ", "")
    unknown = sorted(parts.keys() - PARTS)
    if unknown:
        raise BadCalendar(told.line, f"RRULE says {unknown[0]}, which is not understood here")
    if frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise BadCalendar(told.line, f"FREQ={frequency} is not DAILY, WEEKLY, MONTHLY or YEARLY")
    days = tuple(parts["BYDAY"].split(",")) if "BYDAY" in parts else ()
    if days and (frequency not in ("DAILY", "WEEKLY") or not set(days) <= set(DAYS)):
        raise BadCalendar(told.line, f"BYDAY={parts['BYDAY']} is not understood with {frequency}")
    try:
        interval, count = int(parts.get("INTERVAL", 1)), int(parts.get("COUNT", 0))
        first_day = DAYS.index(parts.get("WKST", "MO"))
    except ValueError:
        raise BadCalendar(told.line, f"{told.value!r} is no rule") from None
    if interval < 1 or count < 0:
        raise BadCalendar(told.line, f"{told.value!r} comes never")
    until = None
    if "UNTIL" in parts:
        until, whole_day = _moment(replace(told, value=parts["UNTIL"]))
        if whole_day:
            until = until.replace(tzinfo=starts.tzinfo) + timedelta(days=1, seconds=-1)
    chosen = tuple(sorted(DAYS.index(each) for each in days))
    return _Rule(frequency, interval, count, until, chosen, first_day)


def _repeated(starts: datetime, rule: _Rule) -> Iterator[datetime]:
    """Yield the times of a rule by the clocks on the wall, without end."""
    if rule.frequency == "WEEKLY" and rule.days:
        yield from _by_week(starts, rule)
        return
    number = 0
    while True:
        moment = _moved(starts, rule, number)
        number += 1
        if moment is None or (rule.days and moment.weekday() not in rule.days):
            if number > OCCURRENCES_MAX:
                return
            continue
        yield moment


def _moved(starts: datetime, rule: _Rule, number: int) -> datetime | None:
    """Give the time so many intervals later; None where that month has no such day."""
    steps = number * rule.interval
    try:
        if rule.frequency == "DAILY":
            return starts + timedelta(days=steps)
        if rule.frequency == "WEEKLY":
            return starts + timedelta(weeks=steps)
        months = steps if rule.frequency == "MONTHLY" else 12 * steps
        year, month = divmod(starts.year * 12 + starts.month - 1 + months, 12)
        return starts.replace(year=year, month=month + 1)
    except (ValueError, OverflowError):
        return None


def _by_week(starts: datetime, rule: _Rule) -> Iterator[datetime]:
    since_first = (starts.weekday() - rule.week_starts) % 7
    week = starts - timedelta(days=since_first)
    order = sorted((day - rule.week_starts) % 7 for day in rule.days)
    while True:
        for days in order:
            moment = week + timedelta(days=days)
            if moment >= starts:
                yield moment
        try:
            week += timedelta(weeks=rule.interval)
        except OverflowError:
            return


def _with_changes(events: Sequence[Event]) -> list[Event]:
    """Leave out of a repeated event what a single one takes the place of."""
    whole = {each.uid: each for each in events if each.changes is None}
    for each in events:
        if each.changes is not None and each.uid in whole:
            whole[each.uid].left_out.add(each.changes)
    return list(events)


def _ns(moment: datetime) -> int:
    return round(moment.timestamp()) * SECOND_NS


def _stamp(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).strftime("%Y%m%dT%H%M%SZ")


def _folded(line: str) -> Iterator[str]:
    """Fold a line at 75 octets, never inside of a letter."""
    part, size, room = "", 0, LINE_OCTETS
    for letter in line:
        width = len(letter.encode())
        if size + width > room:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + width
    yield part


def _escape(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], text)
