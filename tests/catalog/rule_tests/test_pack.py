"""What promtool cannot test: pending alerts, channels, silences, calendars."""

import pytest

from tapewatch.catalog.loading import load
from tapewatch.catalog.rule_tests.run import run_pack

PACK = """\
platform:
  name: desk
  severities: {P1: {word: high, channels: [pager, chat]}, P2: {word: medium, channels: [chat]}}
channels:
  pager: {kind: pagerduty, secret: pd}
  chat: {kind: slack, secret: slack}
actions: {halt: {kind: webhook, to: "http://127.0.0.1:1/", help: Halts.}}
metrics: {age_seconds: {help: Age., labels: {venue: [a, b]}}}
alerts:
  Stale: {severity: P1, for: 2m, expr: age_seconds > 10, consequences: [Old], triggers: [halt]}
  Old: {severity: P2, expr: age_seconds > 5, only_while: XNYS open}
maintenance:
  restart: {does: Restart., every: day, at: "00:20", lasts: 10m, mutes: [Stale]}
"""
TEST = """\
evaluation_interval: 1m
tests:
  - name: a stale feed
    interval: 1m
    calendars: {XNYS: "1x60"}
    input_series: [{series: 'age_seconds{venue="a"}', values: "20x60"}]
    alert_rule_test:
      - {eval_time: 1m, alertname: Stale}
      - {eval_time: 2m, alertname: Stale, exp_alerts: [{exp_labels: {venue: a}}]}
    pending_test:
      - {eval_time: 1m, alertname: Stale, exp_alerts: [{exp_labels: {venue: a}}]}
    silences:
      - {matchers: ['venue="a"'], from: 10m, to: 15m}
    route_test:
      - {alertname: Stale, exp_channels: [chat, pager], exp_actions: [halt]}
      - {labels: {priority: P3}, exp_channels: []}
    message_test:
      - {eval_time: 1m, exp_channels: {chat: [Old]}}
      - {eval_time: 3m, exp_channels: {chat: [Stale], pager: [Stale]}}
      - {eval_time: 12m, exp_channels: {}}
      - {eval_time: 25m, exp_channels: {}}
  - name: the market is closed
    interval: 1m
    calendars: {XNYS: "0x60"}
    input_series: [{series: 'age_seconds{venue="a"}', values: "7x60"}]
    alert_rule_test: [{eval_time: 5m, alertname: Old}]
"""


@pytest.fixture
def outcome(write):
    def run(test, only=""):
        loaded = load(write({"desk.yaml": PACK, "tests/desk.yaml": test}))
        assert not loaded.faults, loaded.faults
        return run_pack(loaded.catalog, only=only)

    return run


def test_every_kind_of_case_holds(outcome):
    report = outcome(TEST)
    assert [str(failure) for failure in report.failures] == []
    assert report.passed == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("exp_channels: [chat, pager]", "exp_channels: [chat]", "expected to reach chat, but"),
        ("exp_actions: [halt]", "exp_actions: []", "expected to set off nobody, but it is halt"),
        (
            "pending_test:\n      - {eval_time: 1m",
            "pending_test:\n      - {eval_time: 2m",
            "pending",
        ),
        ("eval_time: 12m, exp_channels: {}", "eval_time: 17m, exp_channels: {}", "channels at 17m"),
        ("eval_time: 25m, exp_channels: {}", "eval_time: 45m, exp_channels: {}", "channels at 45m"),
        ("eval_time: 1m, exp_channels: {chat: [Old]}", "eval_time: 1m, exp_channels: {}", "Old"),
        ('{XNYS: "0x60"}', '{XNYS: "1x60"}', "expected no alert"),
        ("alertname: Stale, exp_channels", "alertname: Stal, exp_channels", "no alert 'Stal'"),
    ],
)
def test_what_does_not_hold_is_told(outcome, old, new, words):
    assert old in TEST
    report = outcome(TEST.replace(old, new, 1))
    assert words in "\n".join(str(failure) for failure in report.failures)


def test_a_second_document_is_run_too(outcome):
    head, _, tail = TEST.partition("  - name: the market")
    text = f"{head}---\ntests:\n  - name: the market{tail}"
    assert outcome(text).passed == 2


def test_only_the_named_tests_run(outcome):
    assert outcome(TEST, only="closed").passed == 1
