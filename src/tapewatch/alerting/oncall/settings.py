"""The ``on_call:`` section: people, schedules, and who is told next when nobody answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tapewatch.alerting.configuration import MatcherTexts
from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs, FilePath
from tapewatch.model.durations import parse_time_ns
from tapewatch.model.errors import BadText

WEEK_MS: Final = 7 * 86_400_000
Faults = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSettings:
    """Somebody who can be on call."""

    receiver: str = option("The receiver that reaches this person.", default="")
    title: str = option("Their name for people; the key otherwise.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverSettings:
    """Somebody stands in for whoever's turn it is."""

    person: str = option("Who is on call.")
    from_: str = option("From when, as in 2026-01-05T09:00:00Z.", key="from")
    to: str = option("Until when.")

    def faults(self) -> Faults:
        """Check the times."""
        times = {}
        for name, text in (("from", self.from_), ("to", self.to)):
            try:
                times[name] = parse_time_ns(text)
            except BadText as fault:
                yield name, str(fault)
        if len(times) == 2 and times["from"] >= times["to"]:
            yield "to", f"{self.to} is not after {self.from_}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """People who take turns, or a calendar that says who is on call."""

    people: tuple[str, ...] = option("Who takes turns, in order.", default=())
    title: str = option("Its name for people; the key otherwise.", default="")
    turn: DurationMs = option("How long one turn is.", default=WEEK_MS, low=3_600_000)
    starts: str = option("When the first turn began.", default="2026-01-05T09:00:00Z")
    time_zone: str = option("The zone by whose clocks turns change.", default="UTC")
    cover: tuple[CoverSettings, ...] = option("Exceptions to the turns.", default=())
    calendar_file: FilePath | None = option(
        "An iCalendar file whose events say who is on call, instead of turns.", default=None
    )
    hand_over: str = option("The receiver that is told when the turn changes.", default="")

    def faults(self) -> Faults:
        """Check that somebody is on call, the start and the zone."""
        if not self.people and self.calendar_file is None:
            yield "people", "nobody is on call: name at least one person, or a calendar_file"
        if self.people and self.calendar_file is not None:
            yield "calendar_file", "excludes people: the calendar says who is on call"
        try:
            parse_time_ns(self.starts)
        except BadText as fault:
            yield "starts", str(fault)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield "time_zone", f"{self.time_zone!r} is not a time zone, as in Europe/Zurich"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """Who is told when nobody has answered for so long."""

    after: DurationMs = option("How long nobody has answered.")
    receivers: tuple[str, ...] = option("The receivers that are told.", default=())
    schedule: str = option("The schedule whose person on call is told.", default="")
    turn: Literal["now", "next"] = option(
        "Whose turn it is in that schedule, or the person after.", default="now"
    )

    def faults(self) -> Faults:
        """Check that the step leads to somebody."""
        if not (self.receivers or self.schedule):
            yield "", "leads to nobody: name receivers or a schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSettings:
    """What happens to alerts that nobody answers."""

    name: str = option("What it is called.")
    matchers: MatcherTexts = option("Which alerts it is for.", default_factory=MatcherTexts)
    group_by: tuple[str, ...] = option("Labels whose alerts are one case.", default=("alertname",))
    steps: tuple[StepSettings, ...] = option("Who is told, and when.")
    repeat: int = option("How often the steps begin again.", default=0, low=0, high=100)

    def faults(self) -> Faults:
        """Check that there are steps, in order."""
        if not self.steps:
            yield "steps", "leads to nobody: name at least one step"
        waits = [step.after for step in self.steps]
        if waits != sorted(waits):
            yield "steps", "the steps are not in the order of their times"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallSettings:
    """People, schedules, escalations."""

    people: dict[str, PersonSettings] = option("People by name.", default_factory=dict)
    schedules: dict[str, ScheduleSettings] = option("Schedules by name.", default_factory=dict)
    escalations: tuple[EscalationSettings, ...] = option(
        "What happens to alerts that nobody answers; every one that matches holds.", default=()
    )

    def faults(self) -> Faults:
        """Check that no step leads to nobody."""
        for index, escalation in enumerate(self.escalations):
            for place, step in enumerate(escalation.steps):
                for words in self._dead_ends(step):
                    yield f"escalations[{index}].steps[{place}]", words

    def unknown_receivers(self, known: set[str]) -> Faults:
        """Name receivers that are not there."""
        for name, person in self.people.items():
            if person.receiver and person.receiver not in known:
                yield f"people.{name}.receiver", f"there is no receiver {person.receiver!r}"
        for name, schedule in self.schedules.items():
            if schedule.hand_over and schedule.hand_over not in known:
                words = f"there is no receiver {schedule.hand_over!r}"
                yield f"schedules.{name}.hand_over", words
        for index, escalation in enumerate(self.escalations):
            for place, step in enumerate(escalation.steps):
                for receiver in step.receivers:
                    if receiver not in known:
                        path = f"escalations[{index}].steps[{place}].receivers"
                        yield path, f"there is no receiver {receiver!r}"

    def _dead_ends(self, step: StepSettings) -> Iterator[str]:
        if not step.schedule:
            return
        schedule = self.schedules.get(step.schedule)
        if schedule is None:
            yield f"there is no schedule {step.schedule!r}"
            return
        for name in schedule.people:
            if not (name in self.people and self.people[name].receiver) and not step.receivers:
                yield f"leads to nobody while {name!r} is on call: people.{name} has no receiver"
