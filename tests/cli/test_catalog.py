"""``tapewatch catalog`` and ``tapewatch test rules|pack``: what they print, and their status."""

import json
import subprocess
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent.parent / "catalog" / "corpus" / "seed"
RULES = CORPUS / "trading_system.yml"
METRICS = CORPUS / "metrics.yaml"


def test_a_new_pack_checks_clean(say):
    assert say("catalog", "new", "mydesk").exit_code == 0
    done = say("catalog", "check", "mydesk")
    assert (done.exit_code, done.stdout) == (0, "good\n")


def test_findings_are_printed_in_order_and_counted(say):
    done = say("catalog", "check", "--rules", RULES, "--metrics", METRICS)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == f"{len(lines) - 1} found"
    assert f"{RULES}:16: alerts.MaxDailyLossExceeded.expr: holds the limit" in done.stdout
    assert "[TW104 limit-per-series]" in done.stdout


def test_findings_are_json_for_programs(say):
    done = say("catalog", "check", "--rules", RULES, "--metrics", METRICS, "--json")
    told = json.loads(done.stdout)
    assert {"file", "line", "code", "title", "path", "message"} == told[0].keys()


def test_a_check_needs_something_to_check(say):
    done = say("catalog", "check")
    assert done.exit_code == 2
    assert "name a pack, or a rule file" in done.output


def test_what_cannot_be_read_is_a_finding_too(say, tmp_path):
    (tmp_path / "rules.yml").write_bytes(b"groups: \xff")
    done = say("catalog", "check", "--rules", "rules.yml")
    assert done.exit_code == 1
    assert "rules.yml:1: is not UTF-8: byte 0xff [TW000 unreadable]" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list"], "example\tplatform\tA bot on one venue"),
        (["show", "example"], "metrics\t4"),
        (["show", "example", "FeedStale"], "severity: P1"),
        (["show", "example", "feed-stale"], "# Feed stale"),
        (["graph", "example"], "graph LR"),
        (["graph", "example", "--form", "dot"], 'digraph "example"'),
        (["docs", "example"], "# A bot on one venue"),
        (["diff", "example", "example"], "nothing has changed"),
    ],
)
def test_a_verb_tells_of_a_pack(say, words, told):
    done = say("catalog", *words)
    assert done.exit_code == 0, done.output
    assert told in done.stdout


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{alert: A, expr: up, for: five}", "'five' is not a duration"),
        ("{alert: A, expr: up, sumary: x}", "sumary: is not a setting here"),
        ("{alert: A, record: b, expr: up}", "one of record and alert, not both"),
        ("{record: b, expr: up, for: 5m}", "means nothing for a recording rule"),
        ("{alert: A, expr: up, annotations: {s: '{{ foo 1 }}'}}", 'function "foo" not defined'),
        ("{record: b, expr: 'up[5m]'}", "needs a vector or a scalar, and this is a range vector"),
    ],
)
def test_what_an_engine_would_refuse_of_a_rule_file_is_a_finding(say, tmp_path, rule, words):
    path = tmp_path / "rules.yml"
    path.write_text(f"groups:\n- name: g\n  rules:\n  - {rule}\n")
    done = say("catalog", "check", "--rules", path)
    assert done.exit_code == 1
    assert f"{path}:4: " in done.stdout
    assert words in done.stdout


def test_a_pack_that_is_not_there_is_told(say):
    done = say("catalog", "graph", "exampel")
    assert done.exit_code != 0
    assert "there is no pack 'exampel'; did you mean example?" in str(done.exception)


def test_a_pack_is_compared_with_what_git_has(say, tmp_path):
    say("catalog", "new", "mydesk")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True, capture_output=True)
    file = tmp_path / "mydesk" / "alerts.yaml"
    file.write_text(file.read_text().replace("severity: P0", "severity: P2"))
    done = say("catalog", "diff", "HEAD:mydesk", "mydesk")
    assert "alerts.LossLimitReached: severity: P0 -> P2 (less urgent)" in done.stdout
    done = say("catalog", "diff", "v9:mydesk", "mydesk", "--json")
    assert done.exit_code == 2
    assert "git has no mydesk at v9" in done.output


def test_a_packs_tests_pass(say):
    done = say("test", "pack", "example")
    assert (done.exit_code, done.stdout) == (0, "6 passed, 0 failed\n")


def test_a_rule_test_that_fails_is_told_with_its_line(say, tmp_path):
    (tmp_path / "rules.yml").write_text("groups: []")
    (tmp_path / "test.yml").write_text(
        "rule_files: [rules.yml]\n"
        "tests:\n"
        "  - name: two\n"
        "    promql_expr_test: [{expr: vector(1), eval_time: 0m, exp_samples: [{value: 2}]}]\n"
    )
    done = say("test", "rules", "test.yml", "--junit", "out.xml")
    assert done.exit_code == 1
    assert "test.yml:3: two: 'vector(1)' at 0s: expected {} 2, but got {} 1" in done.stdout
    assert 'failures="1"' in (tmp_path / "out.xml").read_text()
