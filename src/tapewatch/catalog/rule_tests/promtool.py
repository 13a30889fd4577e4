"""
A pack's tests as promtool reads them.

In a pack a test leaves out what the pack knows: rule files, the labels that an alert gets from its
settings, what it says. Here all of that is written out, so that ``promtool test rules`` compares
every label and every word with what our engine gives.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.rule_tests.format import AlertCase, ExpectedAlert, RuleTestFile
from tapewatch.catalog.rule_tests.reading import PlacedTest, ReadFile
from tapewatch.catalog.rule_tests.run import PackRunner
from tapewatch.catalog.rule_tests.world import open_world
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import ALERT_NAME

Plain = dict[str, Any]
_Said = Mapping[tuple[int, Labels], Labels]
RULES_FILE: Final = "rules.yaml"


def long_form(catalog: Catalog, read: ReadFile, *, rules_file: str = RULES_FILE) -> Plain:
    """Return the first document of a test file as promtool's own format has it."""
    writer = _Writer(PackRunner(catalog))
    document = read.documents[0] if read.documents else RuleTestFile()
    written: Plain = {
        "rule_files": [rules_file],
        "evaluation_interval": format_duration_ms(document.evaluation_interval),
    }
    if document.fuzzy_compare:
        written["fuzzy_compare"] = True
    tests = (placed for placed in read.tests if placed.document is document)
    return {**written, "tests": [writer.test(placed) for placed in tests]}


class _Writer:
    """Writes tests in full."""

    def __init__(self, runner: PackRunner) -> None:
        self._runner = runner

    def test(self, placed: PlacedTest) -> Plain:
        """Write one test."""
        test = placed.test
        said = self._said(placed)
        written: Plain = {
            "name": test.name,
            "interval": format_duration_ms(placed.interval_ms),
            "input_series": [
                {"series": each.series, "values": each.values} for each in test.input_series
            ],
        }
        if test.alert_rule_test:
            written["alert_rule_test"] = [self._case(each, said) for each in test.alert_rule_test]
        if test.promql_expr_test:
            written["promql_expr_test"] = list(_expressions(placed))
        if test.external_labels:
            written["external_labels"] = dict(test.external_labels)
        return written

    def _said(self, placed: PlacedTest) -> _Said:
        """Run the test, and note what every alert says at the times that are asked for."""
        cases = placed.test.alert_rule_test
        said: dict[tuple[int, Labels], Labels] = {}
        if not cases:
            return said
        until_ms = max(case.eval_time for case in cases)
        with open_world(placed, self._runner.groups_for(placed)) as world:
            for since_ms in world.steps_ms(until_ms):
                for case in cases:
                    if since_ms <= case.eval_time < since_ms + world.every_ms:
                        for rule in world.alerting(case.alertname):
                            for alert in rule.states:
                                said[case.eval_time, alert.labels] = alert.annotations
        return said

    def _case(self, case: AlertCase, said: _Said) -> Plain:
        own = self._runner.own_labels(case.alertname) or {}
        alerts = [self._alert(case, each, own, said) for each in case.exp_alerts]
        written: Plain = {
            "eval_time": format_duration_ms(case.eval_time),
            "alertname": case.alertname,
        }
        return {**written, "exp_alerts": alerts} if alerts else written

    def _alert(
        self, case: AlertCase, expected: ExpectedAlert, own: Mapping[str, str], said: _Said
    ) -> Plain:
        labels = {**own, **expected.exp_labels}
        annotations = expected.exp_annotations
        if annotations is None:
            full = Labels.of({**labels, ALERT_NAME: case.alertname})
            annotations = dict(said.get((case.eval_time, full), Labels()))
        return {"exp_labels": labels, "exp_annotations": annotations}


def _expressions(placed: PlacedTest) -> Iterator[Plain]:
    for case in placed.test.promql_expr_test:
        samples: list[Plain] = []
        for sample in case.exp_samples:
            value: Plain = {"value": sample.value}
            if sample.histogram:
                value = {"histogram": sample.histogram}
            samples.append({"labels": sample.labels, **value})
        yield {
            "expr": case.expr,
            "eval_time": format_duration_ms(case.eval_time),
            "exp_samples": samples,
        }
