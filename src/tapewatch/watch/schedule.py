"""
When a group is evaluated next.

At its interval, counted from its own slot so that groups do not all come at once; and when samples
that it reads land, but not sooner than the floor after the last time, and, once all groups together
have used up their share of a core, after a pause that keeps them to it. It holds no clock and
evaluates nothing.
"""

from dataclasses import dataclass
from typing import Final

from tapewatch.model.hashing import fnv1a64

NEVER: Final = 2**63 - 1
SAVED_S: Final = 4.0
"""A share that was not used for so long is the most that is saved up."""

LEEWAY: Final = 5
"""After an evaluation on arrival the next turn comes at most this part of the interval later."""


def slot_ns(key: tuple[str, str], interval_ns: int) -> int:
    """Return where in its interval a group has its slot; the same after every restart."""
    return fnv1a64(f"{key[0]};{key[1]}".encode()) % interval_ns


def first_turn_ns(now_ns: int, interval_ns: int, slot: int) -> int:
    """Return the first slot from ``now_ns`` on."""
    behind = (now_ns - slot) % interval_ns
    return now_ns if not behind else now_ns + interval_ns - behind


@dataclass(slots=True)
class Timing:
    """One group's times, on the clock that never steps."""

    interval_ns: int
    floor_ns: int
    due_ns: int
    turned_ns: int = -NEVER
    arrived: bool = False

    def arrive(self) -> None:
        """Note that samples have landed."""
        self.arrived = True

    def next_ns(self, pause_ns: int) -> int:
        """Return when the group is to be evaluated; ``pause_ns`` is what keeps to the share."""
        if not self.arrived:
            return self.due_ns
        pause_ns = min(max(self.floor_ns, pause_ns), self.interval_ns)
        return min(self.due_ns, self.turned_ns + pause_ns)

    def turn(self, now_ns: int) -> int:
        """Note an evaluation; returns how many turns of the interval were missed before it."""
        late_ns = max(now_ns - self.due_ns, 0)
        self.turned_ns = now_ns
        # An evaluation on arrival does the work of the next turn as well; samples that come at the
        # same interval must not find that turn just done, and wait for the floor.
        leeway_ns = min(self.floor_ns, self.interval_ns // LEEWAY) if self.arrived else 0
        self.arrived = False
        self.due_ns = now_ns + self.interval_ns + leeway_ns - late_ns % self.interval_ns
        return late_ns // self.interval_ns


@dataclass(slots=True)
class Allowance:
    """
    How much of a core evaluations may take.

    It is the processor's time that counts, not the wall's: on a busy machine evaluations take
    longer, and that is no reason to come later still. What is not used is saved up for a burst.
    """

    share: float
    left_s: float = 0.0
    at_ns: int = -NEVER

    def spend(self, seconds: float, now_ns: int) -> None:
        """Count what an evaluation took of the processor."""
        self.left_s = self._left_s(now_ns) - seconds
        self.at_ns = now_ns

    def is_used_up(self, now_ns: int) -> bool:
        """Say whether evaluations have to wait."""
        return self._left_s(now_ns) <= 0

    def _left_s(self, now_ns: int) -> float:
        earned_s = self.share * (now_ns - self.at_ns) / 1e9
        return min(self.left_s + earned_s, self.share * SAVED_S)
