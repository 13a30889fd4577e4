"""
One desk: the services of a pack, in one market, telling what the pack declares.

A step moves the market, lets the desk trade in it, and has every service that lives tell what it
saw. Which voices a service has stands in ``cast.py``.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tapewatch.catalog.catalog import Catalog
from tapewatch.floor.cast import CASTS
from tapewatch.floor.changes import Active, Changes
from tapewatch.floor.errors import UnknownPack
from tapewatch.floor.market import Market, names
from tapewatch.floor.numbers import Numbers, sections
from tapewatch.floor.size import Size
from tapewatch.floor.trading import Trading
from tapewatch.floor.voices.scene import Scene, Voice
from tapewatch.sdk.region.file import Place
from tapewatch.sdk.registry import Start


@dataclass(slots=True)
class Service:
    """One service of a desk: its numbers, its voices, and how it is."""

    name: str
    port: int
    """Where it is scraped; 0 for one that is read from its region alone."""

    numbers: Numbers
    voices: tuple[Voice, ...]
    scene: Scene
    down: bool = False
    hung: bool = False

    def step(self, now_s: float, seconds: float) -> None:
        """Tell what happened, unless there is nobody to tell it."""
        if self.down or self.hung:
            return
        scene, numbers = self.scene, self.numbers
        scene.now_s, scene.seconds, numbers.now_s = now_s, seconds, now_s
        for voice in self.voices:
            voice(numbers, scene)
        numbers.flow(seconds)
        numbers.registry.beat()

    @property
    def region(self) -> Path | None:
        """Where its region lies."""
        return self.numbers.registry.status().path


class Desk:
    """
    The services of one pack.

    Without a ``folder`` their numbers are in private memory. Stand-ins that the pack does not
    declare, and so nobody scrapes, have their regions in ``shared`` where that is given.
    """

    def __init__(
        self,
        catalog: Catalog,
        size: Size,
        seed: int,
        now_s: float,
        folder: Path | None,
        shared: Path | None = None,
    ) -> None:
        self.catalog = catalog
        self.name = catalog.platform.name
        if self.name not in CASTS:
            raise UnknownPack(self.name, tuple(CASTS))
        self.cast = CASTS[self.name]
        self.changes = Changes()
        self.market = self._market(size, seed)
        self.trading = Trading(
            self.market,
            self.cast.strategies,
            size.orders_per_second,
            random.Random(f"{seed} {self.name} orders"),  # noqa: S311 # A game, and repeatable.
        )
        self._folder, self._shared = folder, shared
        self.services = tuple(self._services(seed, now_s))

    def _market(self, size: Size, seed: int) -> Market:
        cast = self.cast
        return Market(
            symbols=names(cast.symbols, min(size.symbols, cast.symbols_max), cast.ending),
            venues=names(cast.venues, min(size.venues, cast.venues_max)),
            messages_per_second=size.messages_per_second,
            rng=random.Random(f"{seed} {self.name} market"),  # noqa: S311 # As above.
        )

    def _services(self, seed: int, now_s: float) -> Iterable[Service]:
        for name, voices in self.cast.voices(self.market.venues, tuple(self.catalog.services)):
            declared = self.catalog.services.get(name)
            rng = random.Random(f"{seed} {self.name} {name}")  # noqa: S311 # As above.
            yield Service(
                name=name,
                port=declared.ports.get("metrics", 0) if declared else 0,
                numbers=Numbers(self.catalog, self._start(name), self.changes),
                voices=voices,
                scene=Scene(name, self.market, self.trading, rng, now_s),
            )

    def _start(self, name: str) -> Start | None:
        if self._folder is None:
            return None
        # What nobody scrapes lies where servers look for regions by themselves.
        scraped = name in self.catalog.services
        shared = None if scraped else self._shared
        feeds = len(self.market.venues) * len(self.market.symbols)
        place = Place(shared or self._folder / name, on_disk=True, sealed=False)
        return Start(name.replace("_", "-"), f"floor-{self.name}", place, sections(feeds))

    def step(self, now_s: float, seconds: float, active: Iterable[Active] = ()) -> None:
        """Let so much time pass, with these changes to what is told."""
        self.changes.replace(active)
        self.market.step(now_s, seconds)
        self.trading.step(seconds)
        for service in self.services:
            service.step(now_s, seconds)

    def close(self) -> None:
        """Say that every service ends on purpose."""
        for service in self.services:
            service.numbers.registry.stop()
