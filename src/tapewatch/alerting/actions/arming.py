"""
Who has armed what by hand, and until when.

The configuration says what is armed for good; whoever it names under ``arm_by`` may arm an action
for a while, and disarm it again. That outlives a restart, and ends by itself.
"""

from dataclasses import asdict, dataclass
from typing import Final

from tapewatch.alerting.actions.settings import ActionsSettings
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.errors import NotAllowed
from tapewatch.alerting.routing import MS
from tapewatch.model.durations import format_duration_ms

EVERYBODY: Final = "*"


@dataclass(frozen=True, slots=True)
class Armed:
    """One action that somebody has armed."""

    by: str
    until_ns: int


class Arming:
    """The actions that are armed by hand."""

    def __init__(self, book: Book) -> None:
        self._kept = Kept(book, "armed")
        self._armed = {name: Armed(**told) for name, told in self._kept.load()}

    def get(self, name: str, now_ns: int) -> Armed | None:
        """Say who has armed an action, while that holds."""
        armed = self._armed.get(name)
        return armed if armed is not None and armed.until_ns > now_ns else None

    def arm(
        self, settings: ActionsSettings, name: str, by: str, *, lasts_ms: int, now_ns: int
    ) -> Armed:
        """Arm an action for a while; raises ``NotAllowed``."""
        self._check(settings, by)
        if not 0 < lasts_ms <= settings.arm_for:
            most, wished = map(format_duration_ms, (settings.arm_for, lasts_ms))
            raise NotAllowed(f"{name} can be armed for {most} at most, not for {wished}")
        if settings.known[name].armed is False:
            raise NotAllowed(f"{name} stays a dry run: armed is false beside it")
        armed = self._armed[name] = Armed(by, now_ns + lasts_ms * MS)
        self._kept.keep(name, asdict(armed))
        return armed

    def disarm(self, settings: ActionsSettings, name: str, by: str) -> None:
        """Take back what was armed by hand; raises ``NotAllowed``."""
        self._check(settings, by)
        if settings.is_armed(name):
            raise NotAllowed(f"{name} is armed by the configuration: take it out of there")
        if self._armed.pop(name, None) is not None:
            self._kept.drop(name)

    def _check(self, settings: ActionsSettings, by: str) -> None:
        if not {by, EVERYBODY} & set(settings.arm_by):
            raise NotAllowed(f"{by} may not arm actions: alerting.actions.arm_by names who may")
