"""
How venues count what a client used of a budget.

A window answers from its own arithmetic, so it knows what is used while no answer of the venue
tells it, and is corrected by every answer that does (``report``). Times are nanoseconds of the
Unix clock, because venues align to it.
"""

from collections import deque
from math import inf
from typing import Final, Protocol

SECOND_NS: Final = 1_000_000_000
_SLICES: Final = 64


class Window(Protocol):
    """One budget: how much there is, and how it comes back."""

    limit: float

    def used(self, now_ns: int) -> float:
        """How much is used now."""
        ...

    def spend(self, amount: float, now_ns: int) -> None:
        """Use some."""
        ...

    def report(self, used: float, now_ns: int) -> None:
        """Take over what the venue says is used; it may be less than before."""
        ...

    def reset_ns(self, now_ns: int) -> int:
        """When nothing is used any more, if nothing more is spent; now where that is so."""
        ...

    def exhausted_in_s(self, pace_per_s: float, now_ns: int) -> float:
        """In how many seconds the budget is gone at this pace; infinite where it never is."""
        ...


class FixedWindow:
    """A count that begins anew whenever the clock passes a multiple of the period."""

    def __init__(self, limit: float, period_s: float) -> None:
        self.limit = limit
        self.period_ns = round(period_s * SECOND_NS)
        self._used = 0.0
        self._number = 0

    def used(self, now_ns: int) -> float:
        return self._used if now_ns // self.period_ns <= self._number else 0.0

    def spend(self, amount: float, now_ns: int) -> None:
        self._turn(now_ns)
        self._used += amount

    def report(self, used: float, now_ns: int) -> None:
        self._turn(now_ns)
        self._used = used

    def reset_ns(self, now_ns: int) -> int:
        if not self.used(now_ns):
            return now_ns
        return (now_ns // self.period_ns + 1) * self.period_ns

    def exhausted_in_s(self, pace_per_s: float, now_ns: int) -> float:
        needed_s = _needed_s(self.limit - self.used(now_ns), pace_per_s)
        left_s = (self.period_ns - now_ns % self.period_ns) / SECOND_NS
        return needed_s if needed_s < left_s else inf

    def _turn(self, now_ns: int) -> None:
        number = now_ns // self.period_ns
        # An answer that arrives late, or a clock that stepped back, counts in the newest window.
        if number > self._number:
            self._number, self._used = number, 0.0


class SlidingWindow:
    """
    A count of the last period, kept in 64 slices.

    A slice is counted until the whole of it has left the period, so the count is never below the
    exact one and at most one slice (1.6 % of the period) too old.
    """

    def __init__(self, limit: float, period_s: float) -> None:
        self.limit = limit
        self.period_ns = round(period_s * SECOND_NS)
        self._slice_ns = max(self.period_ns // _SLICES, 1)
        self._slices: deque[tuple[int, float]] = deque(maxlen=_SLICES + 2)
        self._used = 0.0

    def used(self, now_ns: int) -> float:
        self._forget(now_ns)
        return self._used

    def spend(self, amount: float, now_ns: int) -> None:
        self._forget(now_ns)
        number = now_ns // self._slice_ns
        if self._slices and self._slices[-1][0] >= number:
            newest, held = self._slices.pop()
            self._slices.append((newest, held + amount))
        else:
            self._slices.append((number, amount))
        self._used += amount

    def report(self, used: float, now_ns: int) -> None:
        """More than we know of was spent just now; less means that our oldest spending is gone."""
        missing = used - self.used(now_ns)
        if missing > 0:
            self.spend(missing, now_ns)
        while missing < 0 and self._slices:
            number, held = self._slices.popleft()
            taken = min(held, -missing)
            if held > taken:
                self._slices.appendleft((number, held - taken))
            self._used -= taken
            missing += taken

    def reset_ns(self, now_ns: int) -> int:
        self._forget(now_ns)
        return self._gone_ns(self._slices[-1][0]) if self._slices else now_ns

    def exhausted_in_s(self, pace_per_s: float, now_ns: int) -> float:
        if pace_per_s * self.period_ns <= self.limit * SECOND_NS:
            return inf
        return _needed_s(self.limit - self.used(now_ns), pace_per_s)

    def _gone_ns(self, number: int) -> int:
        return (number + 1) * self._slice_ns + self.period_ns

    def _forget(self, now_ns: int) -> None:
        slices = self._slices
        while slices and self._gone_ns(slices[0][0]) <= now_ns:
            self._used -= slices.popleft()[1]
        if not slices:
            # Sums of floats drift; an empty window is exactly empty.
            self._used = 0.0


class LeakyWindow:
    """
    A level that every request raises and time lowers; at the limit requests are refused.

    Credits that are spent and flow back are the same thing seen from the other side: ``limit`` is
    the pool and ``decay_per_s`` the refill.
    """

    def __init__(self, limit: float, decay_per_s: float) -> None:
        self.limit = limit
        self.decay_per_s = decay_per_s
        self._level = 0.0
        self._at_ns = 0

    def used(self, now_ns: int) -> float:
        passed_s = max(now_ns - self._at_ns, 0) / SECOND_NS
        return max(self._level - passed_s * self.decay_per_s, 0.0)

    def spend(self, amount: float, now_ns: int) -> None:
        self.report(self.used(now_ns) + amount, now_ns)

    def report(self, used: float, now_ns: int) -> None:
        self._level, self._at_ns = used, max(now_ns, self._at_ns)

    def reset_ns(self, now_ns: int) -> int:
        return now_ns + round(self.used(now_ns) / self.decay_per_s * SECOND_NS)

    def exhausted_in_s(self, pace_per_s: float, now_ns: int) -> float:
        return _needed_s(self.limit - self.used(now_ns), pace_per_s - self.decay_per_s)


def _needed_s(remaining: float, pace_per_s: float) -> float:
    if remaining <= 0:
        return 0.0
    return remaining / pace_per_s if pace_per_s > 0 else inf
