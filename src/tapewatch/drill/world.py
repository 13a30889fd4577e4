"""
A world that is played as fast as it can be computed: one clock for floor, rules and alerting.

Each step moves the floor, scrapes every service the way a server does, evaluates the pack's rules
and delivers what follows to an inbox. Nothing in it reads the machine's clock, so half an hour of a
rule's ``for`` passes in seconds and is half an hour to everybody.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import yaml

from tapewatch.catalog.calendars import calendar_names
from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.rules import rule_file
from tapewatch.catalog.derive.together import scrape_together
from tapewatch.document.reading import read_text
from tapewatch.drill.office import Office
from tapewatch.drill.sources import Source
from tapewatch.floor.desk import Desk
from tapewatch.floor.floor import Floor
from tapewatch.floor.service import Service
from tapewatch.floor.size import Size
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.scrape.relabel import Relabeler
from tapewatch.metrics.scrape.scraper import Scraper
from tapewatch.metrics.scrape.settings import GlobalConfig, Job, ScrapeConfig, job_of
from tapewatch.metrics.scrape.tally import Tally
from tapewatch.metrics.scrape.target import Target, build_target
from tapewatch.metrics.scratch import UnsyncedDisk
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.watch.calendars.calendar import calendar
from tapewatch.watch.rules.files import read_rules_text
from tapewatch.watch.rules.group import Group, Usual
from tapewatch.watch.rules.promql import EngineEvaluator, PromQL
from tapewatch.watch.rules.recorder import Recorder
from tapewatch.watch.rules.rule import Surroundings
from tapewatch.watch.rules.states import State

SIZE: Final = Size(symbols=3, venues=2, messages_per_second=400.0, orders_per_second=3.0)
"""Small, because every message of the market is made; but a rule calls less than a hundred thin."""

FLOOR_STEP_S: Final = 1.0
FOREVER_MS: Final = 2**60
STORAGE: Final = StorageSettings(
    out_of_order_window=FOREVER_MS, retention=FOREVER_MS, commit_interval=60_000
)


class World:
    """One pack: its desk, its rules, its channels."""

    def __init__(
        self, catalog: Catalog, *, seed: int, folder: Path, inbox: str, clock: ManualClock
    ) -> None:
        self.catalog = catalog
        self.clock = clock
        name = catalog.platform.name
        now_s = clock.now_ns() / 1e9
        regions = folder / "regions"
        self.floor = Floor.of([name], seed=seed, now_s=now_s, size=SIZE, folder=regions)
        (folder / "metrics").mkdir()
        self._database = Database(folder / "metrics", STORAGE, clock, UnsyncedDisk())
        self._engine = Engine()
        self.groups = self._groups()
        self._around = Surroundings(
            EngineEvaluator(lambda: self._engine, self._database),
            self._database,
            external_url=catalog.platform.link("").rstrip("/"),
        )
        self._due_ns = {group.name: 0 for group in self.groups}
        self._beats: dict[str, float] = {}
        selectors = (each for group in self.groups for each in group.reads())
        self._read = {e.value for selector in selectors for e in selector if e.name == METRIC_NAME}
        self._scrapers = [self._scraper(each) for each in self._desk.services]
        self._due_scrape_ns = [0] * len(self._scrapers)
        names = calendar_names(catalog)
        self._calendars = [calendar(each) for each in names]
        self._calendar_labels = [
            Labels.of(__name__="calendar_open", calendar=each) for each in names
        ]
        self._calendar_recorder = Recorder(self._database, "calendars")
        random = Random(seed)  # noqa: S311  # it spreads attempts, and keeps no secret
        self.office = Office(catalog, inbox, folder, clock, random)

    @property
    def now_s(self) -> float:
        """The time in this world."""
        return self.clock.now_ns() / 1e9

    async def step(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that is due at its end."""
        left = seconds
        while left > 0:
            passed = min(left, FLOOR_STEP_S)
            await self.clock.advance(passed)
            self.floor.step(self.now_s, passed)
            left -= passed
        for service in self._desk.services:
            if not (service.down or service.hung):
                self._beats[service.name] = self.now_s
        await self._scrape()
        self._tell_calendars()
        self._evaluate()
        await self.office.work()

    def firing(self) -> Mapping[str, float]:
        """Name the alerts that fire, each with the time since when it was to be seen."""
        found: dict[str, float] = {}
        for group in self.groups:
            for rule in group.alerting:
                active = [e.active_at_ns for e in rule.states if e.state is State.FIRING]
                if active:
                    found[rule.name] = min(min(active) / 1e9, found.get(rule.name, np.inf))
        return found

    def faults(self) -> Sequence[str]:
        """Say which rules cannot be evaluated."""
        return [f"{r.name}: {r.health.error}" for g in self.groups for r in g.failing]

    def close(self) -> None:
        """Give everything back."""
        for each in self._scrapers:
            each.close(None)
        self.floor.close()
        self.office.close()
        self._database.close()

    @property
    def _desk(self) -> Desk:
        return self.floor.desks[0]

    def _groups(self) -> list[Group]:
        text = yaml.safe_dump(rule_file(self.catalog), sort_keys=False)
        sources = read_rules_text(text, PromQL(EVERYTHING), file=self.catalog.platform.name)
        return [Group(each, Usual()) for each in sources]

    def _scraper(self, service: Service) -> Scraper:
        source = Source(self.catalog, service, self.clock, self._read)
        source.beat_s = lambda: self._beats.get(service.name, self.now_s)
        job, found = self._job(service)
        target = build_target(found, job, Relabeler(()))
        assert isinstance(target, Target)
        return Scraper(target, job, source, self._database, self.clock, Tally())

    def _job(self, service: Service) -> tuple[Job, Mapping[str, str]]:
        """Find the pack's job for a service; what no pack declares is read from its region."""
        for text in map(yaml.safe_dump, scrape_together([self.catalog])):
            config = read_text(text, ScrapeConfig)
            (group,) = config.static_configs
            if group.labels.get("service") == service.name:
                return job_of(config, GlobalConfig()), {
                    **group.labels,
                    "__address__": group.targets[0],
                }
        every_ms = self.catalog.platform.scrape_every
        config = ScrapeConfig(
            job_name="regions",
            scrape_interval=every_ms,
            scrape_native_histograms=True,
            always_scrape_classic_histograms=True,
        )
        own = {"service": service.name, "instance": f"floor-{self.catalog.platform.name}"}
        return job_of(config, GlobalConfig()), {**own, "__address__": "127.0.0.1:1"}

    async def _scrape(self) -> None:
        now_ns = self.clock.now_ns()
        for at, scraper in enumerate(self._scrapers):
            if now_ns >= self._due_scrape_ns[at]:
                self._due_scrape_ns[at] = now_ns + scraper.target.interval_ms * 1_000_000
                await scraper.scrape(now_ns // 1_000_000)

    def _tell_calendars(self) -> None:
        now_ns = self.clock.now_ns()
        values = np.array([float(each.is_open(now_ns)) for each in self._calendars])
        self._calendar_recorder.write(now_ns // 1_000_000, self._calendar_labels, values)

    def _evaluate(self) -> None:
        now_ns = self.clock.now_ns()
        for group in self.groups:
            if now_ns >= self._due_ns[group.name]:
                self._due_ns[group.name] = now_ns + group.interval_ns
                group.turn(self._around, now_ns, self.office.accept)
