"""
Discord, through the webhook of a channel.

``wait=true`` makes Discord say whether it kept the message, and under which id; without it a
message that is thrown away looks delivered.
"""

from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from tapewatch.alerting.channels.base import Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, utf16_units
from tapewatch.alerting.channels.markup import MARKDOWN
from tapewatch.alerting.channels.multipart import Upload, multipart
from tapewatch.alerting.channels.settings.discord import DiscordSettings
from tapewatch.alerting.channels.updates import changes_message
from tapewatch.alerting.channels.web import (
    JSON,
    WebChannel,
    bounded,
    judge,
    read_json,
    told_by,
)
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

CONTENT_MAX: Final = 2_000
TITLE_MAX: Final = 256
DESCRIPTION_MAX: Final = 4_096
USERNAME_MAX: Final = 80
THREAD_MAX: Final = 100


class DiscordChannel(WebChannel[DiscordSettings]):
    """One webhook."""

    kind = "discord"
    pictures = True
    usual_pace = Pace(1.0, 5)

    @cached_property
    def destination(self) -> str:
        """Which webhook."""
        url = self.settings.webhook_url
        return f"discord {told_by(url.reveal() if url else str(self.settings.webhook_url_file))}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Write a message, or change the one that is there."""
        url = reveal(self.settings.webhook_url, self.settings.webhook_url_file)
        wanted = self.settings.tapewatch.update is not False
        if changes_message(parcel, wanted=wanted) and "message_id" in parcel.memory:
            try:
                return await self._change(url, parcel, message)
            except Ended as ended:
                # Somebody has deleted the message; a new one says it again.
                if not ended.outcome.detail.startswith("404"):
                    raise
        return await self._begin(url, message)

    def judge(self, answer: Answer) -> Outcome | None:
        """Read the wait from the body, which knows it more exactly than the header."""
        ended = judge(answer, self.clock)
        asked = read_json(answer).get("retry_after")
        if isinstance(ended, Retry) and isinstance(asked, int | float):
            return Retry(bounded(float(asked)), ended.detail)
        return ended

    async def _begin(self, url: str, message: Context) -> Outcome:
        own = self.settings.tapewatch
        query = {"wait": "true"} | ({"thread_id": own.thread_id} if own.thread_id else {})
        payload = self._payload(message)
        if own.thread_name:
            payload["thread_name"] = fit(message.text(own.thread_name), THREAD_MAX)
        body, kind = self._body(payload, message)
        answer = await self.call(_with_query(url, query), body, {"Content-Type": kind})
        document = read_json(answer)
        memory = {"message_id": str(document.get("id", ""))}
        if own.thread_name or own.thread_id:
            memory["thread_id"] = own.thread_id or str(document.get("channel_id", ""))
        return Delivered(memory if memory["message_id"] else {})

    async def _change(self, url: str, parcel: Parcel, message: Context) -> Outcome:
        memory = parcel.memory
        thread = {"thread_id": memory["thread_id"]} if memory.get("thread_id") else {}
        base, _, _ = url.partition("?")
        where = _with_query(f"{base}/messages/{memory['message_id']}", thread)
        payload = {
            name: value
            for name, value in self._payload(message).items()
            if name in ("content", "embeds", "allowed_mentions")
        }
        body, kind = self._body(payload, message)
        await self.call(where, body, {"Content-Type": kind}, method="PATCH")
        return Delivered(dict(memory), "changed")

    def _body(self, payload: dict[str, Any], message: Context) -> tuple[bytes, str]:
        if message.picture is None:
            return orjson.dumps(payload), JSON
        picture = message.picture
        payload["embeds"][0]["image"] = {"url": f"attachment://{picture.name}"}
        file = Upload(picture.name, "image/png", picture.png)
        fields = {"payload_json": orjson.dumps(payload).decode()}
        return multipart(fields, {"files[0]": file}, self.surroundings.random)

    def _payload(self, message: Context) -> dict[str, Any]:
        settings, story = self.settings, message.story
        text = message.text(settings.message, story.markdown)
        if utf16_units(text) > DESCRIPTION_MAX:
            ours = text == story.markdown()
            text = (
                story.say(MARKDOWN, limit=DESCRIPTION_MAX, measure=utf16_units)
                if ours
                else fit(text, DESCRIPTION_MAX, measure=utf16_units)
            )
        embed = {
            "title": fit(message.text(settings.title, story.title), TITLE_MAX, measure=utf16_units),
            "url": story.main_url,
            "description": text,
            "color": int(story.color, 16),
        }
        payload = {
            "content": fit(message.text(settings.content), CONTENT_MAX, measure=utf16_units),
            "username": fit(message.text(settings.username), USERNAME_MAX),
            "avatar_url": message.text(settings.avatar_url),
            "embeds": [{name: value for name, value in embed.items() if value != ""}],
            # Words of an alert must not ring a whole channel by an @everyone in a label.
            "allowed_mentions": {"parse": []},
        }
        return {name: value for name, value in payload.items() if value != ""}


def _with_query(url: str, query: dict[str, str]) -> str:
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
