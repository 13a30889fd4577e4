"""incident.io: the webhook's JSON with a token, never larger than they take."""

from functools import cached_property
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.settings.incidentio import IncidentioSettings
from tapewatch.alerting.channels.web import WebChannel, told_by
from tapewatch.alerting.channels.webhook import document
from tapewatch.alerting.outbox import Parcel

MESSAGE_MAX_BYTES: Final = 512 * 1024
"""A larger message is answered with 429, as if it were worth another attempt."""


class IncidentioChannel(WebChannel[IncidentioSettings]):
    """One alert source."""

    kind = "incidentio"
    usual_pace = Pace(5.0, 10)

    @cached_property
    def destination(self) -> str:
        """The source."""
        return f"incidentio {told_by(self.settings.url or str(self.settings.url_file))}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Post the alerts."""
        settings = self.settings
        url = settings.url or reveal(None, settings.url_file)
        token = reveal(settings.alert_source_token, settings.alert_source_token_file)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        told = document(parcel, message, settings.max_alerts)
        await self.post(url, _sized(told), headers)
        return Delivered()


def _sized(told: dict[str, Any]) -> bytes:
    body = orjson.dumps(told)
    while len(body) > MESSAGE_MAX_BYTES and told["alerts"]:
        kept = told["alerts"][: len(told["alerts"]) // 2]
        told["truncatedAlerts"] += len(told["alerts"]) - len(kept)
        told["alerts"] = kept
        body = orjson.dumps(told)
    return body
