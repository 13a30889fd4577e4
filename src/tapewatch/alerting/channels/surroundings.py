"""What every channel is given beside its settings."""

from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Protocol

from tapewatch.alerting.actions.pull import Pull
from tapewatch.alerting.channels.channel import Outcome
from tapewatch.alerting.templates import Words
from tapewatch.model.clock import Clock, SystemClock


class Puller(Protocol):
    """Whoever does actions."""

    async def pull(self, pull: Pull) -> Outcome:
        """Do what is wished, or say why not."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Time and chance, handed in so that tests own both, and the words of the configuration."""

    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=SystemRandom)
    words: Words = field(default_factory=Words)
    external_url: str = ""
    puller: Puller | None = None
