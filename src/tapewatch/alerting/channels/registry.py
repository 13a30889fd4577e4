"""
The kinds of channels, by their keys in ``alertmanager.yml``.

A configuration reader reads each entry under a key into ``settings``, calls ``with_shared`` with
the ``global`` section, asks ``lacks`` for what is missing, and hands the result to ``make``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tapewatch.alerting.channels.action import ActionChannel
from tapewatch.alerting.channels.channel import Channel
from tapewatch.alerting.channels.command import CommandChannel
from tapewatch.alerting.channels.discord import DiscordChannel
from tapewatch.alerting.channels.email import EmailChannel
from tapewatch.alerting.channels.file import FileChannel
from tapewatch.alerting.channels.incidentio import IncidentioChannel
from tapewatch.alerting.channels.jira import JiraChannel
from tapewatch.alerting.channels.mattermost import MattermostChannel
from tapewatch.alerting.channels.msteams import TeamsChannel, TeamsConnectorChannel
from tapewatch.alerting.channels.ntfy import NtfyChannel
from tapewatch.alerting.channels.opsgenie import OpsgenieChannel
from tapewatch.alerting.channels.pagerduty import PagerDutyChannel
from tapewatch.alerting.channels.pushover import PushoverChannel
from tapewatch.alerting.channels.rocketchat import RocketchatChannel
from tapewatch.alerting.channels.settings.action import ActionChannelSettings
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
from tapewatch.alerting.channels.slack import SlackChannel
from tapewatch.alerting.channels.sns import SnsChannel
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.alerting.channels.telegram import TelegramChannel
from tapewatch.alerting.channels.victorops import VictorOpsChannel
from tapewatch.alerting.channels.webex import WebexChannel
from tapewatch.alerting.channels.webhook import WebhookChannel
from tapewatch.alerting.channels.wechat import WechatChannel


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One kind: its name in integrations such as ``slack/0``, its settings, and who makes it."""

    name: str
    settings: type[ChannelSettings]
    make: Callable[[Any, Surroundings], Channel]
    """Makes a channel of settings that lack nothing."""


KINDS: Final[Mapping[str, ChannelKind]] = MappingProxyType(
    {
        "action_configs": ChannelKind("action", ActionChannelSettings, ActionChannel),
        "command_configs": ChannelKind("command", CommandSettings, CommandChannel),
        "discord_configs": ChannelKind("discord", DiscordSettings, DiscordChannel),
        "email_configs": ChannelKind("email", EmailSettings, EmailChannel),
        "file_configs": ChannelKind("file", FileSettings, FileChannel),
        "incidentio_configs": ChannelKind("incidentio", IncidentioSettings, IncidentioChannel),
        "jira_configs": ChannelKind("jira", JiraSettings, JiraChannel),
        "mattermost_configs": ChannelKind("mattermost", MattermostSettings, MattermostChannel),
        "msteams_configs": ChannelKind("msteams", TeamsConnectorSettings, TeamsConnectorChannel),
        "msteamsv2_configs": ChannelKind("msteamsv2", TeamsSettings, TeamsChannel),
        "ntfy_configs": ChannelKind("ntfy", NtfySettings, NtfyChannel),
        "opsgenie_configs": ChannelKind("opsgenie", OpsgenieSettings, OpsgenieChannel),
        "pagerduty_configs": ChannelKind("pagerduty", PagerDutySettings, PagerDutyChannel),
        "pushover_configs": ChannelKind("pushover", PushoverSettings, PushoverChannel),
        "rocketchat_configs": ChannelKind("rocketchat", RocketchatSettings, RocketchatChannel),
        "slack_configs": ChannelKind("slack", SlackSettings, SlackChannel),
        "sns_configs": ChannelKind("sns", SnsSettings, SnsChannel),
        "telegram_configs": ChannelKind("telegram", TelegramSettings, TelegramChannel),
        "victorops_configs": ChannelKind("victorops", VictorOpsSettings, VictorOpsChannel),
        "webex_configs": ChannelKind("webex", WebexSettings, WebexChannel),
        "webhook_configs": ChannelKind("webhook", WebhookSettings, WebhookChannel),
        "wechat_configs": ChannelKind("wechat", WechatSettings, WechatChannel),
    }
)
