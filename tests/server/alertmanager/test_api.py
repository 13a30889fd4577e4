"""API v2 with the shapes, statuses and words of Alertmanager."""

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
import yaml

SCHEMAS = {
    "/api/v2/status": "alertmanagerStatus",
    "/api/v2/alerts": "gettableAlerts",
    "/api/v2/alerts/groups": "alertGroups",
    "/api/v2/silences": "gettableSilences",
    "/api/v2/receivers": None,
}
ALERT = {"labels": {"alertname": "FeedStale", "team": "exec", "venue": "X"}}


def moment(**offset):
    return (datetime.now(UTC) + timedelta(**offset)).isoformat()


def silence(name="a", value="b", **rest):
    matcher = {"name": name, "value": value, "isRegex": False}
    times = {"startsAt": moment(), "endsAt": moment(hours=1)}
    return {"matchers": [matcher], **times, "createdBy": "ann", "comment": "why", **rest}


@pytest.fixture(autouse=True, scope="module")
def some(api):
    """Make sure that there is something of everything."""
    assert api.ask("/api/v2/alerts", [{**ALERT, "annotations": {"summary": "s"}}]) == (200, None)
    assert api.ask("/api/v2/silences", silence())[0] == 200


@pytest.mark.parametrize("path", SCHEMAS)
def test_answers_have_the_shapes_of_the_contract(api, path, conformance):
    contract = yaml.safe_load((conformance / "alertmanager-openapi-2.0.yaml").read_text())
    schema = {"definitions": contract["definitions"]}
    if SCHEMAS[path] is None:
        schema |= {"type": "array", "items": {"$ref": "#/definitions/receiver"}}
    else:
        schema |= {"$ref": f"#/definitions/{SCHEMAS[path]}"}
    status, answer = api.ask(path)
    assert (status, bool(answer)) == (200, True)
    jsonschema.Draft4Validator(schema).validate(answer)


def test_a_fingerprint_is_that_of_alertmanager(api):
    _, found = api.ask('/api/v2/alerts?filter=alertname="FeedStale"')
    assert [each["fingerprint"] for each in found] == ["13e4662a9fcdc370"]


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"{", 400, "parsing alerts body"),
        (b"{}", 400, "a list of alerts is expected"),
        (b"[{}]", 422, "0.labels in body is required"),
        (b'[{"labels": {}}]', 400, "at least one label pair required"),
        (b'[{"labels": {"a": 1}}]', 400, "parsing alerts body"),
        (b'[{"labels": {"a": "b"}, "startsAt": "x"}]', 400, "is not a time"),
        (b'[{"labels": {"a": "b"}, "generatorURL": "no url"}]', 422, "must be of type uri"),
        (
            b'[{"labels": {"a": "b"}, "startsAt": "2024-01-02T00:00:00Z", "endsAt": %s}]'
            % b'"2024-01-01T00:00:00Z"',
            400,
            "start time must be before end time",
        ),
    ],
)
def test_bad_alerts_are_refused_in_words(api, raw, status, words):
    found, answer = api.ask("/api/v2/alerts", raw=raw)
    assert found == status
    assert words in json.dumps(answer)


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        ({}, 422, "comment in body is required"),
        (silence(matchers=[]), 422, "matchers in body should have at least 1 items"),
        (silence(matchers=[{"name": "a", "value": "b"}]), 422, "matchers.0.isRegex in body"),
        (silence(value=""), 400, "silence invalid: at least one matcher must not match the empty"),
        (silence(endsAt=moment(hours=-1)), 400, "start time must be before end time"),
        (silence(startsAt=moment(hours=-2), endsAt=moment(hours=-1)), 400, "can't be in the past"),
        (silence(id="7ef0c0e4-9c9e-4a0a-9f5b-1d1f2b8f0d11"), 404, "silence not found"),
    ],
)
def test_bad_silences_are_refused_in_words(api, value, status, words):
    found, answer = api.ask("/api/v2/silences", value)
    assert found == status
    assert words in json.dumps(answer)


@pytest.mark.parametrize(
    ("path", "method", "status", "words"),
    [
        ("/api/v2/alerts?filter=a~", "GET", 400, "bad matcher format"),
        ("/api/v2/alerts?receiver=(", "GET", 400, "failed to parse receiver param"),
        ("/api/v2/silence/abc", "GET", 422, "must be of type uuid"),
        ("/api/v2/silence/7ef0c0e4-9c9e-4a0a-9f5b-1d1f2b8f0d11", "GET", 404, "not found"),
        ("/api/v2/silence/7ef0c0e4-9c9e-4a0a-9f5b-1d1f2b8f0d11", "DELETE", 404, "not found"),
        ("/api/v2/nothing", "GET", 404, "not found"),
        ("/api/v1/alerting/explain", "GET", 400, "name a fingerprint"),
        ("/api/v1/alerting/history?kind=x", "GET", 400, "is not one of fired"),
        ("/api/v1/alerting/alerts/00/attention", "GET", 404, "alert 00 not found"),
    ],
)
def test_bad_questions_are_refused_in_words(api, path, method, status, words):
    found, answer = api.ask(path, method=method)
    assert found == status
    assert words in json.dumps(answer)


def test_our_own_refusals_carry_their_kind(api):
    _, missing = api.ask("/api/v1/alerting/alerts/00/attention")
    _, wrong = api.ask("/api/v1/alerting/explain?filter=a~")
    assert missing["error"]["code"] == "not_found"
    assert wrong["error"]["code"] == "bad_data"


def test_the_status_of_an_alert_is_that_of_the_moment(api):
    alerts = [{"labels": {"alertname": name, "venue": "Y"}} for name in ("Cause", "Effect", "Odd")]
    api.ask("/api/v2/alerts", alerts)
    made = api.ask("/api/v2/silences", silence("alertname", "Odd"))[1]["silenceID"]

    def statuses(query=""):
        _, found = api.ask(f'/api/v2/alerts?filter=venue="Y"{query}')
        return {each["labels"]["alertname"]: each["status"] for each in found}

    found = statuses()
    assert found["Cause"]["state"] == "active"
    assert len(found["Effect"]["inhibitedBy"]) == 1
    assert found["Odd"]["silencedBy"] == [made]
    assert set(statuses("&inhibited=false")) == {"Cause", "Odd"}
    assert set(statuses("&silenced=false")) == {"Cause", "Effect"}
    assert set(statuses("&active=false")) == {"Effect", "Odd"}
    api.ask(f"/api/v2/silence/{made}", method="DELETE")
    assert statuses()["Odd"]["state"] == "active"


def test_receivers_and_their_labels_filter(api):
    assert len(api.ask("/api/v2/alerts?receiver=exec")[1]) == 1
    assert len(api.ask("/api/v2/alerts?receiver=ex")[1]) == 0
    found = api.ask('/api/v2/receivers?receiver_matchers=owner="exec"')[1]
    assert found == [{"name": "exec", "labels": {"owner": "exec"}}]
    groups = api.ask('/api/v2/alerts/groups?receiver_matchers=owner="exec"')[1]
    assert [group["receiver"]["name"] for group in groups] == ["exec"]


def test_a_quiet_group_says_by_what_it_is_muted(api):
    api.ask("/api/v2/alerts", [{"labels": {"alertname": "Muted", "quiet": "yes"}}])
    _, groups = api.ask("/api/v2/alerts/groups?filter=quiet=yes")
    assert groups[0]["alerts"][0]["status"]["mutedBy"] == ["always"]
    assert api.ask("/api/v2/alerts/groups?filter=quiet=yes&muted=false")[1] == []


def test_somebody_takes_an_alert_over_and_the_history_tells(api):
    place = "/api/v1/alerting/alerts/13e4662a9fcdc370"
    assert api.ask(f"{place}/acknowledge", {"by": "ann"})[1]["acknowledged_by"] == "ann"
    assert api.ask(f"{place}/assign", {"to": "bob", "by": "ann"})[1]["assignee"] == "bob"
    status, told = api.ask(f"{place}/comment", {"text": "looking", "by": "bob"})
    assert (status, told["comments"][0]["text"]) == (200, "looking")
    assert api.ask(f"{place}/acknowledge?by=ann", method="DELETE")[1]["acknowledged_by"] == ""
    _, found = api.ask("/api/v1/alerting/history?fingerprint=13e4662a9fcdc370&order=oldest")
    kinds = [each["kind"] for each in found]
    assert kinds == ["fired", "acknowledged", "assigned", "commented", "released"]
    assert api.ask(f"{place}/comment", {"by": "bob"})[0] == 400


def test_the_history_leaves_as_lines_and_as_a_table(api):
    lines = api.process.get("/api/v1/alerting/history?format=jsonl&kind=fired")[2].splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"fired"}
    table = api.process.get("/api/v1/alerting/history?format=csv&limit=1")[2].decode()
    assert table.startswith("at,kind,fingerprint,alert,labels,")


def test_an_explanation_a_route_and_the_channels_are_told(api):
    _, (told,) = api.ask("/api/v1/alerting/explain?fingerprint=13e4662a9fcdc370")
    assert (told["state"], told["verdicts"][0]["receiver"]) == ("firing", "exec")
    _, (found,) = api.ask("/api/v1/alerting/routes/test?team=exec&alertname=A")
    assert (found["receiver"], found["group"]) == ("exec", {"alertname": "A"})
    assert api.ask("/api/v1/alerting/routes")[1]["update"] == "in_place"
    assert {each["receiver"] for each in api.ask("/api/v1/alerting/channels")[1]} == {
        "desk",
        "exec",
    }
    assert api.ask("/api/v1/alerting/health")[1]["ready"] is True
    assert api.ask("/api/v1/alerting/outbox")[0] == 200


def test_pages_of_other_sites_may_ask_first(api):
    headers = {"origin": "https://desk", "access_control_request_method": "DELETE"}
    status, answered, _ = api.process.get("/api/v2/silences", method="OPTIONS", **headers)
    assert status == 204
    assert answered["access-control-allow-origin"] == "*"
    assert "DELETE" in answered["access-control-allow-methods"]
