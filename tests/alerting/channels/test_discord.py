from tests.alerting.saying import PICTURE, alert, golden, later, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry

TEXT = "{webhook_url: URL/api/webhooks/1/t}"
KEPT = ok({"id": "99", "channel_id": "7"})
THERE = {"message_id": "99"}


def test_a_message_is_waited_for_and_remembered():
    outcome, heard = sent("discord", TEXT, KEPT)
    assert outcome == Delivered(THERE)
    assert heard[0].path == "/api/webhooks/1/t?wait=true"
    golden("discord", heard[0].json)


def test_a_message_is_changed():
    outcome, heard = sent("discord", TEXT, KEPT, told=later(), memory=THERE)
    assert (heard[0].method, heard[0].path) == ("PATCH", "/api/webhooks/1/t/messages/99")
    assert outcome == Delivered(THERE, "changed")


def test_a_deleted_message_is_written_again():
    gone = ok({"message": "Unknown Message", "code": 10008}, status="404 Not Found")
    outcome, heard = sent("discord", TEXT, gone, KEPT, told=later(), memory=THERE)
    assert [each.method for each in heard] == ["PATCH", "POST"]
    assert outcome == Delivered(THERE)


def test_the_wait_is_read_from_the_body():
    slow = ok({"retry_after": 0.65, "global": False}, status="429 Slow", Retry_After="1")
    outcome, _ = sent("discord", TEXT, slow)
    assert isinstance(outcome, Retry)
    assert outcome.after_seconds == 0.65


def test_a_webhook_that_is_gone_is_refused():
    assert isinstance(sent("discord", TEXT, ok(status="404 Not Found"))[0], Refused)


def test_limits_hold():
    many = [alert(labels={"symbol": "🔴" * 300 + str(n)}, summary="é" * 3000) for n in range(10)]
    _, heard = sent(
        "discord",
        TEXT.replace("}", ", content: '" + "c" * 2500 + "'}"),
        KEPT,
        told=notification(*many, group_labels=many[0].labels),
    )
    card = heard[0].json["embeds"][0]
    units = [len(each.encode("utf-16-le")) // 2 for each in (card["title"], card["description"])]
    assert units[0] <= 256
    assert units[1] <= 4096
    assert sum(units) <= 6000
    assert len(heard[0].json["content"]) == 2000


def test_nobody_is_rung_by_a_label():
    _, heard = sent("discord", TEXT, KEPT, told=notification(alert(summary="@everyone")))
    assert heard[0].json["allowed_mentions"] == {"parse": []}


def test_a_picture_is_attached():
    _, heard = sent("discord", TEXT, KEPT, picture=PICTURE)
    assert heard[0].headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert PICTURE.png in heard[0].body
    assert b"attachment://chart.png" in heard[0].body
