"""Settings of ``pushover_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import (
    ChannelSettings,
    Faults,
    OwnSettings,
    one_of,
)
from tapewatch.alerting.channels.settings.forms import GoDurationMs, Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class PushoverOwn(OwnSettings):
    """Our own settings of Pushover."""

    api_url: Url = option("Where messages go.", default="https://api.pushover.net/1/messages.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushoverSettings(ChannelSettings):
    """One user or group of Pushover."""

    tapewatch: PushoverOwn = option("Our own settings.", default_factory=PushoverOwn)
    user_key: InlineSecret | None = option("Who gets it.", default=None)
    user_key_file: FilePath | None = option("File with it.", default=None)
    token: InlineSecret | None = option("Our application's token.", default=None)
    token_file: FilePath | None = option("File with it.", default=None)
    title: str = option("The title.", default='{{ template "pushover.default.title" . }}')
    message: str = option("The words.", default='{{ template "pushover.default.message" . }}')
    url: str = option("A link.", default='{{ template "pushover.default.url" . }}')
    url_title: str = option("What the link says.", default="")
    device: str = option("Which of the user's devices.", default="")
    sound: str = option("Which sound.", default="")
    priority: str = option(
        "-2 to 2; 2 rings until it is acknowledged.",
        default='{{ if eq .Status "firing" }}2{{ else }}0{{ end }}',
    )
    retry: GoDurationMs = option("How often priority 2 rings.", default=60_000)
    expire: GoDurationMs = option("How long it rings.", default=3_600_000)
    ttl: GoDurationMs = option("When the message goes away; 0 is never.", default=0)
    html: bool = option("Whether the words hold HTML.", default=False)
    monospace: bool = option("Whether letters are of one width.", default=False)

    def faults(self) -> Faults:
        """Check the two keys, and that there is one way to write."""
        yield from one_of(self, "user_key", "user_key_file")
        yield from one_of(self, "token", "token_file")
        if self.html and self.monospace:
            yield "html", "html and monospace exclude each other"
