"""
What would leave the house: the requests, the mail or the document of a channel, and nothing sent.

A channel is run as always; only its way out is closed. Secrets that the service needs (tokens,
keys) stand as ``<secret>``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from tapewatch.alerting.channels.base import BaseChannel
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.email import EmailChannel
from tapewatch.alerting.channels.settings.forms import SecretUrl
from tapewatch.alerting.channels.web import WebChannel
from tapewatch.alerting.channels.webhook import document
from tapewatch.alerting.outbox import Parcel
from tapewatch.document.types import Secret
from tapewatch.metrics.scrape.http.client import Answer, Request

HIDDEN = "<secret>"

_TAKEN = {
    "ok": True,
    "success": True,
    "status": 1,
    "errcode": 0,
    "id": "1",
    "ts": "1",
    "channel": "1",
    "key": "1",
    "access_token": HIDDEN,
    "result": {"message_id": 1},
    "message": {"_id": "1", "rid": "1"},
}
"""An answer that every service could have given."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One thing that would leave: where it goes, and what it says."""

    where: str
    says: Any


@dataclass(slots=True)
class _ClosedClient:
    """Takes requests and sends none."""

    requests: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request, *, timeout_seconds: float) -> Answer:  # noqa: ARG002  # the client's signature
        self.requests.append(request)
        return Answer(200, "OK", {}, orjson.dumps(_TAKEN))

    def close(self) -> None:
        """Nothing is open."""


async def preview(channel: BaseChannel[Any], parcel: Parcel, message: Context) -> list[Sheet]:
    """Show what a channel would send."""
    secrets = sorted(set(_secrets(channel.settings)), key=len, reverse=True)
    if isinstance(channel, EmailChannel):
        return list(_letter(channel, parcel, message))
    if not isinstance(channel, WebChannel):
        told = {"title": message.story.title, "text": message.story.plain()}
        return [Sheet(channel.destination, {**told, **document(parcel, message)})]
    closed = _ClosedClient()
    channel.client.close()
    channel.client = closed
    await channel.send(parcel, message)
    return [_sheet(request, secrets) for request in closed.requests]


def _letter(channel: EmailChannel, parcel: Parcel, message: Context) -> Iterator[Sheet]:
    mail = channel.mail(parcel, message)
    yield Sheet(channel.destination, {name: str(value) for name, value in mail.items()})
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            yield Sheet(part.get_content_type(), part.get_content())


def _sheet(request: Request, secrets: list[str]) -> Sheet:
    kind = request.headers.get("Content-Type", request.headers.get("content-type", ""))
    where = _without(f"{request.method} {request.url}", secrets)
    if "json" in kind:
        return Sheet(where, _hidden(orjson.loads(request.body), secrets))
    if "urlencoded" in kind:
        return Sheet(where, _hidden(dict(parse_qsl(request.body.decode())), secrets))
    text = request.body.decode("utf-8", "replace")
    return Sheet(where, _without(text, secrets))


def _hidden(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _without(value, secrets)
    if isinstance(value, dict):
        return {name: _hidden(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each, secrets) for each in value]
    return value


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        if value:
            yield from _secret_parts(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _secrets(getattr(value, each.name))


def _secret_parts(secret: Secret) -> Iterator[str]:
    # The server of a URL may be seen; what lets in is the path, or who is named before the server.
    text = secret.reveal()
    if not isinstance(secret, SecretUrl):
        yield text
        return
    parts = urlsplit(text)
    user, _, _ = parts.netloc.rpartition("@")
    yield text.removeprefix(f"{parts.scheme}://{parts.netloc}/") or text
    if user:
        yield user
