"""Routes that follow from a catalog."""

import shutil
import subprocess

import pytest
import yaml

from tapewatch.alerting.configuration import read_alertmanager_text
from tapewatch.catalog.derive.routing import routing
from tapewatch.catalog.loading import find_pack, load_catalog

TEXT = """\
platform:
  name: desk
  severities: {P0: {word: critical, channels: [pager, chat]}, P2: {word: medium, channels: [chat]}}
channels:
  pager: {kind: pagerduty, secret: pd}
  chat: {kind: slack, to: "#desk", secret: slack}
  mail: {kind: email, to: desk@example.com}
  box: {kind: ntfy, to: desk}
actions:
  halt: {kind: webhook, to: "http://127.0.0.1:1/halt", secret: token, help: Halts.}
  stop: {kind: command, to: /usr/bin/stop, arguments: [--now], help: Stops.}
metrics: {a: {help: A., labels: {venue: [x]}}, b: {help: B., labels: {venue: [x], symbol: 9}}}
alerts:
  Plain: {severity: P0, expr: a > 1, consequences: [Own]}
  Own: {severity: P0, expr: b > 1, channels: [mail]}
  Halts: {severity: P0, expr: a > 2, triggers: [halt, stop]}
  Muted: {severity: P2, expr: a > 3}
maintenance:
  backup: {does: Copy., every: week, days: [sunday], at: "23:30", lasts: 1h, mutes: [Muted]}
"""


@pytest.fixture
def config(pack):
    return routing(pack(TEXT))


def test_a_severity_goes_to_each_of_its_channels(config):
    p0 = next(each for each in config["route"]["routes"] if each["matchers"] == ['priority="P0"'])
    assert [leaf["receiver"] for leaf in p0["routes"]] == ["pager", "chat"]
    assert p0["group_wait"] == "0s"


def test_an_alert_with_its_own_channel_leaves_its_severity(config):
    own = next(
        each for each in config["route"]["routes"] if each["matchers"] == ['alertname="Own"']
    )
    assert own["receiver"] == "mail"


def test_an_action_is_a_receiver_beside_the_channels(config):
    halts = next(
        each for each in config["route"]["routes"] if each["matchers"] == ['alertname="Halts"']
    )
    receivers = [leaf["receiver"] for leaf in halts["routes"]]
    assert receivers == ["action/halt", "action/stop", "pager", "chat"]


def test_consequences_are_held_back_where_they_are_about_the_same(config):
    assert config["inhibit_rules"] == [
        {
            "source_matchers": ['alertname="Plain"'],
            "target_matchers": ['alertname="Own"'],
            "equal": ["service", "venue"],
        }
    ]


def test_maintenance_past_midnight_is_two_intervals(config):
    (interval,) = config["time_intervals"]
    assert interval["time_intervals"][0]["times"] == [
        {"start_time": "23:30", "end_time": "24:00"},
    ]
    assert interval["time_intervals"][1]["times"] == [{"start_time": "00:00", "end_time": "00:30"}]
    assert interval["time_intervals"][1]["weekdays"] == ["monday"]


def test_secrets_are_files_below_the_directory_of_secrets(pack):
    config = routing(pack(TEXT), secrets="/run/secrets")
    chat = next(each for each in config["receivers"] if each["name"] == "chat")
    assert chat["slack_configs"] == [
        {"send_resolved": True, "channel": "#desk", "api_url_file": "/run/secrets/slack"}
    ]


def test_a_channel_may_be_told_what_its_alerts_allow(pack):
    text = TEXT.replace("channels: [mail]}", "channels: [mail], may_leave: [model]}")
    for receiver in routing(pack(text))["receivers"]:
        if receiver["name"] == "mail":
            assert receiver["email_configs"][0]["tapewatch"] == {"labels": ["model"]}
        else:
            assert "model" not in str(receiver)
    assert "'tapewatch':" not in str(routing(pack(text), ours=False))


def test_what_alertmanager_does_not_know_is_left_out_for_it(pack):
    names = {each["name"] for each in routing(pack(TEXT), ours=False)["receivers"]}
    assert names == {"nowhere", "pager", "chat", "mail", "action/halt"}


def test_our_own_reader_takes_it(config):
    read_alertmanager_text(yaml.safe_dump(config))


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed here")
def test_amtool_takes_it(pack, tmp_path):
    for catalog in (pack(TEXT), load_catalog(find_pack("example"))):
        path = tmp_path / "alertmanager.yml"
        path.write_text(yaml.safe_dump(routing(catalog, ours=False)))
        done = subprocess.run(["amtool", "check-config", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_our_own_delivery_tells_at_once_and_the_real_one_waits():
    example = load_catalog(find_pack("example"))
    ours = routing(example)["route"]["routes"]
    theirs = routing(example, ours=False)["route"]["routes"]
    assert {(each["group_wait"], each["update"]) for each in ours} == {("0s", "in_place")}
    assert all("update" not in each for each in theirs)
    assert {each["group_wait"] for each in theirs} > {"0s"}
