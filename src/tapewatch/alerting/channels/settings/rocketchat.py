"""Settings of ``rocketchat_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class RocketchatField:
    """A title with a value."""

    short: bool | None = option("Whether two fit beside each other.", default=None)
    title: str = option("The title.", default="")
    value: str = option("The value.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RocketchatAction:
    """A button."""

    type: str = option("Usually button.", default="")
    text: str = option("What it says.", default="")
    url: str = option("Where it leads.", default="")
    image_url: str = option("A picture instead of words.", default="")
    is_webview: bool = option("Whether it opens inside.", default=False)
    webview_height_ratio: str = option("How tall.", default="")
    msg: str = option("What is said when it is pressed.", default="")
    msg_in_chat_window: bool = option("Whether it is said in the chat.", default=False)
    msg_processing_type: str = option("sendMessage or respondWithMessage.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RocketchatSettings(ChannelSettings):
    """One channel of a Rocket.Chat server."""

    SHARED = {
        ("api_url",): ("rocketchat_api_url",),
        ("token", "token_file"): ("rocketchat_token", "rocketchat_token_file"),
        ("token_id", "token_id_file"): ("rocketchat_token_id", "rocketchat_token_id_file"),
    }
    NEEDED = {
        ("token", "token_file"): "no token: set token, or rocketchat_token in global",
        ("token_id", "token_id_file"): "no user: set token_id, or rocketchat_token_id in global",
    }

    send_resolved: bool = option("Whether the end is told too.", default=False)
    api_url: Url = option("The server.", default="")
    token_id: InlineSecret | None = option("Our user.", default=None)
    token_id_file: FilePath | None = option("File with it.", default=None)
    token: InlineSecret | None = option("Our token.", default=None)
    token_file: FilePath | None = option("File with it.", default=None)
    channel: str = option("The channel or user.", default="")
    color: str = option(
        "The bar at the side.",
        default='{{ if eq .Status "firing" }}red{{ else }}green{{ end }}',
    )
    title: str = option("The title.", default='{{ template "rocketchat.default.title" . }}')
    title_link: str = option(
        "Where it leads.", default='{{ template "rocketchat.default.titlelink" . }}'
    )
    text: str = option("The words.", default='{{ template "rocketchat.default.text" . }}')
    fields: tuple[RocketchatField, ...] = option("Titles with values.", default=())
    short_fields: bool = option("Whether they are short.", default=False)
    emoji: str = option("An icon.", default='{{ template "rocketchat.default.emoji" . }}')
    icon_url: str = option("An icon.", default='{{ template "rocketchat.default.iconurl" . }}')
    image_url: str = option("A picture.", default="")
    thumb_url: str = option("A small picture.", default="")
    link_names: bool = option("Whether @names become links.", default=False)
    actions: tuple[RocketchatAction, ...] = option("Buttons.", default=())

    def faults(self) -> Faults:
        """Check that nothing is given twice."""
        yield from exclusive(self, ("token", "token_file"), ("token_id", "token_id_file"))
