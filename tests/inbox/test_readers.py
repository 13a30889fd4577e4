import json

import pytest

from tapewatch.inbox.errors import Unreadable
from tapewatch.inbox.readers.discord import read_discord
from tapewatch.inbox.readers.mail import read_mail
from tapewatch.inbox.readers.pagerduty import read_pagerduty
from tapewatch.inbox.readers.slack import read_slack
from tapewatch.inbox.readers.telegram import read_telegram
from tapewatch.inbox.readers.webhook import read_webhook

EVENT = {
    "routing_key": "0" * 32,
    "event_action": "trigger",
    "dedup_key": "k",
    "payload": {"summary": "[P0] FeedStale · X", "source": "x", "severity": "critical"},
}
CARD = {"title": "[P0] FeedStale", "text": "words", "fallback": "f", "color": "#d91e2e"}
ALERT = {
    "status": "firing",
    "labels": {"alertname": "FeedStale"},
    "startsAt": "2026-01-05T08:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "1",
}
HOOK = {
    "version": "4",
    "receiver": "r",
    "status": "firing",
    "groupKey": "g",
    "externalURL": "http://x",
    "groupLabels": {},
    "commonLabels": {},
    "commonAnnotations": {},
    "alerts": [ALERT],
}
MAIL = (
    b"From: a@x.org\r\nTo: b@x.org\r\nDate: Mon, 05 Jan 2026 08:00:00 +0000\r\n"
    b"Message-ID: <1@x.org>\r\nSubject: [P0] FeedStale\r\n"
    b"Content-Type: text/plain\r\n\r\nwords\r\n"
)


def slack(**changes):
    return read_slack(json.dumps({"attachments": [CARD | changes]}).encode())


def pagerduty(payload=None, **changes):
    told = EVENT | changes
    return read_pagerduty(
        json.dumps(told | {"payload": told["payload"] | (payload or {})}).encode()
    )


def test_what_is_fine_has_no_fault():
    assert not slack().faults
    assert not pagerduty().faults
    assert not read_discord({"embeds": [{"title": "t", "color": 1}]}).faults
    assert not read_telegram({"chat_id": 1, "text": "<b>t</b>", "parse_mode": "HTML"}).faults
    assert not read_webhook(json.dumps(HOOK).encode()).faults
    assert not read_mail(MAIL).faults


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        (lambda: slack(color="pinkish"), "color 'pinkish' is none"),
        (lambda: slack(fallback=""), "fallback is missing"),
        (lambda: slack(text="a < b"), "write &lt;"),
        (lambda: slack(text="x" * 10 + " & y"), "write &lt; or &amp;"),
        (lambda: slack(actions=[{"type": "button", "text": "b"}] * 6), "6 entries, above 5"),
        (
            lambda: slack(actions=[{"type": "button", "text": "b", "url": "javascript:1"}]),
            "no address that can be followed",
        ),
        (lambda: pagerduty(routing_key="short"), "routing_key has not 32"),
        (lambda: pagerduty({"summary": "x" * 1025}), "1025 characters, above 1024"),
        (lambda: pagerduty({"severity": "page"}), "payload.severity is 'page'"),
        (lambda: pagerduty({"source": ""}), "payload.source is missing"),
        (lambda: pagerduty({"timestamp": "soon"}), "no time of ISO 8601"),
        (lambda: pagerduty(event_action="resolve", dedup_key=""), "resolve needs a dedup_key"),
        (lambda: pagerduty({"custom_details": {"a": "x" * 600_000}}), "above 524288"),
        (lambda: read_discord({"content": "x" * 2001}), "2001 characters, above 2000"),
        (
            lambda: read_discord({"embeds": [{"description": "x" * 4000}] * 2}),
            "8000 characters together",
        ),
        (lambda: read_discord({"embeds": [{"color": 1 << 24}]}), "not a number up to"),
        (
            lambda: read_discord({"embeds": [{"image": {"url": "attachment://a.png"}}]}),
            "'a.png', which was not sent",
        ),
        (lambda: read_discord({"content": "x", "username": "Discord bot"}), "'discord', which"),
        (lambda: read_telegram({"chat_id": 1, "text": "🔥" * 2049}), "4098 characters"),
        (
            lambda: read_telegram({"chat_id": 1, "text": "<b>x", "parse_mode": "HTML"}),
            "<b> does not end",
        ),
        (
            lambda: read_telegram({"chat_id": 1, "text": "<h1>x</h1>", "parse_mode": "HTML"}),
            "<h1> is not known",
        ),
        (lambda: read_webhook(json.dumps(HOOK | {"version": 4}).encode()), "version is 4"),
        (lambda: read_webhook(json.dumps(HOOK | {"alerts": []}).encode()), "alerts is empty"),
        (
            lambda: read_webhook(json.dumps(HOOK | {"alerts": [ALERT | {"endsAt": 1}]}).encode()),
            "endsAt is no time",
        ),
        (lambda: read_mail(MAIL.replace(b"Date:", b"X-Date:")), "Date occurs 0 times"),
        (lambda: read_mail(MAIL + b"x" * 999 + b"\r\n"), "999 bytes, above 998"),
        (lambda: read_mail(MAIL + b"x\n"), "without CR LF"),
    ],
)
def test_what_breaks_a_limit_is_told(letter, words):
    assert [fault for fault in letter().faults if words in fault], letter().faults


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: read_slack(b"{"), "Slack would refuse it: the body is no JSON"),
        (lambda: read_slack(b"{}"), "no_text"),
        (
            lambda: read_pagerduty(b'{"event_action": "page"}'),
            "event_action is 'page', not trigger",
        ),
        (lambda: read_discord({}), "cannot send an empty message"),
        (lambda: read_telegram({"chat_id": 1}), "message text is empty"),
        (lambda: read_telegram({"text": "x"}), "chat not found"),
    ],
)
def test_what_a_service_cannot_read_is_refused_with_its_words(read, words):
    with pytest.raises(Unreadable, match=words):
        read()


def test_an_acknowledgement_keeps_the_words_of_its_incident():
    first = pagerduty()
    taken = read_pagerduty(json.dumps(EVENT | {"event_action": "acknowledge"}).encode(), first)
    assert (taken.title, taken.state) == (first.title, "acknowledged")


def test_slack_markup_is_shown_as_words():
    text = "*Do:* look at <http://rb.example/x|Runbook> &lt;now&gt; &amp; here"
    assert slack(text=text).text == "*Do:* look at Runbook <now> & here"
