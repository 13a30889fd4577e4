"""What wakes people: Pushover, ntfy, VictorOps, incident.io, Jira."""

from urllib.parse import parse_qs

from tests.alerting.saying import PICTURE, alert, golden, later, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered
from tapewatch.alerting.notification import RESOLVED

PUSHOVER = "{user_key: u, token: t, tapewatch: {api_url: URL/1/messages.json}}"
NTFY = "{url: URL, topic: desk, token: tk}"
VICTOROPS = "{api_url: URL/alert/, api_key: k, routing_key: desk}"
INCIDENTIO = "{url: URL/v2, alert_source_token: t}"
JIRA = "{api_url: URL/rest/api/2, project: OPS, issue_type: Bug, labels: [desk], MORE}"
LARGE = [alert(labels={"symbol": "é" * 900 + str(n)}, summary="é" * 20_000) for n in range(9)]
OVER = later(notification(alert(RESOLVED)), reason="all alerts resolved")


def form(heard):
    return {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}


def test_pushover_rings_until_it_is_over():
    taken = ok({"status": 1, "receipt": "R"})
    outcome, heard = sent("pushover", PUSHOVER, taken)
    assert outcome == Delivered({"receipt": "R"})
    told = form(heard[0])
    assert (told["priority"], told["retry"], told["expire"]) == ("2", "60", "3600")
    _, heard = sent("pushover", PUSHOVER, ok({"status": 1}), told=OVER, memory={"receipt": "R"})
    assert [each.path for each in heard] == ["/1/messages.json", "/1/receipts/R/cancel.json"]


def test_pushover_takes_no_long_words():
    _, heard = sent("pushover", PUSHOVER, ok({"status": 1}), told=notification(*LARGE))
    told = form(heard[0])
    assert len(told["message"]) <= 1_024
    assert len(told["title"]) <= 250
    assert len(told.get("url", "")) <= 512
    assert "Fail over to feed B" in told["message"]


def test_pushover_takes_a_picture():
    _, heard = sent("pushover", PUSHOVER, ok({"status": 1}), picture=PICTURE)
    assert form(heard[0])["attachment_type"] == "image/png"


def test_ntfy_is_given_json():
    outcome, heard = sent("ntfy", NTFY, ok({"id": "i"}))
    assert outcome.detail == "kept as i"
    assert heard[0].headers["Authorization"] == "Bearer tk"
    golden("ntfy", heard[0].json)


def test_ntfy_takes_a_picture_with_its_words_in_headers():
    _, heard = sent("ntfy", NTFY, ok({"id": "i"}), picture=PICTURE)
    assert (heard[0].method, heard[0].path, heard[0].body) == ("PUT", "/desk", PICTURE.png)
    assert heard[0].headers["Title"].startswith("=?UTF-8?B?")
    assert "\\n" in heard[0].headers["Message"]


def test_ntfy_takes_no_long_words():
    _, heard = sent("ntfy", NTFY, ok({"id": "i"}), told=notification(*LARGE))
    assert len(heard[0].json["message"].encode()) <= 4_096
    assert len(heard[0].json["actions"]) <= 3


def test_victorops_follows_the_group():
    _, heard = sent("victorops", VICTOROPS)
    assert heard[0].path == "/alert/k/desk"
    golden("victorops", heard[0].json)
    taken = later(notification(alert(acknowledged_by="ann")))
    assert sent("victorops", VICTOROPS, told=taken)[0].detail == "ACKNOWLEDGEMENT"
    assert sent("victorops", VICTOROPS, told=OVER)[0].detail == "RECOVERY"


def test_incidentio_is_never_given_more_than_it_takes():
    _, heard = sent("incidentio", INCIDENTIO, ok(status="202 Accepted"))
    assert heard[0].headers["Authorization"] == "Bearer t"
    assert heard[0].json["version"] == "4"
    many = [alert(labels={"symbol": str(n)}, summary="x" * 60_000) for n in range(20)]
    _, heard = sent("incidentio", INCIDENTIO, ok(status="202 Accepted"), told=notification(*many))
    told = heard[0].json
    assert len(heard[0].body) <= 512 * 1024
    assert len(told["alerts"]) + told["truncatedAlerts"] == 20


def jira(*issues):
    def reply(heard):
        if "/search" in heard.path:
            return ok({"issues": list(issues)})
        if heard.path.endswith("/transitions") and heard.method == "GET":
            return ok({"transitions": [{"id": "31", "name": "Close"}]})
        return ok({"key": "OPS-1"}, status="201 Created")

    return reply


def issue(category):
    return {"key": "OPS-1", "fields": {"status": {"statusCategory": {"key": category}}}}


def test_jira_makes_an_issue():
    outcome, heard = sent("jira", JIRA.replace(", MORE", ""), jira())
    assert outcome == Delivered({"issue": "OPS-1"}, "made OPS-1")
    assert heard[0].path.startswith("/rest/api/2/search?jql=")
    golden("jira", heard[1].json)


def test_jira_changes_and_closes_the_issue_that_is_there():
    text = JIRA.replace("MORE", "resolve_transition: Close, summary: {enable_update: false}")
    outcome, heard = sent("jira", text, jira(issue("new")), told=OVER)
    assert outcome == Delivered({"issue": "OPS-1"}, "changed OPS-1")
    assert [each.method for each in heard] == ["GET", "PUT", "GET", "POST"]
    assert "summary" not in heard[1].json["fields"]
    assert heard[3].json == {"transition": {"id": "31"}}


def test_jira_has_nothing_to_do_where_nothing_was_begun():
    outcome, heard = sent("jira", JIRA.replace(", MORE", ""), jira(), told=OVER)
    assert outcome == Delivered(detail="over, and there is no issue")
    assert len(heard) == 1


def test_the_cloud_is_given_documents():
    text = JIRA.replace("/api/2", "/api/3").replace(", MORE", "")
    _, heard = sent("jira", text, jira())
    assert heard[0].path.startswith("/rest/api/3/search/jql?")
    assert heard[1].json["fields"]["description"]["type"] == "doc"
