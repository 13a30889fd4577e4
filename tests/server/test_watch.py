"""Rules in a server as a user runs it."""

import json
import time

RULES = """
groups:
- name: own
  interval: 1s
  rules:
  - record: up:count
    expr: count(up)
  - alert: Seen
    expr: %s
    labels: {severity: page}
"""
SETTINGS = """
metrics: {global: {scrape_interval: 200ms}, scrape_configs: [{job_name: own, static_configs: [
  {targets: ["%s"]}]}]}
watch: {rule_files: [rules.yml], calendars: [CRYPTO]}
"""
PATIENCE_SECONDS = 30


def write(folder, expression="up:count > 0", target="127.0.0.1:9"):
    (folder / "rules.yml").write_text(RULES % expression)
    (folder / "tapewatch.yaml").write_text(SETTINGS % target)


def get(server, path):
    return json.loads(server.get(path)[2])


def until(server, path, good):
    """Ask until the answer is good."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = get(server, path)
        if good(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


def test_an_alert_is_shown_by_both_apis(up, tmp_path):
    write(tmp_path)
    server = up()
    (alert,) = until(server, "/api/v1/alerts", lambda told: told["data"]["alerts"])["data"][
        "alerts"
    ]
    assert alert["labels"] == {"alertname": "Seen", "severity": "page"}
    assert alert["state"] == "firing"
    (told,) = until(server, "/api/v2/alerts", bool)
    assert told["labels"] == alert["labels"]
    assert told["generatorURL"].startswith(f"{server.url}/graph?g0.expr=up%3Acount")
    ((group,),) = [get(server, "/api/v1/rules")["data"]["groups"]]
    assert [rule["health"] for rule in group["rules"]] == ["ok", "ok"]
    calendar = "/api/v1/query?query=calendar_open"
    (sample,) = until(server, calendar, lambda told: told["data"]["result"])["data"]["result"]
    assert (sample["metric"]["calendar"], sample["value"][1]) == ("CRYPTO", "1")


def test_a_bad_rule_file_is_refused_whole_and_the_old_rules_stay(up, tmp_path):
    write(tmp_path)
    server = up()
    write(tmp_path, "up:count >")
    status, _, body = server.get("/-/reload", method="POST")
    assert status == 400
    assert "rules.yml:9: groups[0].rules[1].expr: 1:11: parse error" in body.decode()
    assert until(server, "/api/v1/alerts", lambda told: told["data"]["alerts"])["data"]["alerts"]
    write(tmp_path, "up:count > 1e9")
    assert server.get("/-/reload", method="POST")[0] == 200
    gone = until(server, "/api/v1/alerts", lambda told: not told["data"]["alerts"])
    assert gone["data"]["alerts"] == []


def test_a_server_does_not_start_with_bad_rules(up, tmp_path):
    write(tmp_path, "up:count >")
    server = up()
    assert server.stop() == 2
    assert "cannot be used" in server.log()
    assert "rules.yml:9" in server.log()
