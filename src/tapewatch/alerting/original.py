"""
The configuration as Alertmanager's own tools read it back: what was said, secrets hidden.

What they may not know is left out, so ``amtool config routes`` works on it.
"""

from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from tapewatch.alerting.channels.settings.forms import SecretUrl
from tapewatch.document.fields import settings_of
from tapewatch.document.printing import to_plain
from tapewatch.document.types import Secret

OURS: Final = frozenset(
    {
        "tapewatch",
        "update",
        "update_interval",
        "calendar",
        "session",
        "labels",
        "tracing",
        "event_recorder",
        # Kinds of channels.
        *("action_configs", "command_configs", "file_configs", "incidentio_configs"),
        *("jira_configs", "mattermost_configs", "msteams_configs", "msteamsv2_configs"),
        *("ntfy_configs", "rocketchat_configs"),
        # What is shared by them, and what tells of them.
        *("jira_api_url", "smtp_auth_secret_file", "smtp_tls_config", "smtp_force_implicit_tls"),
        *("slack_app_token", "slack_app_token_file", "slack_app_url", "wechat_api_secret_file"),
        *("telegram_bot_token", "telegram_bot_token_file", "rocketchat_api_url"),
        *("rocketchat_token", "rocketchat_token_file", "rocketchat_token_id"),
        *("rocketchat_token_id_file", "mattermost_webhook_url", "mattermost_webhook_url_file"),
        *("no_proxy", "proxy_from_environment", "http_headers"),
        *("auth_secret_file", "force_implicit_tls", "threading", "user_key_file", "token_file"),
        *("device", "ttl", "monospace", "app_token", "app_token_file", "app_url", "message_text"),
        *("update_message", "post_updates_to_thread", "use_aws_http_client", "bot_token_file"),
        *("chat_id_file", "message_thread_id", "url_file", "payload", "api_secret_file"),
        *("timeout", "content", "avatar_url", "webhook_url_file"),
    }
)
"""Keys that are left out: ours, and those that an amtool of Debian's age (0.25) does not know."""

ELSEWHERE: Final = frozenset({("email_configs", "http_config"), ("discord_configs", "username")})
"""The same for keys that other kinds of channels have."""

NEEDED: Final = {
    "discord_configs": ("webhook_url",),
    "pushover_configs": ("token", "user_key"),
    "telegram_configs": ("bot_token", "chat_id"),
    "webhook_configs": ("url",),
    "wechat_configs": ("api_secret",),
}
"""What such an amtool insists on; a channel that has it from elsewhere is left out whole."""

HIDDEN: Final = "<secret>"


def said(value: Any) -> Any:
    """Write a settings value without what is only default, and without what is ours."""
    if isinstance(value, SecretUrl):
        return _hidden_url(value.reveal())
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "said"):
        return _foreign(value.said())
    if hasattr(value, "to_plain"):
        return value.to_plain()
    if isinstance(value, tuple | list):
        return [said(each) for each in value]
    if isinstance(value, dict):
        return {key: said(each) for key, each in value.items()}
    return _dataclass(value, type(value)) if is_dataclass(value) else value


def original(config: Any, shape: type) -> str:
    """Write the settings of ``shape`` that a configuration makes, as YAML."""
    return str(yaml.safe_dump(_dataclass(config, shape), sort_keys=False, allow_unicode=True))


def _dataclass(value: Any, shape: type) -> dict[str, Any]:
    told = {}
    for setting in settings_of(shape):
        inner = getattr(value, setting.name)
        if setting.key in OURS or inner == setting.default:
            continue
        plain = said(inner)
        told[setting.key] = to_plain(inner, setting.type) if _has_form(inner, plain) else plain
    return told


def _hidden_url(url: str) -> str:
    """Leave the server of a URL, because what reads this wants a URL; the secret follows it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}/{HIDDEN}"


def _has_form(inner: Any, plain: Any) -> bool:
    """Say whether a scalar is written otherwise than it is held, as durations and paths are."""
    return plain is inner and not isinstance(inner, str | bool | Secret)


def _foreign(told: dict[str, Any]) -> dict[str, Any]:
    """Write a receiver with the channels that can be read."""
    known = {key: value for key, value in told.items() if key not in OURS}
    return {
        key: [_channel(key, each) for each in value if _has_all(key, each)]
        if isinstance(value, list)
        else value
        for key, value in known.items()
    }


def _channel(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if (kind, key) not in ELSEWHERE}


def _has_all(kind: str, told: dict[str, Any]) -> bool:
    return all(key in told for key in NEEDED.get(kind, ()))
