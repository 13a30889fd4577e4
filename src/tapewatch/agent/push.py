"""
Pushing readings to another store: remote write 2.0, or OTLP.

Whoever pushes hands over readings; they are written at once, and the requests wait in a queue with
a bound. A destination that does not answer is asked again after a growing pause, or after the one
it names; the oldest requests are dropped when the queue is full, and what is refused for good is
dropped at once. Both are counted. How a request is sent is the caller's.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from tapewatch.agent.errors import BadDestination, NotDelivered
from tapewatch.agent.export import otlp_request, remote_write_request
from tapewatch.agent.frame import Reading
from tapewatch.agent.process import Process
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, family

log = logging.getLogger(__name__)

QUEUE_MAX_BYTES: Final = 64 * 1024 * 1024
PAUSE_FIRST_SECONDS: Final = 0.5
PAUSE_LAST_SECONDS: Final = 60.0
ROWS_MAX: Final = 2_000
"""So many readings make a request at most."""

Taken = tuple[Process, Reading]


class Writer(Protocol):
    """How readings are written for a destination."""

    def __call__(self, taken: Sequence[Taken]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to push, and in which form."""

    url: str
    headers: Mapping[str, str]
    write: Writer

    @classmethod
    def of(cls, url: str) -> "Destination":
        """Tell the form from the URL: OTLP where its path ends in /v1/metrics."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BadDestination(url, "write http://HOST:PORT/api/v1/write or …/v1/metrics")
        if parts.path.rstrip("/").endswith("/v1/metrics"):
            return cls(url, _OTLP_HEADERS, otlp_request)
        return cls(url, _REMOTE_WRITE_HEADERS, remote_write_request)


_OTLP_HEADERS: Final = {"Content-Type": "application/x-protobuf"}
_REMOTE_WRITE_HEADERS: Final = {
    "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "2.0.0",
}

Send = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]
"""Sends a request to a URL; raises ``NotDelivered`` where it was not taken."""


class Pusher:
    """One destination with its queue."""

    def __init__(
        self,
        destination: Destination,
        send: Send,
        clock: Clock,
        *,
        queue_max_bytes: int = QUEUE_MAX_BYTES,
        rng: random.Random | None = None,
    ) -> None:
        self.destination = destination
        self.sent = 0
        self.failed = 0
        self.dropped = 0
        self.last_error = ""
        self._send = send
        self._clock = clock
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._queue_max_bytes = queue_max_bytes
        self._rng = rng or random.Random()  # noqa: S311 - spreads out tries, keeps no secret
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def push(self, taken: Sequence[Taken]) -> None:
        """Write readings down to be sent; the oldest make room where there is none."""
        for begin in range(0, len(taken), ROWS_MAX):
            body = self.destination.write(taken[begin : begin + ROWS_MAX])
            self._queue.append(body)
            self._queued_bytes += len(body)
        while self._queued_bytes > self._queue_max_bytes:
            self._take_first()
            self.dropped += 1
        self._filled.set()

    def _take_first(self) -> None:
        self._queued_bytes -= len(self._queue.popleft())

    async def run(self) -> None:
        """Send what is there, until cancelled."""
        while True:
            await self._filled.wait()
            while self._queue:
                await self._send_first()
            self._filled.clear()

    async def _send_first(self) -> None:
        body, pause = self._queue[0], PAUSE_FIRST_SECONDS
        while self._queue and self._queue[0] is body:
            try:
                await self._send(self.destination.url, self.destination.headers, body)
            except NotDelivered as fault:
                self._note(fault)
                if fault.hopeless:
                    self.dropped += 1
                    break
                jitter = self._rng.uniform(0.5, 1.0)
                await self._clock.sleep(max(fault.retry_after_s, pause * jitter))
                pause = min(pause * 2, PAUSE_LAST_SECONDS)
            else:
                self.sent += 1
                self.last_error = ""
                break
        if self._queue and self._queue[0] is body:
            self._take_first()

    def _note(self, fault: NotDelivered) -> None:
        self.failed += 1
        if str(fault) != self.last_error:
            told = {"url": self.destination.url, "fault": str(fault)}
            log.error("numbers were not taken", extra=told)
        self.last_error = str(fault)

    @property
    def queued_bytes(self) -> int:
        """How much waits to be sent."""
        return self._queued_bytes


def push_families(pushers: Sequence[Pusher]) -> Iterator[Family]:
    """Yield what was sent and what was not, by destination."""
    labelled = [(Labels.of(url=each.destination.url), each) for each in pushers]
    for name, help_text, value in _TOLD:
        kind = MetricType.COUNTER if name.endswith("_total") else MetricType.GAUGE
        yield family(name, kind, help_text, [(labels, value(each)) for labels, each in labelled])


_TOLD: Final[Sequence[tuple[str, str, Callable[[Pusher], float]]]] = (
    ("agent_pushes_sent_total", "Requests that were taken.", lambda each: each.sent),
    ("agent_pushes_failed_total", "Tries that did not succeed.", lambda each: each.failed),
    (
        "agent_pushes_dropped_total",
        "Requests that were given up: refused, or too old for the queue.",
        lambda each: each.dropped,
    ),
    ("agent_push_queue_bytes", "What waits to be sent.", lambda each: each.queued_bytes),
)
