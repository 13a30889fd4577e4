"""What can be set about watching."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs, FilePath
from tapewatch.metrics.scrape.http.settings import HttpSettings


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerSettings(HttpSettings):
    """Another Alertmanager that is told of every alert besides our own alerting."""

    url: str = option("Its address, as in http://alertmanager:9093.")
    timeout: DurationMs = option("How long one request may take.", default=10_000, low=1)
    api_version: Literal["v2"] = option("The version of its API.", default="v2")

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the address besides the rest."""
        yield from HttpSettings.faults(self)
        if not _is_url(self.url):
            yield "url", f"{self.url!r} is not an address such as http://alertmanager:9093"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """Which rules are evaluated, when, by whom, and who is told."""

    rule_files: tuple[FilePath, ...] = option("Rule files; * and ? name several.", default=())
    evaluation_interval: DurationMs | None = option(
        "How often groups are evaluated that do not say; else metrics.global's.",
        default=None,
        low=10,
    )
    query_offset: DurationMs | None = option(
        "How far back expressions look; else metrics.global's.", default=None
    )
    on_arrival: bool = option(
        "Whether a group is evaluated when samples that it reads land, besides its interval.",
        default=True,
    )
    arrival_floor: DurationMs = option(
        "The shortest time between two evaluations of a group.", default=100, low=1
    )
    arrival_share: float = option(
        "The part of one core that evaluations on arrival may take.",
        default=0.25,
        low=0.01,
        high=4.0,
    )
    rule_deadline: DurationMs = option(
        "How long one rule may take; a slower one fails, and its neighbours go on.",
        default=10_000,
        low=10,
    )
    concurrency: int = option("How many groups are evaluated at once.", default=2, low=1, high=64)
    resend_delay: DurationMs = option(
        "After how long an alert that goes on is told again.", default=60_000, low=0
    )
    for_outage_tolerance: DurationMs = option(
        "The longest outage after which the time before it still counts.", default=3_600_000
    )
    for_grace_period: DurationMs = option(
        "The shortest for that is restored after a restart.", default=600_000
    )
    engine_url: str = option(
        "A Prometheus-compatible server that evaluates expressions in our place; empty is us.",
        default="",
    )
    alertmanagers: tuple[AlertmanagerSettings, ...] = option(
        "Alertmanagers that are told besides.", default=()
    )
    calendars: tuple[str, ...] = option(
        "Trading calendars whose state is written as calendar_open.", default=()
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the address."""
        if self.engine_url and not _is_url(self.engine_url):
            yield "engine_url", f"{self.engine_url!r} is not an address such as http://host:9090"

    def completed(self, *, interval_ms: int, query_offset_ms: int) -> "WatchSettings":
        """Return the settings with what the ``global`` section of metrics says."""
        interval, offset = self.evaluation_interval, self.query_offset
        return replace(
            self,
            evaluation_interval=interval_ms if interval is None else interval,
            query_offset=query_offset_ms if offset is None else offset,
        )
