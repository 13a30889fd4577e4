"""
The kinds of channels, by their keys in ``alertmanager.yml``.

A configuration reader reads each entry under a key into ``settings``, calls ``with_shared`` with
the ``global`` section, asks ``lacks`` for what is missing, and hands the result to ``make``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from tapewatch.alerting.channels.channel import Channel
from tapewatch.alerting.channels.settings.command import CommandSettings
from tapewatch.alerting.channels.settings.common import ChannelSettings
from tapewatch.alerting.channels.settings.discord import DiscordSettings
from tapewatch.alerting.channels.settings.email import EmailSettings
from tapewatch.alerting.channels.settings.file import FileSettings
from tapewatch.alerting.channels.settings.incidentio import IncidentioSettings
from tapewatch.alerting.channels.settings.jira import JiraSettings
from tapewatch.alerting.channels.settings.mattermost import MattermostSettings
from tapewatch.alerting.channels.settings.msteams import TeamsConnectorSettings, TeamsSettings
from tapewatch.alerting.channels.settings.ntfy import NtfySettings
from tapewatch.alerting.channels.settings.opsgenie import OpsgenieSettings
from tapewatch.alerting.channels.settings.pagerduty import PagerDutySettings
from tapewatch.alerting.channels.settings.pushover import PushoverSettings
from tapewatch.alerting.channels.settings.rocketchat import RocketchatSettings
from tapewatch.alerting.channels.settings.slack import SlackSettings
from tapewatch.alerting.channels.settings.sns import SnsSettings
from tapewatch.alerting.channels.settings.telegram import TelegramSettings
from tapewatch.alerting.channels.settings.victorops import VictorOpsSettings
from tapewatch.alerting.channels.settings.webex import WebexSettings
from tapewatch.alerting.channels.settings.webhook import WebhookSettings
from tapewatch.alerting.channels.settings.wechat import WechatSettings
from tapewatch.alerting.channels.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One kind: its name in integrations such as ``slack/0``, its settings, and who makes it."""

    name: str
    settings: type[ChannelSettings]
    maker: str
    """Module and class of the channel; loaded when the first one is made."""

    def make(self, settings: ChannelSettings, surroundings: Surroundings) -> Channel:
        """Make a channel of settings that lack nothing."""
        module, _, name = self.maker.partition(":")
        made: Any = getattr(import_module(f"{__package__}.{module}"), name)
        channel: Channel = made(settings, surroundings)
        return channel


KINDS: Final[Mapping[str, ChannelKind]] = MappingProxyType(
    {
        "command_configs": ChannelKind("command", CommandSettings, "command:CommandChannel"),
        "discord_configs": ChannelKind("discord", DiscordSettings, "discord:DiscordChannel"),
        "email_configs": ChannelKind("email", EmailSettings, "email:EmailChannel"),
        "file_configs": ChannelKind("file", FileSettings, "file:FileChannel"),
        "incidentio_configs": ChannelKind(
            "incidentio", IncidentioSettings, "incidentio:IncidentioChannel"
        ),
        "jira_configs": ChannelKind("jira", JiraSettings, "jira:JiraChannel"),
        "mattermost_configs": ChannelKind(
            "mattermost", MattermostSettings, "mattermost:MattermostChannel"
        ),
        "msteams_configs": ChannelKind(
            "msteams", TeamsConnectorSettings, "msteams:TeamsConnectorChannel"
        ),
        "msteamsv2_configs": ChannelKind("msteamsv2", TeamsSettings, "msteams:TeamsChannel"),
        "ntfy_configs": ChannelKind("ntfy", NtfySettings, "ntfy:NtfyChannel"),
        "opsgenie_configs": ChannelKind("opsgenie", OpsgenieSettings, "opsgenie:OpsgenieChannel"),
        "pagerduty_configs": ChannelKind(
            "pagerduty", PagerDutySettings, "pagerduty:PagerDutyChannel"
        ),
        "pushover_configs": ChannelKind("pushover", PushoverSettings, "pushover:PushoverChannel"),
        "rocketchat_configs": ChannelKind(
            "rocketchat", RocketchatSettings, "rocketchat:RocketchatChannel"
        ),
        "slack_configs": ChannelKind("slack", SlackSettings, "slack:SlackChannel"),
        "sns_configs": ChannelKind("sns", SnsSettings, "sns:SnsChannel"),
        "telegram_configs": ChannelKind("telegram", TelegramSettings, "telegram:TelegramChannel"),
        "victorops_configs": ChannelKind(
            "victorops", VictorOpsSettings, "victorops:VictorOpsChannel"
        ),
        "webex_configs": ChannelKind("webex", WebexSettings, "webex:WebexChannel"),
        "webhook_configs": ChannelKind("webhook", WebhookSettings, "webhook:WebhookChannel"),
        "wechat_configs": ChannelKind("wechat", WechatSettings, "wechat:WechatChannel"),
    }
)
