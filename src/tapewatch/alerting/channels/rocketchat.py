"""Rocket.Chat, as a user with a token."""

from functools import cached_property
from typing import Any, Final

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.markup import MARKDOWN
from tapewatch.alerting.channels.settings.rocketchat import RocketchatAction, RocketchatSettings
from tapewatch.alerting.channels.updates import changes_message
from tapewatch.alerting.channels.web import WebChannel, judge, read_json, retry_after
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

TEXT_MAX: Final = 4_500
TITLE_MAX: Final = 1_024
FIELD_MAX: Final = 600


class RocketchatChannel(WebChannel[RocketchatSettings]):
    """One channel of a server."""

    kind = "rocketchat"
    usual_pace = Pace(1.0, 5)

    @cached_property
    def destination(self) -> str:
        """The server and the channel."""
        return f"rocketchat {self.settings.api_url} {self.settings.channel}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Post a message, or change the one that is there."""
        payload = self._payload(message)
        memory = dict(parcel.memory)
        wanted = bool(self.settings.tapewatch.update) and "msgId" in memory
        if changes_message(parcel, wanted=wanted):
            # Changing needs words beside the card; the title says the same as before.
            changed = {**payload, **memory, "text": message.story.title}
            await self.post(self._url("chat.update"), changed, self._token())
            return Delivered(memory, "changed")
        answer = read_json(await self.post(self._url("chat.postMessage"), payload, self._token()))
        sent = answer.get("message")
        if not isinstance(sent, dict):
            return Delivered()
        return Delivered({"roomId": str(sent.get("rid", "")), "msgId": str(sent.get("_id", ""))})

    def judge(self, answer: Answer) -> Outcome | None:
        """Read ``success`` too."""
        ended = judge(answer, self.clock)
        document = read_json(answer)
        if ended is not None or document.get("success") is not False:
            return ended
        words = str(document.get("error", "no success"))
        if "too-many-requests" in words:
            return Retry(retry_after(answer, self.clock), words)
        return Refused(words)

    def _url(self, method: str) -> str:
        return f"{self.settings.api_url.rstrip('/')}/api/v1/{method}"

    def _token(self) -> dict[str, str]:
        settings = self.settings
        return {
            "X-Auth-Token": reveal(settings.token, settings.token_file),
            "X-User-Id": reveal(settings.token_id, settings.token_id_file),
        }

    def _payload(self, message: Context) -> dict[str, Any]:
        settings = self.settings
        payload = {
            "channel": message.text(settings.channel),
            "emoji": message.text(settings.emoji),
            "avatar": message.text(settings.icon_url),
            "parseUrls": settings.link_names,
            "attachments": [self._card(message)],
        }
        return {name: value for name, value in payload.items() if value not in ("", False)}

    def _card(self, message: Context) -> dict[str, Any]:
        settings, story = self.settings, message.story
        text = message.text(settings.text, story.markdown)
        if len(text) > TEXT_MAX and text == story.markdown():
            text = story.say(MARKDOWN, limit=TEXT_MAX)
        card = {
            "color": message.text(settings.color, f"#{story.color}"),
            "title": fit(message.text(settings.title, story.title), TITLE_MAX),
            "title_link": message.text(settings.title_link),
            "text": fit(text, TEXT_MAX),
            "image_url": message.text(settings.image_url),
            "thumb_url": message.text(settings.thumb_url),
            "fields": [
                {
                    "short": settings.short_fields if field.short is None else field.short,
                    "title": fit(message.text(field.title), FIELD_MAX),
                    "value": fit(message.text(field.value), FIELD_MAX),
                }
                for field in settings.fields
            ],
            "actions": [_action(action, message) for action in settings.actions],
        }
        return {name: value for name, value in card.items() if value}


def _action(action: RocketchatAction, message: Context) -> dict[str, Any]:
    words = ("type", "text", "url", "image_url", "webview_height_ratio", "msg")
    written: dict[str, Any] = {name: message.text(getattr(action, name)) for name in words}
    written |= {
        "is_webview": action.is_webview,
        "msg_in_chat_window": action.msg_in_chat_window,
        "msg_processing_type": action.msg_processing_type,
    }
    return {name: value for name, value in written.items() if value}
