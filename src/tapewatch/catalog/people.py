"""Owners and on-call schedules."""

from collections.abc import Iterator
from dataclasses import dataclass

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs
from tapewatch.model.durations import parse_time_ns
from tapewatch.model.errors import BadText

_WEEK_MS = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class Owner:
    """A team that answers for things; its key is the word in labels."""

    title: str = option("Its name for people; the key otherwise.", default="")
    contact: str = option("Where to reach it when nothing burns.", default="")
    schedule: str = option("Its on-call schedule.", default="")
    help: str = option("What it answers for.", default="")


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody stands in for somebody."""

    person: str = option("Who is on call.")
    from_: str = option("From when, as in 2026-01-05T09:00:00Z.", key="from")
    to: str = option("Until when.")

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the times."""
        times = {}
        for name, text in (("from", self.from_), ("to", self.to)):
            try:
                times[name] = parse_time_ns(text)
            except BadText as fault:
                yield name, str(fault)
        if len(times) == 2 and times["from"] >= times["to"]:
            yield "to", f"{self.to} is not after {self.from_}"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told next when nobody has answered."""

    after: DurationMs = option("How long nobody has answered.")
    channels: tuple[str, ...] = option("Where it goes then.", default=())
    schedule: str = option("Whose person on call is told then.", default="")


@dataclass(frozen=True, slots=True)
class Schedule:
    """People who take turns."""

    people: tuple[str, ...] = option("Who takes turns, in order.")
    title: str = option("Its name for people; the key otherwise.", default="")
    turn: DurationMs = option("How long one turn is.", default=_WEEK_MS, low=3_600_000)
    starts: str = option("When the first turn began.", default="2026-01-05T09:00:00Z")
    time_zone: str = option("The zone in which turns change.", default="UTC")
    cover: tuple[Cover, ...] = option("Exceptions to the turns.", default=())
    escalation: tuple[Escalation, ...] = option("Who is told next.", default=())
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the start and the zone."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        if not self.people:
            yield "people", "nobody is on call: name at least one person"
        try:
            parse_time_ns(self.starts)
        except BadText as fault:
            yield "starts", str(fault)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield "time_zone", f"{self.time_zone!r} is not a time zone, as in Europe/Zurich"
