"""Settings of ``webex_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option


@dataclass(frozen=True, slots=True, kw_only=True)
class WebexSettings(ChannelSettings):
    """One room of Webex."""

    SHARED = {("api_url",): ("webex_api_url",)}

    api_url: Url = option("Webex' API.", default="")
    message: str = option("The words.", default='{{ template "webex.default.message" . }}')
    room_id: str = option("The room.", default="")

    def faults(self) -> Faults:
        """Check the room, and that we can say who we are."""
        if not self.room_id:
            yield "room_id", "must not be empty"
        if self.http_config is None or self.http_config.authorization is None:
            yield "http_config", "needs authorization with the bot's token"
