import pytest
from tests.alerting.saying import (
    PICTURE,
    alert,
    context,
    exchange,
    golden,
    later,
    notification,
    ok,
    parcel,
    sent,
)
from tests.alerting.saying import channel as make

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.alerting.notification import RESOLVED

WEBHOOK = "{api_url: URL/services/T/B/X, channel: '#desk'}"
APP = "{app_token: xoxb-1, app_url: URL/api/chat.postMessage, channel: '#desk'}"
POSTED = ok({"ok": True, "channel": "C1", "ts": "17.1"})
THERE = {"channel": "C1", "ts": "17.1"}


def test_a_webhook_is_given_an_attachment_with_buttons():
    outcome, heard = sent("slack", WEBHOOK)
    assert outcome == Delivered()
    golden("slack", heard[0].json)


def test_an_app_remembers_the_message():
    outcome, heard = sent("slack", APP, POSTED)
    assert outcome == Delivered(THERE)
    assert heard[0].headers["Authorization"] == "Bearer xoxb-1"


def test_an_app_changes_its_message():
    resolved = later(notification(alert(RESOLVED)), reason="all alerts resolved")
    outcome, heard = sent("slack", APP, POSTED, told=resolved, memory=THERE)
    assert outcome == Delivered(THERE, "changed")
    assert heard[0].path == "/api/chat.update"
    assert (heard[0].json["ts"], heard[0].json["channel"]) == ("17.1", "C1")
    assert heard[0].json["attachments"][0]["color"] == "#2eb67d"


def test_a_repetition_rings_again():
    told = later(reason="repeat interval elapsed")
    _, heard = sent("slack", APP, POSTED, told=told, memory=THERE)
    assert heard[0].path == "/api/chat.postMessage"


def test_a_message_that_somebody_deleted_is_posted_again():
    gone = ok({"ok": False, "error": "message_not_found"})
    outcome, heard = sent("slack", APP, gone, POSTED, told=later(), memory=THERE)
    assert [each.path for each in heard] == ["/api/chat.update", "/api/chat.postMessage"]
    assert outcome == Delivered(THERE)


def test_changes_can_be_told_in_the_thread():
    text = "{api_url: 'https://slack.com/api/chat.postMessage', post_updates_to_thread: true}"

    async def work(receiver):
        made = make("slack", text)
        made.settings.api_url._text = f"{receiver.url}/api/chat.postMessage"
        object.__setattr__(made.settings, "app_url", f"{receiver.url}/api/chat.postMessage")
        outcome = await made.send(parcel(later(), memory=THERE), context())
        return outcome, receiver.heard

    outcome, heard = exchange(work, POSTED)
    assert heard[0].json["thread_ts"] == "17.1"
    assert outcome == Delivered(THERE, "told in the thread")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ok({"ok": False, "error": "invalid_auth"}), Refused("invalid_auth")),
        (ok({"ok": False, "error": "ratelimited"}, Retry_After="3"), Retry(3.0, "ratelimited")),
        (ok({"ok": False, "error": "internal_error"}), Retry(None, "internal_error")),
        (ok(), Retry(None, "an answer without ok")),
    ],
)
def test_an_app_reads_ok_in_an_answer_of_200(answer, outcome):
    assert sent("slack", APP, answer)[0] == outcome


def test_a_webhook_that_is_gone_is_refused():
    outcome, _ = sent("slack", WEBHOOK, ok(status="404 no_service"))
    assert outcome == Refused("404 no_service: ok")


def test_a_picture_goes_into_the_thread():
    def reply(heard):
        if "getUploadURL" in heard.path:
            return ok(
                {"ok": True, "upload_url": f"http://{heard.headers['Host']}/up", "file_id": "F"}
            )
        return POSTED

    outcome, heard = sent("slack", APP, reply, picture=PICTURE)
    paths = [each.path for each in heard]
    assert paths[2:] == ["/up", "/api/files.completeUploadExternal"]
    assert heard[2].body == PICTURE.png
    assert heard[3].json["thread_ts"] == "17.1"
    assert outcome == Delivered(THERE)


def test_a_picture_that_may_not_be_uploaded_does_no_harm():
    refused = ok({"ok": False, "error": "missing_scope"})
    assert sent("slack", APP, POSTED, refused, picture=PICTURE)[0] == Delivered(THERE)


def test_text_is_no_longer_than_slack_shows():
    many = [alert(labels={"symbol": "S" * 200 + str(n)}, summary="x" * 2000) for n in range(20)]
    _, heard = sent("slack", WEBHOOK, told=notification(*many))
    written = heard[0].json["attachments"][0]
    assert len(written["text"]) <= 3000
    assert "Do:* Fail over" in written["text"]
    assert len(heard[0].body) < 13_200


def test_a_template_that_fails_is_replaced_by_plain_words():
    text = "{api_url: URL, title: '{{ .Alerts.First.Nothing }}'}"
    outcome, heard = sent("slack", text)
    assert heard[0].json["attachments"][0]["title"] == "[P0] FeedStale · X"
    assert "said plainly, since template: " in outcome.detail
