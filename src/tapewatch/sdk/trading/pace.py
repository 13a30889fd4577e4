"""How fast something is being used: an average that forgets."""

from math import exp, expm1
from typing import Final

_SECOND_NS: Final = 1_000_000_000


class Pace:
    """
    Units per second, each amount weighing less the longer it is ago.

    ``memory_s`` is how long an amount is remembered (to 37 %). The first amounts are averaged over
    the time since the start, so a burst at the start is not taken for a small pace.
    """

    def __init__(self, memory_s: float) -> None:
        self.memory_s = memory_s
        self._weighed = 0.0
        self._began_ns = self._at_ns = 0

    def add(self, amount: float, now_ns: int) -> None:
        """Note that ``amount`` was used now."""
        if not self._began_ns:
            self._began_ns = self._at_ns = now_ns
        self._weighed = self._weighed * self._faded(now_ns) + amount
        self._at_ns = max(now_ns, self._at_ns)

    def per_s(self, now_ns: int) -> float:
        """The pace now."""
        if not self._began_ns:
            return 0.0
        # What the memory holds of the time since the start; never less than a second of it.
        watched_s = max((now_ns - self._began_ns) / _SECOND_NS, 1.0)
        held_s = self.memory_s * -expm1(-watched_s / self.memory_s)
        return self._weighed * self._faded(now_ns) / held_s

    def _faded(self, now_ns: int) -> float:
        return exp(-max(now_ns - self._at_ns, 0) / _SECOND_NS / self.memory_s)
