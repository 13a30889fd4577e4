"""Maintenance: what has to be done again and again, and what is quiet meanwhile."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A task with its times; with ``mutes`` it is a window in which these alerts are quiet."""

    does: str = option("What is done, in a sentence.")
    every: Literal["day", "week", "month"] = option("How often.")
    at: str = option("When it begins, as in 03:30.", default="03:00")
    days: tuple[str, ...] = option(
        "The days of the week, or the days of the month (-1 is the last).", default=()
    )
    lasts: DurationMs = option("How long it takes.", default=3_600_000, low=60_000)
    time_zone: str = option("The zone of its times.", default="UTC")
    owner: str = option("Whose task it is; the platform's owner otherwise.", default="")
    mutes: tuple[str, ...] = option("Alerts that are quiet meanwhile.", default=())
    command: str = option("The command that does it.", default="")
    runbook: str = option("The runbook that tells how.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the time and the days."""
        if not _TIME_OF_DAY.fullmatch(self.at):
            yield "at", f"{self.at!r} is not a time of day: write HH:MM"
        yield from self._day_faults()

    def _day_faults(self) -> Iterator[tuple[str, str]]:
        for day in self.days:
            if self.every == "week" and day not in DAYS:
                yield "days", f"{day!r} is not a day of the week: write sunday"
            if self.every == "month" and not _is_day_of_month(day):
                yield "days", f"{day!r} is not a day of the month: write 1 to 31, or -1 to -31"
        if self.every == "day" and self.days:
            yield "days", "what happens every day needs no days"
        if self.every != "day" and not self.days:
            yield "days", f"is missing: what happens every {self.every} needs its days"


def _is_day_of_month(day: str) -> bool:
    digits = day.removeprefix("-")
    return digits.isdigit() and 1 <= int(digits) <= 31
