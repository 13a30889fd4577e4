"""
Microsoft Teams: workflows, and the connectors that were before them.

A connector may answer 200 although Teams refused: what it says in the body counts.
"""

import base64
import re
from functools import cached_property
from typing import Any, ClassVar, Final

import orjson

from tapewatch.alerting.channels.base import Settings, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.markup import TEAMS
from tapewatch.alerting.channels.settings.msteams import TeamsConnectorSettings, TeamsSettings
from tapewatch.alerting.channels.story import Story
from tapewatch.alerting.channels.web import WebChannel, judge, retry_after, told_by
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

MESSAGE_MAX_BYTES: Final = 28 * 1024
TEXT_MAX_BYTES: Final = 16 * 1024
TITLE_MAX: Final = 256
ACTIONS_MAX: Final = 6
SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"

_HIDDEN_STATUS: Final = re.compile(r"HTTP error (\d{3})")


class _TeamsBase(WebChannel[Settings]):
    """What both ways to Teams share."""

    usual_pace: ClassVar[Pace] = Pace(1.0, 4)

    @cached_property
    def destination(self) -> str:
        """Which workflow or connector."""
        url = getattr(self.settings, "webhook_url", None)
        file = getattr(self.settings, "webhook_url_file", None)
        return f"{self.kind} {told_by(url.reveal() if url else str(file))}"

    def judge(self, answer: Answer) -> Outcome | None:
        """Read the body too: it may hide another status."""
        ended = judge(answer, self.clock)
        hidden = _HIDDEN_STATUS.search(answer.body[:2048].decode("utf-8", "replace"))
        if ended is not None or hidden is None:
            return ended
        status = int(hidden[1])
        if status == 429 or status >= 500:
            return Retry(retry_after(answer, self.clock), hidden[0])
        return Refused(hidden[0])


class TeamsChannel(_TeamsBase[TeamsSettings]):
    """One workflow; it is given an adaptive card."""

    kind = "msteamsv2"
    pictures = True

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:  # noqa: ARG002  # workflows answer nothing that could be changed later
        """Post the card."""
        url = reveal(self.settings.webhook_url, self.settings.webhook_url_file)
        await self.post(url, self._sized(message))
        return Delivered()

    def _sized(self, message: Context) -> bytes:
        whole = orjson.dumps(self._document(message, picture=True))
        if len(whole) <= MESSAGE_MAX_BYTES:
            return whole
        return orjson.dumps(self._document(message, picture=False))

    def _document(self, message: Context, *, picture: bool) -> dict[str, Any]:
        card = {
            "$schema": SCHEMA,
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": self._body(message, picture=picture),
            "actions": [
                {"type": "Action.OpenUrl", "title": link.text, "url": link.url}
                for link in message.story.links[:ACTIONS_MAX]
            ],
            "msteams": {"width": "full"},
        }
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        return {"type": "message", "attachments": [attachment]}

    def _body(self, message: Context, *, picture: bool) -> list[dict[str, Any]]:
        settings, story = self.settings, message.story
        body: list[dict[str, Any]] = [
            {
                "type": "TextBlock",
                "text": fit(message.text(settings.title, story.title), TITLE_MAX),
                "weight": "Bolder",
                "size": "Medium",
                "wrap": True,
                "style": "heading",
                "color": "Good" if story.resolved else "Attention",
            },
            {"type": "TextBlock", "text": _words(settings.text, message), "wrap": True},
        ]
        if picture and message.picture is not None:
            data = base64.b64encode(message.picture.png).decode()
            image = {"type": "Image", "url": f"data:image/png;base64,{data}"}
            body.append({**image, "altText": message.picture.words})
        return body


class TeamsConnectorChannel(_TeamsBase[TeamsConnectorSettings]):
    """One connector, as it was before workflows; it is given a message card."""

    kind = "msteams"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:  # noqa: ARG002  # connectors answer nothing that could be changed later
        """Post the card."""
        settings, story = self.settings, message.story
        url = reveal(settings.webhook_url, settings.webhook_url_file)
        card = {
            "@context": "http://schema.org/extensions",
            "@type": "MessageCard",
            "title": fit(message.text(settings.title, story.title), TITLE_MAX),
            "summary": fit(message.text(settings.summary, story.title), TITLE_MAX),
            "text": _words(settings.text, message),
            "themeColor": story.color,
            "potentialAction": [
                {
                    "@type": "OpenUri",
                    "name": link.text,
                    "targets": [{"os": "default", "uri": link.url}],
                }
                for link in story.links[:4]
            ],
        }
        await self.post(url, card)
        return Delivered()


def _words(template: str, message: Context) -> str:
    story: Story = message.story
    text = message.text(template, story.teams)
    if size_bytes(text) <= TEXT_MAX_BYTES:
        return text
    if text == story.teams():
        return story.say(TEAMS, limit=TEXT_MAX_BYTES, measure=size_bytes, links=False)
    return fit(text, TEXT_MAX_BYTES, measure=size_bytes)
