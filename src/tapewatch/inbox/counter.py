"""
The counter: takes messages in, has them read, and puts them into the box.

It answers as the services do where our channels look at the answer: an id that a message can be
changed by, a refusal with the service's own words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import orjson

from tapewatch.inbox.box import Box
from tapewatch.inbox.checks import object_of, text_of
from tapewatch.inbox.errors import Unreadable
from tapewatch.inbox.letter import Letter, Message
from tapewatch.inbox.readers.discord import read_discord
from tapewatch.inbox.readers.mail import read_mail
from tapewatch.inbox.readers.pagerduty import key_of, read_pagerduty
from tapewatch.inbox.readers.slack import read_slack
from tapewatch.inbox.readers.telegram import read_telegram
from tapewatch.inbox.readers.webhook import read_webhook
from tapewatch.inbox.uploads import read_form

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is answered."""

    status: int
    content: Any
    """A text, or what becomes JSON."""


class Counter:
    """Takes messages for one box."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def webhook(self, receiver: str, body: bytes) -> Reply:
        """Take a message in Alertmanager's form."""
        return self._keep(
            "webhook", receiver, body, lambda: read_webhook(body), lambda _: Reply(200, "ok")
        )

    def slack_webhook(self, receiver: str, body: bytes) -> Reply:
        """Take a message for a webhook of Slack, which answers in one word."""
        return self._keep(
            "slack", receiver, body, lambda: read_slack(body), lambda _: Reply(200, "ok")
        )

    def slack_api(self, receiver: str, method: str, body: bytes) -> Reply:
        """Take a call of an app; Slack answers 200 also where it refuses."""
        if method not in ("chat.postMessage", "chat.update"):
            return Reply(200, {"ok": True})
        told = _maybe(body)
        if not text_of(told, "channel"):
            return self._refuse("slack", receiver, body, Unreadable("Slack", "channel_not_found"))
        is_change = method == "chat.update"
        stamp = text_of(told, "ts") if is_change else f"{self.box.next_number():010}.000100"
        if is_change and not self.box.has("slack", receiver, stamp):
            return Reply(200, {"ok": False, "error": "message_not_found"})
        answer = {"ok": True, "channel": told["channel"], "ts": stamp}
        return self._keep(
            "slack", receiver, body, lambda: read_slack(body, stamp), lambda _: Reply(200, answer)
        )

    def pagerduty(self, receiver: str, body: bytes) -> Reply:
        """Take an event."""

        def read() -> Letter:
            return read_pagerduty(body, self.box.letter("pagerduty", receiver, key_of(body)))

        def answer(message: Message) -> Reply:
            told = {"status": "success", "message": "Event processed"}
            return Reply(202, {**told, "dedup_key": message.letter.key})

        return self._keep("pagerduty", receiver, body, read, answer)

    def discord(self, receiver: str, kind: str, body: bytes, message_id: str = "") -> Reply:
        """Take a message, or a change of one."""
        if message_id and not self.box.has("discord", receiver, message_id):
            return Reply(404, {"message": "Unknown Message", "code": 10008})
        key = message_id or str(self.box.next_number())

        def read() -> Letter:
            if kind.startswith(JSON):
                return read_discord(object_of("Discord", body), key=key)
            fields, files = read_form("Discord", kind, body)
            inner = fields.get("payload_json", "{}").encode()
            return read_discord(object_of("Discord", inner), files, key)

        def answer(_message: Message) -> Reply:
            return Reply(200, {"id": key, "channel_id": "1"})

        return self._keep("discord", receiver, body, read, answer)

    def telegram(self, receiver: str, method: str, kind: str, body: bytes) -> Reply:
        """Take a call of a bot."""
        if method not in ("sendMessage", "editMessageText", "sendPhoto"):
            return Reply(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        number = self.box.next_number()

        def read() -> Letter:
            is_json = kind.startswith(JSON)
            told: dict[str, Any] = (
                object_of("Telegram", body)
                if is_json
                else dict(read_form("Telegram", kind, body)[0])
            )
            changed = told.get("message_id") if method == "editMessageText" else None
            if changed is not None and not self.box.has("telegram", receiver, str(changed)):
                raise Unreadable("Telegram", "message to edit not found")
            return read_telegram(told, str(changed or number))

        def answer(message: Message) -> Reply:
            return Reply(200, {"ok": True, "result": {"message_id": int(message.letter.key)}})

        return self._keep("telegram", receiver, body, read, answer)

    def mail(self, content: bytes, to: tuple[str, ...], greeted: str) -> None:
        """Take a mail; the sender greets with the name of the receiver."""
        self._keep(
            "email",
            unquote(greeted),
            content,
            lambda: read_mail(content, to),
            lambda _: Reply(250, ""),
        )

    def _keep(
        self,
        service: str,
        receiver: str,
        body: bytes,
        read: Callable[[], Letter],
        answer: Callable[[Message], Reply],
    ) -> Reply:
        try:
            letter = read()
        except Unreadable as fault:
            return self._refuse(service, receiver, body, fault)
        except (ValueError, LookupError, RecursionError) as fault:
            # What our reader stumbles over, people should see; the sender is told that it is bad.
            broken = Unreadable(service, f"{type(fault).__name__}: {fault}")
            return self._refuse(service, receiver, body, broken)
        return answer(self.box.take(service, receiver, letter, body))

    def _refuse(self, service: str, receiver: str, body: bytes, fault: Unreadable) -> Reply:
        letter = Letter(title="A message that was refused", faults=(str(fault),))
        self.box.take(service, receiver, letter, body)
        if service == "telegram":
            words = f"Bad Request: {fault.why}"
            return Reply(400, {"ok": False, "error_code": 400, "description": words})
        return Reply(400, {"status": "invalid event", "message": fault.why, "errors": [fault.why]})


def _maybe(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
