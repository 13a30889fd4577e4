"""
One service of a desk: what it does, what it tells of it, and how it is.

A service is made from a plan, in the floor's own process or in one of its own (``remote.py``), and
is asked three things in each step: to begin, to work in each of its roles, and to tell.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tapewatch.catalog.catalog import Catalog
from tapewatch.floor import causes
from tapewatch.floor.cast import CASTS
from tapewatch.floor.changes import Active, Changes
from tapewatch.floor.journal import Journal, stream_of
from tapewatch.floor.messages import Mail
from tapewatch.floor.mischief import Running, active
from tapewatch.floor.numbers import Numbers, sections
from tapewatch.floor.quotes import Quotes
from tapewatch.floor.size import Size
from tapewatch.floor.stations.execution import Execution
from tapewatch.floor.stations.feeds import Feeds
from tapewatch.floor.stations.risk import Risk
from tapewatch.floor.stations.signals import Signals
from tapewatch.floor.stations.station import Station
from tapewatch.floor.trading import Trading
from tapewatch.floor.voices.scene import Scene, Voice
from tapewatch.sdk.region.file import Place
from tapewatch.sdk.registry import Registry, Start

STATIONS: Final = {each.role: each for each in (Feeds, Signals, Risk, Execution)}
FLOOD_LINES: Final = 500
"""So many lines a step are too many for anybody."""

FAKE_SECRET: Final = "hunter2"  # noqa: S105 # A secret that protects nothing, to be found or hidden.


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a service is made of; it can be sent to another process."""

    pack: str
    service: str
    size: Size
    seed: int
    began_s: float
    prices: Mapping[str, float]
    folder: str = ""
    shared: str = ""
    logs: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What every service is told at the beginning of a step."""

    now_s: float
    seconds: float
    activity: float
    running: tuple[Running, ...] = ()
    changes: tuple[Active, ...] = ()
    """Changes to what is told besides those of the faults."""

    @property
    def causes(self) -> frozenset[str]:
        """What goes wrong in the world of the desk."""
        return frozenset(cause for each in self.running for cause in each.fault.causes)


class Worker(Protocol):
    """A service, wherever it runs."""

    @property
    def region(self) -> Path | None:
        """The file of its numbers; None for private memory."""

    def begin(self, step: Step) -> None:
        """Begin a step."""

    def work(self, role: str, mail: Mail) -> Mail:
        """Work in one role."""

    def tell(self) -> None:
        """Tell what happened."""

    def stand(self, *, down: bool, hung: bool) -> None:
        """Be gone, stand still, or go on."""

    def close(self) -> None:
        """End on purpose."""


def start_of(plan: Plan, *, scraped: bool) -> Start | None:
    """Where the region of a service is made; None for private memory."""
    if not plan.folder:
        return None
    # What nobody scrapes lies where servers look for regions by themselves.
    folder = Path(plan.shared) if plan.shared and not scraped else Path(plan.folder) / plan.service
    cast = CASTS[plan.pack]
    feeds = len(cast.venues_of(plan.size)) * len(cast.symbols_of(plan.size))
    place = Place(folder, on_disk=True, sealed=False)
    return Start(plan.service.replace("_", "-"), f"floor-{plan.pack}", place, sections(feeds))


class LocalService:
    """A service in this process."""

    def __init__(self, plan: Plan, catalog: Catalog, registry: Registry | None = None) -> None:
        cast = CASTS[plan.pack]
        self.changes = Changes()
        start = start_of(plan, scraped=plan.service in catalog.services)
        self.numbers = Numbers(catalog, start, self.changes, registry)
        self.voices: tuple[Voice, ...] = cast.voices(
            plan.service, plan.size, tuple(catalog.services)
        )
        self.scene = self._scene(plan)
        self.stations: dict[str, Station] = {
            role: STATIONS[role](self.scene, self.numbers.registry, frozenset(catalog.metrics))
            for role in cast.stations.get(plan.service, ())
        }

    def _scene(self, plan: Plan) -> Scene:
        cast = CASTS[plan.pack]
        quotes = Quotes(cast.symbols_of(plan.size), cast.venues_of(plan.size), dict(plan.prices))
        rng = random.Random(f"{plan.seed} {plan.pack} {plan.service}")  # noqa: S311 # A game.
        stream = stream_of(plan.logs, plan.pack, plan.service)
        journal = Journal(plan.service, lambda: scene.now_s, stream)
        trading = Trading(cast.strategies)
        scene = Scene(plan.service, quotes, trading, rng, plan.began_s, plan.size, journal)
        return scene

    @property
    def region(self) -> Path | None:
        """The file of its numbers; None for private memory."""
        return self.numbers.registry.status().path

    def begin(self, step: Step) -> None:
        """Begin a step."""
        self.changes.replace((*active(step.running), *step.changes))
        self.scene.begin(step.now_s, step.seconds, step.activity, step.causes)
        self.numbers.now_s = step.now_s
        for station in self.stations.values():
            station.now_ns = round(step.now_s * 1e9)

    def work(self, role: str, mail: Mail) -> Mail:
        """Work in one role."""
        return self.stations[role].step(mail)

    def tell(self) -> None:
        """Tell what happened."""
        for voice in self.voices:
            voice(self.numbers, self.scene)
        self.numbers.flow(self.scene.seconds)
        self._chatter()
        self.scene.journal.flush()
        self.numbers.registry.beat()

    def _chatter(self) -> None:
        journal, holds = self.scene.journal, self.scene.causes
        if causes.LOG_FLOOD in holds:
            for number in range(FLOOD_LINES):
                journal.warning("Retrying", attempt=number)
        if causes.LOG_LEAK in holds:
            journal.error(f"Login failed: api_key={FAKE_SECRET}", password=FAKE_SECRET)

    def stand(self, *, down: bool, hung: bool) -> None:
        """Be gone, stand still, or go on; whoever is not asked has nothing to do for that."""

    def close(self) -> None:
        """End on purpose."""
        self.scene.journal.close()
        self.numbers.registry.stop()


@dataclass(slots=True)
class Service:
    """One service of a desk, as the desk sees it."""

    name: str
    port: int
    """Where it is scraped; 0 for one that is read from its region alone."""

    folder: Path | None
    """Where its region is made; None for private memory."""

    roles: tuple[str, ...]
    worker: Worker
    down: bool = False
    hung: bool = False

    @property
    def region(self) -> Path | None:
        """The file of its numbers; None for private memory."""
        return self.worker.region

    def stand(self, *, down: bool, hung: bool) -> None:
        """Let it be gone, stand still, or go on."""
        if (down, hung) != (self.down, self.hung):
            self.down, self.hung = down, hung
            self.worker.stand(down=down, hung=hung)

    @property
    def works(self) -> bool:
        """Whether there is anybody to do its work."""
        return not (self.down or self.hung)
