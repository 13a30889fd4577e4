"""Signs of life: what each service outside is told, and only while alerts get through."""

import asyncio

import pytest
from tests.alerting.saying import exchange, ok

from tapewatch.alerting.heartbeats.heartbeat import Heartbeat
from tapewatch.alerting.heartbeats.settings import HeartbeatSettings
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.model.clock import SystemClock


def beats(text, *faults, answers=()):
    """Give a heartbeat, and what was heard, after a beat for each fault."""

    async def work(receiver):
        settings = read_text(text.replace("URL", receiver.url), HeartbeatSettings)
        made = Heartbeat(settings, SystemClock(), source="desk-1", external_url="http://tw")
        for fault in faults:
            await made.beat(fault)
        made.close()
        return made, receiver.heard

    return exchange(work, *answers or [ok()])


def test_healthchecks_is_told_of_the_start_and_of_life():
    made, heard = beats("{kind: healthchecks, url: URL/uuid}", "", "")
    assert [each.path for each in heard] == ["/uuid/start", "/uuid", "/uuid"]
    assert {each.method for each in heard} == {"POST"}
    assert (made.sent, made.failed, made.last_error) == (3, 0, None)


def test_healthchecks_is_told_what_is_wrong():
    _, heard = beats("{kind: healthchecks, url: URL/uuid}", "", "every channel fails")
    assert (heard[-1].path, heard[-1].body) == ("/uuid/fail", b"every channel fails")


def test_healthchecks_may_be_asked_by_get():
    _, heard = beats("{kind: healthchecks, url: URL/uuid, method: GET}", "broken")
    assert [(each.method, each.path) for each in heard] == [
        ("GET", "/uuid/start"),
        ("GET", "/uuid/fail"),
    ]


def test_pagerduty_gets_an_incident_that_begins_and_ends():
    _, heard = beats("{kind: pagerduty, url: URL/v2, routing_key: key}", "the book is full", "")
    begun, ended = (each.json for each in heard)
    assert (begun["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert begun["dedup_key"] == ended["dedup_key"] == "tapewatch-heartbeat-desk-1"
    assert begun["payload"]["summary"] == "Tapewatch cannot alert: the book is full"


def test_whoever_listens_to_the_watchdog_hears_nothing_while_something_is_broken():
    _, heard = beats("{kind: watchdog, url: URL/hook}", "broken", "")
    (told,) = (each.json for each in heard)
    assert told["version"] == "4"
    assert told["alerts"][0]["labels"] == {"alertname": "Watchdog", "severity": "none"}


def test_a_sign_that_does_not_arrive_is_remembered_without_its_address():
    answers = (ok(status="404 Not Found"),)
    made, _ = beats("{kind: healthchecks, url: URL/uuid}", "", answers=answers)
    assert (made.sent, made.failed) == (0, 2)
    assert "404" in made.last_error
    assert "uuid" not in made.last_error


def test_a_service_that_is_not_there_is_no_crash():
    settings = read_text("{kind: watchdog, url: 'http://127.0.0.1:1/s3cret'}", HeartbeatSettings)
    made = Heartbeat(settings, SystemClock(), source="a", external_url="")
    asyncio.run(made.beat(""))
    made.close()
    assert made.last_error
    assert "s3cret" not in made.last_error


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{kind: healthchecks}", "url: is missing: the address that is told"),
        ("{kind: pagerduty}", "routing_key: is missing: the key of the service that pages"),
    ],
)
def test_a_heartbeat_needs_somewhere_to_go(text, words):
    with pytest.raises(DocumentError, match=words):
        read_text(text, HeartbeatSettings)
