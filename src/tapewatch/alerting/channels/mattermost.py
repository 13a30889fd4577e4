"""Mattermost, through an incoming webhook."""

from functools import cached_property
from typing import Any, Final

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.markup import MARKDOWN
from tapewatch.alerting.channels.settings.mattermost import (
    MattermostAttachment,
    MattermostField,
    MattermostSettings,
)
from tapewatch.alerting.channels.web import WebChannel, told_by
from tapewatch.alerting.outbox import Parcel

TEXT_MAX: Final = 7_000
"""A post holds 16,383 characters in all; the card repeats some of them as a fall-back."""

TITLE_MAX: Final = 256
FIELD_MAX: Final = 600

_CARD: Final = (
    "fallback",
    "color",
    "pretext",
    "text",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "thumb_url",
    "footer",
    "footer_icon",
    "image_url",
)


class MattermostChannel(WebChannel[MattermostSettings]):
    """One webhook."""

    kind = "mattermost"
    usual_pace = Pace(5.0, 10)

    @cached_property
    def destination(self) -> str:
        """Which webhook."""
        url = self.settings.webhook_url
        return f"mattermost {told_by(url.reveal() if url else str(self.settings.webhook_url_file))}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:  # noqa: ARG002  # webhooks answer nothing that could be changed later
        """Post a message."""
        url = reveal(self.settings.webhook_url, self.settings.webhook_url_file)
        await self.post(url, self._payload(message))
        return Delivered()

    def _payload(self, message: Context) -> dict[str, Any]:
        settings = self.settings
        cards = settings.attachments or (settings,)
        payload: dict[str, Any] = {
            "channel": message.text(settings.channel),
            "username": message.text(settings.username),
            "icon_url": message.text(settings.icon_url),
            "icon_emoji": message.text(settings.icon_emoji),
            "type": message.text(settings.type),
            "attachments": [_card(card, message) for card in cards],
        }
        if settings.props is not None:
            payload["props"] = {"card": message.text(settings.props.card)}
        if settings.priority is not None:
            payload["priority"] = {
                "priority": message.text(settings.priority.priority),
                "requested_ack": settings.priority.requested_ack,
                "persistent_notifications": settings.priority.persistent_notifications,
            }
        return {name: value for name, value in payload.items() if value}


def _card(card: MattermostAttachment | MattermostSettings, message: Context) -> dict[str, Any]:
    story = message.story
    plain = {"text": story.markdown, "title": lambda: story.title, "fallback": lambda: story.title}
    written: dict[str, Any] = {
        name: message.text(getattr(card, name), plain.get(name, "")) for name in _CARD
    }
    if len(written["text"]) > TEXT_MAX and written["text"] == story.markdown():
        written["text"] = story.say(MARKDOWN, limit=TEXT_MAX)
    written["text"] = fit(written["text"], TEXT_MAX)
    written["title"] = fit(written["title"], TITLE_MAX)
    written["fallback"] = fit(written["fallback"], FIELD_MAX)
    written["fields"] = [_field(field, message) for field in card.fields]
    return {name: value for name, value in written.items() if value}


def _field(field: MattermostField, message: Context) -> dict[str, Any]:
    return {
        "title": fit(message.text(field.title), FIELD_MAX),
        "value": fit(message.text(field.value), FIELD_MAX),
        "short": bool(field.short),
    }
