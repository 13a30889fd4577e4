from tests.alerting.saying import alert, golden, later, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered
from tapewatch.alerting.notification import RESOLVED

TEXT = "{api_key: k, api_url: URL/, tags: 'a, b', responders: [{name: 'x,y', type: teams}]}"
TAKEN = ok({"requestId": "r"}, status="202 Accepted")


def test_an_alert_is_created():
    outcome, heard = sent("opsgenie", TEXT, TAKEN)
    assert isinstance(outcome, Delivered)
    assert heard[0].path == "/v2/alerts"
    assert heard[0].headers["Authorization"] == "GenieKey k"
    golden("opsgenie", heard[0].json)


def test_the_end_closes_it():
    _, heard = sent("opsgenie", TEXT, TAKEN, told=later(notification(alert(RESOLVED))))
    assert heard[0].path.endswith("/close?identifierType=alias")


def test_an_acknowledged_group_is_acknowledged_there():
    told = later(notification(alert(acknowledged_by="ann")))
    _, heard = sent("opsgenie", TEXT, TAKEN, told=told)
    assert heard[0].path.endswith("/acknowledge?identifierType=alias")
    assert heard[0].json == {"user": "ann"}


def test_words_of_a_known_alert_are_changed_where_that_is_wanted():
    text = TEXT.replace("}]}", "}], update_alerts: true}")
    _, heard = sent("opsgenie", text, TAKEN, told=later(), memory={"alias": "a"})
    assert [each.method for each in heard] == ["POST", "PUT", "PUT"]


def test_limits_hold():
    tags = ",".join("t" * 60 + str(n) for n in range(30))
    text = f"{{api_key: k, api_url: URL/, tags: '{tags}'}}"
    many = [alert(labels={"symbol": "s" * 900 + str(n)}, summary="x" * 20_000) for n in range(9)]
    _, heard = sent("opsgenie", text, TAKEN, told=notification(*many, group_labels=many[0].labels))
    told = heard[0].json
    assert len(told["message"]) <= 130
    assert len(told["description"]) <= 15_000
    assert len(told["tags"]) == 20
    assert max(map(len, told["tags"])) <= 50
