"""
Metrics as one service: the database, the engine, scraping, and what tends to them.

It has the shape of a component of the server (start, run, stop, ready, families), which lies above
this part and is therefore not imported here. Read ``settings.py`` first.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapewatch.document.types import Secret
from tapewatch.metrics import vitals
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.parse import parse_series_selector
from tapewatch.metrics.queries import Queries
from tapewatch.metrics.receive import ExportReceiver, Receipt, WriteReceiver
from tapewatch.metrics.scrape.discovery.static import StaticSettings
from tapewatch.metrics.scrape.http.settings import Authorization
from tapewatch.metrics.scrape.manager import ScrapeManager
from tapewatch.metrics.scrape.secrets import InlineSecret
from tapewatch.metrics.scrape.settings import GlobalConfig, Job, ScrapeConfig, job_of
from tapewatch.metrics.settings import MetricsSettings
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database, Keep
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import Clock
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.model.samples import Family
from tapewatch.store.disk import Disk
from tapewatch.wire import snappy
from tapewatch.wire.compression import decompress
from tapewatch.wire.remote_write.content import Version

log = logging.getLogger(__name__)

OWN_JOB: Final = "tapewatch"
OWN_INTERVAL_MS: Final = 15_000
TEND_SECONDS: Final = 0.2
INLINE_MAX_BYTES: Final = 128 * 1024
"""A body up to this size is taken on the loop; a larger one would keep it too long."""
COMPACT_SECONDS: Final = 30.0
TEND_AGAIN_SECONDS: Final = 5.0
"""The pause after a failure, so that a full disk is not asked five times a second."""


@dataclass(frozen=True, slots=True)
class OwnTarget:
    """Where the server's own metrics are scraped while no job is configured."""

    address: str
    token: Secret | None = None


class MetricsService:
    """Owns everything about metrics; what is made by ``start`` is there until ``stop``."""

    name = "metrics"
    needs: Sequence[str] = ()

    database: Database
    engine: Engine
    queries: Queries
    scraping: ScrapeManager
    writes: WriteReceiver
    exports: ExportReceiver

    def __init__(
        self,
        folder: Path,
        settings: MetricsSettings,
        clock: Clock,
        *,
        own: OwnTarget | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.settings = settings
        self.external_labels = EMPTY
        """The labels that other stores know us by."""
        self.last_error: str | None = None
        self._folder = folder
        self._clock = clock
        self._own = own
        self._disk = disk
        self._running = False
        self._unsealed = False
        self._compact_at_ns = 0

    async def start(self) -> None:
        """Open the database, which reads the end of its log, and begin to scrape."""
        settings = self.settings
        self.database = await asyncio.to_thread(self._open)
        self._compactor = Compactor(self.database)
        self.engine = Engine(settings.query.engine)
        self.queries = Queries(settings.query)
        self.writes = WriteReceiver(self.database)
        self.exports = ExportReceiver(self.database, settings.otlp.translation)
        self._receiving = asyncio.Lock()
        self.scraping = ScrapeManager(self.database, self._clock)
        self.scraping.apply(self._jobs(settings))
        await self.scraping.start()
        self._running = True

    async def run(self) -> None:
        """Seal and compact whenever there is something to do."""
        while True:
            await self._clock.sleep(TEND_AGAIN_SECONDS if self.last_error else TEND_SECONDS)
            await self.tend()

    async def stop(self) -> str:
        """Stop scraping and give up queries; what was taken in is in the log."""
        if not self._running:
            return ""
        self._running = False
        await self.scraping.stop()
        canceled = self.queries.cancel_all()
        await asyncio.to_thread(self.queries.close)
        await asyncio.to_thread(self.database.close)
        return f"{canceled} queries" if canceled else ""

    def ready(self) -> bool:
        """Say whether queries are answered."""
        return self._running

    def apply(self, settings: MetricsSettings) -> None:
        """Use new settings from now on; raises ``DocumentError`` before anything is changed."""
        jobs = self._jobs(settings)
        former, self.settings = self.settings, settings
        if not self._running:
            return
        if settings.query != former.query:
            self.engine = Engine(settings.query.engine)
            self.queries.apply(settings.query)
        if settings.otlp != former.otlp:
            self.exports.translate(settings.otlp.translation)
        self.database.settings = settings.storage
        self.database.keeps = keeps_of(settings.storage)
        self.scraping.apply(jobs)

    async def write(
        self, body: bytes, version: Version, *, unpacked_max: int, durable: bool = False
    ) -> Receipt:
        """Store a write request as it came; large ones, and durable ones, beside the loop."""

        def take() -> Receipt:
            receipt = self.writes.take(snappy.decompress(body, unpacked_max), version)
            if durable:
                self.database.sync()
            return receipt

        async with self._receiving:
            return await self._take(take, beside=durable or len(body) > INLINE_MAX_BYTES)

    async def export(
        self, body: bytes, content_type: str, encoding: str = "", *, unpacked_max: int
    ) -> Receipt:
        """Store an export of OpenTelemetry as it came."""

        def take() -> Receipt:
            return self.exports.take(decompress(body, encoding, unpacked_max), content_type)

        async with self._receiving:
            return await self._take(take, beside=len(body) > INLINE_MAX_BYTES // 4)

    async def _take(self, take: Callable[[], Receipt], *, beside: bool) -> Receipt:
        return await asyncio.to_thread(take) if beside else take()

    def compact_all(self) -> int:
        """Do all there is to compact; returns how many files were made or dropped."""
        self.database.seal()
        return self._compactor.run_all()

    async def tend(self) -> None:
        """Do what the database needs at this moment, beside the loop."""
        try:
            # Samples that could not be sealed wait beside the head, which does not count them.
            if self._unsealed or self.database.needs_seal():
                self._unsealed = True
                await asyncio.to_thread(self.database.seal)
                self._unsealed, self._compact_at_ns = False, 0
            if self._clock.monotonic_ns() >= self._compact_at_ns:
                await asyncio.to_thread(self._compact)
        except TapewatchError as fault:
            self._note_failure(fault)
        else:
            self.last_error = None

    def families(self) -> Iterator[Family]:
        """Yield the metrics of storage, queries and scraping."""
        if not self._running:
            return
        yield from vitals.families(self.database)
        yield from self.queries.families()
        yield from self.scraping.families()

    def _open(self) -> Database:
        storage = self.settings.storage
        return Database(self._folder, storage, self._clock, self._disk, keeps=keeps_of(storage))

    def _compact(self) -> None:
        """Do the next job; what is due can only change by a seal, or slowly with time."""
        job = self._compactor.next_job()
        if job is not None:
            self._compactor.run(job)
        else:
            self._compact_at_ns = self._clock.monotonic_ns() + int(COMPACT_SECONDS * 1e9)

    def _note_failure(self, fault: TapewatchError) -> None:
        if str(fault) != self.last_error:
            log.error("metrics cannot be written to disk", extra={"fault": str(fault)})
        self.last_error = str(fault)

    def _jobs(self, settings: MetricsSettings) -> list[Job]:
        jobs = settings.jobs()
        self.external_labels = Labels.of(settings.scraping().global_.external_labels)
        return jobs if jobs or self._own is None else [own_job(self._own)]


def keeps_of(storage: StorageSettings) -> tuple[Keep, ...]:
    """Return the rules of retention with their selectors read."""
    return tuple(
        Keep(parse_series_selector(rule.select), rule.keep) for rule in storage.retention_rules
    )


def own_job(own: OwnTarget) -> Job:
    """Build the job that scrapes this server."""
    authorization = None
    if own.token is not None:
        authorization = Authorization(credentials=InlineSecret(own.token.reveal()))
    config = ScrapeConfig(
        job_name=OWN_JOB,
        scrape_interval=OWN_INTERVAL_MS,
        static_configs=(StaticSettings(targets=(own.address,)),),
        authorization=authorization,
    )
    return job_of(config, GlobalConfig())
