"""VictorOps (Splunk On-Call): incidents by their entity."""

from functools import cached_property
from typing import Final
from urllib.parse import quote

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.pagerduty import dedup_key
from tapewatch.alerting.channels.settings.victorops import VictorOpsSettings
from tapewatch.alerting.channels.updates import is_acknowledged
from tapewatch.alerting.channels.web import WebChannel
from tapewatch.alerting.outbox import Parcel

STATE_MAX_BYTES: Final = 20_480
NAME_MAX: Final = 512
TYPES: Final = ("CRITICAL", "WARNING", "INFO", "ACKNOWLEDGEMENT", "RECOVERY")


class VictorOpsChannel(WebChannel[VictorOpsSettings]):
    """One route."""

    kind = "victorops"
    usual_pace = Pace(5.0, 20)
    closes = True

    @cached_property
    def destination(self) -> str:
        """The route."""
        return f"victorops {self.settings.routing_key}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Bring the incident to where the group is."""
        settings, story = self.settings, message.story
        state = message.text(settings.state_message, story.plain)
        words = {
            **{name: message.text(value) for name, value in settings.custom_fields.items()},
            "message_type": self._type(parcel, message),
            "entity_id": dedup_key(parcel),
            "entity_display_name": fit(
                message.text(settings.entity_display_name, story.title), NAME_MAX
            ),
            "state_message": fit(state, STATE_MAX_BYTES, measure=size_bytes),
            "monitoring_tool": message.text(settings.monitoring_tool, "Tapewatch"),
        }
        key = reveal(settings.api_key, settings.api_key_file)
        route = quote(message.text(settings.routing_key), safe="")
        await self.post(f"{settings.api_url.rstrip('/')}/{key}/{route}", words)
        return Delivered(detail=words["message_type"])

    def _type(self, parcel: Parcel, message: Context) -> str:
        if message.story.resolved:
            return "RECOVERY"
        if is_acknowledged(parcel):
            return "ACKNOWLEDGEMENT"
        said = message.text(self.settings.message_type).upper()
        return said if said in TYPES else "CRITICAL"
