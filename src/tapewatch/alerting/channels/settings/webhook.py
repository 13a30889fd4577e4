"""Settings of ``webhook_configs``: the JSON that Alertmanager sends, to any receiver."""

from dataclasses import dataclass
from typing import Any

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, OwnSettings, one_of
from tapewatch.alerting.channels.settings.forms import GoDurationMs, SecretTemplateUrl
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOwn(OwnSettings):
    """Our own settings of webhooks."""

    hmac_secret: InlineSecret | None = option("With what bodies are signed.", default=None)
    hmac_secret_file: FilePath | None = option("File with it.", default=None)

    def faults(self) -> Faults:
        """Check that the secret is given in one way."""
        yield from OwnSettings.faults(self)
        if self.hmac_secret and self.hmac_secret_file:
            yield "hmac_secret", "hmac_secret and hmac_secret_file exclude each other"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(ChannelSettings):
    """One webhook."""

    tapewatch: WebhookOwn = option("Our own settings.", default_factory=WebhookOwn)
    url: SecretTemplateUrl | None = option("Where to post; may be a template.", default=None)
    url_file: FilePath | None = option("File with it.", default=None)
    max_alerts: int = option("Most alerts of a message; 0 is no limit.", default=0, low=0)
    timeout: GoDurationMs = option("How long one attempt may take.", default=0, low=0)
    payload: Any = option("Another body: templates in any shape.", default=None)

    def faults(self) -> Faults:
        """Check that there is one URL."""
        yield from one_of(self, "url", "url_file")
