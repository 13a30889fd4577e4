"""A server that runs packs: their rules, their routes, and a bad one refused."""

import json
import shutil
import time

import pytest

from tapewatch.catalog.loading import PACKS


def alerts(server, name):
    _, _, body = server.get("/api/v1/alerts")
    found = json.loads(body)["data"]["alerts"]
    return [each for each in found if each["labels"]["alertname"] == name]


def eventually(check, seconds=20):
    """Ask again and again, because rules are evaluated at their own pace."""
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def rule_names(server):
    _, _, body = server.get("/api/v1/rules")
    groups = json.loads(body)["data"]["groups"]
    return {rule["name"] for group in groups for rule in group["rules"]}


def test_a_pack_by_its_name_brings_rules_routes_and_targets(up):
    server = up("--pack", "example")
    assert {"FeedStale", "OrdersFastBurnsFast", "objective:budget_left:ratio"} <= rule_names(server)
    _, _, body = server.get("/api/v2/receivers")
    assert {each["name"] for each in json.loads(body)} == {
        "nowhere",
        "pager",
        "chat",
        "action/pause_quoting",
    }
    _, _, body = server.get("/api/v1/targets")
    jobs = {each["labels"]["job"] for each in json.loads(body)["data"]["activeTargets"]}
    assert jobs == {"bot", "tapewatch"}


def test_a_feed_that_is_not_there_alerts(up):
    server = up("--pack", "example")
    (alert,) = eventually(lambda: alerts(server, "FeedStale"))
    assert alert["labels"]["severity"] == "high"
    assert alert["annotations"]["runbook_url"] == f"{server.url}/runbooks/feed-stale"


def test_two_packs_keep_their_own_words(up, tmp_path):
    shutil.copytree(PACKS / "example", tmp_path / "other")
    platform = tmp_path / "other" / "platform.yaml"
    platform.write_text(platform.read_text().replace("name: example", "name: other"))
    server = up("--pack", "example", "--pack", "./other")
    _, _, body = server.get("/api/v2/receivers")
    names = {each["name"] for each in json.loads(body)}
    assert {"example/chat", "other/chat", "other/action/pause_quoting"} <= names
    both = eventually(lambda: len(found := alerts(server, "FeedStale")) == 2 and found)
    assert {alert["labels"]["platform"] for alert in both} == {"example", "other"}


@pytest.fixture
def desk(tmp_path):
    shutil.copytree(PACKS / "example", tmp_path / "desk")
    platform = tmp_path / "desk" / "platform.yaml"
    platform.write_text(platform.read_text().replace("name: example", "name: desk"))
    return tmp_path / "desk"


def test_a_reload_takes_a_good_pack_and_refuses_a_bad_one(up, desk):
    server = up("--pack", "./desk")
    file = desk / "alerts.yaml"
    file.write_text(file.read_text().replace("  FeedStale:", "  FeedSilent:"))
    status, _, body = server.get("/-/reload", method="POST")
    # Another alert names it as muted: a name that nothing has any more keeps a catalog out.
    assert status == 400
    assert b"alerts has no 'FeedStale'" in body
    assert "FeedStale" in rule_names(server)
    platform = desk / "platform.yaml"
    platform.write_text(platform.read_text().replace("[FeedStale]", "[FeedSilent]"))
    assert server.get("/-/reload", method="POST")[0] == 200
    assert eventually(lambda: "FeedSilent" in rule_names(server))
    assert "FeedStale" not in rule_names(server)


def test_a_bad_pack_keeps_a_server_from_starting(up, desk):
    (desk / "metrics.yaml").write_text("metrics: [")
    server = up("--pack", "./desk")
    assert server.process.wait(timeout=20) == 2
    assert "desk/metrics.yaml:2" in server.log()


def test_an_unknown_pack_is_told_with_the_known_ones(up):
    server = up("--pack", "exampel")
    assert server.process.wait(timeout=20) == 2
    assert "did you mean example?" in server.log()


FIVE = ("crypto_desk", "equities", "forex", "hft", "low_latency")


def test_the_five_platforms_run_together_and_arm_nothing(up):
    server = up(*(word for name in FIVE for word in ("--pack", name)))
    _, _, body = server.get("/api/v1/alerting/actions")
    actions = {each["name"]: each for each in json.loads(body)}
    restart = actions["low_latency/restart_market_data"]
    assert restart["would"] == "run /usr/bin/systemctl restart market-data"
    assert not any(each["armed"] for each in actions.values())
    _, _, body = server.get("/api/v1/alerting/oncall")
    schedules = json.loads(body)["schedules"]
    assert len(schedules) == 5
    assert all(
        each["now"]["person"].startswith(each["schedule"].split("/")[0]) for each in schedules
    )


def test_a_pack_whose_program_is_armed_without_permission_is_refused(up):
    server = up("--pack", "low_latency", "--set", "alerting.actions.arm=[restart_market_data]")
    assert server.process.wait(timeout=30) == 2
    assert "/usr/bin/systemctl is not listed under commands" in server.log()


def test_an_armed_action_that_nobody_declares_is_refused(up):
    server = up("--pack", "low_latency", "--set", "alerting.actions.arm=[restart_market]")
    assert server.process.wait(timeout=30) == 2
    assert "there is no action 'restart_market'; did you mean" in server.log()


def test_every_service_has_a_page_of_what_it_exposes(up, desk):
    server = up("--pack", str(desk))
    _, _, body = server.get("/api/v1/dashboards")
    listed = [each for each in json.loads(body)["data"] if "service" in each["tags"]]
    assert listed
    _, _, body = server.get(f"/api/v1/dashboards/{listed[0]['name']}")
    shown = json.loads(body)["data"]
    assert {key: shown[key] for key in listed[0]} == listed[0]
    assert shown["rows"][0]["title"] == "Is it well?"
