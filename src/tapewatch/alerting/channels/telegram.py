"""
Telegram, as a bot.

Text with markup that Telegram cannot read is sent once more without markup, and text that is longer
than a message is split: words are never replaced by an error.
"""

import html
import re
from functools import cached_property
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.base import Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context, Picture
from tapewatch.alerting.channels.limits import fit, utf16_units
from tapewatch.alerting.channels.markup import HTML
from tapewatch.alerting.channels.multipart import Upload, multipart
from tapewatch.alerting.channels.settings.telegram import TelegramSettings
from tapewatch.alerting.channels.updates import changes_message
from tapewatch.alerting.channels.web import WebChannel, bounded, judge, read_json
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

TEXT_MAX: Final = 4_096
CAPTION_MAX: Final = 1_024
PARTS_MAX: Final = 5

_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")


class TelegramChannel(WebChannel[TelegramSettings]):
    """One chat."""

    kind = "telegram"
    pictures = True
    usual_pace = Pace(1.0, 3)

    @cached_property
    def destination(self) -> str:
        """The chat."""
        return f"telegram {self.settings.chat_id or self.settings.chat_id_file}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Write a message, or change the one that is there."""
        parts, mode = self._parts(message)
        wanted = self.settings.tapewatch.update is not False and len(parts) == 1
        if changes_message(parcel, wanted=wanted) and "message_id" in parcel.memory:
            changed = await self._change(parcel, parts[0], mode)
            if changed is not None:
                return changed
        memory: dict[str, str] = {}
        for part in parts:
            sent = await self._say("sendMessage", self._words(part, mode))
            memory = memory or {"message_id": str(sent.get("message_id", ""))}
        if message.picture is not None:
            await self._attach(message.picture, memory)
        return Delivered(memory)

    def judge(self, answer: Answer) -> Outcome | None:
        """Read the body: it says how long to wait, and what is wrong."""
        ended = judge(answer, self.clock)
        if ended is None:
            return None
        document = read_json(answer)
        words = str(document.get("description", ended.detail))
        parameters = document.get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        if isinstance(ended, Retry):
            after = bounded(float(asked)) if isinstance(asked, int | float) else ended.after_seconds
            return Retry(after, words)
        return Refused(words)

    def _parts(self, message: Context) -> tuple[list[str], str]:
        settings, story = self.settings, message.story
        ours = story.titled(HTML)
        text = message.text(settings.message, ours)
        mode = "HTML" if text == ours else settings.parse_mode
        if utf16_units(text) <= TEXT_MAX:
            return [text], mode
        if text == ours:
            return [story.titled(HTML, limit=TEXT_MAX, measure=utf16_units)], mode
        # A cut could part a tag from its end, so long words of users go without markup.
        plain = _plain(text) if mode == "HTML" else text
        return _split(plain), ""

    async def _change(self, parcel: Parcel, text: str, mode: str) -> Outcome | None:
        memory = dict(parcel.memory)
        words = {**self._words(text, mode), "message_id": int(memory["message_id"])}
        words.pop("message_thread_id", None)
        words.pop("disable_notification", None)
        try:
            await self._say("editMessageText", words)
        except Ended as ended:
            if "message is not modified" in ended.outcome.detail:
                return Delivered(memory, "was the same already")
            if isinstance(ended.outcome, Refused):
                return None
            raise
        return Delivered(memory, "changed")

    async def _say(self, method: str, words: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self.post(self._url(method), words)
        except Ended as ended:
            unread = "can't parse entities" in ended.outcome.detail
            if not unread or "parse_mode" not in words:
                raise
            plain = {name: value for name, value in words.items() if name != "parse_mode"}
            plain["text"] = fit(_plain(words["text"]), TEXT_MAX, measure=utf16_units)
            answer = await self.post(self._url(method), plain)
        result = read_json(answer).get("result")
        return result if isinstance(result, dict) else {}

    async def _attach(self, picture: Picture, memory: dict[str, str]) -> None:
        fields = {"chat_id": str(self._chat()), "caption": fit(picture.words, CAPTION_MAX)}
        fields["disable_notification"] = "true"
        if memory.get("message_id"):
            fields["reply_parameters"] = orjson.dumps(
                {"message_id": int(memory["message_id"])}
            ).decode()
        file = Upload(picture.name, "image/png", picture.png)
        body, kind = multipart(fields, {"photo": file}, self.surroundings.random)
        try:
            await self.call(self._url("sendPhoto"), body, {"Content-Type": kind})
        except Ended:
            return

    def _words(self, text: str, mode: str) -> dict[str, Any]:
        settings = self.settings
        words: dict[str, Any] = {
            "chat_id": self._chat(),
            "text": text,
            "link_preview_options": {"is_disabled": True},
            "disable_notification": settings.disable_notifications,
        }
        if settings.message_thread_id:
            words["message_thread_id"] = settings.message_thread_id
        return words | ({"parse_mode": mode} if mode else {})

    def _chat(self) -> int | str:
        text = reveal(None, self.settings.chat_id_file)
        if not text:
            return self.settings.chat_id
        return int(text) if text.lstrip("-").isdigit() else text

    def _url(self, method: str) -> str:
        token = reveal(self.settings.bot_token, self.settings.bot_token_file)
        return f"{self.settings.api_url.rstrip('/')}/bot{token}/{method}"


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub("", text))


def _split(text: str) -> list[str]:
    parts: list[str] = []
    while text and len(parts) < PARTS_MAX - 1 and utf16_units(text) > TEXT_MAX:
        head = fit(text, TEXT_MAX, measure=utf16_units).removesuffix("…")
        parts.append(head)
        text = text[len(head) :].lstrip("\n")
    return [*parts, fit(text, TEXT_MAX, measure=utf16_units)]
