"""What the ``global`` section of ``alertmanager.yml`` says about channels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tapewatch.alerting.channels.settings.forms import HostPort, SecretUrl, Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.http.settings import HttpSettings, TlsSettings
from tapewatch.metrics.scrape.secrets import InlineSecret

SLACK_APP_URL: Final = "https://slack.com/api/chat.postMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSettings:
    """Defaults for every channel of a kind; what concerns alerts stands in the core's part."""

    http_config: HttpSettings | None = option(
        "How requests are made.", default_factory=HttpSettings
    )
    jira_api_url: Url = option("Jira's API.", default="")
    smtp_from: str = option("Who sends mail.", default="")
    smtp_hello: str = option("Whom we say to be.", default="localhost")
    smtp_smarthost: HostPort = option("The server that takes mail.", default="")
    smtp_auth_username: str = option("Our user there.", default="")
    smtp_auth_password: InlineSecret | None = option("Our password there.", default=None)
    smtp_auth_password_file: FilePath | None = option("File with it.", default=None)
    smtp_auth_secret: InlineSecret | None = option("Our secret for CRAM-MD5.", default=None)
    smtp_auth_secret_file: FilePath | None = option("File with it.", default=None)
    smtp_auth_identity: str = option("On whose behalf, for PLAIN.", default="")
    smtp_require_tls: bool = option("Whether mail needs TLS.", default=True)
    smtp_tls_config: TlsSettings | None = option("", default_factory=TlsSettings)
    smtp_force_implicit_tls: bool | None = option(
        "Whether TLS begins at once; unsaid, the port decides (465).", default=None
    )
    slack_api_url: SecretUrl | None = option("Slack's webhook.", default=None)
    slack_api_url_file: FilePath | None = option("File with it.", default=None)
    slack_app_token: InlineSecret | None = option("The token of our Slack app.", default=None)
    slack_app_token_file: FilePath | None = option("File with it.", default=None)
    slack_app_url: Url = option("Where apps post messages.", default=SLACK_APP_URL)
    pagerduty_url: Url = option(
        "PagerDuty's events API.", default="https://events.pagerduty.com/v2/enqueue"
    )
    opsgenie_api_url: Url = option("Opsgenie's API.", default="https://api.opsgenie.com/")
    opsgenie_api_key: InlineSecret | None = option("Our key there.", default=None)
    opsgenie_api_key_file: FilePath | None = option("File with it.", default=None)
    wechat_api_url: Url = option("WeChat's API.", default="https://qyapi.weixin.qq.com/cgi-bin/")
    wechat_api_secret: InlineSecret | None = option("Our secret there.", default=None)
    wechat_api_secret_file: FilePath | None = option("File with it.", default=None)
    wechat_api_corp_id: str = option("Our company there.", default="")
    victorops_api_url: Url = option(
        "VictorOps' API.",
        default="https://alert.victorops.com/integrations/generic/20131114/alert/",
    )
    victorops_api_key: InlineSecret | None = option("Our key there.", default=None)
    victorops_api_key_file: FilePath | None = option("File with it.", default=None)
    telegram_api_url: Url = option("Telegram's API.", default="https://api.telegram.org")
    telegram_bot_token: InlineSecret | None = option("Our bot's token.", default=None)
    telegram_bot_token_file: FilePath | None = option("File with it.", default=None)
    webex_api_url: Url = option("Webex' API.", default="https://webexapis.com/v1/messages")
    rocketchat_api_url: Url = option("Rocket.Chat's API.", default="https://open.rocket.chat/")
    rocketchat_token: InlineSecret | None = option("Our token there.", default=None)
    rocketchat_token_file: FilePath | None = option("File with it.", default=None)
    rocketchat_token_id: InlineSecret | None = option("Our user there.", default=None)
    rocketchat_token_id_file: FilePath | None = option("File with it.", default=None)
    mattermost_webhook_url: SecretUrl | None = option("Mattermost's webhook.", default=None)
    mattermost_webhook_url_file: FilePath | None = option("File with it.", default=None)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that nothing is said twice."""
        for name in _IN_FILES:
            if getattr(self, name) and getattr(self, f"{name}_file"):
                yield name, f"{name} and {name}_file exclude each other"
        app = self.slack_app_token or self.slack_app_token_file
        webhook = self.slack_api_url or self.slack_api_url_file
        if app and webhook and not self._is_old_way():
            yield "slack_app_token", "slack_app_token and slack_api_url exclude each other"

    def _is_old_way(self) -> bool:
        # Before there was slack_app_token, bots were set up by this URL and a bearer token.
        return self.slack_api_url is not None and self.slack_api_url.reveal() == self.slack_app_url


_IN_FILES: Final = (
    "smtp_auth_password",
    "smtp_auth_secret",
    "slack_api_url",
    "slack_app_token",
    "opsgenie_api_key",
    "wechat_api_secret",
    "victorops_api_key",
    "telegram_bot_token",
    "rocketchat_token",
    "rocketchat_token_id",
    "mattermost_webhook_url",
)
