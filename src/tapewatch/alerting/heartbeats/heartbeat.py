"""Telling somebody outside that we live, in the words of their service."""

import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.web import ANSWER_MAX_BYTES, JSON, said
from tapewatch.alerting.heartbeats.settings import PAGERDUTY_URL, HeartbeatSettings
from tapewatch.metrics.scrape.errors import ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient, Request
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock
from tapewatch.model.durations import format_time_ns

log = logging.getLogger(__name__)

WATCHDOG: Final = "Watchdog"


class Heartbeat:
    """One sign of life, again and again."""

    def __init__(
        self, settings: HeartbeatSettings, clock: Clock, *, source: str, external_url: str
    ) -> None:
        self.settings = settings
        self.last_error: str | None = None
        self.sent = 0
        self.failed = 0
        self.last_ns = 0
        self.due_ns = 0
        self._clock = clock
        self._source = source
        self._external_url = external_url
        self._started = False
        self._client = HttpClient(HttpSettings(), clock)

    async def beat(self, fault: str) -> None:
        """Give a sign of life, or of what is wrong; where neither arrives, the words are kept."""
        now_ns = self._clock.now_ns()
        self.due_ns = now_ns + self.settings.every * 1_000_000
        for request in self._requests(fault, now_ns):
            await self._send(request)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _requests(self, fault: str, now_ns: int) -> list[Request]:
        if self.settings.kind == "healthchecks":
            return self._pings(fault)
        if self.settings.kind == "pagerduty":
            url = self.settings.url.reveal() if self.settings.url else PAGERDUTY_URL
            return [_post(url, self._event(fault))]
        # Whoever listens to the watchdog pages when it stops, so silence says that we are broken.
        return [] if fault else [_post(self._url(), self._webhook(now_ns))]

    def _pings(self, fault: str) -> list[Request]:
        url, method = self._url().rstrip("/"), self.settings.method
        body = fault.encode() if method == "POST" else b""
        headers = {"Content-Type": "text/plain; charset=utf-8"} if body else {}
        paths = [] if self._started else [f"{url}/start"]
        self._started = True
        paths.append(f"{url}/fail" if fault else url)
        return [
            Request(path, headers, limit_bytes=ANSWER_MAX_BYTES, method=method, body=body)
            for path in paths
        ]

    def _event(self, fault: str) -> Mapping[str, Any]:
        key = self.settings.routing_key
        told: dict[str, Any] = {
            "routing_key": key.reveal() if key else "",
            "dedup_key": f"tapewatch-heartbeat-{self._source}",
            "event_action": "trigger" if fault else "resolve",
        }
        if fault:
            summary = f"Tapewatch cannot alert: {fault}"[:1024]
            told["payload"] = {"summary": summary, "source": self._source, "severity": "critical"}
        return told

    def _webhook(self, now_ns: int) -> Mapping[str, Any]:
        labels = {"alertname": WATCHDOG, "severity": "none"}
        annotations = {"summary": "Alerting works from end to end"}
        alert = {
            "status": "firing",
            "labels": labels,
            "annotations": annotations,
            "startsAt": format_time_ns(now_ns),
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": self._external_url,
            "fingerprint": "",
        }
        return {
            "version": "4",
            "groupKey": '{}:{alertname="Watchdog"}',
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "watchdog",
            "groupLabels": {"alertname": WATCHDOG},
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "externalURL": self._external_url,
            "alerts": [alert],
        }

    async def _send(self, request: Request) -> None:
        seconds = self.settings.timeout / 1000
        try:
            answer = await self._client.fetch(request, timeout_seconds=seconds)
        except ScrapeFailed as fault:
            # The address lets in whoever knows it.
            self._fail(str(fault).replace(request.url, self.settings.kind))
            return
        if answer.status >= 300:
            self._fail(said(answer))
            return
        self.sent += 1
        self.last_error = None
        self.last_ns = self._clock.now_ns()

    def _fail(self, words: str) -> None:
        self.failed += 1
        if self.last_error is None:
            log.warning("a heartbeat did not arrive", extra={"kind": self.settings.kind})
        self.last_error = words

    def _url(self) -> str:
        return self.settings.url.reveal() if self.settings.url else ""


def _post(url: str, document: Mapping[str, Any]) -> Request:
    body = orjson.dumps(document)
    headers = {"Content-Type": JSON}
    return Request(url, headers, limit_bytes=ANSWER_MAX_BYTES, method="POST", body=body)
