"""Targets from an HTTP endpoint that answers with JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs
from tapewatch.metrics.scrape.discovery.groups import Changes, Polling, read_groups
from tapewatch.metrics.scrape.errors import DiscoveryFailed, GroupsRefused, ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDiscoverySettings(HttpSettings):
    """Whom to ask, and how often."""

    url: str = option("Where the list of target groups is found.")
    refresh_interval: DurationMs = option("How often it is asked for.", default=60_000, low=1)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the URL besides the rest."""
        yield from HttpSettings.faults(self)
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            yield "url", f"{self.url!r} is not a URL such as http://host/targets"


class HttpDiscovery(Polling):
    """Asks again at every interval."""

    mechanism = "http"

    def __init__(self, settings: HttpDiscoverySettings, clock: Clock) -> None:
        super().__init__(clock, settings.refresh_interval)
        self._settings = settings
        self._client = HttpClient(settings, clock)
        self._headers = {
            "Accept": "application/json",
            "X-Prometheus-Refresh-Interval-Seconds": f"{settings.refresh_interval / 1000:g}",
        }

    async def ask(self) -> Changes:
        """Fetch the list and read it."""
        url = self._settings.url
        timeout_seconds = self._settings.refresh_interval / 1000
        try:
            answer = await self._client.get(
                url, headers=self._headers, timeout_seconds=timeout_seconds
            )
            media = answer.header("content-type").partition(";")[0].strip().lower()
            if media != "application/json":
                raise DiscoveryFailed(
                    self.mechanism, f"{url} sent {media!r}, application/json is expected"
                )
            return read_groups(orjson.loads(answer.body), url, {"__meta_url": url})
        except (ScrapeFailed, GroupsRefused, ValueError) as fault:
            raise DiscoveryFailed(self.mechanism, f"{url}: {fault}") from None
