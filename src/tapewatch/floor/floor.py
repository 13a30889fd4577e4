"""
The floor: desks that run beside each other, and the faults that are let loose on them.

    floor = Floor.of(["hft"], seed=7, now_s=clock_s)
    floor.step(now_s, seconds=0.25)
    floor.mischief.begin("feed_stall", now_s=now_s, lasts_s=120)

Nothing here reads a clock: whoever calls ``step`` says what time it is and how much has passed, so
an hour can be played in a second.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.floor.desk import Desk, Hire
from tapewatch.floor.ledger import Bill, Cost
from tapewatch.floor.mischief import Mischief, Running, at_random
from tapewatch.floor.service import LocalService
from tapewatch.floor.size import Size
from tapewatch.model.clock import Clock

STEP_S: Final = 0.25
WATCHER: Final = "second_watcher"
FORESEEN_S: Final = 30 * 86_400.0


@dataclass(slots=True)
class Floor:
    """Desks, and what goes wrong on them."""

    desks: tuple[Desk, ...]
    mischief: Mischief = field(default_factory=Mischief)
    plan: list[Running] = field(default_factory=list)
    """Faults that will come by themselves, the next one last."""

    _bills: dict[str, tuple[float, dict[str, Bill]]] = field(default_factory=dict)
    """When each fault held last, and what it came to on every desk."""

    @classmethod
    def of(
        cls,
        packs: Sequence[str],
        *,
        seed: int,
        now_s: float,
        size: Size | None = None,
        folder: Path | None = None,
        shared: Path | None = None,
        logs: str = "",
        hire: Hire = LocalService,
    ) -> Self:
        """Build the desks of some packs, with their regions below a folder (see ``Desk``)."""
        desks = []
        for pack in packs:
            own = folder / pack if folder else None
            catalog = load_catalog(find_pack(pack))
            desks.append(
                Desk(catalog, size or Size(), seed, now_s, own, shared, logs=logs, hire=hire)
            )
        return cls(tuple(desks))

    def foresee(self, seed: int, *, now_s: float, mean_pause_s: float) -> None:
        """Plan faults at random, about so often."""
        rng = random.Random(f"{seed} mischief")  # noqa: S311 # A game, and repeatable.
        end_s = now_s + FORESEEN_S
        coming = at_random(rng, begin_s=now_s, end_s=end_s, mean_pause_s=mean_pause_s)
        self.follow(list(coming))

    def follow(self, planned: Sequence[Running]) -> None:
        """Plan these faults too."""
        self.plan = sorted((*self.plan, *planned), key=lambda each: -each.began_s)

    def step(self, now_s: float, seconds: float) -> None:
        """Let so much time pass on every desk."""
        while self.plan and self.plan[-1].began_s <= now_s:
            due = self.plan.pop()
            self.mischief.begin(due.name, now_s=now_s, lasts_s=due.ends_s - due.began_s)
        running = self.mischief.at(now_s)
        for each in running:
            self._open_bills(each)
        kinds = {each.fault.service for each in running}
        for desk in self.desks:
            first = desk.services[0]
            for service in desk.services:
                if service.name == WATCHER:
                    service.stand(down="unwatched" in kinds, hung=False)
            first.stand(down="down" in kinds, hung="hung" in kinds)
            desk.step(now_s, seconds, running)
        for each in running:
            for bill in self._bills[each.name][1].values():
                bill.note()

    def costs(self, fault: str) -> dict[str, Cost]:
        """Say for every desk what a fault came to, until now or when it held last."""
        _, bills = self._bills.get(fault, (0.0, {}))
        return {desk: bill.cost for desk, bill in bills.items()}

    def _open_bills(self, running: Running) -> None:
        began_s, _ = self._bills.get(running.name, (None, {}))
        if began_s != running.began_s:
            bills = {desk.name: desk.bill(running.fault) for desk in self.desks}
            self._bills[running.name] = running.began_s, bills

    async def run(self, clock: Clock, *, speed: float = 1.0) -> None:
        """Step again and again; with a speed more happens in a second, which stays a second."""
        before_ns = clock.monotonic_ns()
        while True:
            await clock.sleep(STEP_S)
            now_ns = clock.monotonic_ns()
            passed_s = (now_ns - before_ns) / 1e9
            before_ns = now_ns
            self.step(clock.now_ns() / 1e9, passed_s * speed)
            await asyncio.sleep(0)

    def close(self) -> None:
        """End every service on purpose."""
        for desk in self.desks:
            desk.close()
