"""Debian's promtool as a second opinion: on rule files, and on what firing alerts say."""

import json
import shutil
import subprocess

import pytest
from tests.watch.rules.fakes import Desk, read

from tapewatch.document.errors import DocumentError
from tapewatch.watch.rules.states import State

pytestmark = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not installed: apt-get install prometheus"
)


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)


def group(**rule):
    return {"groups": [{"name": "g", "rules": [rule]}]}


FILES = {
    "good": group(alert="A", expr="up == 0", **{"for": "5m"}, labels={"a": "{{ $value }}"}),
    "record": group(record="a:b", expr="sum(up)", labels={"x": "y"}),
    "keep": group(alert="A", expr="up", keep_firing_for="1h"),
    "empty": {"groups": []},
    "no rules": {"groups": [{"name": "g"}]},
    "twice": {"groups": [{"name": "g"}, {"name": "g"}]},
    "unnamed": {"groups": [{"name": "", "rules": []}]},
    "both": group(alert="A", record="b", expr="up"),
    "neither": group(expr="up"),
    "no expression": group(alert="A"),
    "syntax": group(alert="A", expr="up >"),
    "unknown function": group(alert="A", expr="nope(up)"),
    "duration": group(alert="A", expr="up", **{"for": "soon"}),
    "for a record": group(record="a", expr="up", **{"for": "5m"}),
    "words for a record": group(record="a", expr="up", annotations={"a": "b"}),
    "unknown field": group(alert="A", expr="up", wait="5m"),
    "name label": group(alert="A", expr="up", labels={"__name__": "x"}),
    "template": group(alert="A", expr="up", annotations={"a": "{{ if }}"}),
    "template function": group(alert="A", expr="up", annotations={"a": "{{ nope 1 }}"}),
    "template variable": group(alert="A", expr="up", annotations={"a": "{{ $nope }}"}),
    "template end": group(alert="A", expr="up", labels={"a": "{{ range query `up` }}"}),
    "limit": {"groups": [{"name": "g", "limit": 5, "interval": "10s", "rules": []}]},
}


@pytest.mark.parametrize("name", FILES)
def test_promtool_and_we_agree_on_what_is_good(tmp_path, name):
    text = json.dumps(FILES[name])
    (tmp_path / "rules.yml").write_text(text)
    theirs = promtool("check", "rules", tmp_path / "rules.yml").returncode == 0
    try:
        read(text)
        ours = True
    except DocumentError:
        ours = False
    assert ours is theirs


RULES = {
    "groups": [
        {
            "name": "g",
            "interval": "1m",
            "rules": [
                {"record": "m:double", "expr": "m * 2", "labels": {"kind": "r"}},
                {
                    "alert": "High",
                    "expr": "m > 5",
                    "for": "2m",
                    "labels": {"severity": "{{ if gt $value 50.0 }}page{{ else }}info{{ end }}"},
                    "annotations": {
                        "summary": "{{ $labels.n }} {{ humanize $value }} {{ printf `%g` .Value }}",
                        "all": "{{ range query `m` | sortByLabel `n` }}{{ .Labels.n }};{{ end }}",
                    },
                },
                {"alert": "Double", "expr": "m:double > 100", "keep_firing_for": "3m"},
                {
                    "alert": "Gone",
                    "expr": "absent(m{n='b'})",
                    "annotations": {"a": "{{ .Labels }}"},
                },
            ],
        }
    ]
}
SERIES = {
    "a": [1, 6, 7, 8, 9, 1, 60, 70, 80, 90, 2, 2, 2, 2, 2, 2],
    "b": [9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 9, 9, 9, 9, 9, 1234567],
}


def firing(group):
    return {
        (each.labels, each.annotations)
        for rule in group.alerting
        for each in rule.states
        if each.state is State.FIRING
    }


def expected(name, found):
    return [
        {
            "exp_labels": dict(labels.drop("alertname")),
            "exp_annotations": dict(annotations),
        }
        for labels, annotations in sorted(found)
        if labels.get("alertname") == name
    ]


def test_the_same_alerts_fire_with_the_same_words(tmp_path):
    (tmp_path / "data").mkdir()
    desk = Desk(tmp_path / "data")
    rules = desk.group(json.dumps(RULES))
    cases = []
    for minute in range(len(SERIES["a"])):
        desk.write(**{f"m__{n}": values[minute] for n, values in SERIES.items()})
        desk.turn(rules)
        found = firing(rules)
        cases += [
            {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": expected(name, found)}
            for name in ("High", "Double", "Gone")
        ]
        desk.wait(60)
    desk.close()
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f'm{{n="{n}"}}', "values": " ".join(map(str, values))}
                    for n, values in SERIES.items()
                ],
                "alert_rule_test": cases,
            }
        ],
    }
    (tmp_path / "rules.yml").write_text(json.dumps(RULES))
    (tmp_path / "test.yml").write_text(json.dumps(test))
    told = promtool("test", "rules", tmp_path / "test.yml")
    assert told.returncode == 0, told.stdout + told.stderr
    assert any(case["exp_alerts"] for case in cases)
