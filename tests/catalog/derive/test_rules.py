"""Rules that follow from a catalog."""

import shutil
import subprocess

import pytest
import yaml

from tapewatch.catalog.derive.rules import alert_rule, rule_file, rule_groups
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.metrics.promql.parse import parse

TEXT = """\
platform: {{name: desk, every: 15s, owner: trading, severities: {{P1: {{word: high}}}}}}
owners: {{trading: {{}}}}
limits: {{age_max_seconds: 10}}
metrics: {{age_seconds: {{help: Age., labels: {{venue: [a, b]}}}}}}
alerts:
  Old:
    expr: age_seconds{{venue="a"}} > $age_max_seconds
    for: 2m
    severity: P1
    summary: Older than $age_max_seconds
    {setting}
"""

OLD = 'age_seconds{venue="a"} > 10'
KEPT = '(ALERTS{alertname="Old", alertstate="firing"}) and on () (absent(age_seconds{venue="a"})))'


def compiled(pack, setting="labels: {}"):
    catalog = pack(TEXT.format(setting=setting))
    return alert_rule(catalog, "Old", catalog.alerts["Old"])


def test_a_rule_carries_what_the_settings_say(pack):
    assert compiled(pack) == {
        "alert": "Old",
        "expr": 'age_seconds{venue="a"} > 10',
        "for": "2m",
        "labels": {"severity": "high", "priority": "P1", "owner": "trading"},
        "annotations": {
            "summary": "Older than 10 s",
            "runbook": "old",
            "runbook_url": "http://127.0.0.1:7600/runbooks/old",
        },
    }


@pytest.mark.parametrize(
    ("setting", "expr"),
    [
        (
            "only_while: XNYS open",
            '(age_seconds{venue="a"} > 10) and on () (calendar_open{calendar="XNYS"} == 1)',
        ),
        (
            "only_while: XNYS open for 5m",
            f'({OLD}) and on () (min_over_time(calendar_open{{calendar="XNYS"}}[5m]) == 1)',
        ),
        (
            "only_while: XNYS closed",
            '(age_seconds{venue="a"} > 10) and on () (calendar_open{calendar="XNYS"} == 0)',
        ),
        ("only_while: always", 'age_seconds{venue="a"} > 10'),
        ("no_data: alert", '(age_seconds{venue="a"} > 10) or absent(age_seconds{venue="a"})'),
        (
            "no_data: keep",
            f"({OLD}) or (group without (alertname, alertstate, severity, priority, owner) {KEPT}",
        ),
    ],
)
def test_guards_and_missing_data_are_compiled(pack, setting, expr):
    assert compiled(pack, setting)["expr"] == expr
    parse(expr)


def test_groups_go_by_file_and_rhythm(pack):
    catalog = pack(
        """\
        metrics: {a: {help: A.}}
        records: {a:max: {expr: max(a)}}
        alerts:
          One: {severity: P2, expr: a > 1}
          Two: {severity: P2, expr: a > 2, every: 1s}
          Three: {severity: P2, expr: a > 3, group: apart}
        """
    )
    names = {
        group.name: [rule.get("alert") or rule["record"] for rule in group.rules]
        for group in rule_groups(catalog)
    }
    assert names == {
        "desk.apart": ["Three"],
        "desk.desk": ["a:max", "One"],
        "desk.desk.1s": ["Two"],
    }


def test_the_same_catalog_gives_the_same_text():
    texts = {yaml.safe_dump(rule_file(load_catalog(find_pack("example")))) for _ in range(3)}
    assert len(texts) == 1


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed here")
def test_promtool_takes_the_rules_of_the_example(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(rule_file(load_catalog(find_pack("example")))))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
