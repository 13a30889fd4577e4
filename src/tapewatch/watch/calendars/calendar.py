"""When an exchange is open: now, next, and between two times."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.reading import read_file
from tapewatch.watch.calendars.sheet import Hours, Sheet
from tapewatch.watch.errors import UnknownCalendar

DATA: Final = Path(__file__).parent / "data"
LOOKED_AHEAD_DAYS: Final = 40
"""Nothing that is traded stays closed, or open, longer than this and changes then."""

_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; several spans have breaks between them."""

    day: date
    spans_ns: tuple[tuple[int, int], ...]

    @property
    def opens_ns(self) -> int:
        """When the session begins."""
        return self.spans_ns[0][0]

    @property
    def closes_ns(self) -> int:
        """When the session is over."""
        return self.spans_ns[-1][1]


class Calendar:
    """One trading calendar; a time of opening belongs to it, a time of closing does not."""

    def __init__(self, sheet: Sheet) -> None:
        self.name = sheet.name
        self.title = sheet.title
        self.aliases = sheet.aliases
        self.zone = ZoneInfo(sheet.zone)
        self.first, self.last = sheet.first, sheet.last
        self._since = [week.since for week in sheet.weeks]
        self._weeks = [week.days for week in sheet.weeks]
        self._closed = frozenset(sheet.closed)
        self._special = {date.fromisoformat(day): each for day, each in sheet.special.items()}
        self._spans = lru_cache(maxsize=64)(self._spans_of)

    def is_open(self, at_ns: int) -> bool:
        """Say whether there is trading."""
        return any(opens <= at_ns < closes for opens, closes in self._around(at_ns))

    def is_holiday(self, at_ns: int) -> bool:
        """Say whether the day has no session although its weekday usually has one."""
        return self._day(at_ns) in self._closed

    def is_half_day(self, at_ns: int) -> bool:
        """Say whether the session of the day has other hours than usual."""
        return self._day(at_ns) in self._special

    def knows(self, at_ns: int) -> bool:
        """Say whether the holidays of that time are known; beyond that only the week counts."""
        day = self._day(at_ns)
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def next_change(self, at_ns: int) -> int | None:
        """Return when the calendar opens or closes next; None where it never does."""
        until_ns = at_ns + LOOKED_AHEAD_DAYS * 86_400 * _NS
        for opens, closes in self.open_spans(at_ns, until_ns):
            if opens > at_ns:
                return opens
            if at_ns < closes < until_ns:
                return closes
        return None

    def open_spans(self, start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
        """Yield the times of trading that touch a range, joined where they meet, cut at its end."""
        joined: tuple[int, int] | None = None
        for session in self._sessions(start_ns, end_ns):
            for opens, closes in session.spans_ns:
                if joined is not None and opens <= joined[1]:
                    joined = joined[0], max(closes, joined[1])
                    continue
                if joined is not None and joined[1] > start_ns:
                    yield joined[0], min(joined[1], end_ns)
                joined = opens, closes
        if joined is not None and joined[1] > start_ns and joined[0] < end_ns:
            yield joined[0], min(joined[1], end_ns)

    def sessions(self, start_ns: int, end_ns: int) -> Iterator[Session]:
        """Yield the sessions that touch a range."""
        for session in self._sessions(start_ns, end_ns):
            if session.opens_ns < end_ns and session.closes_ns > start_ns:
                yield session

    def _sessions(self, start_ns: int, end_ns: int) -> Iterator[Session]:
        # A session may begin on the evening before its day, and end on the day after.
        day, last = self._day(start_ns) - timedelta(1), self._day(end_ns) + timedelta(1)
        while day <= last:
            spans = self._spans(day)
            if spans:
                yield Session(day, spans)
            day += timedelta(1)

    def _around(self, at_ns: int) -> Iterator[tuple[int, int]]:
        day = self._day(at_ns)
        for each in (day - timedelta(1), day, day + timedelta(1)):
            yield from self._spans(each)

    def _spans_of(self, day: date) -> tuple[tuple[int, int], ...]:
        return tuple(
            (self._wall_ns(day, opens), self._wall_ns(day, closes))
            for opens, closes in self._hours(day)
        )

    def _hours(self, day: date) -> Hours:
        if day in self._closed:
            return ()
        if day in self._special:
            return self._special[day]
        week = bisect_right(self._since, day) - 1
        return self._weeks[max(week, 0)][day.weekday()]

    def _wall_ns(self, day: date, minutes: int) -> int:
        days, minutes = divmod(minutes, 1440)
        clock = time(minutes // 60, minutes % 60)
        wall = datetime.combine(day + timedelta(days), clock, self.zone)
        return round((wall - _EPOCH).total_seconds()) * _NS

    def _day(self, at_ns: int) -> date:
        return (_EPOCH + timedelta(seconds=at_ns // _NS)).astimezone(self.zone).date()


@cache
def calendar(name: str) -> Calendar:
    """Return a calendar by its name or an alias."""
    sheet = _sheets().get(name)
    if sheet is None:
        raise UnknownCalendar(name, calendar_names())
    return Calendar(sheet)


def calendar_names() -> tuple[str, ...]:
    """Return the names of all calendars, sorted."""
    return tuple(sorted({sheet.name for sheet in _sheets().values()}))


def check_calendars(names: Sequence[str]) -> None:
    """Raise ``DocumentError`` for names that are no calendar."""
    faults = []
    for position, name in enumerate(names):
        try:
            calendar(name)
        except UnknownCalendar as fault:
            faults.append(Fault("settings", 0, f"watch.calendars[{position}]", str(fault)))
    if faults:
        raise DocumentError(faults)


@cache
def _sheets() -> dict[str, Sheet]:
    sheets = [read_file(path, Sheet) for path in sorted(DATA.glob("*.yaml"))]
    return {name: sheet for sheet in sheets for name in (*sheet.aliases, sheet.name)}
