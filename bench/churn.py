"""
Half an hour of churn in simulated time: every minute a tenth of the series is replaced by new ones.

The database is driven in a process of its own, by the way of a scrape, under a clock that jumps;
its memory and the time of a query should be at the end what they were in the beginning.
"""

import gc
import multiprocessing
import os
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.harness import Outcome, Row, Scale, time_each
from bench.servers import memory_of
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.scrape.protocols import Protocol
from tapewatch.metrics.scrape.readers import TextReader
from tapewatch.metrics.scrape.recorder import Recorder
from tapewatch.metrics.scrape.report import Report
from tapewatch.metrics.scrape.settings import GlobalConfig, Job, ScrapeConfig, job_of
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.labels import Labels
from tapewatch.model.memory import keep_freed_memory

QUESTION = "Do memory and query time stay flat when a tenth of the series is replaced each minute?"
QUERY = "sum by (symbol)(rate(orders_sent_total[2m]))"
FLAT = 1.3
READ_EVERY = 5
EARLY, LATE = 15, 30
"""The minutes that are compared: by the first, the head was sealed once and caches are full."""
INTERVAL_SECONDS = 10
STEPS = 20
BEGIN_MS = 1_704_067_200_000


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    series: int
    repeats: int


FULL = Size(series=50_000, repeats=7)
TINY = Size(series=200, repeats=1)


@dataclass(frozen=True)
class Reading:
    """Where the database stands at the end of a minute."""

    minute: int
    memory_bytes: int
    query_seconds: float
    first_seconds: float
    """Of the first query after series have come and gone, which finds them anew."""
    series_known: int


class JumpingClock:
    """A clock that is wherever the simulation says."""

    def __init__(self) -> None:
        self.at_ms = BEGIN_MS

    def now_ns(self) -> int:
        return self.at_ms * 1_000_000

    def monotonic_ns(self) -> int:
        return self.at_ms * 1_000_000

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here, least of all {seconds} s")


class Desk:
    """A target whose series come and go; every counter grows by ten at every scrape."""

    def __init__(self, series: int) -> None:
        self.series = series
        self.first = 0
        self.scrapes = 0

    def body(self) -> bytes:
        """Write the series that are there now."""
        self.scrapes += 1
        value = self.scrapes * 10
        return b"".join(
            b'orders_sent_total{book="book-%08d",symbol="S%03d",venue="binance"} %d\n'
            % (number, number % 100, value)
            for number in range(self.first, self.first + self.series)
        )

    def replace_some(self) -> None:
        """Let a tenth of the series go, and as many new ones come."""
        self.first += self.series // 10

    @property
    def total(self) -> int:
        """The sum of all counters at the last scrape."""
        return self.series * self.scrapes * 10


class Simulation:
    """The desk, the database, and whoever tends to it."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.size = size
        self.clock = JumpingClock()
        self.database = Database(folder, StorageSettings(), self.clock)
        self.compactor = Compactor(self.database)
        self.desk = Desk(size.series)
        self.engine = Engine()
        self.reader = TextReader(Protocol.TEXT_0)
        target = Labels.of(job="bench", instance="desk:1")
        self.recorder = Recorder(target, _job(), self.database)

    def minute(self) -> None:
        """Let a minute pass: scrapes, and then other series."""
        for _ in range(60 // INTERVAL_SECONDS):
            self.clock.at_ms += INTERVAL_SECONDS * 1000
            self._scrape()
            if self.database.needs_seal():
                self.database.seal()
            self.compactor.run_all()
        self.desk.replace_some()

    def _scrape(self) -> None:
        reading = self.reader.read(self.desk.body())
        draft = self.recorder.draft(reading, self.clock.at_ms, self.reader.metadata)
        report = Report(True, 0.1, reading.count, draft.samples_kept, draft.series_added)
        self.recorder.commit(draft, report)
        gone = self.recorder.tidy(reading) if draft.alive is not None else []
        if gone:
            self.reader.retire(gone)

    def read(self, minute: int) -> Reading:
        """Measure, and check that the database says what the desk had."""
        now = self.clock.at_ms
        found = self.engine.instant(self.database, "sum(orders_sent_total)", now).result
        assert [sample.value for sample in found.samples] == [self.desk.total]
        start = now - (STEPS - 1) * 3_000

        def ask() -> object:
            return self.engine.range(self.database, QUERY, start, now, 3_000).result

        (first,) = time_each(ask, repeats=1, warm_ups=0)
        (timing,) = time_each(ask, repeats=self.size.repeats, warm_ups=0)
        gc.collect()
        known = len(self.database.head.table)
        return Reading(minute, memory_of(os.getpid()), timing.median, first.median, known)


def _job() -> Job:
    return job_of(ScrapeConfig(job_name="bench", scrape_interval=10_000), GlobalConfig())


def simulate(size: Size) -> list[Reading]:
    """Live through the half hour; returns a reading every five minutes."""
    keep_freed_memory()  # As the server does.
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(Path(folder), size)
        readings = []
        for minute in range(1, LATE + 1):
            simulation.minute()
            if minute % READ_EVERY == 0:
                readings.append(simulation.read(minute))
        simulation.database.close()
    return readings


def run(scale: Scale) -> Outcome:
    """Simulate in a process of its own, so that nothing else counts as memory."""
    size = FULL if scale is Scale.FULL else TINY
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning) as pool:
        readings = pool.submit(simulate, size).result()
    by_minute = {each.minute: each for each in readings}
    early, late = by_minute[EARLY], by_minute[LATE]
    memory = late.memory_bytes / early.memory_bytes
    query = late.query_seconds / early.query_seconds
    must = FLAT if scale is Scale.FULL else None
    rows = [
        Row(f"memory, minute {LATE} to minute {EARLY}", memory, "x", must=must),
        Row(f"query time, minute {LATE} to minute {EARLY}", query, "x", must=must),
    ]
    for each in readings:
        rows.append(Row(f"memory at minute {each.minute}", each.memory_bytes / 2**20, "MiB"))
    for each in readings:
        rows.append(Row(f"query at minute {each.minute}", each.query_seconds * 1000, "ms"))
    for each in readings:
        rows.append(Row(f"first query at minute {each.minute}", each.first_seconds * 1000, "ms"))
    known = ", ".join(f"{each.series_known:,}" for each in readings)
    median = statistics.median(each.query_seconds for each in readings) * 1000
    told = f"{size.series:,} series alive; the head knows {known}; a query takes {median:.1f} ms"
    return Outcome(rows, [told])
