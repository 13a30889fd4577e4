"""Another Alertmanager, stood in for by a small server."""

import asyncio
import json

from tapewatch.model.clock import SystemClock
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert
from tapewatch.watch.sender import QUEUE_MAX, AlertmanagerSender
from tapewatch.watch.settings import AlertmanagerSettings

ALERT = Alert(
    Labels.of(alertname="A"), Labels.of(summary="s"), 10**18, 10**18 + 5, "http://h/graph"
)


async def deliver(status, alerts):
    """Send alerts to a server that answers with a status; returns the sender and what came."""
    bodies = []

    async def answer(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1])
            for line in head.splitlines()
            if line.lower().startswith("content-length")
        )
        bodies.append((head.split("\r\n")[0], json.loads(await reader.readexactly(length))))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = AlertmanagerSettings(url=f"http://127.0.0.1:{port}/am/")
    sender = AlertmanagerSender(settings, SystemClock())
    sending = asyncio.create_task(sender.run())
    sender.accept(alerts, 0)
    async with asyncio.timeout(10):
        while sender.sent + sender.dropped < len(alerts):  # noqa: ASYNC110  # it counts, and tells nobody
            await asyncio.sleep(0.005)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    sender.close()
    server.close()
    await server.wait_closed()
    return sender, bodies


def test_alerts_are_posted_as_alertmanager_takes_them():
    sender, bodies = asyncio.run(deliver(200, [ALERT]))
    ((line, (alert,)),) = bodies
    assert line == "POST /am/api/v2/alerts HTTP/1.1"
    assert alert == {
        "labels": {"alertname": "A"},
        "annotations": {"summary": "s"},
        "startsAt": "2001-09-09T01:46:40Z",
        "endsAt": "2001-09-09T01:46:40.000000005Z",
        "generatorURL": "http://h/graph",
    }
    assert (sender.sent, sender.dropped, sender.last_error) == (1, 0, "")


def test_many_alerts_go_in_batches():
    _, bodies = asyncio.run(deliver(200, [ALERT] * 150))
    assert [len(alerts) for _, alerts in bodies] == [64, 64, 22]


def test_what_is_refused_is_counted_and_told():
    sender, _ = asyncio.run(deliver(500, [ALERT]))
    assert (sender.sent, sender.dropped) == (0, 1)
    assert "HTTP status 500" in sender.last_error


def test_a_full_queue_drops_the_oldest():
    async def fill():
        sender = AlertmanagerSender(AlertmanagerSettings(url="http://h:1"), SystemClock())
        sender.accept([ALERT] * (QUEUE_MAX + 3), 0)
        return sender.dropped

    assert asyncio.run(fill()) == 3
