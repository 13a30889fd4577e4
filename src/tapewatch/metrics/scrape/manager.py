"""
All jobs: begun, changed and ended by configuration, and questions about them answered.

It has the shape of a component of the server (start, run, stop, ready, families), which lies below
this part and is therefore not imported here.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tapewatch.metrics.intake import Intake
from tapewatch.metrics.scrape.pool import Pool
from tapewatch.metrics.scrape.relabel import Relabeler, RelabelStep
from tapewatch.metrics.scrape.scraper import Scraper, TargetState
from tapewatch.metrics.scrape.settings import Job
from tapewatch.metrics.scrape.tally import gauges, tally_families
from tapewatch.metrics.scrape.target import Target, TargetHealth
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, match_all
from tapewatch.model.samples import Family, Metadata


@dataclass(frozen=True, slots=True)
class ActiveTarget:
    """A target that is scraped, as the targets API shows it."""

    pool: str
    target: Target
    state: TargetState


@dataclass(frozen=True, slots=True)
class DroppedTarget:
    """A target that relabelling has dropped."""

    pool: str
    discovered: Labels


@dataclass(frozen=True, slots=True)
class TargetMetadata:
    """What one target says of one of its metrics."""

    target: Labels
    metric: str
    metadata: Metadata


class ScrapeManager:
    """Owns a pool for each job."""

    name = "scraping"
    needs: Sequence[str] = ()

    def __init__(self, intake: Intake, clock: Clock, *, aligned: bool = False) -> None:
        self._intake = intake
        self._clock = clock
        self._aligned = aligned
        self._jobs: Sequence[Job] = ()
        self._pools: dict[str, Pool] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._running = False

    # --- Life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to scrape the jobs that were applied."""
        self._running = True
        self.apply(self._jobs)

    async def run(self) -> None:
        """Wait; the pools work by themselves."""
        await asyncio.Event().wait()

    async def stop(self) -> str:
        """Stop scraping, without marking anything stale: we will be back."""
        self._running = False
        pools = list(self._pools.values())
        self._pools.clear()
        await asyncio.gather(*(pool.stop(stale=False) for pool in pools), *self._ending)
        return f"{len(pools)} scrape pools" if pools else ""

    def ready(self) -> bool:
        """Say whether jobs are served."""
        return self._running

    def apply(self, jobs: Sequence[Job]) -> None:
        """Serve these jobs; what did not change goes on undisturbed."""
        self._jobs = tuple(jobs)
        if not self._running:
            return
        wanted = {job.name: job for job in jobs}
        for name in [name for name in self._pools if name not in wanted]:
            self._end(self._pools.pop(name))
        for name, job in wanted.items():
            if name in self._pools:
                self._pools[name].apply(job)
            else:
                self._pools[name] = pool = Pool(
                    job, self._intake, self._clock, aligned=self._aligned
                )
                pool.start()

    def _end(self, pool: Pool) -> None:
        task = asyncio.create_task(pool.stop(stale=True))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    # --- Questions -------------------------------------------------------------------------------

    def pools(self) -> list[str]:
        """Name the jobs."""
        return sorted(self._pools)

    def job(self, pool: str) -> Job | None:
        """Return the configuration of a job."""
        found = self._pools.get(pool)
        return found.job if found is not None else None

    def active(self, pool: str = "") -> list[ActiveTarget]:
        """List the targets that are scraped, of one job or of all."""
        return [
            ActiveTarget(name, scraper.target, scraper.state)
            for name, found in self._chosen(pool)
            for scraper in found.active()
        ]

    def dropped(self, pool: str = "") -> list[DroppedTarget]:
        """List the targets that relabelling has dropped, as far as they are remembered."""
        return [
            DroppedTarget(name, each.discovered)
            for name, found in self._chosen(pool)
            for each in found.dropped
        ]

    def dropped_counts(self) -> dict[str, int]:
        """Count the dropped targets of every job, remembered or not."""
        return {name: pool.dropped_count for name, pool in sorted(self._pools.items())}

    def refused(self, pool: str = "") -> list[str]:
        """Say which discovered labels make no target, and why."""
        return [fault for _, found in self._chosen(pool) for fault in found.refused]

    def metadata(
        self, matchers: Iterable[Matcher] = (), *, metric: str = "", limit: int = -1
    ) -> list[TargetMetadata]:
        """List what targets say of their metrics; ``matchers`` choose targets by their labels."""
        chosen = tuple(matchers)
        found: list[TargetMetadata] = []
        for scraper in self._scrapers():
            if not match_all(chosen, scraper.target.labels):
                continue
            for each in _metadata_of(scraper, metric):
                if 0 <= limit <= len(found):
                    return found
                found.append(each)
        return found

    def relabel_steps(self, pool: str, labels: Mapping[str, str]) -> list[RelabelStep] | None:
        """Say what each rule of a job does to discovered labels; None for an unknown job."""
        found = self._pools.get(pool)
        if found is None:
            return None
        return Relabeler(found.job.config.relabel_configs).steps(labels)

    # --- Our own metrics -------------------------------------------------------------------------

    def families(self) -> Iterator[Family]:
        """Yield the metrics of scraping."""
        pools = dict(sorted(self._pools.items()))
        yield from tally_families({name: pool.tally for name, pool in pools.items()})
        yield gauges("scrape_targets", "Targets that are scraped, by health.", self._by_health())
        yield gauges(
            "scrape_targets_dropped",
            "Targets that relabelling has dropped.",
            [(Labels.of(job=name), float(pool.dropped_count)) for name, pool in pools.items()],
        )
        yield gauges(
            "scrape_target_limit",
            "Most targets that the job may have, 0 for no limit.",
            [(Labels.of(job=name), float(pool.job.limits.targets)) for name, pool in pools.items()],
        )

    def _by_health(self) -> Iterator[tuple[Labels, float]]:
        for name, pool in sorted(self._pools.items()):
            found = [scraper.state.health for scraper in pool.active()]
            for health in TargetHealth:
                yield Labels.of(job=name, health=str(health)), float(found.count(health))

    def _chosen(self, pool: str) -> list[tuple[str, Pool]]:
        return [pair for pair in sorted(self._pools.items()) if not pool or pair[0] == pool]

    def _scrapers(self) -> Iterator[Scraper]:
        for _, pool in self._chosen(""):
            yield from pool.active()


def _metadata_of(scraper: Scraper, metric: str) -> Iterator[TargetMetadata]:
    told = scraper.metadata
    if metric:
        told = {metric: told[metric]} if metric in told else {}
    for name, metadata in told.items():
        yield TargetMetadata(scraper.target.labels, name, metadata)
