"""
Pushover: messages on telephones.

A message of priority 2 rings until somebody acknowledges it; when the group is over, its ringing is
cancelled by the receipt that Pushover gave.
"""

import base64
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from tapewatch.alerting.channels.base import Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.markup import PLAIN
from tapewatch.alerting.channels.settings.pushover import PushoverSettings
from tapewatch.alerting.channels.web import WebChannel, read_json
from tapewatch.alerting.outbox import Parcel

TITLE_MAX: Final = 250
MESSAGE_MAX: Final = 1_024
URL_MAX: Final = 512
URL_TITLE_MAX: Final = 100
RETRY_MIN_SECONDS: Final = 30
EXPIRE_MAX_SECONDS: Final = 10_800
RINGS: Final = "2"

_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class PushoverChannel(WebChannel[PushoverSettings]):
    """One user or group."""

    kind = "pushover"
    pictures = True
    usual_pace = Pace(1.0, 5)
    closes = True

    @cached_property
    def destination(self) -> str:
        """The service; its limits hold for our application as a whole."""
        return f"pushover {self.settings.device}".strip()

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Send the message, and stop the ringing when it is over."""
        form = self._form(message)
        answer = await self.call(self.settings.tapewatch.api_url, urlencode(form).encode(), _FORM)
        receipt = str(read_json(answer).get("receipt", ""))
        if message.story.resolved and "receipt" in parcel.memory:
            await self._quieten(parcel.memory["receipt"])
        return Delivered({"receipt": receipt} if receipt else dict(parcel.memory))

    async def _quieten(self, receipt: str) -> None:
        base = self.settings.tapewatch.api_url.rpartition("/")[0]
        token = urlencode({"token": self._token()}).encode()
        try:
            await self.call(f"{base}/receipts/{receipt}/cancel.json", token, _FORM)
        except Ended:
            return  # It stops by itself when its time is over.

    def _form(self, message: Context) -> dict[str, str]:
        settings, story = self.settings, message.story
        url = message.text(settings.url, story.main_url)
        form = {
            "token": self._token(),
            "user": reveal(settings.user_key, settings.user_key_file),
            "title": fit(message.text(settings.title, story.title), TITLE_MAX),
            "message": self._words(message) or story.title,
            # A link that is cut leads nowhere.
            "url": url if len(url) <= URL_MAX else "",
            "url_title": fit(message.text(settings.url_title), URL_TITLE_MAX),
            "device": message.text(settings.device),
            "sound": message.text(settings.sound),
            "priority": message.text(settings.priority, "0" if story.resolved else "1").strip(),
            "html": "1" if settings.html else "",
            "monospace": "1" if settings.monospace else "",
            "ttl": str(settings.ttl // 1000) if settings.ttl else "",
        }
        if form["priority"] == RINGS:
            form["retry"] = str(max(settings.retry // 1000, RETRY_MIN_SECONDS))
            form["expire"] = str(min(settings.expire // 1000, EXPIRE_MAX_SECONDS))
        if message.picture is not None:
            form["attachment_base64"] = base64.b64encode(message.picture.png).decode()
            form["attachment_type"] = "image/png"
        return {name: value for name, value in form.items() if value}

    def _words(self, message: Context) -> str:
        settings, story = self.settings, message.story
        render = message.html if settings.html else message.text
        text = render(settings.message, story.brief)
        if len(text) > MESSAGE_MAX and text == story.brief():
            return story.say(PLAIN, limit=MESSAGE_MAX, links=False)
        return fit(text, MESSAGE_MAX)

    def _token(self) -> str:
        return reveal(self.settings.token, self.settings.token_file)
