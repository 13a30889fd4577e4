"""What every channel is given beside its settings."""

from dataclasses import dataclass, field
from random import Random, SystemRandom

from tapewatch.model.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Time and chance, handed in so that tests own both."""

    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=SystemRandom)
