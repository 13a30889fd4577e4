"""Settings of ``ntfy_configs``, which are ours: ntfy.sh, or a server of one's own."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class NtfySettings(ChannelSettings):
    """One topic."""

    url: Url = option("The server.", default="https://ntfy.sh")
    topic: str = option("The topic.", default="")
    token: InlineSecret | None = option("Our access token.", default=None)
    token_file: FilePath | None = option("File with it.", default=None)
    title: str = option("The title.", default='{{ template "ntfy.default.title" . }}')
    message: str = option("The words.", default='{{ template "ntfy.default.message" . }}')
    priority: str = option("1 to 5; unsaid, ours.", default="")
    tags: tuple[str, ...] = option("Tags, some of them pictures.", default=())

    def faults(self) -> Faults:
        """Check the topic, and that the token is given in one way."""
        if not self.topic:
            yield "topic", "must not be empty"
        yield from exclusive(self, ("token", "token_file"))
