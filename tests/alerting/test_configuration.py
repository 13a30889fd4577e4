"""Alertmanager's own good and bad files, and what is ours beside them."""

import shutil
import subprocess

import pytest
import yaml
from tests.conftest import ROOT

from tapewatch.alerting.configuration import (
    AlertmanagerConfig,
    read_alertmanager_file,
    read_alertmanager_text,
)
from tapewatch.alerting.original import original
from tapewatch.alerting.settings import AlertingSettings
from tapewatch.document.errors import DocumentError
from tapewatch.document.printing import json_schema, to_yaml
from tapewatch.document.reading import read_text

FOLDER = ROOT.parent / "shared" / "conformance" / "alertmanager-config"
GOOD = (
    "conf.empty-fields.yml",
    "conf.good.yml",
    "conf.group-by-all.yml",
    "conf.http-config.good.yml",
    "conf.mattermost-default-webhook-url-file.yml",
    "conf.mattermost-default-webhook-url.yml",
    "conf.opsgenie-default-apikey-file.yml",
    "conf.opsgenie-default-apikey.yml",
    "conf.rocketchat-default-token-file.yml",
    "conf.rocketchat-default-token.yml",
    "conf.slack-default-api-url-file.yml",
    "conf.slack-default-app-token.yml",
    "conf.smtp-no-username-or-password.yml",
    "conf.smtp-password-global-and-local.yml",
    "conf.sns-topic-arn.yml",
    "conf.telegram-default-bot-token-file.yml",
    "conf.telegram-default-bot-token.yml",
    "conf.victorops-default-apikey-file.yml",
    "conf.victorops-default-apikey.yml",
    "conf.wechat-default-api-secret-file.yml",
)


def files():
    if not FOLDER.exists():
        return [pytest.param(None, marks=pytest.mark.skip(f"{FOLDER} is not here"))]
    return sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("name", files())
def test_each_file_is_taken_or_refused_as_its_name_says(name):
    if name in GOOD:
        read_alertmanager_file(FOLDER / name)
    else:
        with pytest.raises(DocumentError, match=name):
            read_alertmanager_file(FOLDER / name)


BASE = "{route: {receiver: a, %s}, receivers: [{name: a}], %s}"


@pytest.mark.parametrize(
    ("route", "rest", "words"),
    [
        ("matchers: [a=b]", "", "has no matchers"),
        ("mute_time_intervals: [x]", "", "never mute"),
        ("routes: [{receiver: aa}]", "", "no receiver 'aa'; did you mean a"),
        ("routes: [{active_time_intervals: [x]}]", "", "no time interval 'x'"),
        ("group_by: ['...', x]", "", "no other can stand beside it"),
        ("group_by: [x, x]", "", "names 'x' twice"),
        ("group_interval: 0s", "", "is below 1ms"),
        ("routes: [{matchers: ['a=~(']}]", "", "error parsing regexp"),
        ("update: sometimes", "", "is not one of message, in_place"),
        ("", "time_intervals: [{name: x}, {name: x}]", "not unique"),
        ("", "rout: {}", "did you mean route"),
    ],
)
def test_a_fault_is_told_with_its_place(route, rest, words):
    with pytest.raises(DocumentError, match=words):
        read_alertmanager_text(BASE % (route, rest))


def test_a_receiver_is_read_with_what_global_says():
    config = read_alertmanager_text(
        "{global: {slack_api_url: 'http://s/'}, route: {receiver: a}, receivers: [{name: a,"
        " slack_configs: [{channel: x}, {channel: y}], webhook_configs: [{url: 'http://w/'}]}]}"
    )
    first, *_ = config.integrations["a"]
    assert [each.name for each in config.integrations["a"]] == ["slack/0", "slack/1", "webhook/0"]
    assert first.settings.api_url.reveal() == "http://s/"


def test_a_kind_of_channel_that_is_none_is_told():
    with pytest.raises(DocumentError, match="did you mean slack_configs"):
        read_alertmanager_text("{route: {receiver: a}, receivers: [{name: a, slak_configs: []}]}")


def test_what_is_shown_hides_secrets_and_what_amtool_does_not_know(tmp_path):
    config = read_alertmanager_text(
        "{route: {receiver: a, update: in_place, group_wait: 1m30s}, receivers: [{name: a,"
        " webhook_configs: [{url: 'http://h/TOKEN', tapewatch: {chart: false}}]}]}"
    )
    shown = original(config, AlertmanagerConfig)
    assert "TOKEN" not in shown
    assert "tapewatch" not in shown
    assert yaml.safe_load(shown)["route"] == {"receiver": "a", "group_wait": "1m30s"}
    if shutil.which("amtool"):
        (tmp_path / "shown.yml").write_text(shown)
        checked = subprocess.run(["amtool", "check-config", tmp_path / "shown.yml"])
        assert checked.returncode == 0


@pytest.mark.parametrize("name", GOOD)
def test_amtool_reads_what_is_shown_of_every_configuration(name, tmp_path):
    if not (FOLDER.is_dir() and shutil.which("amtool")):
        pytest.skip("the folder with Alertmanager's configurations, or amtool, is missing")
    shown = original(read_alertmanager_file(FOLDER / name), AlertmanagerConfig)
    (tmp_path / "shown.yml").write_text(shown)
    command = ["amtool", "check-config", tmp_path / "shown.yml"]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_templates_are_shown_as_paths():
    config = read_alertmanager_text(
        "{route: {receiver: a}, receivers: [{name: a}], templates: [t]}"
    )
    assert [str(each) for each in config.templates] == yaml.safe_load(
        original(config, AlertmanagerConfig)
    )["templates"]


def test_a_section_in_place_and_a_file_exclude_each_other(tmp_path):
    (tmp_path / "am.yml").write_text("{route: {receiver: a}, receivers: [{name: a}]}")
    text = f"{{config_file: {tmp_path / 'am.yml'}}}"
    assert read_text(text, AlertingSettings).configuration().route.receiver == "a"
    with pytest.raises(DocumentError, match="excludes route and receivers"):
        read_text(text[:-1] + ", route: {receiver: a}, receivers: [{name: a}]}", AlertingSettings)


def test_a_fault_of_the_other_file_is_told_with_its_line(tmp_path):
    (tmp_path / "am.yml").write_text("route: {receiver: a}\nreceivers: []\n")
    with pytest.raises(DocumentError, match=r"am\.yml:1: route\.receiver: there is no receiver"):
        read_text(f"config_file: {tmp_path / 'am.yml'}", AlertingSettings)


def test_a_text_must_be_readable_the_way_that_was_chosen():
    text = "{matchers: utf8-strict-mode, route: {receiver: a, routes: [{matchers: ['x=']}]},"
    with pytest.raises(DocumentError, match="bad matcher format: x="):
        read_text(text + " receivers: [{name: a}]}", AlertingSettings)


def test_settings_can_be_written_and_described():
    assert "alerts_max: 200000" in to_yaml(AlertingSettings())
    assert "receivers" in str(json_schema(AlertingSettings, title="x"))


def test_a_template_file_with_a_slip_is_told_before_anything_is_used(tmp_path):
    (tmp_path / "bad.tmpl").write_text('{{ define "x" }}{{ .Nope | }}{{ end }}')
    text = f"{{templates: ['{tmp_path}/*.tmpl'], route: {{receiver: a}}, receivers: [{{name: a}}]}}"
    with pytest.raises(DocumentError, match=r"templates: template: bad\.tmpl:1"):
        read_alertmanager_text(text)
