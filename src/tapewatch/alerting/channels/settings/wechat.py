"""Settings of ``wechat_configs`` (WeCom)."""

from dataclasses import dataclass
from typing import Literal

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatSettings(ChannelSettings):
    """Users, parties or tags of one company."""

    SHARED = {
        ("api_url",): ("wechat_api_url",),
        ("api_secret", "api_secret_file"): ("wechat_api_secret", "wechat_api_secret_file"),
        ("corp_id",): ("wechat_api_corp_id",),
    }
    NEEDED = {
        ("api_secret", "api_secret_file"): (
            "no secret: set api_secret, or wechat_api_secret in global"
        ),
        ("corp_id",): "no company: set corp_id, or wechat_api_corp_id in global",
    }

    send_resolved: bool = option("Whether the end is told too.", default=False)
    api_secret: InlineSecret | None = option("Our secret.", default=None)
    api_secret_file: FilePath | None = option("File with it.", default=None)
    corp_id: str = option("Our company.", default="")
    message: str = option("The words.", default='{{ template "wechat.default.message" . }}')
    api_url: Url = option("WeChat's API.", default="")
    to_user: str = option("Users.", default='{{ template "wechat.default.to_user" . }}')
    to_party: str = option("Parties.", default='{{ template "wechat.default.to_party" . }}')
    to_tag: str = option("Tags.", default='{{ template "wechat.default.to_tag" . }}')
    agent_id: str = option("Our application.", default='{{ template "wechat.default.agent_id" . }}')
    message_type: Literal["text", "markdown"] = option("How words are written.", default="text")

    def faults(self) -> Faults:
        """Check that the secret is given in one way."""
        yield from exclusive(self, ("api_secret", "api_secret_file"))
