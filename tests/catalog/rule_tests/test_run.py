"""Test files run on our engine, with promtool's verdict, and tell what did not hold."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tapewatch.catalog.derive.rules import rule_file
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.catalog.rule_tests.junit import junit_text
from tapewatch.catalog.rule_tests.promtool import long_form
from tapewatch.catalog.rule_tests.reading import read_tests
from tapewatch.catalog.rule_tests.run import run_file, run_pack

CASES = Path(__file__).parent / "cases"
GOOD = (CASES / "good.yml").read_text()
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed here"
)
MUTATIONS = [
    ("place: kraken-feed", "place: kraken-food"),
    ("is silent for 2m 0s", "is silent for 3m 0s"),
    ("{eval_time: 2m, alertname: FeedStale}", "{eval_time: 4m, alertname: FeedStale}"),
    ("labels: 'orders:rate5m{kind=\"all\"}', value: 1", "labels: orders:rate5m, value: 1"),
    ("value: 3}", "value: 4}"),
    ("{expr: orders_total, eval_time: 11m}", "{expr: orders_total, eval_time: 10m}"),
    ("{eval_time: 6m, alertname: Flapping}", "{eval_time: 4m, alertname: Flapping}"),
    ("group_eval_order: [first, second]", "group_eval_order: [second, second]"),
    ("expr: vector(2)", "expr: vector("),
    ("expr: vector(2)", "expr: orders_total[5m]"),
    ('values: "1 _ 3 _x2 6"', 'values: "1 _ 3 ~"'),
    ("alertname: Flapping, exp_alerts: [{}]", "alertname: Flaping, exp_alerts: [{}]"),
    (
        "interval: 1m\n    input_series: [{series: fl",
        "intervall: 1m\n    input_series: [{series: fl",
    ),
    ("{eval_time: 0m, alertname: OrdersStopped}", "{eval_time: 0m}"),
    ("5x10", "5x9 9"),
]


def run(tmp_path, text):
    (tmp_path / "rules.yml").write_text((CASES / "rules.yml").read_text())
    path = tmp_path / "tests.yml"
    path.write_text(text)
    return path, run_file(path)


def test_what_holds_passes():
    report = run_file(CASES / "good.yml")
    assert [str(failure) for failure in report.failures] == []
    assert report.passed == 4


def test_a_complaint_says_what_was_expected_and_what_came(tmp_path):
    _, report = run(tmp_path, GOOD.replace("place: kraken-feed", "place: kraken-food", 1))
    (failure,) = report.failures
    assert failure.test == "a feed that stops is pending, then fires, and says so"
    assert 'place="kraken-food"' in failure.message
    assert 'but got {alertname="FeedStale", place="kraken-feed"' in failure.message
    assert failure.line == 5


def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path):
    _, report = run(tmp_path, "tests:\n  - name: a\n    imput_series: []\n")
    (failure,) = report.failures
    assert (failure.line, failure.message) == (
        3,
        "tests[0].imput_series: is not a setting here; did you mean input_series?",
    )


def test_only_the_named_tests_run():
    assert run_file(CASES / "good.yml", only="goes on|silence").passed == 2


def test_a_rule_that_cannot_be_evaluated_fails_the_test(tmp_path):
    text = (
        "rule_files: [bad.yml]\n"
        "tests:\n"
        "  - input_series:\n"
        "      - {series: 'a{x=\"1\"}', values: '1'}\n"
        "      - {series: 'a{x=\"2\"}', values: '1'}\n"
        "    interval: 1m\n"
        "    alert_rule_test: [{eval_time: 0m, alertname: A}]\n"
    )
    rule = "groups: [{name: g, rules: [{alert: A, expr: 'a == on () a'}]}]\n"
    (tmp_path / "bad.yml").write_text(rule)
    _, report = run(tmp_path, text)
    assert "rule A:" in report.failures[0].message


def test_the_last_bit_may_differ_where_that_is_said(tmp_path):
    text = """\
rule_files: [rules.yml]
fuzzy_compare: {fuzzy}
tests:
  - interval: 1m
    input_series: [{{series: a, values: "0.1"}}]
    promql_expr_test:
      - {{expr: "0.2 + a", eval_time: 0m, exp_samples: [{{value: 0.3}}]}}
"""
    assert run(tmp_path, text.format(fuzzy="false").replace("{{", "{").replace("}}", "}"))[1].failed
    assert run(tmp_path, text.format(fuzzy="true").replace("{{", "{").replace("}}", "}"))[1].passed


def test_native_histograms_are_values_too(tmp_path):
    text = """\
rule_files: [rules.yml]
tests:
  - interval: 1m
    input_series: [{series: a, values: "{{schema:0 sum:3 count:3 buckets:[1 2]}}x5"}]
    promql_expr_test:
      - expr: a
        eval_time: 1m
        exp_samples: [{labels: a, histogram: "{{schema:0 sum:3 count:3 buckets:[1 2]}}"}]
      - {expr: histogram_count(a), eval_time: 1m, exp_samples: [{value: 3}]}
"""
    _, report = run(tmp_path, text)
    assert [str(each) for each in report.failures] == []


def test_a_start_makes_hours_of_the_day_testable(tmp_path):
    text = """\
rule_files: [rules.yml]
tests:
  - interval: 1m
    start_timestamp: 2026-01-05T09:30:00Z
    promql_expr_test:
      - {expr: hour(), eval_time: 45m, exp_samples: [{value: 10}]}
"""
    _, report = run(tmp_path, text)
    assert [str(each) for each in report.failures] == []


def verdict(path):
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_agrees_on_what_holds():
    good, told = verdict(CASES / "good.yml")
    assert good, told


@needs_promtool
@pytest.mark.parametrize(("old", "new"), MUTATIONS)
def test_promtool_agrees_on_what_does_not_hold(tmp_path, old, new):
    assert old in GOOD
    path, report = run(tmp_path, GOOD.replace(old, new, 1))
    good, told = verdict(path)
    assert (not report.failures) is good, (told, [str(each) for each in report.failures])


@needs_promtool
def test_promtool_agrees_on_a_pack_with_every_word_written_out(tmp_path):
    catalog = load_catalog(find_pack("example"))
    assert run_pack(catalog).failed == 0
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule_file(catalog)))
    for path in catalog.tests:
        written = long_form(catalog, read_tests(path))
        (tmp_path / path.name).write_text(yaml.safe_dump(written))
        good, told = verdict(tmp_path / path.name)
        assert good, told


def test_a_report_is_junit_too(tmp_path):
    _, report = run(tmp_path, GOOD.replace("place: kraken-feed", "place: <kraken>", 1))
    text = junit_text(report)
    assert 'tests="4" failures="1"' in text
    assert "&lt;kraken&gt;" in text
