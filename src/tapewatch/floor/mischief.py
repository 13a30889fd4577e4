"""Which faults hold, since when and until when: on command, or at random by a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tapewatch.document.reading import suggestion
from tapewatch.floor.changes import Active
from tapewatch.floor.errors import UnknownFault
from tapewatch.floor.faults import FAULTS, Fault

MINUTES_LEAST: Final = 1.0
MINUTES_MOST: Final = 5.0


@dataclass(frozen=True, slots=True)
class Running:
    """A fault that holds."""

    name: str
    began_s: float
    ends_s: float

    @property
    def fault(self) -> Fault:
        """What it does."""
        return FAULTS[self.name]


@dataclass(slots=True)
class Mischief:
    """The faults of one floor."""

    running: dict[str, Running] = field(default_factory=dict)

    def begin(self, name: str, *, now_s: float, lasts_s: float) -> Running:
        """Let a fault begin; one that holds already lasts until the new end."""
        if name not in FAULTS:
            raise UnknownFault(name, suggestion(name, FAULTS))
        known = self.running.get(name)
        began_s = known.began_s if known else now_s
        self.running[name] = Running(name, began_s, now_s + lasts_s)
        return self.running[name]

    def end(self, name: str) -> bool:
        """Let a fault end now; says whether it held."""
        return self.running.pop(name, None) is not None

    def at(self, now_s: float) -> tuple[Running, ...]:
        """The faults that hold now; those whose time is over are forgotten."""
        self.running = {name: each for name, each in self.running.items() if each.ends_s > now_s}
        return tuple(self.running.values())


def active(running: Sequence[Running]) -> list[Active]:
    """The changes of faults, each with its beginning."""
    return [Active(change, each.began_s) for each in running for change in each.fault.changes]


def at_random(
    rng: random.Random, *, begin_s: float, end_s: float, mean_pause_s: float
) -> Iterator[Running]:
    """Yield faults that come by themselves, one after the other; one seed, one plan."""
    now_s = begin_s
    while True:
        now_s += rng.expovariate(1 / mean_pause_s)
        if now_s >= end_s:
            return
        lasts_s = rng.uniform(MINUTES_LEAST, MINUTES_MOST) * 60
        yield Running(rng.choice(tuple(FAULTS)), now_s, now_s + lasts_s)
        now_s += lasts_s
