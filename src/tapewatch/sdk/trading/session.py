"""
Whether a venue trades now, by a small table.

    session = Session(
        "XNYS",
        {"mon-fri": "04:00 pre, 09:30 open, 16:00 post, 20:00 closed"},
        timezone="America/New_York",
        exceptions={"2026-12-25": "00:00 closed", "2026-11-27": "09:30 open, 13:00 closed"},
    )
    if session.state == "open": ...

A state lasts until the next change, over midnight and over days without one, so a market that is
open through the week needs two lines. A day among the exceptions has their changes alone.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from time import time_ns
from typing import Final

from tapewatch.sdk import events
from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics

CLOSED: Final = "closed"
HALTED: Final = "halted"
STATES: Final = metrics.SESSION_STATE.told.states

ALWAYS_OPEN: Final[Mapping[str, str]] = {"mon-sun": "00:00 open"}
FOREX_WEEK: Final[Mapping[str, str]] = {"sun": "17:00 open", "fri": "17:00 closed"}
"""In New York's time."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BACK_DAYS: Final = 8
_AHEAD_DAYS: Final = 15
_SECOND_NS: Final = 1_000_000_000
_NEVER_NS: Final = 1 << 62

Change = tuple[time, str]


class Session:
    """
    The trading day of one venue.

    Reading ``state`` costs two comparisons between changes. The region holds what was last read,
    and when it changes next: a reader that is past that time knows that nobody has looked.
    """

    def __init__(
        self,
        venue: str,
        hours: Mapping[str, str],
        *,
        timezone: str = "UTC",
        exceptions: Mapping[str, str] | None = None,
        now_ns: Callable[[], int] = time_ns,
        registry: Registry | None = None,
    ) -> None:
        self.venue = venue
        self._week = _week(venue, hours)
        self._exceptions = {
            _day(venue, day): _changes(venue, text) for day, text in (exceptions or {}).items()
        }
        self._zone = _zone(venue, timezone)
        self._now_ns = now_ns
        self._from_ns = self._until_ns = 0
        self._state = CLOSED
        self._halted = False
        self._cell = metrics.SESSION_STATE.of(registry).bind(venue=venue)
        self._next = metrics.SESSION_NEXT.of(registry).bind(venue=venue)
        self._moved = events.declare("{venue} is {state}: {why}", target="session")
        self.tell()

    @property
    def state(self) -> str:
        """The state now: closed, pre, open, post or halted."""
        now_ns = self._now_ns()
        if not self._from_ns <= now_ns < self._until_ns:
            self._look(now_ns)
        return HALTED if self._halted else self._state

    @property
    def is_open(self) -> bool:
        """Whether orders can trade now."""
        return self.state == "open"

    @property
    def next_change_ns(self) -> int:
        """When the calendar changes the state next; 0 where it never does."""
        now_ns = self._now_ns()
        if not self._from_ns <= now_ns < self._until_ns:
            self._look(now_ns)
        return 0 if self._until_ns == _NEVER_NS else self._until_ns

    def halt(self, why: str) -> None:
        """Say that the venue halted, whatever the calendar says."""
        self._halted = True
        self._cell.set(HALTED)
        events.push(self._moved, self.venue, HALTED, str(why))

    def resume(self, why: str) -> None:
        """Say that the halt is over."""
        self._halted = False
        self.tell()
        events.push(self._moved, self.venue, self._state, str(why))

    def tell(self) -> None:
        """Write the state of now; call it from a timer where nobody else reads ``state``."""
        self._look(self._now_ns())

    def _look(self, now_ns: int) -> None:
        # A state begins with the last change before now, wherever that was told.
        state, began_ns, until_ns = CLOSED, 0, _NEVER_NS
        for at_ns, changed in self._around(now_ns):
            if at_ns <= now_ns:
                if changed != state:
                    state, began_ns = changed, at_ns
            elif changed != state:
                until_ns = at_ns
                break
        self._state, self._from_ns, self._until_ns = state, began_ns, until_ns
        self._cell.set(HALTED if self._halted else state)
        self._next.set(0 if until_ns == _NEVER_NS else until_ns / _SECOND_NS)

    def _around(self, now_ns: int) -> Iterator[tuple[int, str]]:
        today = datetime.fromtimestamp(now_ns / _SECOND_NS, self._zone).date()
        for offset in range(-_BACK_DAYS, _AHEAD_DAYS):
            day = today + timedelta(days=offset)
            for at, state in self._exceptions.get(day, self._week[day.weekday()]):
                moment = datetime.combine(day, at, self._zone)
                yield round(moment.timestamp() * _SECOND_NS), state


def _week(venue: str, hours: Mapping[str, str]) -> list[tuple[Change, ...]]:
    week: list[tuple[Change, ...]] = [()] * len(_DAYS)
    for days, text in hours.items():
        first, _, last = days.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise BadDeclaration(venue, f"trades on {days!r}", "write days as mon, or mon-fri")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        if end < begin:
            raise BadDeclaration(venue, f"trades on {days!r}", "write mon-fri, monday first")
        for number in range(begin, end + 1):
            week[number] = _changes(venue, text)
    return week


def _changes(venue: str, text: str) -> tuple[Change, ...]:
    changes = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        clock, _, state = part.partition(" ")
        if state not in STATES:
            remedy = f"write a time and one of {', '.join(STATES)}, as in 09:30 open"
            raise BadDeclaration(venue, f"has the change {part!r}", remedy)
        changes.append((_clock(venue, clock), state))
    if changes != sorted(changes, key=lambda change: change[0]):
        raise BadDeclaration(venue, f"has the changes {text!r}", "write them in order of time")
    return tuple(changes)


def _clock(venue: str, text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadDeclaration(venue, f"has the time {text!r}", "write it as 09:30") from None


def _day(venue: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        remedy = "write it as 2026-12-25"
        raise BadDeclaration(venue, f"has an exception on {text!r}", remedy) from None


def _zone(venue: str, name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        remedy = "take a name of the IANA database, such as America/New_York"
        raise BadDeclaration(venue, f"has the time zone {name!r}", remedy) from None
