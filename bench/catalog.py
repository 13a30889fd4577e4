"""A large catalog, from its files to every finding, and what rule tests take beside promtool."""

import subprocess
import tempfile
from pathlib import Path

import yaml

from bench.harness import Outcome, Row, Scale, installed, time_each
from tapewatch.catalog.checks.run import check_catalog
from tapewatch.catalog.derive.rules import rule_file
from tapewatch.catalog.loading import find_pack, load, load_catalog
from tapewatch.catalog.rule_tests.promtool import long_form
from tapewatch.catalog.rule_tests.reading import read_tests
from tapewatch.catalog.rule_tests.run import run_file
from tapewatch.metrics.promql.parse import parse

QUESTION = "How long do the checks of 2,000 alerts take, and a pack's rule tests?"
MISTAKES = 100
_METRICS = """\
platform: {name: large, owner: desk}
owners: {desk: {}}
metrics:
"""
_METRIC = """\
  requests_{0}_total: {{help: Requests., labels: {{venue: [a, b], status: [good, bad]}}}}
  latency_{0}_us: {{help: Latency., labels: {{venue: [a, b]}}, buckets: [100, 200, 400, 800]}}
"""
_ALERT = """\
  Errors{0}:
    expr: |
      sum by (venue) (rate(requests_{1}_total{{status="bad"}}[5m]))
        / sum by (venue) (rate(requests_{1}_total[5m])) > 0.05
    for: 5m
    severity: P2
    summary: "{{{{ $labels.venue }}}} refuses {{{{ $value | humanizePercentage }}}}"
    description: More than one request in twenty was refused for five minutes.
"""
_MISTAKE = """\
  Slow{0}:
    expr: histogram_quantile(0.99, sum by (le) (rate(latency_{1}_us_bucket[5m]))) > 800
    severity: P2
    summary: Slow
    description: Slow
"""


def run(scale: Scale) -> Outcome:
    """Write a large pack, and time reading and checking it; then one pack's tests."""
    alerts = 2_000 if scale is Scale.FULL else 200
    repeats = 5 if scale is Scale.FULL else 1
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "large")
        _write(folder, alerts)
        (ours,) = time_each(lambda: _check(folder), repeats=repeats)
        name = f"{alerts} alerts with {MISTAKES} mistakes: read and checked"
        checked = Row(name, ours.median, "s", must=2.0, spread=ours.spread)
        return Outcome([checked, _tests(Path(temporary), repeats)], peer="promtool")


def _write(folder: Path, alerts: int) -> None:
    folder.mkdir()
    metrics = "".join(_METRIC.format(index) for index in range(50))
    (folder / "platform.yaml").write_text(_METRICS + metrics, encoding="utf-8")
    good = [_ALERT.format(index, index % 50) for index in range(alerts - MISTAKES)]
    bad = [_MISTAKE.format(index, index % 50) for index in range(MISTAKES)]
    text = "alerts:\n" + "".join(good + bad)
    (folder / "alerts.yaml").write_text(text, encoding="utf-8")


def _check(folder: Path) -> None:
    # Every run is a first one, as on the command line.
    parse.cache_clear()
    loaded = load(folder)
    assert loaded.faults == ()
    found = [each for each in check_catalog(loaded.catalog) if each.code == "TW101"]
    assert len(found) == MISTAKES
    assert found == sorted(found)


def _tests(folder: Path, repeats: int) -> Row:
    catalog = load_catalog(find_pack("example"))
    (folder / "rules.yaml").write_text(yaml.safe_dump(rule_file(catalog)), encoding="utf-8")
    path = folder / "tests.yaml"
    path.write_text(yaml.safe_dump(long_form(catalog, read_tests(catalog.tests[0]))))

    def ours() -> None:
        assert run_file(path).failed == 0

    def promtool() -> None:
        subprocess.run(["promtool", "test", "rules", path], check=True, capture_output=True)

    if not installed("promtool"):
        (alone,) = time_each(ours, repeats=repeats)
        return Row("rule tests of the example", alone.median, "s", spread=alone.spread)
    mine, peer = time_each(ours, promtool, repeats=repeats)
    return Row("rule tests of the example", mine.median, "s", peer.median, spread=mine.spread)
