"""The ``heartbeats:`` and ``digest:`` sections."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs
from tapewatch.metrics.scrape.secrets import InlineSecret

PAGERDUTY_URL: Final = "https://events.pagerduty.com/v2/enqueue"
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
Faults = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """Somebody outside who pages when we fall silent."""

    kind: Literal["healthchecks", "pagerduty", "watchdog"] = option(
        "healthchecks: URL, URL/start and URL/fail; pagerduty: an event that ends, or begins with "
        "what is wrong; watchdog: Alertmanager's webhook with the alert Watchdog."
    )
    url: InlineSecret | None = option("Where it goes.", default=None)
    routing_key: InlineSecret | None = option("Our key at PagerDuty.", default=None)
    every: DurationMs = option("How often.", default=60_000, low=1000)
    timeout: DurationMs = option("How long one may take.", default=10_000, low=1)
    method: Literal["POST", "GET"] = option("How Healthchecks is told.", default="POST")

    def faults(self) -> Faults:
        """Check that there is somewhere to go."""
        if self.kind == "pagerduty":
            if not self.routing_key:
                yield "routing_key", "is missing: the key of the service that pages"
        elif not self.url:
            yield "url", "is missing: the address that is told"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """A message a day that says that alerting lives."""

    receiver: str = option("Who gets it.")
    at: str = option("When, by the clocks of the zone.", default="08:00")
    time_zone: str = option("The zone.", default="UTC")

    def faults(self) -> Faults:
        """Check the time and the zone."""
        if not _CLOCK.fullmatch(self.at):
            yield "at", f"{self.at!r} is not a time of day, as in 08:00"
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield "time_zone", f"{self.time_zone!r} is not a time zone, as in Europe/Zurich"
