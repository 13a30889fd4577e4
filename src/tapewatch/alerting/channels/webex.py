"""Webex, as a bot: Markdown in a room."""

from functools import cached_property
from typing import Final

import orjson

from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.markup import MARKDOWN
from tapewatch.alerting.channels.multipart import Upload, multipart
from tapewatch.alerting.channels.settings.webex import WebexSettings
from tapewatch.alerting.channels.web import JSON, WebChannel, read_json
from tapewatch.alerting.outbox import Parcel

MESSAGE_MAX_BYTES: Final = 7_439


class WebexChannel(WebChannel[WebexSettings]):
    """One room."""

    kind = "webex"
    pictures = True
    usual_pace = Pace(2.0, 5)

    @cached_property
    def destination(self) -> str:
        """The room."""
        return f"webex {self.settings.room_id}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:  # noqa: ARG002  # each notification is a message of its own
        """Post a message."""
        fields = {"roomId": message.text(self.settings.room_id), "markdown": self._words(message)}
        body, kind = orjson.dumps(fields), JSON
        if message.picture is not None:
            file = Upload(message.picture.name, "image/png", message.picture.png)
            body, kind = multipart(fields, {"files": file}, self.surroundings.random)
        answer = await self.call(self.settings.api_url, body, {"Content-Type": kind})
        return Delivered({"id": str(read_json(answer).get("id", ""))})

    def _words(self, message: Context) -> str:
        story = message.story
        ours = story.titled(MARKDOWN, limit=MESSAGE_MAX_BYTES, measure=size_bytes)
        text = message.text(self.settings.message, ours)
        return fit(text, MESSAGE_MAX_BYTES, measure=size_bytes)
