"""How a Deribit-like venue counts: credits that flow back, spent by every request."""

from dataclasses import dataclass
from typing import Final

CREDITS_MAX: Final = 50_000.0
CREDITS_PER_SECOND: Final = 10_000.0
COST: Final = 500.0
MATCHING_MAX: Final = 20.0
MATCHING_PER_SECOND: Final = 5.0


@dataclass(slots=True)
class Credits:
    """A pool that is full at first and fills up again."""

    most: float = CREDITS_MAX
    per_second: float = CREDITS_PER_SECOND
    left: float = CREDITS_MAX
    told_s: float = 0.0

    def spend(self, cost: float, now_s: float) -> bool:
        """Take credits, or say that there are too few; then nothing is taken."""
        if self.told_s:
            self.left = min(self.left + (now_s - self.told_s) * self.per_second, self.most)
        self.told_s = now_s
        if self.left < cost:
            return False
        self.left -= cost
        return True


def matching() -> Credits:
    """Give the pool of requests that reach the matching engine, one credit each."""
    return Credits(MATCHING_MAX, MATCHING_PER_SECOND, MATCHING_MAX)
