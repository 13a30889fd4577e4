"""Notifications to say, channels to say them, and a server that hears them."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tapewatch.alerting.channels.context import Context, Picture
from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.settings.shared import SharedSettings
from tapewatch.alerting.channels.story import tell
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.alerting.notification import FIRING, RESOLVED, AlertView, Notification
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.templates import Data, Words
from tapewatch.document.reading import read_text
from tapewatch.model.clock import SystemClock
from tapewatch.model.labels import EMPTY, Labels

SECOND = 1_000_000_000
STARTS = 1_700_000_000 * SECOND
PICTURE = Picture(b"\x89PNG picture", "the age of X's feed")


def alert(status=FIRING, *, labels=None, acknowledged_by="", **annotations):
    said = {
        "summary": "No market data from X for 7 s",
        "value": "7.2 s",
        "threshold": "5 s",
        "impact": "Quotes are stale",
        "action": "Fail over to feed B",
        "runbook_steps": "1. Look at the feed\n2. Switch to B\n3. Call the venue",
        "runbook_url": "https://rb.example/feed",
    }
    known = Labels.of({"alertname": "FeedStale", "venue": "X", "symbol": "BTC", **(labels or {})})
    return AlertView(
        labels=known,
        annotations=Labels.of({**said, **annotations}),
        starts_at_ns=STARTS,
        ends_at_ns=STARTS + 60 * SECOND if status == RESOLVED else 0,
        generator_url="http://tw.example:7600/graph?g0.expr=feed_age",
        fingerprint=known.fingerprint(),
        status=status,
        acknowledged_by=acknowledged_by,
    )


def notification(*alerts, **changes):
    alerts = alerts or (alert(),)
    status = FIRING if any(each.status == FIRING for each in alerts) else RESOLVED
    common = {pair for pair in alerts[0].labels if all(pair in each.labels for each in alerts)}
    notes = {
        pair for pair in alerts[0].annotations if all(pair in each.annotations for each in alerts)
    }
    told = Notification(
        id="n1",
        group_key='{}:{alertname="FeedStale", venue="X"}',
        episode=STARTS,
        sequence=1,
        receiver="desk",
        integration="x/0",
        status=status,
        reason="first notification",
        urgency=0,
        alerts=alerts,
        folded=0,
        group_labels=Labels.of(alertname="FeedStale", venue="X"),
        common_labels=Labels.from_pairs(common),
        common_annotations=Labels.from_pairs(notes),
        route_labels=EMPTY,
        external_url="http://tw.example:7600",
        created_ns=STARTS + 10 * SECOND,
    )
    return replace(told, **changes)


def parcel(told=None, *, memory=None, attempt=1):
    return Parcel(told or notification(), attempt, memory or {}, STARTS)


def context(told=None, *, picture=None, words=None):
    told = told or notification()
    return Context(Data.of(told, lambda: tell(told)), words or Words(), picture)


def channel(key, text, *, shared="{}", clock=None):
    """Make a channel of its settings as YAML."""
    kind = KINDS[f"{key}_configs"]
    settings = read_text(text, kind.settings).with_shared(read_text(shared, SharedSettings))
    assert not list(settings.lacks())
    return kind.make(settings, Surroundings(clock or SystemClock(), Random(1)))


def later(told=None, **changes):
    """The next notification of the same episode."""
    changes = {"sequence": 2, "reason": "new alerts in group", **changes}
    return replace(told or notification(), **changes)


@dataclass
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server that answers as it is told; each answer is bytes, or a function of the request."""

    answers: list = field(default_factory=list)
    heard: list = field(default_factory=list)

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._writers = set()
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers.get("Content-Length", 0)))
                method, path, _ = head[0].split(" ")
                heard = Heard(method, path, headers, body)
                self.heard.append(heard)
                reply = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                reply = reply(heard) if isinstance(reply, Callable) else reply
                if asyncio.iscoroutine(reply):
                    reply = await reply
                if reply is None:
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def ok(document=None, status="200 OK", **headers):
    body = b"ok" if document is None else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(work, *answers):
    """Run ``await work(receiver)`` against a receiver that gives ``answers``, the last for ever."""

    async def run():
        async with Receiver(list(answers) or [ok()]) as receiver:
            return await work(receiver)

    return asyncio.run(run())


def sent(key, text, *answers, told=None, memory=None, picture=None, attempt=1, words=None):
    """Send one parcel by a channel; returns the outcome and what the receiver heard."""

    async def work(receiver):
        made = channel(key, text.replace("URL", receiver.url))
        given = parcel(told, memory=memory, attempt=attempt)
        message = context(given.notification, picture=picture, words=words)
        try:
            return await made.send(given, message), receiver.heard
        finally:
            made.close()

    return exchange(work, *answers)


def golden(name, document):
    """Compare with the golden file of this name; see its folder for how it is renewed."""
    path = Path(__file__).parent / "channels" / "golden" / f"{name}.json"
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"remove {path.name} to write it anew"
