import asyncio
import hashlib
import hmac

import pytest
from tests.alerting.saying import alert, golden, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.alerting.notification import RESOLVED


def test_the_body_is_that_of_version_four():
    outcome, heard = sent("webhook", "{url: URL/hook}", told=notification(folded=2))
    assert outcome == Delivered(detail="200 OK")
    assert (heard[0].method, heard[0].path) == ("POST", "/hook")
    golden("webhook", heard[0].json)


def test_a_resolved_alert_says_when_it_ended():
    _, heard = sent("webhook", "{url: URL}", told=notification(alert(RESOLVED)))
    told = heard[0].json
    assert told["status"] == "resolved"
    assert told["alerts"][0]["endsAt"] == "2023-11-14T22:14:20Z"


def test_alerts_above_the_limit_are_counted():
    many = [alert(labels={"symbol": name}) for name in "abcde"]
    _, heard = sent("webhook", "{url: URL, max_alerts: 2}", told=notification(*many, folded=1))
    assert len(heard[0].json["alerts"]) == 2
    assert heard[0].json["truncatedAlerts"] == 4


def test_a_receiver_can_check_who_sent_it_and_when():
    text = "{url: URL, tapewatch: {hmac_secret: s3cret}}"
    _, heard = sent("webhook", text)
    headers = heard[0].headers
    parts = (headers["X-Tapewatch-Timestamp"], headers["Idempotency-Key"])
    signed = ".".join(parts).encode() + b"." + heard[0].body
    digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert headers["X-Tapewatch-Signature"] == f"sha256={digest}"


def test_every_attempt_has_the_same_id():
    _, first = sent("webhook", "{url: URL}")
    _, second = sent("webhook", "{url: URL}", attempt=2)
    assert first[0].headers["Idempotency-Key"] == second[0].headers["Idempotency-Key"]


def test_a_payload_of_templates_replaces_the_body():
    payload = "{name: '{{ .Receiver }}', list: ['{{ len .Alerts }}', 3]}"
    text = f"{{url: 'URL/{{{{ .Status }}}}', payload: {payload}}}"
    _, heard = sent("webhook", text)
    assert heard[0].path == "/firing"
    assert heard[0].json == {"name": "desk", "list": ["1", 3]}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ok(status="204 No Content"), Delivered(detail="204 No Content")),
        (ok(status="429 Slow", Retry_After="1"), Retry(1.0, "429 Slow: ok")),
        (ok(status="503 Busy", Retry_After="7.5"), Retry(7.5, "503 Busy: ok")),
        (ok(status="500 Oops"), Retry(None, "500 Oops: ok")),
        (ok(status="408 Late"), Retry(None, "408 Late: ok")),
        (ok(status="400 Bad"), Refused("400 Bad: ok")),
        (ok(status="410 Gone"), Refused("410 Gone: ok")),
        (ok({"token": "abc"}, status="403 No"), Refused('403 No: {"token": "[redacted]"}')),
    ],
)
def test_an_answer_says_whether_to_come_again(answer, outcome):
    assert sent("webhook", "{url: URL}", answer)[0] == outcome


def test_a_date_to_come_again_is_understood():
    late = ok(status="503 Busy", Retry_After="Fri, 31 Dec 2099 23:59:59 GMT")
    outcome, _ = sent("webhook", "{url: URL}", late)
    assert outcome.after_seconds == 24 * 3600


def test_nonsense_to_come_again_is_no_answer():
    outcome, _ = sent("webhook", "{url: URL}", ok(status="503 Busy", Retry_After="soon"))
    assert outcome.after_seconds is None


def test_garbage_is_worth_another_attempt():
    outcome, _ = sent("webhook", "{url: URL}", b"<<<<\r\n\r\n")
    assert isinstance(outcome, Retry)
    assert "which is not HTTP/1.1" in outcome.detail


def test_a_broken_connection_is_worth_another_attempt():
    outcome, _ = sent("webhook", "{url: URL}", lambda heard: None)
    assert isinstance(outcome, Retry)


def test_a_slow_receiver_is_left_without_telling_the_url():
    async def slow():
        await asyncio.sleep(5)

    outcome, _ = sent("webhook", "{url: URL/secret, timeout: 50ms}", lambda heard: slow())
    assert outcome.detail.endswith("did not answer within 0.05 s")
    assert "secret" not in outcome.detail


def test_a_url_that_is_none_is_refused():
    outcome, _ = sent("webhook", "{url: '{{ .Status }}'}")
    assert outcome == Refused("the URL is not one such as https://host/path")


def test_a_file_with_the_url_that_is_missing_may_come():
    outcome, _ = sent("webhook", "{url_file: /nowhere/url}")
    assert outcome == Retry(None, "/nowhere/url cannot be read: No such file or directory")
