"""Settings of ``pagerduty_configs``: events, in the second version of their API."""

from dataclasses import dataclass
from typing import Any

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import GoDurationMs, Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutyImage:
    """A picture beside the event."""

    src: str = option("Where it is.", default="")
    alt: str = option("What it shows.", default="")
    href: str = option("Where it leads.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutyLink:
    """A link beside the event."""

    href: str = option("Where it leads.", default="")
    text: str = option("What it says.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutySettings(ChannelSettings):
    """One integration of a PagerDuty service."""

    SHARED = {("url",): ("pagerduty_url",)}

    service_key: InlineSecret | None = option("The key, as it was once called.", default=None)
    service_key_file: FilePath | None = option("File with it.", default=None)
    routing_key: InlineSecret | None = option("The integration's key.", default=None)
    routing_key_file: FilePath | None = option("File with it.", default=None)
    url: Url = option("The events API.", default="")
    client: str = option("Who sends.", default='{{ template "pagerduty.default.client" . }}')
    client_url: str = option(
        "Where the sender is.", default='{{ template "pagerduty.default.clientURL" . }}'
    )
    description: str = option(
        "The summary.", default='{{ template "pagerduty.default.description" . }}'
    )
    details: dict[str, Any] = option("Further details.", default_factory=dict)
    images: tuple[PagerDutyImage, ...] = option("Pictures.", default=())
    links: tuple[PagerDutyLink, ...] = option("Links.", default=())
    source: str = option("What is affected; unsaid, the client.", default="")
    severity: str = option("critical, error, warning or info; unsaid, ours.", default="")
    class_: str = option("The kind of event.", default="", key="class")
    component: str = option("The part that is affected.", default="")
    group: str = option("What the part belongs to.", default="")
    timeout: GoDurationMs = option("How long one attempt may take.", default=0, low=0)

    def faults(self) -> Faults:
        """Check that there is a key, once."""
        keys = ("routing_key", "routing_key_file", "service_key", "service_key_file")
        if not any(getattr(self, name) for name in keys):
            yield "", "needs routing_key or service_key"
        yield from exclusive(
            self, ("routing_key", "routing_key_file"), ("service_key", "service_key_file")
        )
