import hashlib

import pytest
from tests.alerting.saying import alert, exchange, golden, later, notification, ok, sent
from tests.alerting.saying import channel as make

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.alerting.notification import RESOLVED

TEXT = "{routing_key: k1, url: URL/v2/enqueue}"
TAKEN = ok({"status": "success", "dedup_key": "x"}, status="202 Accepted")


def test_an_event_says_everything():
    outcome, heard = sent("pagerduty", TEXT, TAKEN)
    assert outcome.detail == "trigger: 202"
    golden("pagerduty", heard[0].json)


def test_an_acknowledged_group_is_acknowledged_there():
    told = later(notification(alert(acknowledged_by="ann")))
    _, heard = sent("pagerduty", TEXT, TAKEN, told=told)
    assert heard[0].json["event_action"] == "acknowledge"
    assert "payload" not in heard[0].json


def test_the_end_resolves():
    _, heard = sent("pagerduty", TEXT, TAKEN, told=later(notification(alert(RESOLVED))))
    assert heard[0].json["event_action"] == "resolve"


@pytest.mark.parametrize(
    ("urgency", "severity"), [(0, "critical"), (1, "error"), (2, "warning"), (4, "info")]
)
def test_urgency_becomes_severity(urgency, severity):
    _, heard = sent("pagerduty", TEXT, TAKEN, told=notification(urgency=urgency))
    assert heard[0].json["payload"]["severity"] == severity


def test_an_event_is_no_larger_than_they_take():
    many = [alert(labels={"symbol": f"S{n}"}, description="d" * 20_000) for n in range(40)]
    _, heard = sent("pagerduty", TEXT, TAKEN, told=notification(*many))
    assert len(heard[0].body) <= 512_000
    assert heard[0].json["payload"]["custom_details"]["firing"].startswith("left out")


def test_a_summary_is_cut():
    _, heard = sent("pagerduty", TEXT, TAKEN, told=notification(alert(summary="s" * 2000)))
    assert len(heard[0].json["payload"]["summary"]) <= 1024


@pytest.mark.parametrize(
    ("answer", "kind"), [(ok(status="429 Slow"), Retry), (ok(status="400 Bad"), Refused)]
)
def test_answers(answer, kind):
    assert isinstance(sent("pagerduty", TEXT, answer)[0], kind)


def test_a_test_closes_what_it_opened():
    async def work(receiver):
        made = make("pagerduty", TEXT.replace("URL", receiver.url))
        outcome = await made.test()
        made.close()
        return outcome, [each.json["event_action"] for each in receiver.heard]

    outcome, actions = exchange(work, TAKEN)
    assert isinstance(outcome, Delivered)
    assert actions == ["trigger", "resolve"]


def test_the_key_is_the_one_that_alertmanager_uses():
    outcome, _ = sent("pagerduty", TEXT, TAKEN)
    group = '{}:{alertname="FeedStale", venue="X"}'
    assert outcome.memory["dedup_key"] == hashlib.sha256(group.encode()).hexdigest()
