import pytest
from tests.alerting.saying import PICTURE, alert, golden, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.alerting.channels.context import Picture

TEXT = "{webhook_url: URL/workflows/1}"


def test_a_workflow_is_given_a_card():
    outcome, heard = sent("msteamsv2", TEXT, ok(status="202 Accepted"))
    assert outcome == Delivered()
    golden("msteamsv2", heard[0].json)


def test_a_connector_is_given_its_older_card():
    _, heard = sent("msteams", TEXT, ok())
    golden("msteams", heard[0].json)


@pytest.mark.parametrize("kind", ["msteams", "msteamsv2"])
def test_a_status_that_hides_in_the_body_counts(kind):
    hidden = "delivery failed with error: Microsoft Teams endpoint returned HTTP error {}"
    assert sent(kind, TEXT, ok(hidden.format(429)))[0] == Retry(None, "HTTP error 429")
    assert sent(kind, TEXT, ok(hidden.format(413)))[0] == Refused("HTTP error 413")


def test_a_card_is_no_larger_than_teams_takes():
    many = [alert(labels={"symbol": "é" * 900 + str(n)}, summary="é" * 9000) for n in range(10)]
    _, heard = sent("msteamsv2", TEXT, told=notification(*many), picture=PICTURE)
    assert len(heard[0].body) <= 28 * 1024


def test_a_picture_that_is_too_large_stays_behind():
    large = Picture(b"x" * 30_000, "large")
    _, heard = sent("msteamsv2", TEXT, picture=large)
    assert len(heard[0].body) <= 28 * 1024
    small = sent("msteamsv2", TEXT, picture=PICTURE)[1][0].json
    assert small["attachments"][0]["content"]["body"][-1]["type"] == "Image"
