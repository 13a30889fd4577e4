"""Settings of ``mattermost_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import SecretUrl
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostField:
    """A title with a value."""

    title: str = option("The title.", default="")
    value: str = option("The value.", default="")
    short: bool | None = option("Whether two fit beside each other.", default=None)

    def faults(self) -> Faults:
        """Check that both are there."""
        for name in ("title", "value"):
            if not getattr(self, name):
                yield name, "must not be empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostAttachment:
    """One card of a message."""

    fallback: str = option("Words for small screens.", default="")
    color: str = option("The bar at the side.", default="")
    pretext: str = option("Words above.", default="")
    text: str = option("The words.", default="")
    author_name: str = option("Who speaks.", default="")
    author_link: str = option("Where their name leads.", default="")
    author_icon: str = option("Their picture.", default="")
    title: str = option("The title.", default="")
    title_link: str = option("Where it leads.", default="")
    fields: tuple[MattermostField, ...] = option("Titles with values.", default=())
    thumb_url: str = option("A small picture.", default="")
    footer: str = option("Words below.", default="")
    footer_icon: str = option("A picture below.", default="")
    image_url: str = option("A picture.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostProps:
    """What stands beside the message."""

    card: str = option("Text for the side bar.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostPriority:
    """How loud the message is."""

    priority: str = option("important or urgent.", default="")
    requested_ack: bool = option("Whether readers shall acknowledge.", default=False)
    persistent_notifications: bool = option("Whether it rings until they do.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostSettings(ChannelSettings):
    """One webhook of a Mattermost server."""

    SHARED = {
        ("webhook_url", "webhook_url_file"): (
            "mattermost_webhook_url",
            "mattermost_webhook_url_file",
        ),
    }
    NEEDED = {
        ("webhook_url", "webhook_url_file"): (
            "no webhook: set webhook_url, or mattermost_webhook_url in global"
        ),
    }

    webhook_url: SecretUrl | None = option("The webhook.", default=None)
    webhook_url_file: FilePath | None = option("File with it.", default=None)
    channel: str = option("The channel.", default="")
    username: str = option("Who speaks.", default='{{ template "mattermost.default.username" . }}')
    text: str = option("The words.", default='{{ template "mattermost.default.text" . }}')
    fallback: str = option(
        "Words for small screens.", default='{{ template "mattermost.default.fallback" . }}'
    )
    color: str = option(
        "The bar at the side.", default='{{ template "mattermost.default.color" . }}'
    )
    pretext: str = option("Words above.", default="")
    author_name: str = option("Who speaks, on the card.", default="")
    author_link: str = option("Where their name leads.", default="")
    author_icon: str = option("Their picture.", default="")
    title: str = option("The title.", default='{{ template "mattermost.default.title" . }}')
    title_link: str = option(
        "Where it leads.", default='{{ template "mattermost.default.titlelink" . }}'
    )
    fields: tuple[MattermostField, ...] = option("Titles with values.", default=())
    thumb_url: str = option("A small picture.", default="")
    footer: str = option("Words below.", default="")
    footer_icon: str = option("A picture below.", default="")
    image_url: str = option("A picture.", default="")
    icon_url: str = option("An icon.", default="")
    icon_emoji: str = option("An icon.", default="")
    attachments: tuple[MattermostAttachment, ...] = option("Cards instead of ours.", default=())
    type: str = option("The type of post; begins with custom_.", default="")
    props: MattermostProps | None = option("", default=None)
    priority: MattermostPriority | None = option("", default=None)

    def faults(self) -> Faults:
        """Check that the webhook is given in one way."""
        yield from exclusive(self, ("webhook_url", "webhook_url_file"))
