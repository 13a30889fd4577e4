"""
Slack, through a webhook or as an app.

An app posts with ``chat.postMessage`` and changes the message with ``chat.update``; both answer 200
also where they refuse, with ``ok`` and ``error`` in the body. A webhook can do neither.
"""

from functools import cached_property
from typing import Any, Final

from tapewatch.alerting.channels.base import Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context, Picture
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.markup import SLACK
from tapewatch.alerting.channels.settings.slack import SlackAction, SlackSettings
from tapewatch.alerting.channels.updates import changes_message
from tapewatch.alerting.channels.web import WebChannel, judge, read_json, retry_after, told_by
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

TEXT_MAX: Final = 3_000
TITLE_MAX: Final = 256
FALLBACK_MAX: Final = 300
FIELDS_MAX: Final = 10
FIELD_MAX: Final = 600
BUTTONS_MAX: Final = 5

POST: Final = "chat.postMessage"
UPDATE: Final = "chat.update"

_WORTH_ANOTHER: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "rollup_error",
        "service_unavailable",
        "team_added_to_org",
    }
)
_MESSAGE_GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class SlackChannel(WebChannel[SlackSettings]):
    """One Slack channel."""

    kind = "slack"
    usual_pace = Pace(1.0, 3)

    @cached_property
    def destination(self) -> str:
        """The channel, or which webhook."""
        if self.settings.is_app:
            return f"slack {self.settings.channel}"
        url = self.settings.api_url
        return f"slack {told_by(url.reveal() if url else f'//file/{self.settings.api_url_file}')}"

    @property
    def takes_pictures(self) -> bool:
        """A webhook cannot upload."""
        return self.settings.is_app and self.settings.tapewatch.chart

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Post a message, or change the one that is there."""
        url = reveal(self.settings.api_url, self.settings.api_url_file)
        payload = self._payload(message)
        if not self.settings.is_app:
            await self.post(url, payload)
            return Delivered()
        if self._updates(parcel) and url.endswith(POST):
            return await self._change(url, parcel, payload, message)
        return await self._begin(url, payload, message)

    def judge(self, answer: Answer) -> Outcome | None:
        """Read ``ok`` too, where the answer comes from the API."""
        ended = judge(answer, self.clock)
        if ended is not None or not self.settings.is_app:
            return ended
        document = read_json(answer)
        if document.get("ok") is True:
            return None
        error = str(document.get("error", "an answer without ok"))
        if error in _WORTH_ANOTHER or not document:
            return Retry(retry_after(answer, self.clock), error)
        return Refused(error)

    def _updates(self, parcel: Parcel) -> bool:
        own, settings = self.settings.tapewatch.update, self.settings
        asked = settings.update_message or settings.post_updates_to_thread
        by_token = bool(settings.app_token or settings.app_token_file)
        return changes_message(parcel, wanted=own if own is not None else asked or by_token)

    async def _begin(self, url: str, payload: dict[str, Any], message: Context) -> Outcome:
        answer = read_json(await self.post(url, payload))
        memory = {"channel": str(answer.get("channel", "")), "ts": str(answer.get("ts", ""))}
        if not memory["ts"]:
            return Delivered()
        if message.picture is not None:
            await self._attach(url, message.picture, memory)
        return Delivered(memory)

    async def _change(
        self, url: str, parcel: Parcel, payload: dict[str, Any], message: Context
    ) -> Outcome:
        memory = dict(parcel.memory)
        if self.settings.post_updates_to_thread:
            await self.post(url, {**payload, "thread_ts": memory["ts"]})
            if not self.settings.update_message:
                return Delivered(memory, "told in the thread")
        try:
            await self.post(url.removesuffix(POST) + UPDATE, {**payload, **memory})
        except Ended as ended:
            if ended.outcome.detail not in _MESSAGE_GONE:
                raise
            return await self._begin(url, payload, message)
        return Delivered(memory, "changed")

    async def _attach(self, url: str, picture: Picture, memory: dict[str, str]) -> None:
        # The picture goes into the thread; whoever may not upload files has a message without one.
        base = url.removesuffix(POST)
        form = f"filename={picture.name}&length={len(picture.png)}".encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            place = read_json(await self.call(f"{base}files.getUploadURLExternal", form, kind))
            await self.ask(str(place["upload_url"]), picture.png, {"Content-Type": "image/png"})
            done = {
                "files": [{"id": place["file_id"], "title": picture.words}],
                "channel_id": memory["channel"],
                "thread_ts": memory["ts"],
            }
            await self.post(f"{base}files.completeUploadExternal", done)
        except (Ended, KeyError):
            return

    def _payload(self, message: Context) -> dict[str, Any]:
        settings = self.settings
        payload = {
            "channel": message.text(settings.channel),
            "username": message.text(settings.username),
            "icon_emoji": message.text(settings.icon_emoji),
            "icon_url": message.text(settings.icon_url),
            "link_names": settings.link_names,
            "text": message.text(settings.message_text),
            "attachments": [self._attachment(message)],
        }
        return {name: value for name, value in payload.items() if value not in ("", False)}

    def _attachment(self, message: Context) -> dict[str, Any]:
        settings, story = self.settings, message.story
        text = message.text(settings.text, lambda: story.say(SLACK, links=False))
        if len(text) > TEXT_MAX:
            ours = text == story.slack()
            text = story.say(SLACK, limit=TEXT_MAX, links=False) if ours else fit(text, TEXT_MAX)
        written = {
            "color": message.text(settings.color, f"#{story.color}"),
            "title": fit(message.text(settings.title, story.title), TITLE_MAX),
            "title_link": message.text(settings.title_link),
            "pretext": fit(message.text(settings.pretext), FIELD_MAX),
            "text": text,
            "fallback": fit(message.text(settings.fallback, story.title), FALLBACK_MAX),
            "callback_id": message.text(settings.callback_id),
            "footer": fit(message.text(settings.footer), FALLBACK_MAX),
            "image_url": message.text(settings.image_url),
            "thumb_url": message.text(settings.thumb_url),
            "fields": self._fields(message),
            "actions": self._actions(message),
            "mrkdwn_in": list(settings.mrkdwn_in) or ["fallback", "pretext", "text"],
        }
        return {name: value for name, value in written.items() if value not in ("", [])}

    def _fields(self, message: Context) -> list[dict[str, Any]]:
        return [
            {
                "title": fit(message.text(field.title), FIELD_MAX),
                "value": fit(message.text(field.value), FIELD_MAX),
                "short": self.settings.short_fields if field.short is None else field.short,
            }
            for field in self.settings.fields[:FIELDS_MAX]
        ]

    def _actions(self, message: Context) -> list[dict[str, Any]]:
        if self.settings.actions:
            return [_action(action, message) for action in self.settings.actions[:BUTTONS_MAX]]
        links = message.story.links[:BUTTONS_MAX]
        return [{"type": "button", "text": link.text, "url": link.url} for link in links]


def _action(action: SlackAction, message: Context) -> dict[str, Any]:
    written: dict[str, Any] = {
        "type": message.text(action.type),
        "text": message.text(action.text),
        "url": message.text(action.url),
        "style": message.text(action.style),
    }
    if not action.url:
        written |= {"name": message.text(action.name), "value": message.text(action.value)}
        if action.confirm is not None:
            asked = action.confirm
            written["confirm"] = {
                "title": message.text(asked.title),
                "text": message.text(asked.text),
                "ok_text": message.text(asked.ok_text),
                "dismiss_text": message.text(asked.dismiss_text),
            }
    return {name: value for name, value in written.items() if value}
