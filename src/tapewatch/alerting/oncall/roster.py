"""
The roster: who is on call, by turns or a calendar, with covers laid over them.

The last cover that was made wins where two overlap. Covers of the API outlive the process; those of
the configuration are read with it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import Entry, Happening, History
from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.errors import BadCalendar, BadCover, NotKnown
from tapewatch.alerting.oncall.calendar import Event, read_calendar
from tapewatch.alerting.oncall.rotation import Rotation
from tapewatch.alerting.oncall.settings import OnCallSettings, ScheduleSettings
from tapewatch.alerting.oncall.shift import Cover, Shift
from tapewatch.model.durations import format_time_ns, parse_time_ns

LOOK_AHEAD_NS: Final = 90 * 86_400 * 1_000_000_000
KEPT_NS: Final = LOOK_AHEAD_NS
"""How long covers that are over stay known, for reports."""


class Roster:
    """All schedules."""

    def __init__(self, settings: OnCallSettings, book: Book, new_id: Callable[[], str]) -> None:
        self._history = History(book)
        self._kept = Kept(book, "cover")
        self._new_id = new_id
        self._covers = [Cover(**told) for _, told in self._kept.load()]
        self.changed: list[Callable[[], None]] = []
        """Who wants to know that somebody stands in, or does not any more."""
        self.last_error: str | None = None
        self.use(settings)

    def use(self, settings: OnCallSettings) -> None:
        """Take other schedules; a calendar that cannot be read is told in ``last_error``."""
        self.settings = settings
        self.last_error = None
        self._calendars = {
            name: self._calendar_of(schedule)
            for name, schedule in settings.schedules.items()
            if schedule.calendar_file is not None
        }

    def schedules(self) -> Sequence[str]:
        """Name the schedules."""
        return sorted(self.settings.schedules)

    def on_call(self, schedule: str, at_ns: int) -> Shift | None:
        """Say who is on call at a time; None is nobody. Raises ``NotKnown``."""
        return next(iter(self.shifts(schedule, at_ns, at_ns + 1)), None)

    def next(self, schedule: str, at_ns: int) -> Shift | None:
        """Say whose shift comes after the one at a time, if it is another person's."""
        now = self.on_call(schedule, at_ns)
        for shift in self.shifts(schedule, at_ns, at_ns + LOOK_AHEAD_NS):
            if shift.starts_ns > at_ns and (now is None or shift.person != now.person):
                return shift
        return None

    def shifts(self, schedule: str, since_ns: int, until_ns: int) -> list[Shift]:
        """Give the shifts that touch a range, in order, with covers laid over turns."""
        settings = self._settings(schedule)
        found = list(self._turns(schedule, settings, since_ns, until_ns))
        for cover in self.covers(schedule):
            if cover.starts_ns < until_ns and cover.ends_ns > since_ns:
                laid = Shift(cover.person, cover.starts_ns, cover.ends_ns, cover=True)
                found = [*(part for each in found for part in _around(each, laid)), laid]
        touching = [each for each in found if each.starts_ns < until_ns and each.ends_ns > since_ns]
        return _joined(sorted(touching, key=lambda each: each.starts_ns))

    def covers(self, schedule: str) -> list[Cover]:
        """Give the covers of a schedule, those of the configuration first."""
        declared = [
            Cover("", schedule, each.person, parse_time_ns(each.from_), parse_time_ns(each.to))
            for each in self._settings(schedule).cover
        ]
        return [*declared, *(each for each in self._covers if each.schedule == schedule)]

    def cover(
        self, schedule: str, person: str, starts_ns: int, ends_ns: int, *, by: str, now_ns: int
    ) -> Cover:
        """Let somebody stand in; raises ``NotKnown`` and ``BadCover``."""
        self._settings(schedule)
        if starts_ns >= ends_ns:
            raise BadCover(f"{format_time_ns(ends_ns)} is not after {format_time_ns(starts_ns)}")
        if self.settings.people and person not in self.settings.people:
            known = ", ".join(sorted(self.settings.people))
            raise BadCover(f"there is no person {person!r}; people are {known}")
        made = Cover(self._new_id(), schedule, person, starts_ns, ends_ns, by)
        self._covers.append(made)
        self._kept.keep(made.id, made.as_dict())
        times = f"from {format_time_ns(starts_ns)} to {format_time_ns(ends_ns)}"
        self._note(Happening.COVER_MADE, made, f"{person} covers {schedule} {times}", by, now_ns)
        return made

    def uncover(self, cover_id: str, *, by: str, now_ns: int) -> None:
        """Take a cover back; raises ``NotKnown``."""
        found = next((each for each in self._covers if each.id == cover_id), None)
        if found is None:
            raise NotKnown("cover", cover_id)
        self._covers.remove(found)
        self._kept.drop(cover_id)
        words = f"{found.person} does not cover {found.schedule}"
        self._note(Happening.COVER_ENDED, found, words, by, now_ns)

    def forget(self, now_ns: int) -> None:
        """Let go of covers that ended long ago."""
        for cover in [each for each in self._covers if each.ends_ns < now_ns - KEPT_NS]:
            self._covers.remove(cover)
            self._kept.drop(cover.id)

    def receiver_of(self, person: str) -> str:
        """Give the receiver that reaches somebody, empty where there is none."""
        known = self.settings.people.get(person)
        return known.receiver if known is not None else ""

    def _settings(self, schedule: str) -> ScheduleSettings:
        if schedule not in self.settings.schedules:
            raise NotKnown("schedule", schedule)
        return self.settings.schedules[schedule]

    def _turns(
        self, name: str, settings: ScheduleSettings, since_ns: int, until_ns: int
    ) -> Iterator[Shift]:
        if not settings.people:
            yield from _of_events(self._calendars.get(name, []), since_ns, until_ns)
            return
        rotation = Rotation(
            settings.people,
            starts_ns=parse_time_ns(settings.starts),
            turn_ms=settings.turn,
            time_zone=settings.time_zone,
        )
        yield from rotation.shifts(since_ns, until_ns)

    def _calendar_of(self, schedule: ScheduleSettings) -> list[Event]:
        assert schedule.calendar_file is not None
        try:
            return read_calendar(schedule.calendar_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, BadCalendar) as fault:
            self.last_error = f"{schedule.calendar_file}: {fault}"
            return []

    def _note(self, kind: Happening, cover: Cover, words: str, by: str, now_ns: int) -> None:
        entry = Entry(now_ns, kind, receiver=f"schedule/{cover.schedule}", by=by, told=words)
        self._history.note(entry)
        for each in self.changed:
            each()


def _of_events(events: Sequence[Event], since_ns: int, until_ns: int) -> list[Shift]:
    """Lay the events of a calendar over each other; the one that begins last wins."""
    shifts = [shift for each in events for shift in each.shifts(since_ns, until_ns)]
    found: list[Shift] = []
    for laid in sorted(shifts, key=lambda each: each.starts_ns):
        found = [*(part for each in found for part in _around(each, laid)), laid]
    return found


def _around(shift: Shift, laid: Shift) -> Iterator[Shift]:
    """Yield what is left of a shift beside one that is laid over it."""
    for part in (
        shift.within(shift.starts_ns, laid.starts_ns),
        shift.within(laid.ends_ns, shift.ends_ns),
    ):
        if part.starts_ns < part.ends_ns:
            yield part


def _joined(shifts: list[Shift]) -> list[Shift]:
    """Join what one person does without a gap."""
    joined: list[Shift] = []
    for shift in shifts:
        last = joined[-1] if joined else None
        if last is not None and (last.person, last.ends_ns) == (shift.person, shift.starts_ns):
            both = last.cover and shift.cover
            joined[-1] = Shift(last.person, last.starts_ns, shift.ends_ns, both)
        else:
            joined.append(shift)
    return joined
