"""What a voice can read: the step that just happened, seen by one service."""

import math
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tapewatch.floor.journal import Journal
from tapewatch.floor.market import poisson
from tapewatch.floor.numbers import Numbers
from tapewatch.floor.quotes import Quotes
from tapewatch.floor.size import Size
from tapewatch.floor.trading import Trading


@dataclass(slots=True)
class Scene:
    """One step of the desk, for one service."""

    service: str
    market: Quotes
    trading: Trading
    rng: random.Random
    began_s: float
    size: Size
    journal: Journal
    now_s: float = 0.0
    seconds: float = 0.0
    causes: Collection[str] = ()
    """What goes wrong in the world of the desk."""

    sent: dict[str, int] = field(default_factory=dict)
    """How many orders went to each venue in this step."""

    checked: int = 0
    refused: int = 0
    """How many orders were checked in this step, and how many of them did not pass."""

    crossed: Collection[tuple[str, str]] = ()
    """Feeds whose best bid is above their best ask."""

    held: dict[str, float] = field(default_factory=dict)
    """What the service's voices remember from one step to the next."""

    def begin(self, now_s: float, seconds: float, activity: float, causes: Collection[str]) -> None:
        """Begin a step."""
        self.now_s, self.seconds, self.causes = now_s, seconds, causes
        self.market.activity = activity
        self.sent, self.checked, self.refused = {}, 0, 0

    def long_tail(self, median: float, spread: float = 0.3) -> float:
        """Draw a duration: mostly near the median, now and then far above it."""
        return self.rng.lognormvariate(math.log(median), spread)

    def near(self, value: float, share: float = 0.02) -> float:
        """Draw a number near another, as a level that wavers."""
        return value * (1 + self.rng.uniform(-share, share))

    def times(self, per_second: float) -> int:
        """Draw how often something happened in this step."""
        return poisson(self.rng, per_second * self.seconds * self.market.activity)

    def every(self, what: str, interval_s: float) -> bool:
        """Say whether something that happens every so often is due."""
        if self.now_s - self.held.get(what, -math.inf) < interval_s:
            return False
        self.held[what] = self.now_s
        return True

    def last(self, what: str, interval_s: float) -> float:
        """Tell when something that happens every so often happened last."""
        self.every(what, interval_s)
        return self.held[what]


Voice = Callable[[Numbers, Scene], None]
