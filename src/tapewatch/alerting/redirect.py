"""
Everything that would reach people goes to an inbox on this machine instead.

A drill pages nobody: whatever the receivers say, each channel gets the inbox's address and no
secret. What the inbox does not speak, and what could do something by itself (a command, a file),
becomes a webhook to it. Nobody outside is told that we live, actions only say what they would do,
and other servers are left alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit

from tapewatch.alerting.channels.destinations import is_this_machine
from tapewatch.alerting.channels.settings.common import ChannelSettings
from tapewatch.alerting.channels.settings.discord import DiscordSettings
from tapewatch.alerting.channels.settings.email import EmailSettings
from tapewatch.alerting.channels.settings.forms import SecretTemplateUrl, SecretUrl
from tapewatch.alerting.channels.settings.pagerduty import PagerDutySettings
from tapewatch.alerting.channels.settings.slack import SlackSettings
from tapewatch.alerting.channels.settings.telegram import TelegramSettings
from tapewatch.alerting.channels.settings.webhook import WebhookOwn, WebhookSettings
from tapewatch.alerting.configuration import AlertmanagerConfig, ReceiverSettings
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.metrics.scrape.secrets import InlineSecret

NO_SECRET: Final = "inbox"  # noqa: S105  # it stands where a secret was
NO_KEY: Final = "0" * 32
"""PagerDuty's keys are so long."""

ACTION: Final = "action_configs"
Channels = tuple[tuple[str, ChannelSettings], ...]


def to_inbox(config: AlertmanagerConfig, inbox: str) -> AlertmanagerConfig:
    """Return a configuration whose receivers all end at an inbox."""
    receivers = tuple(
        replace(each, channels=_channels(each, config, inbox)) for each in config.receivers
    )
    return replace(config, receivers=receivers)


def check_inbox(url: str) -> str:
    """Say why an address cannot be an inbox; empty where it can."""
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    if not is_this_machine(url) or port is None:
        return f"{url!r} is no inbox: write an address of this machine, as http://127.0.0.1:7603"
    return ""


def _channels(receiver: ReceiverSettings, config: AlertmanagerConfig, inbox: str) -> Channels:
    found: list[tuple[str, ChannelSettings]] = []
    for key, settings in receiver.channels:
        if key == ACTION:
            found.append((key, settings))
            continue
        whole = settings.with_shared(config.global_)
        change = _CHANGES.get(type(whole))
        to = f"{inbox.rstrip('/')}/to/{quote(receiver.name)}"
        if change is None:
            found.append(("webhook_configs", _stand_in(whole, to)))
        else:
            # An empty set of rules for requests: no proxy, no credentials.
            plain = replace(whole, http_config=HttpSettings())
            found.append((key, replace(plain, **change(plain, to, receiver.name))))
    return tuple(found)


def _slack(settings: SlackSettings, to: str, _receiver: str) -> Mapping[str, Any]:
    if settings.is_app:
        return {
            "api_url": None,
            "api_url_file": None,
            "app_url": f"{to}/slack/api/chat.postMessage",
            "app_token": InlineSecret(NO_SECRET),
            "app_token_file": None,
        }
    return {"api_url": SecretUrl(f"{to}/slack/webhook"), "api_url_file": None}


def _pagerduty(_settings: PagerDutySettings, to: str, _receiver: str) -> Mapping[str, Any]:
    return {
        "url": f"{to}/pagerduty/v2/enqueue",
        "routing_key": InlineSecret(NO_KEY),
        "routing_key_file": None,
        "service_key": None,
        "service_key_file": None,
    }


def _discord(_settings: DiscordSettings, to: str, _receiver: str) -> Mapping[str, Any]:
    url = SecretUrl(f"{to}/discord/api/webhooks/1/inbox")
    return {"webhook_url": url, "webhook_url_file": None}


def _telegram(settings: TelegramSettings, to: str, _receiver: str) -> Mapping[str, Any]:
    return {
        "api_url": f"{to}/telegram",
        "bot_token": InlineSecret(NO_SECRET),
        "bot_token_file": None,
        "chat_id": settings.chat_id or 1,
        "chat_id_file": None,
    }


def _email(_settings: EmailSettings, to: str, receiver: str) -> Mapping[str, Any]:
    parts = urlsplit(to)
    assert parts.port is not None
    return {
        "smarthost": f"{parts.hostname}:{parts.port + 1}",
        # The inbox takes the name of the receiver from the greeting.
        "hello": quote(receiver, safe=""),
        "auth_username": "",
        "auth_password": None,
        "auth_password_file": None,
        "auth_secret": None,
        "auth_secret_file": None,
        "require_tls": False,
        "force_implicit_tls": False,
    }


def _webhook(settings: WebhookSettings, to: str, _receiver: str) -> Mapping[str, Any]:
    return {
        "url": SecretTemplateUrl(f"{to}/webhook"),
        "url_file": None,
        "tapewatch": replace(
            settings.tapewatch,
            destination=settings.tapewatch.destination or _side(settings),
            hmac_secret=None,
            hmac_secret_file=None,
        ),
    }


def _side(settings: WebhookSettings) -> Literal["inside", "outside"]:
    """Say what may leave by where the webhook really is, not by where the inbox is."""
    url = settings.url
    return "inside" if url is not None and is_this_machine(url.reveal()) else "outside"


def _stand_in(settings: ChannelSettings, to: str) -> WebhookSettings:
    own = settings.tapewatch
    return WebhookSettings(
        send_resolved=settings.send_resolved,
        http_config=HttpSettings(),
        url=SecretTemplateUrl(f"{to}/webhook"),
        tapewatch=WebhookOwn(
            labels=own.labels,
            annotations=own.annotations,
            destination=own.destination or "outside",
            fallback=own.fallback,
        ),
    )


_CHANGES: Final[Mapping[type[ChannelSettings], Callable[[Any, str, str], Mapping[str, Any]]]] = {
    SlackSettings: _slack,
    PagerDutySettings: _pagerduty,
    DiscordSettings: _discord,
    TelegramSettings: _telegram,
    EmailSettings: _email,
    WebhookSettings: _webhook,
}
"""The kinds that the inbox speaks, and what is changed of each."""
