"""Settings of ``victorops_configs`` (now Splunk On-Call)."""

from dataclasses import dataclass
from typing import Final

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret

RESERVED: Final = frozenset(
    {
        "routing_key",
        "message_type",
        "state_message",
        "entity_display_name",
        "monitoring_tool",
        "entity_id",
        "entity_state",
    }
)
"""Fields that the channel writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VictorOpsSettings(ChannelSettings):
    """One route of VictorOps."""

    SHARED = {
        ("api_url",): ("victorops_api_url",),
        ("api_key", "api_key_file"): ("victorops_api_key", "victorops_api_key_file"),
    }
    NEEDED = {
        ("api_key", "api_key_file"): "no key: set api_key, or victorops_api_key in global",
    }

    api_key: InlineSecret | None = option("Our key.", default=None)
    api_key_file: FilePath | None = option("File with it.", default=None)
    api_url: Url = option("VictorOps' API.", default="")
    routing_key: str = option("The route.", default="")
    message_type: str = option("What a firing alert is there.", default="CRITICAL")
    state_message: str = option(
        "The words.", default='{{ template "victorops.default.state_message" . }}'
    )
    entity_display_name: str = option(
        "The title.", default='{{ template "victorops.default.entity_display_name" . }}'
    )
    monitoring_tool: str = option(
        "Who sends.", default='{{ template "victorops.default.monitoring_tool" . }}'
    )
    custom_fields: dict[str, str] = option("Further fields.", default_factory=dict)

    def faults(self) -> Faults:
        """Check the route, the key and the names of fields."""
        if not self.routing_key:
            yield "routing_key", "must not be empty"
        yield from exclusive(self, ("api_key", "api_key_file"))
        for name in sorted(RESERVED.intersection(self.custom_fields)):
            yield f"custom_fields.{name}", "the channel writes this field itself"
