"""Actions, on call, escalation, the report and heartbeats, as a client of the API sees them."""

import json
import time

import pytest
from tests.alerting.timelines import Hooks
from tests.running import Process

CONFIG = """
alerting:
  route:
    receiver: desk
    group_by: [alertname]
    group_wait: 0s
    routes:
      - matchers: [alertname="PnlFalls"]
        receiver: action/halt
        continue: true
      - {matchers: ['severity="page"'], receiver: desk}
  receivers:
    - {name: desk, webhook_configs: [{url: "URL/desk"}]}
    - {name: ann, webhook_configs: [{url: "URL/ann"}]}
    - {name: ben, webhook_configs: [{url: "URL/ben"}]}
    - {name: action/halt, action_configs: [{action: halt}]}
  actions:
    arm: [halt]
    arm_by: [kim]
    known:
      halt: {kind: webhook, to: "URL/halt", confirm: true}
      pause: {kind: webhook, to: "URL/pause"}
      pack/slow: {kind: webhook, to: "URL/slow"}
  on_call:
    people: {ann: {receiver: ann}, ben: {receiver: ben}}
    schedules:
      rota: {people: [ann], hand_over: desk}
      pack/nights: {people: [ben]}
    escalations:
      - name: pages
        matchers: ['severity="page"']
        steps: [{after: 100ms, schedule: rota}, {after: 1h, receivers: [desk]}]
  watchdog: true
  heartbeats: [{kind: watchdog, url: "URL/ping", every: 1s}]
"""


class Api:
    """Asks the server under test."""

    def __init__(self, process, hooks):
        self.process, self.hooks = process, hooks

    def ask(self, path, value=None, method=None):
        body = None if value is None else json.dumps(value).encode()
        method = method or ("GET" if body is None else "POST")
        answer = self.process.get(
            f"/api/v1/alerting/{path}", method=method, body=body, Content_Type="application/json"
        )
        return answer[0], json.loads(answer[2]) if answer[2].strip() else None

    def fire(self, name, **labels):
        body = json.dumps([{"labels": {"alertname": name, **labels}}]).encode()
        headers = {"Content_Type": "application/json"}
        answer = self.process.get("/api/v2/alerts", method="POST", body=body, **headers)
        assert answer[0] == 200

    def history(self, text):
        return [each["kind"] for each in self.ask(f"history?text={text}")[1]]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crew")
    hooks = Hooks()
    (folder / "tapewatch.yaml").write_text(CONFIG.replace("URL", hooks.url))
    process = Process(folder, "--config", str(folder / "tapewatch.yaml"))
    yield Api(process, hooks)
    process.stop()
    process._log.close()
    hooks.close()


def eventually(check, seconds=10):
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def heard(api, path):
    return [body for _, where, body in api.hooks.seen if where == path]


def test_an_alert_asks_a_person_before_its_action_and_does_it_once_they_agree(api):
    api.fire("PnlFalls", venue="X")
    (waiting,) = eventually(lambda: api.ask("approvals")[1])
    assert (waiting["action"], waiting["by"]) == ("halt", "alert PnlFalls")
    assert heard(api, "/halt") == []
    asked = eventually(lambda: [b for b in heard(api, "/desk") if "ActionWaits" in str(b)])
    assert f"approve {waiting['id']}" in str(asked[0])
    status, answer = api.ask(f"approvals/{waiting['id']}/approve", {"by": "kim"})
    assert (status, answer["result"]) == (200, "done")
    (told,) = heard(api, "/halt")
    assert (told["by"], told["labels"]["venue"]) == ("alert PnlFalls, agreed by kim", "X")
    kinds = api.history("PnlFalls")
    assert {"action waits", "action approved", "action begun", "action done"} <= set(kinds)


def test_an_approval_that_is_gone_is_not_found(api):
    status, answer = api.ask("approvals/nothing/approve", {"by": "kim"})
    assert (status, answer["error"]["message"]) == (404, "approval nothing not found")


def test_a_person_pulls_an_action_and_learns_that_it_is_not_armed(api):
    status, answer = api.ask("actions/pause", {"by": "kim", "why": "a test"})
    assert status == 200
    assert answer["detail"].startswith("dry run: would call 127.0.0.1")
    assert heard(api, "/pause") == []


def test_a_person_arms_an_action_pulls_it_and_disarms_it(api):
    wish = {"by": "kim", "why": "prices are wrong"}
    status, answer = api.ask("actions/pause/arm", {**wish, "for": "10m"})
    assert (status, answer["result"]) == (200, "done")
    api.ask("actions/pause", wish)
    assert [told["why"] for told in heard(api, "/pause")] == ["prices are wrong"]
    assert api.ask("actions/pause/disarm", wish)[1]["detail"] == "disarmed by kim"
    shown = {each["name"]: each["armed"] for each in api.ask("actions")[1]}
    assert shown == {"halt": True, "pack/slow": False, "pause": False}


@pytest.mark.parametrize("slash", ["/", "%2F"])
def test_what_a_pack_brings_is_found_by_its_name_with_a_slash(api, slash):
    wish = {"by": "kim", "why": "a test"}
    assert api.ask(f"actions/pack{slash}slow", wish)[1]["detail"].startswith("dry run")
    assert api.ask(f"actions/pack{slash}slow/disarm", wish)[0] == 200
    assert api.ask(f"oncall/pack{slash}nights/shifts")[1][0]["person"] == "ben"


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("actions/pause", {"by": "kim"}, 400, "why is missing"),
        ("actions/nothing", {"by": "kim", "why": "x"}, 404, "action nothing not found"),
        ("actions/pause/arm", {"by": "cem", "why": "x"}, 403, "cem may not arm actions"),
        ("actions/pause/arm", {"by": "kim", "why": "x", "for": "soon"}, 400, "soon"),
        ("actions/pause", [], 400, "an object is expected"),
        ("oncall/nothing/covers", {"person": "ben"}, 400, "from is missing"),
        (
            "oncall/rota/covers",
            {
                "person": "cem",
                "from": "2026-03-01T00:00:00Z",
                "to": "2026-03-02T00:00:00Z",
                "by": "b",
            },
            400,
            "there is no person 'cem'; people are ann, ben",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(api, path, body, status, words):
    found, answer = api.ask(path, body)
    assert (found, words in answer["error"]["message"]) == (status, True), answer


def test_whoever_is_on_call_is_told_when_nobody_answers(api):
    api.fire("FeedStale", severity="page")
    assert eventually(lambda: [b for b in heard(api, "/ann") if "FeedStale" in str(b)])
    (case,) = [e for e in api.ask("escalations")[1] if e["labels"]["alertname"] == "FeedStale"]
    assert (case["told"], case["step"], case["steps"]) == (["ann"], 1, 2)
    assert "escalated" in api.history("pages")


def test_somebody_stands_in_and_is_on_call(api):
    now = time.time()
    moment = lambda s: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + s))
    body = {"person": "ben", "from": moment(-60), "to": moment(3600), "by": "ann"}
    status, made = api.ask("oncall/rota/covers", body)
    assert status == 200
    _, rota = sorted(api.ask("oncall")[1]["schedules"], key=lambda each: each["schedule"])
    assert (rota["now"]["person"], rota["next"]["person"]) == ("ben", "ann")
    handed = eventually(lambda: [b for b in heard(api, "/desk") if "OnCallChanged" in str(b)])
    assert "ben is on call for rota now, after ann" in str(handed[0])
    calendar = api.process.get("/api/v1/alerting/oncall/rota/calendar.ics")
    assert calendar[1]["content-type"].startswith("text/calendar")
    assert b"SUMMARY:ben" in calendar[2]
    assert api.ask(f"oncall/covers/{made['id']}?by=ann", method="DELETE")[0] == 200
    assert api.ask("oncall/rota/covers")[1] == []


def test_the_report_counts_what_fired(api):
    api.fire("Counted", severity="page", owner="exec")
    assert eventually(lambda: api.history("Counted"))
    report = api.ask("report")[1]
    owners = {each["owner"]: each for each in report["owners"]}
    assert owners["exec"]["fired"] == 1
    markdown = api.process.get("/api/v1/alerting/report?format=markdown")[2].decode()
    assert markdown.startswith("# Alerts from ")
    assert "| exec | 1 | 0 | 0% |" in markdown


def test_a_report_in_no_form_is_refused(api):
    status, answer = api.ask("report?format=xml")
    assert (status, answer["error"]["message"]) == (
        400,
        "format 'xml' is not one of json, markdown",
    )


def test_somebody_outside_hears_that_alerting_lives(api):
    assert eventually(lambda: heard(api, "/ping"))
    assert heard(api, "/ping")[0]["alerts"][0]["labels"]["alertname"] == "Watchdog"
    told = api.ask("heartbeats")[1]
    assert (told["fault"], told["heartbeats"][0]["last_error"]) == ("", None)


def test_the_watchdog_always_fires(api):
    answer = api.process.get("/api/v2/alerts?filter=alertname=Watchdog")
    assert len(json.loads(answer[2])) == 1


def test_a_server_without_peers_says_so(api):
    assert api.ask("peers")[1] == {"position": 0, "peers": []}
    assert api.ask("peers/exchange", {})[0] == 404
