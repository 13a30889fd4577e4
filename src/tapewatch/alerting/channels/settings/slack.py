"""Settings of ``slack_configs``: an incoming webhook, or an app with a token."""

from dataclasses import dataclass, replace
from typing import Self, TypeVar

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import GoDurationMs, SecretUrl, Url
from tapewatch.alerting.channels.settings.shared import SLACK_APP_URL, SharedSettings
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.http.settings import Authorization, HttpSettings
from tapewatch.metrics.scrape.secrets import InlineSecret

Settings = TypeVar("Settings", bound="SlackSettings")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackConfirmation:
    """The question before a button does something."""

    text: str = option("The question.", default="")
    title: str = option("Its title.", default="")
    ok_text: str = option("The button that goes on.", default="")
    dismiss_text: str = option("The button that does not.", default="")

    def faults(self) -> Faults:
        """Check that there is a question."""
        if not self.text:
            yield "text", "must not be empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAction:
    """A button."""

    type: str = option("Usually button.", default="")
    text: str = option("What it says.", default="")
    url: str = option("Where it leads.", default="")
    style: str = option("How it looks.", default="")
    name: str = option("What it is called in answers.", default="")
    value: str = option("What it says in answers.", default="")
    confirm: SlackConfirmation | None = option("", default=None)

    def faults(self) -> Faults:
        """Check that the button can do something."""
        for name in ("type", "text"):
            if not getattr(self, name):
                yield name, "must not be empty"
        if not self.url and not self.name:
            yield "", "needs name or url"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackField:
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
class SlackSettings(ChannelSettings):
    """One Slack channel."""

    send_resolved: bool = option("Whether the end is told too.", default=False)
    api_url: SecretUrl | None = option("The webhook.", default=None)
    api_url_file: FilePath | None = option("File with it.", default=None)
    app_token: InlineSecret | None = option("The token of our app.", default=None)
    app_token_file: FilePath | None = option("File with it.", default=None)
    app_url: Url = option("Where apps post messages.", default="")
    channel: str = option("The channel or user.", default="")
    username: str = option("Who speaks.", default='{{ template "slack.default.username" . }}')
    color: str = option("The bar at the side.", default='{{ template "slack.default.color" . }}')
    title: str = option("The title.", default='{{ template "slack.default.title" . }}')
    title_link: str = option(
        "Where it leads.", default='{{ template "slack.default.titlelink" . }}'
    )
    pretext: str = option("Words above.", default='{{ template "slack.default.pretext" . }}')
    text: str = option("The words.", default='{{ template "slack.default.text" . }}')
    message_text: str = option("Words outside of the attachment.", default="")
    fields: tuple[SlackField, ...] = option("Titles with values.", default=())
    short_fields: bool = option("Whether they are short.", default=False)
    footer: str = option("Words below.", default='{{ template "slack.default.footer" . }}')
    fallback: str = option(
        "Words for small screens.", default='{{ template "slack.default.fallback" . }}'
    )
    callback_id: str = option(
        "What answers are about.", default='{{ template "slack.default.callbackid" . }}'
    )
    icon_emoji: str = option("An icon.", default='{{ template "slack.default.iconemoji" . }}')
    icon_url: str = option("An icon.", default='{{ template "slack.default.iconurl" . }}')
    image_url: str = option("A picture.", default="")
    thumb_url: str = option("A small picture.", default="")
    link_names: bool = option("Whether @names become links.", default=False)
    mrkdwn_in: tuple[str, ...] = option("Where Slack's markup is read.", default=())
    actions: tuple[SlackAction, ...] = option("Buttons.", default=())
    update_message: bool = option("Change the first message.", default=False)
    post_updates_to_thread: bool = option("Tell changes in its thread.", default=False)
    timeout: GoDurationMs = option("How long one attempt may take.", default=0, low=0)

    def faults(self) -> Faults:
        """Check that one way to reach Slack is chosen, and that it can do what is asked."""
        yield from exclusive(
            self,
            ("api_url", "api_url_file"),
            ("app_token", "app_token_file"),
            ("api_url", "app_token"),
            ("api_url", "app_token_file"),
            ("api_url_file", "app_token"),
            ("api_url_file", "app_token_file"),
        )
        for name in ("update_message", "post_updates_to_thread"):
            webhook = self.api_url_file or (self.api_url and self.api_url.reveal() != SLACK_APP_URL)
            if getattr(self, name) and webhook:
                yield name, "webhooks cannot change messages: set app_token instead of api_url"

    def with_shared(self, shared: SharedSettings) -> Self:
        """Fill in what ``global`` says; a token becomes the authorization of requests."""
        own_authorization = self.http_config is not None and self.http_config.authorization
        filled = replace(
            self,
            http_config=self.http_config or shared.http_config,
            app_url=self.app_url or shared.slack_app_url,
        )
        has_token = filled.app_token or filled.app_token_file
        has_url = filled.api_url or filled.api_url_file
        if not has_token and not own_authorization and not has_url:
            filled = replace(
                filled,
                app_token=shared.slack_app_token,
                app_token_file=shared.slack_app_token_file,
            )
        if not has_url:
            filled = replace(
                filled, api_url=shared.slack_api_url, api_url_file=shared.slack_api_url_file
            )
        return _authorized(filled)

    def lacks(self) -> Faults:
        """Say what is still missing."""
        if not (self.api_url or self.api_url_file or self.app_token or self.app_token_file):
            yield "", "no webhook and no token: set api_url or app_token, here or in global"

    @property
    def is_app(self) -> bool:
        """Whether the other side is Slack's API for apps, which can change messages."""
        return bool(self.app_token or self.app_token_file) or (
            self.api_url is not None and self.api_url.reveal() in (SLACK_APP_URL, self.app_url)
        )


def _authorized(settings: Settings) -> Settings:
    if not (settings.app_token or settings.app_token_file):
        return settings
    said = Authorization(credentials=settings.app_token, credentials_file=settings.app_token_file)
    return replace(
        settings,
        api_url=SecretUrl(settings.app_url),
        api_url_file=None,
        http_config=replace(settings.http_config or HttpSettings(), authorization=said),
    )
