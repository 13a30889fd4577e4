"""Settings of ``action_configs``, which are ours: the alert sets an action off."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings
from tapewatch.document.fields import option


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChannelSettings(ChannelSettings):
    """One action by its name under ``alerting.actions.known``."""

    action: str = option("The action.")
    send_resolved: bool = option("The end of an alert sets nothing off.", default=False)
