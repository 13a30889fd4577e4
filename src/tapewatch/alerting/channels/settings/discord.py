"""Settings of ``discord_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, OwnSettings, one_of
from tapewatch.alerting.channels.settings.forms import SecretUrl
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordOwn(OwnSettings):
    """Our own settings of Discord."""

    thread_id: str = option("The thread to write in.", default="")
    thread_name: str = option("The thread to begin, in a forum channel; a template.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings(ChannelSettings):
    """One webhook of a Discord channel."""

    tapewatch: DiscordOwn = option("Our own settings.", default_factory=DiscordOwn)
    webhook_url: SecretUrl | None = option("The webhook.", default=None)
    webhook_url_file: FilePath | None = option("File with it.", default=None)
    content: str = option("Words above the card.", default="")
    title: str = option("The title.", default='{{ template "discord.default.title" . }}')
    message: str = option("The words.", default='{{ template "discord.default.message" . }}')
    username: str = option("Who speaks.", default="")
    avatar_url: str = option("Their picture.", default="")

    def faults(self) -> Faults:
        """Check that there is one webhook."""
        yield from one_of(self, "webhook_url", "webhook_url_file")
