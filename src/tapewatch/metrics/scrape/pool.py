"""
The targets of one job.

Whenever discovery finds something else, the targets are worked out anew and compared with those
that are scraped: new ones begin, unchanged ones go on undisturbed, and those that are gone stop. A
target that comes back soon goes on in its lane as if nothing had been; one that does not has its
series marked stale.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tapewatch.metrics.intake import Intake
from tapewatch.metrics.scrape.discovery.feed import Feed
from tapewatch.metrics.scrape.discovery.groups import TargetGroup
from tapewatch.metrics.scrape.discovery.sources import sources_of
from tapewatch.metrics.scrape.errors import DiscoveryFailed, LimitExceeded, TargetRefused
from tapewatch.metrics.scrape.http.client import HttpClient
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.metrics.scrape.loop import ScrapeLoop
from tapewatch.metrics.scrape.relabel import Relabeler
from tapewatch.metrics.scrape.scraper import Scraper
from tapewatch.metrics.scrape.settings import Job
from tapewatch.metrics.scrape.tally import Tally
from tapewatch.metrics.scrape.target import Dropped, Target, build_targets
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels

log = logging.getLogger(__name__)

SYNC_GAP_SECONDS: Final = 1.0
"""Targets are worked out at most this often, whatever discovery says."""

STAY_INTERVALS: Final = 2.2
STAY_MIN_SECONDS: Final = 2.0
"""How long a target that is gone is waited for, before its series are marked stale."""

Key: TypeAlias = tuple[Labels, str]
Built: TypeAlias = list[Target | Dropped | TargetRefused]


@dataclass(slots=True)
class Tended:
    """A scraper, and the task that scrapes with it or waits to close it."""

    scraper: Scraper
    task: asyncio.Task[None]

    @property
    def target(self) -> Target:
        """The target as it was found last."""
        return self.scraper.target


class Pool:
    """Scrapes the targets of one job."""

    def __init__(self, job: Job, intake: Intake, clock: Clock, *, aligned: bool = False) -> None:
        self.job = job
        self.tally = Tally()
        self.dropped: list[Dropped] = []
        self.dropped_count = 0
        self.refused: list[str] = []
        self._intake = intake
        self._clock = clock
        self._aligned = aligned
        self._relabeler = Relabeler(job.config.relabel_configs)
        self._client = HttpClient(job.config, clock)
        self._feed = Feed(clock, self._note_change, self._note_failure)
        self._active: dict[Key, Tended] = {}
        self._leaving: dict[Key, Tended] = {}
        self._built: dict[int, tuple[TargetGroup, Built]] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for targets and to scrape them."""
        self._feed.apply(sources_of(self.job.config, self._clock))
        self._task = asyncio.create_task(self._sync_on_change(), name=f"pool {self.job.name}")

    async def stop(self, *, stale: bool) -> None:
        """Stop scraping; ``stale`` marks all series stale, because nobody will scrape them."""
        tasks = [self._task] if self._task is not None else []
        tasks += [each.task for each in (*self._active.values(), *self._leaving.values())]
        for task in tasks:
            task.cancel()
        await self._feed.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        now_ms = self._clock.now_ns() // 1_000_000
        for each in (*self._active.values(), *self._leaving.values()):
            each.scraper.close(now_ms if stale else None)
        self._active.clear()
        self._leaving.clear()
        self._client.close()

    def apply(self, job: Job) -> None:
        """Go on under another configuration."""
        former, self.job = self.job, job
        if former == job:
            return
        client = self._client
        if http_part(former.config) != http_part(job.config):
            self._client = HttpClient(job.config, self._clock)
            client.close()
        self._relabeler = Relabeler(job.config.relabel_configs)
        self._built.clear()
        for each in (*self._active.values(), *self._leaving.values()):
            each.scraper.change(each.scraper.target, job, self._client)
        self._feed.apply(sources_of(job.config, self._clock))
        self.sync()

    def active(self) -> list[Scraper]:
        """Return the scrapers of all targets, ordered by where they scrape."""
        scrapers = [each.scraper for each in self._active.values()]
        return sorted(scrapers, key=lambda each: (each.target.url, each.target.labels))

    def sync(self) -> None:
        """Work out the targets, and scrape those."""
        began_ns = self._clock.monotonic_ns()
        wanted: dict[Key, Target] = {}
        self.dropped, self.dropped_count, self.refused = [], 0, []
        for each in self._build():
            if isinstance(each, Target):
                wanted.setdefault(each.key, each)
            elif isinstance(each, Dropped):
                self._drop(each)
            else:
                self._refuse(each)
        for key in [key for key in self._active if key not in wanted]:
            self._part(key)
        for key, target in wanted.items():
            self._take_in(key, target)
        self._enforce_limit()
        self.tally.syncs += 1
        self.tally.sync_seconds += (self._clock.monotonic_ns() - began_ns) / 1e9

    async def _sync_on_change(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.sync()
            await self._clock.sleep(SYNC_GAP_SECONDS)

    def _build(self) -> Iterator[Target | Dropped | TargetRefused]:
        # A group that did not change needs no relabelling again.
        former, self._built = self._built, {}
        for group in self._feed.groups():
            known = former.get(id(group))
            if known is None:
                known = (group, list(build_targets(group, self.job, self._relabeler)))
            self._built[id(group)] = known
            yield from known[1]

    def _drop(self, dropped: Dropped) -> None:
        self.dropped_count += 1
        limit = self.job.limits.dropped_targets
        if not limit or len(self.dropped) < limit:
            self.dropped.append(dropped)

    def _refuse(self, fault: TargetRefused) -> None:
        self.refused.append(str(fault))
        self.tally.targets_refused += 1
        log.warning("target refused", extra={"job": self.job.name, "fault": str(fault)})

    def _take_in(self, key: Key, target: Target) -> None:
        active = self._active.get(key)
        if active is not None:
            former, active.scraper.target = active.scraper.target, target
            if (former.interval_ms, former.timeout_ms) == (target.interval_ms, target.timeout_ms):
                return
            active.task.cancel()
            active.scraper.change(target, self.job, self._client)
            active.task = self._run(active.scraper)
            return
        scraper = self._welcome_back(key, target) or Scraper(
            target, self.job, self._client, self._intake, self._clock, self.tally
        )
        self._active[key] = Tended(scraper, self._run(scraper))

    def _welcome_back(self, key: Key, target: Target) -> Scraper | None:
        leaving = self._leaving.pop(key, None)
        if leaving is None:
            return None
        leaving.task.cancel()
        leaving.scraper.change(target, self.job, self._client)
        return leaving.scraper

    def _part(self, key: Key) -> None:
        active = self._active.pop(key)
        active.task.cancel()
        task = asyncio.create_task(self._leave(key, active.scraper))
        self._leaving[key] = Tended(active.scraper, task)

    async def _leave(self, key: Key, scraper: Scraper) -> None:
        target = scraper.target
        stay_seconds = STAY_INTERVALS * target.interval_ms / 1000
        await self._clock.sleep(max(stay_seconds, STAY_MIN_SECONDS))
        del self._leaving[key]
        replaced = any(each.target.labels == target.labels for each in self._active.values())
        last_ms = scraper.state.last_scrape_ms
        scraper.close(None if replaced or not last_ms else last_ms + target.interval_ms)

    def _run(self, scraper: Scraper) -> asyncio.Task[None]:
        loop = ScrapeLoop(scraper, self._clock, self.tally, aligned=self._aligned)
        task = asyncio.create_task(loop.run(), name=f"scrape {scraper.target.url}")
        task.add_done_callback(_tell_of_death)
        return task

    def _enforce_limit(self) -> None:
        limit, found = self.job.limits.targets, len(self._active)
        beyond = bool(limit) and found > limit
        fault = (
            LimitExceeded("target_limit", limit, found, "targets of the job") if beyond else None
        )
        for each in self._active.values():
            each.scraper.forced_fault = fault

    def _note_change(self) -> None:
        self._changed.set()

    def _note_failure(self, fault: DiscoveryFailed) -> None:
        self.tally.discovery_failures[fault.mechanism] += 1


def http_part(config: HttpSettings) -> Sequence[object]:
    """Return what decides how requests are made."""
    return (
        config.basic_auth,
        config.authorization,
        config.oauth2,
        config.bearer_token,
        config.bearer_token_file,
        config.tls_config,
        config.follow_redirects,
        config.http_headers,
        config.proxy_url,
        config.no_proxy,
        config.proxy_from_environment,
        config.proxy_connect_header,
    )


def _tell_of_death(task: asyncio.Task[None]) -> None:
    # A loop ends by being cancelled; anything else is a fault of ours, and must not be silent.
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("scraping stopped", exc_info=fault, extra={"task": task.get_name()})
