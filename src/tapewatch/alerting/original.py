"""
The configuration as Alertmanager's own tools read it back: what was said, secrets hidden.

What they may not know is left out, so ``amtool config routes`` works on it.
"""

from dataclasses import is_dataclass
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
        "command_configs",
        "file_configs",
        "ntfy_configs",
        "labels",
        "tracing",
        "event_recorder",
    }
)
"""Keys that are left out: ours, and those that an amtool of Debian's age does not know."""

HIDDEN: Final = "<secret>"


def said(value: Any) -> Any:
    """Write a settings value without what is only default, and without what is ours."""
    if isinstance(value, SecretUrl):
        return _hidden_url(value.reveal())
    if isinstance(value, Secret):
        return HIDDEN
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
    return {key: value for key, value in told.items() if key not in OURS}
