"""One target: ask it, read what it says, record it, and remember how that went."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tapewatch.metrics.intake import Intake
from tapewatch.metrics.scrape.errors import (
    BodyTooLarge,
    LimitExceeded,
    ScrapeFailed,
)
from tapewatch.metrics.scrape.failures import FailureLog
from tapewatch.metrics.scrape.http.client import Answer, HttpClient, Request
from tapewatch.metrics.scrape.protocols import Protocol, accept_header, protocol_of
from tapewatch.metrics.scrape.readers import Reader, Reading, make_reader
from tapewatch.metrics.scrape.recorder import Draft, Recorder
from tapewatch.metrics.scrape.report import Report
from tapewatch.metrics.scrape.settings import Job
from tapewatch.metrics.scrape.tally import Tally
from tapewatch.metrics.scrape.target import Target, TargetHealth
from tapewatch.model.clock import Clock
from tapewatch.model.errors import TapewatchError
from tapewatch.model.samples import Metadata

log = logging.getLogger(__name__)

NEW_INLINE_MAX_BYTES: Final = 256 * 1024
"""A body of series that are new is read on the loop up to this size, beside it from then on."""

OPENMETRICS: Final = frozenset({Protocol.OPENMETRICS_0, Protocol.OPENMETRICS_1})

_NO_METADATA: Final[Mapping[str, Metadata]] = {}


@dataclass(slots=True)
class TargetState:
    """How the last scrape went."""

    health: TargetHealth = TargetHealth.UNKNOWN
    last_error: str = ""
    last_scrape_ms: int = 0
    last_duration_seconds: float = 0.0


@dataclass(slots=True)
class _Attempt:
    """One scrape while it lasts."""

    timestamp_ms: int
    began_ns: int
    body_bytes: int = 0
    samples: int = 0
    drafted: bool = False


class Scraper:
    """
    Scrapes one target.

    ``forced_fault`` makes every scrape fail without asking, for targets beyond the job's limit.
    """

    def __init__(
        self,
        target: Target,
        job: Job,
        client: HttpClient,
        intake: Intake,
        clock: Clock,
        tally: Tally,
    ) -> None:
        self.target = target
        self.state = TargetState()
        self.forced_fault: ScrapeFailed | None = None
        self._client = client
        self._intake = intake
        self._clock = clock
        self._tally = tally
        self._recorder = Recorder(target.labels, job, intake)
        self._lock = threading.Lock()
        """Held by whoever works with the reader and the recorder, which may be a thread."""
        self._closed = False
        self._reader: Reader | None = None
        self._protocol: Protocol | None = None
        self._adopt(job)

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """What the target says of its metrics."""
        return self._reader.metadata if self._reader is not None else _NO_METADATA

    def change(self, target: Target, job: Job, client: HttpClient) -> None:
        """Go on under another configuration; what is unchanged stays as it is."""
        with self._lock:
            recorded_alike = job.scrapes_like(self._job)
            self.target = target
            self._client = client
            self._adopt(job)
            if not recorded_alike:
                self._reader = None
                self._recorder.change(job)

    async def scrape(self, timestamp_ms: int) -> None:
        """Scrape once, and record the outcome whatever it is."""
        attempt = _Attempt(timestamp_ms, self._clock.monotonic_ns())
        self._closed = False
        self._tally.scrapes += 1
        fault: TapewatchError | None = None
        try:
            await self._attempt(attempt)
        except ScrapeFailed as failure:
            fault = failure
            self._record_failure(attempt, failure)
        except TapewatchError as failure:
            # Storage does not take the row, so there is nowhere to say that the target is up.
            fault = failure
            if not attempt.drafted:
                self.close(None)  # The lane may have columns that we know nothing of.
        self._conclude(attempt, fault)

    def close(self, timestamp_ms: int | None) -> None:
        """End the target's lane; with a time, everything alive is marked stale there."""
        with self._lock:
            self._closed = True
            self._recorder.close(timestamp_ms)
            self._reader = None
            self._recorder.forget()

    def _adopt(self, job: Job) -> None:
        self._job = job
        config = job.config
        timeout_seconds = self.target.timeout_ms / 1000
        headers = {
            "Accept": accept_header(job.protocols, job.escaping),
            "X-Prometheus-Scrape-Timeout-Seconds": f"{timeout_seconds:g}",
        }
        self._request = Request(
            self.target.url,
            headers,
            compressed=config.enable_compression,
            limit_bytes=job.limits.body_bytes,
        )
        self._failures = FailureLog.at(job.failure_log)

    async def _attempt(self, attempt: _Attempt) -> None:
        if self.forced_fault is not None:
            raise self.forced_fault
        timeout_seconds = self.target.timeout_ms / 1000
        answer = await self._client.ask(self._request, timeout_seconds=timeout_seconds)
        attempt.body_bytes = len(answer.body)
        reading, draft = await self._read(answer, attempt)
        attempt.drafted = True
        report = self._report(attempt, up=True)
        report.samples_kept, report.series_added = draft.samples_kept, draft.series_added
        self._tally.take(self._recorder.commit(draft, report))
        self._tally.refused["too_far_ahead"] += draft.too_far_ahead
        self._follow_up(reading, draft)

    async def _read(self, answer: Answer, attempt: _Attempt) -> tuple[Reading, Draft]:
        """Read an answer; a large one whose series are new takes so long that others must go on."""
        if self.state.health is TargetHealth.UP or len(answer.body) < NEW_INLINE_MAX_BYTES:
            return self._draft(answer, attempt)
        return await asyncio.to_thread(self._draft, answer, attempt)

    def _draft(self, answer: Answer, attempt: _Attempt) -> tuple[Reading, Draft]:
        with self._lock:
            if self._closed:
                raise ScrapeFailed("the target was given up meanwhile")
            reader = self._reader_for(answer)
            reading = reader.read(answer.body)
            attempt.samples = reading.count
            return reading, self._recorder.draft(reading, attempt.timestamp_ms, reader.metadata)

    def _follow_up(self, reading: Reading, draft: Draft) -> None:
        gone = self._recorder.tidy(reading) if draft.alive is not None else []
        if gone and self._reader is not None:
            self._reader.retire(gone)
        if reading.scrape.metadata:
            self._intake.describe(reading.scrape.metadata, source=self.target.url)
        untimed = sum(1 for repeat in reading.scrape.repeats if repeat.timestamp_ms is None)
        if untimed:
            self._tally.refused["repeated"] += untimed

    def _reader_for(self, answer: Answer) -> Reader:
        fallback = self._job.config.fallback_scrape_protocol
        protocol = protocol_of(answer.header("content-type"), fallback)
        if self._reader is None or protocol is not self._protocol:
            self._protocol = protocol
            self._reader = make_reader(protocol, classic_too=self._job.classic_too)
            self._recorder.forget(tells_starts=protocol in OPENMETRICS)
        return self._reader

    def _record_failure(self, attempt: _Attempt, fault: ScrapeFailed) -> None:
        report = self._report(attempt, up=False)
        if isinstance(fault, LimitExceeded) and fault.setting == "sample_limit":
            report.samples_kept = fault.found
        report.body_bytes = -1 if isinstance(fault, BodyTooLarge) else 0
        try:
            self._tally.take(self._recorder.fail(attempt.timestamp_ms, report))
        except TapewatchError as worse:
            log.warning(
                "failed scrape not recorded",
                extra={"target": self.target.url, "fault": str(worse)},
            )

    def _report(self, attempt: _Attempt, *, up: bool) -> Report:
        return Report(
            up=up,
            duration_seconds=(self._clock.monotonic_ns() - attempt.began_ns) / 1e9,
            samples=attempt.samples,
            timeout_seconds=self.target.timeout_ms / 1000,
            sample_limit=self._job.limits.samples,
            body_bytes=attempt.body_bytes,
        )

    def _conclude(self, attempt: _Attempt, fault: TapewatchError | None) -> None:
        state, tally = self.state, self._tally
        state.last_scrape_ms = attempt.timestamp_ms
        state.last_duration_seconds = (self._clock.monotonic_ns() - attempt.began_ns) / 1e9
        tally.seconds += state.last_duration_seconds
        tally.body_bytes += attempt.body_bytes
        if fault is None:
            state.health, state.last_error = TargetHealth.UP, ""
            return
        state.health, state.last_error = TargetHealth.DOWN, str(fault)
        tally.failures[fault.cause if isinstance(fault, ScrapeFailed) else "storage"] += 1
        self._failures.write(attempt.timestamp_ms, self._job.name, self.target.url, str(fault))
