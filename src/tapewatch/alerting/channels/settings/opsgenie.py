"""Settings of ``opsgenie_configs``."""

from dataclasses import dataclass
from typing import Final

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret

RESPONDER_TYPES: Final = ("team", "teams", "user", "escalation", "schedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpsgenieResponder:
    """Who is to answer."""

    id: str = option("Known by this id,", default="")
    name: str = option("or by this name,", default="")
    username: str = option("or by this user name.", default="")
    type: str = option("What it is; may be a template.", default="")

    def faults(self) -> Faults:
        """Check that somebody is meant."""
        if not (self.id or self.name or self.username):
            yield "", "needs id, name or username"
        if "{{" not in self.type and self.type.lower() not in RESPONDER_TYPES:
            yield "type", f"{self.type!r} is not one of {', '.join(RESPONDER_TYPES)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpsgenieSettings(ChannelSettings):
    """One integration of Opsgenie."""

    SHARED = {
        ("api_url",): ("opsgenie_api_url",),
        ("api_key", "api_key_file"): ("opsgenie_api_key", "opsgenie_api_key_file"),
    }
    NEEDED = {
        ("api_key", "api_key_file"): "no key: set api_key, or opsgenie_api_key in global",
    }

    api_key: InlineSecret | None = option("Our key.", default=None)
    api_key_file: FilePath | None = option("File with it.", default=None)
    api_url: Url = option("Opsgenie's API.", default="")
    message: str = option("The title.", default='{{ template "opsgenie.default.message" . }}')
    description: str = option(
        "The words.", default='{{ template "opsgenie.default.description" . }}'
    )
    source: str = option("Where from.", default='{{ template "opsgenie.default.source" . }}')
    details: dict[str, str] = option("Further details.", default_factory=dict)
    entity: str = option("What is affected.", default="")
    responders: tuple[OpsgenieResponder, ...] = option("Who is to answer.", default=())
    actions: str = option("Actions, with commas.", default="")
    tags: str = option("Tags, with commas.", default="")
    note: str = option("A note.", default="")
    priority: str = option("P1 to P5; unsaid, ours.", default="")
    update_alerts: bool = option("Whether words of a known alert are changed.", default=False)

    def faults(self) -> Faults:
        """Check that the key is given in one way."""
        yield from exclusive(self, ("api_key", "api_key_file"))
