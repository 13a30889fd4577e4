"""
Tells another Alertmanager of alerts.

Alerts wait in a bounded queue and go out in batches. What cannot be delivered is dropped and
counted, because every alert is told again while it lasts; the oldest go first.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from tapewatch.metrics.scrape.errors import ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient, Request
from tapewatch.model.clock import Clock
from tapewatch.model.durations import format_time_ns
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, counter, gauge
from tapewatch.watch.alert import Alert
from tapewatch.watch.settings import AlertmanagerSettings

log = logging.getLogger(__name__)

QUEUE_MAX: Final = 10_000
BATCH_MAX: Final = 64
PATH: Final = "/api/v2/alerts"


class AlertmanagerSender:
    """Sends to one Alertmanager; it is a sink of alerts."""

    def __init__(self, settings: AlertmanagerSettings, clock: Clock) -> None:
        self.url = settings.url.rstrip("/") + PATH
        self.sent = 0
        self.dropped = 0
        self.errors = 0
        self.last_error = ""
        self._timeout_s = settings.timeout / 1000
        self._client = HttpClient(settings, clock)
        self._queue: deque[Alert] = deque()
        self._filled = asyncio.Event()

    def accept(self, alerts: Sequence[Alert], now_ns: int) -> None:  # noqa: ARG002  # a sink of alerts is told the time
        """Take alerts; where there are too many, the oldest are dropped."""
        self._queue.extend(alerts)
        while len(self._queue) > QUEUE_MAX:
            self._queue.popleft()
            self.dropped += 1
        self._filled.set()

    async def run(self) -> None:
        """Send whatever is there until cancelled."""
        while True:
            await self._filled.wait()
            while self._queue:
                count = min(len(self._queue), BATCH_MAX)
                await self._send([self._queue.popleft() for _ in range(count)])
            self._filled.clear()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    async def _send(self, alerts: Sequence[Alert]) -> None:
        body = orjson.dumps([as_json(alert) for alert in alerts])
        headers = {"Content-Type": "application/json"}
        request = Request(self.url, headers, method="POST", body=body)
        try:
            answer = await self._client.fetch(request, timeout_seconds=self._timeout_s)
            if answer.status // 100 == 2:
                self.sent += len(alerts)
                self.last_error = ""
                return
            told = answer.body[:200].decode(errors="replace").strip()
            fault = f"HTTP status {answer.status} {answer.reason} {told}"
        except ScrapeFailed as failure:
            fault = str(failure)
        self.errors += 1
        self.dropped += len(alerts)
        if fault != self.last_error:
            log.error("alerts were not delivered", extra={"url": self.url, "fault": fault})
        self.last_error = fault

    def families(self) -> Iterator[Family]:
        """Yield what was sent, and what was not."""
        labels = Labels.of(alertmanager=self.url)
        yield counter(
            "tapewatch_watch_alerts_sent_total", "Alerts that were sent.", self.sent, labels
        )
        yield counter(
            "tapewatch_watch_alerts_dropped_total",
            "Alerts that were not sent; each is told again while it lasts.",
            self.dropped,
            labels,
        )
        yield gauge("tapewatch_watch_alerts_queued", "Alerts that wait.", len(self._queue), labels)


def as_json(alert: Alert) -> dict[str, object]:
    """Write an alert as Alertmanager's API takes it."""
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": format_time_ns(alert.starts_at_ns),
        **({"endsAt": format_time_ns(alert.ends_at_ns)} if alert.ends_at_ns else {}),
        "generatorURL": alert.generator_url,
    }
