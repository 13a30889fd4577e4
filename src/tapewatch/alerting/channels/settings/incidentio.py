"""Settings of ``incidentio_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import (
    ChannelSettings,
    Faults,
    exclusive,
    one_of,
)
from tapewatch.alerting.channels.settings.forms import GoDurationMs, Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentioSettings(ChannelSettings):
    """One alert source of incident.io."""

    url: Url = option("The source.", default="")
    url_file: FilePath | None = option("File with it.", default=None)
    alert_source_token: InlineSecret | None = option("The source's token.", default=None)
    alert_source_token_file: FilePath | None = option("File with it.", default=None)
    max_alerts: int = option("Most alerts of a message; 0 is no limit.", default=0, low=0)
    timeout: GoDurationMs = option("How long one attempt may take.", default=0, low=0)

    def faults(self) -> Faults:
        """Check that there is one URL and one way to say who we are."""
        yield from one_of(self, "url", "url_file")
        yield from exclusive(self, ("alert_source_token", "alert_source_token_file"))
        token = self.alert_source_token or self.alert_source_token_file
        said = self.http_config is not None and self.http_config.authorization is not None
        if token and said:
            yield "alert_source_token", "excludes http_config.authorization"
        if self.http_config is not None and not said and not token:
            yield "", "needs alert_source_token or http_config.authorization"
