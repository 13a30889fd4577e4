"""
Opsgenie: alerts that are created, acknowledged, changed and closed under an alias.

Its API takes requests at once and works on them later; 202 means taken. The service ends in April
2027.
"""

from functools import cached_property
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.markup import PLAIN
from tapewatch.alerting.channels.pagerduty import dedup_key
from tapewatch.alerting.channels.settings.opsgenie import OpsgenieSettings
from tapewatch.alerting.channels.updates import is_acknowledged
from tapewatch.alerting.channels.web import WebChannel, told_by
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

MESSAGE_MAX: Final = 130
DESCRIPTION_MAX: Final = 15_000
NOTE_MAX: Final = 25_000
SOURCE_MAX: Final = 100
ENTITY_MAX: Final = 512
TAGS_MAX: Final = 20
TAG_MAX: Final = 50
DETAILS_MAX: Final = 8_000


class OpsgenieChannel(WebChannel[OpsgenieSettings]):
    """One integration of Opsgenie."""

    kind = "opsgenie"
    usual_pace = Pace(5.0, 20)
    closes = True

    @cached_property
    def destination(self) -> str:
        """The integration, without its key."""
        key = self.settings.api_key
        name = key.reveal() if key else str(self.settings.api_key_file)
        return f"opsgenie {told_by(f'{self.settings.api_url}#{name}')}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Bring the alert to where the group is."""
        alias, told = dedup_key(parcel), parcel.notification
        memory = {"alias": alias}
        if not told.firing and not told.folded:
            await self._say(
                f"{alias}/close?identifierType=alias", {"source": self._source(message)}
            )
            return Delivered(memory, "closed")
        if is_acknowledged(parcel):
            who = {"user": next(alert.acknowledged_by for alert in told.firing)}
            await self._say(f"{alias}/acknowledge?identifierType=alias", who)
            return Delivered(memory, "acknowledged")
        words = self._words(message)
        await self._say("", {**words, "alias": alias, **self._more(message)})
        if self.settings.update_alerts and parcel.memory:
            for name in ("message", "description"):
                await self._say(f"{alias}/{name}?identifierType=alias", {name: words[name]}, "PUT")
        return Delivered(memory)

    async def _say(self, path: str, document: dict[str, Any], method: str = "POST") -> Answer:
        settings = self.settings
        key = reveal(settings.api_key, settings.api_key_file)
        url = f"{settings.api_url.rstrip('/')}/v2/alerts" + (f"/{path}" if path else "")
        headers = {"Authorization": f"GenieKey {key}", "Content-Type": "application/json"}
        return await self.call(url, orjson.dumps(document), headers, method=method)

    def _words(self, message: Context) -> dict[str, str]:
        settings, story = self.settings, message.story
        text = message.text(settings.description, story.plain)
        if len(text) > DESCRIPTION_MAX and text == story.plain():
            text = story.say(PLAIN, limit=DESCRIPTION_MAX)
        return {
            "message": fit(message.text(settings.message, story.title), MESSAGE_MAX),
            "description": fit(text, DESCRIPTION_MAX),
        }

    def _more(self, message: Context) -> dict[str, Any]:
        settings = self.settings
        details = {name: message.text(value) for name, value in settings.details.items()}
        written = {
            "source": self._source(message),
            "responders": self._responders(message),
            "tags": [fit(tag, TAG_MAX) for tag in _listed(message.text(settings.tags))][:TAGS_MAX],
            "actions": _listed(message.text(settings.actions)),
            "note": fit(message.text(settings.note), NOTE_MAX),
            "entity": fit(message.text(settings.entity), ENTITY_MAX),
            "priority": message.text(settings.priority) or f"P{min(message.story.urgency, 4) + 1}",
            "details": _within({**message.data.common_labels, **details}),
        }
        return {name: value for name, value in written.items() if value}

    def _source(self, message: Context) -> str:
        return fit(message.text(self.settings.source, "Tapewatch"), SOURCE_MAX)

    def _responders(self, message: Context) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for each in self.settings.responders:
            kind = message.text(each.type).lower()
            who = {
                name: message.text(getattr(each, name))
                for name in ("id", "name", "username")
                if getattr(each, name)
            }
            if kind == "teams":
                names = _listed(next(iter(who.values())))
                found += [{next(iter(who)): name, "type": "team"} for name in names]
            else:
                found.append({**who, "type": kind})
        return found


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _within(details: dict[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    room = DETAILS_MAX
    for name, value in details.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        kept[name] = value
    return kept
