"""How fast destinations may be written to: a bucket for each, and a bar where one asked to wait."""

from dataclasses import dataclass
from typing import Final

from tapewatch.alerting.channels.channel import Pace

NS: Final = 1_000_000_000


@dataclass(slots=True)
class _Destination:
    """A bucket, kept as the time at which it was, or will be, empty of debts."""

    earned_ns: int = 0
    barred_until_ns: int = 0
    under_way: int = 0


class Destinations:
    """The state of every destination."""

    def __init__(self, at_once_max: int) -> None:
        self._at_once_max = at_once_max
        self._known: dict[str, _Destination] = {}

    def free_at_ns(self, name: str, pace: Pace, now_ns: int) -> int:
        """Give when a destination takes another message; not after ``now_ns`` is now."""
        state = self._known.get(name)
        if state is None:
            return now_ns
        # One message is earned every so often; up to ``burst`` of them are saved up.
        each_ns = round(pace.seconds_each * NS)
        return max(state.barred_until_ns, state.earned_ns - each_ns * (pace.burst - 1))

    def is_full(self, name: str) -> bool:
        """Say whether as many attempts are under way as a destination gets at once."""
        state = self._known.get(name)
        return state is not None and state.under_way >= self._at_once_max

    def take(self, name: str, pace: Pace, now_ns: int) -> None:
        """Spend one message, and count an attempt under way."""
        state = self._known.setdefault(name, _Destination())
        state.earned_ns = max(state.earned_ns, now_ns) + round(pace.seconds_each * NS)
        state.under_way += 1

    def release(self, name: str) -> None:
        """Count an attempt as over."""
        self._known[name].under_way -= 1

    def clock_stepped(self, by_ns: int) -> None:
        """Keep what was earned and asked for when the wall clock is set."""
        for state in self._known.values():
            state.earned_ns += by_ns
            state.barred_until_ns += by_ns

    def bar(self, name: str, until_ns: int) -> None:
        """Leave a destination in peace, as it asked."""
        state = self._known.setdefault(name, _Destination())
        state.barred_until_ns = max(state.barred_until_ns, until_ns)
