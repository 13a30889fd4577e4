"""
Turns in a time zone.

A turn is counted by the clocks on the wall: a week that begins on Monday at nine begins on Monday
at nine, also when daylight saving time has come or gone in between. So a turn may last an hour more
or less than its length, and never leaves a gap.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tapewatch.alerting.oncall.shift import Shift

SECOND_NS = 1_000_000_000


class Rotation:
    """People who take turns of one length."""

    def __init__(
        self, people: Sequence[str], *, starts_ns: int, turn_ms: int, time_zone: str
    ) -> None:
        assert people, "somebody has to be on call"
        self._people = people
        self._zone = ZoneInfo(time_zone)
        self._turn = timedelta(milliseconds=turn_ms)
        self._start = self._wall(starts_ns)

    def shifts(self, since_ns: int, until_ns: int) -> Iterator[Shift]:
        """Yield the turns that touch a range, whole; before the first turn nobody is on call."""
        number = self._number(since_ns)
        while number < 0 and self._begins_ns(0) < until_ns:
            number = 0
        while number >= 0 and (begins_ns := self._begins_ns(number)) < until_ns:
            person = self._people[number % len(self._people)]
            yield Shift(person, begins_ns, self._begins_ns(number + 1))
            number += 1

    def _number(self, at_ns: int) -> int:
        """Count the turns that have begun before; what the clocks did since is looked at again."""
        number = (self._wall(at_ns) - self._start) // self._turn
        while self._begins_ns(number) > at_ns:
            number -= 1
        while self._begins_ns(number + 1) <= at_ns:
            number += 1
        return number

    def _begins_ns(self, number: int) -> int:
        moment = (self._start + number * self._turn).replace(tzinfo=self._zone)
        return round(moment.timestamp()) * SECOND_NS

    def _wall(self, at_ns: int) -> datetime:
        moment = datetime.fromtimestamp(at_ns // SECOND_NS, UTC)
        return moment.astimezone(self._zone).replace(tzinfo=None, fold=0)
