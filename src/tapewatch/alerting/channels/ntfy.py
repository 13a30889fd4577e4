"""ntfy: a topic on ntfy.sh or on a server of one's own."""

import base64
from functools import cached_property
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.markup import PLAIN
from tapewatch.alerting.channels.settings.ntfy import NtfySettings
from tapewatch.alerting.channels.story import Story
from tapewatch.alerting.channels.web import WebChannel, read_json
from tapewatch.alerting.outbox import Parcel

MESSAGE_MAX_BYTES: Final = 4_096
TITLE_MAX: Final = 250
ACTIONS_MAX: Final = 3


class NtfyChannel(WebChannel[NtfySettings]):
    """One topic."""

    kind = "ntfy"
    pictures = True
    usual_pace = Pace(0.2, 30)

    @cached_property
    def destination(self) -> str:
        """The server and the topic."""
        return f"ntfy {self.settings.url.rstrip('/')}/{self.settings.topic}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:  # noqa: ARG002  # ntfy keeps no message that could be changed later
        """Publish a message; with a picture the words travel in the headers."""
        words = self._words(message)
        url = self.settings.url.rstrip("/")
        if message.picture is None:
            answer = await self.post(url, words, self._token())
        else:
            headers = {**_headers(words), "Filename": message.picture.name, **self._token()}
            where = f"{url}/{self.settings.topic}"
            answer = await self.call(where, message.picture.png, headers, method="PUT")
        return Delivered({}, f"kept as {read_json(answer).get('id', 'a message')}")

    def _token(self) -> dict[str, str]:
        token = reveal(self.settings.token, self.settings.token_file)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _words(self, message: Context) -> dict[str, Any]:
        settings, story = self.settings, message.story
        text = message.text(settings.message, story.brief)
        if size_bytes(text) > MESSAGE_MAX_BYTES and text == story.brief():
            text = story.say(PLAIN, limit=MESSAGE_MAX_BYTES, measure=size_bytes, links=False)
        words = {
            "topic": settings.topic,
            "title": fit(message.text(settings.title, story.title), TITLE_MAX),
            "message": fit(text, MESSAGE_MAX_BYTES, measure=size_bytes),
            "priority": _priority(message.text(settings.priority), story),
            "tags": [*settings.tags, _SIGNS["resolved" if story.resolved else "firing"]],
            "click": story.main_url,
            "actions": [
                {"action": "view", "label": link.text, "url": link.url}
                for link in story.links[:ACTIONS_MAX]
            ],
        }
        return {name: value for name, value in words.items() if value}


_SIGNS: Final = {"firing": "rotating_light", "resolved": "white_check_mark"}


def _priority(text: str, story: Story) -> int:
    if text.isdigit():
        return min(max(int(text), 1), 5)
    return 3 if story.resolved else max(5 - story.urgency, 1)


def _headers(words: dict[str, Any]) -> dict[str, str]:
    lines = {
        "Title": words.get("title", ""),
        # A header is one line; ntfy reads \n in it as the end of one.
        "Message": str(words.get("message", "")).replace("\n", "\\n"),
        "Priority": str(words["priority"]),
        "Tags": ",".join(words["tags"]),
        "Click": words.get("click", ""),
        "Actions": orjson.dumps(words["actions"]).decode() if "actions" in words else "",
    }
    return {name: _encoded(value) for name, value in lines.items() if value}


def _encoded(text: str) -> str:
    if text.isascii():
        return text
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="
