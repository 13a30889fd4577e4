import asyncio
import json
import smtplib
import socket

import pytest

from tapewatch.inbox.errors import InboxPortTaken
from tapewatch.inbox.inbox import Inbox
from tapewatch.inbox.web import FILES, PAGE
from tapewatch.model.clock import ManualClock

HOOK = {"alerts": [{"labels": {"alertname": "A"}}], "status": "firing"}
EVENT = {
    "routing_key": "0" * 32,
    "event_action": "trigger",
    "dedup_key": "k",
    "payload": {"summary": "s", "source": "x", "severity": "critical"},
}


def test_messages_are_listed_with_their_faults_and_newer_ones_alone(visit):
    async def scenario(inbox, client):
        await client.post("/to/r/webhook", json=HOOK)
        first = (await client.get("/api/messages")).json()
        await client.post("/to/r/webhook", json=HOOK)
        return first, (await client.get(f"/api/messages?since={first['revision']}")).json()

    first, later = visit(scenario)
    (message,) = first["messages"]
    assert (message["service"], message["receiver"], message["alerts"]) == ("webhook", "r", ["A"])
    assert "version is None, not '4'" in message["faults"]
    assert [each["number"] for each in later["messages"]] == [2]


def test_an_incident_that_was_closed_begins_anew(visit):
    async def scenario(inbox, client):
        for action in ("trigger", "acknowledge", "resolve", "trigger"):
            answer = await client.post(
                "/to/r/pagerduty/v2/enqueue", json=EVENT | {"event_action": action}
            )
            assert (answer.status_code, answer.json()["dedup_key"]) == (202, "k")
        return [(each.letter.state, each.changes) for each in inbox.box.since()]

    assert visit(scenario) == [("resolved", 2), ("firing", 0)]


def test_what_cannot_be_read_is_refused_and_shown(visit):
    async def scenario(inbox, client):
        answer = await client.post("/to/r/slack/webhook", content=b"{")
        return answer, inbox.box.since()

    answer, (message,) = visit(scenario)
    assert answer.status_code == 400
    assert "no JSON" in message.faults[0]


def test_a_change_of_a_message_that_is_not_there_is_refused_as_the_services_do(visit):
    async def scenario(_inbox, client):
        slack = await client.post(
            "/to/r/slack/api/chat.update", json={"channel": "c", "ts": "9", "text": "x"}
        )
        discord = await client.patch(
            "/to/r/discord/api/webhooks/1/t/messages/9", json={"content": "x"}
        )
        telegram = await client.post(
            "/to/r/telegram/bot1/editMessageText",
            json={"chat_id": 1, "text": "x", "message_id": 9},
        )
        return slack.json(), discord.status_code, telegram.json()["description"]

    slack, discord, telegram = visit(scenario)
    assert slack == {"ok": False, "error": "message_not_found"}
    assert discord == 404
    assert telegram == "Bad Request: message to edit not found"


def test_the_oldest_messages_are_forgotten(visit):
    async def scenario(inbox, client):
        for _ in range(5):
            await client.post("/to/r/webhook", json=HOOK)
        return [each.number for each in inbox.box.since()], inbox.box.received

    assert visit(scenario, messages_max=2) == ([4, 5], 5)


def test_whoever_watches_sees_messages_as_they_come_and_when_the_box_is_emptied(visit):
    async def scenario(_inbox, client):
        seen = []
        async with client.stream("GET", "/api/events") as stream:
            lines = stream.aiter_lines()
            await client.post("/to/r/webhook", json=HOOK)
            async for line in lines:
                seen.append(line)
                if line.startswith("data: {"):
                    await client.delete("/api/messages")
                if line == "event: clear":
                    break
        return seen

    seen = visit(scenario)
    (data,) = [line for line in seen if line.startswith("data: {")]
    assert json.loads(data.removeprefix("data: "))["number"] == 1


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}],
)
def test_pages_from_elsewhere_are_turned_away(headers, visit):
    async def scenario(inbox, client):
        answers = [
            await client.post("/to/r/webhook", json=HOOK, headers=headers),
            await client.get("/api/messages", headers=headers),
        ]
        return [each.status_code for each in answers], inbox.box.received

    assert visit(scenario) == ([403, 403], 0)


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(visit):
    async def scenario(_inbox, client):
        return await client.get("/"), [await client.get(f"/page/{name}") for name in FILES]

    page, files = visit(scenario)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert {each.status_code for each in files} == {200}
    script = (PAGE / "inbox.js").read_text()
    assert "innerHTML" not in script
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert " style=" not in page.text
    assert " onclick" not in page.text


def test_mail_of_a_plain_sender_is_kept_with_its_dots(visit):
    def send(port):
        with smtplib.SMTP("127.0.0.1", port, local_hostname="desk%2Fmail") as server:
            server.sendmail("a@x.org", ["b@x.org"], "Subject: s\r\n\r\n.dot\r\n..two\r\n")

    async def scenario(inbox, _client):
        await asyncio.to_thread(send, inbox.port + 1)
        return inbox.box.since()

    (message,) = visit(scenario)
    assert (message.service, message.receiver) == ("email", "desk/mail")
    assert message.letter.title == "s"
    assert "To: b@x.org" in message.letter.text
    assert "\n.dot" in message.letter.text
    assert "\n..two" in message.letter.text


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["RCPT TO:<a@x>"], b"503"),
        (["MAIL FROM:a@x"], b"501"),
        (["DATA"], b"503"),
        (["STARTTLS"], b"502"),
        (["MAIL FROM:<a@x>", "RSET", "RCPT TO:<a@x>"], b"503"),
    ],
)
def test_what_mail_must_not_say_is_refused(lines, code, visit):
    async def scenario(inbox, _client):
        reader, writer = await asyncio.open_connection("127.0.0.1", inbox.port + 1)
        await reader.readline()
        for line in lines:
            writer.write(line.encode() + b"\r\n")
            answer = await reader.readline()
        writer.close()
        return answer

    assert visit(scenario).startswith(code)


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InboxPortTaken, match=f"cannot listen on 127.0.0.1:{port}"):
            Inbox(ManualClock()).bind(port)
