"""Alerts about rules that cannot be evaluated: whoever relies on one must know that it is blind."""

from collections.abc import Sequence
from typing import Final

from tapewatch.model.labels import Labels
from tapewatch.watch.alert import ALERT_NAME, Alert
from tapewatch.watch.rules.rule import VALID_TURNS, Rule, Surroundings
from tapewatch.watch.rules.states import AlertStates, Seen

NAME: Final = "RuleEvaluationFailing"
HOLD_NS: Final = 10 * 1_000_000_000
"""A fault of one evaluation is not worth a page."""
SEVERITY: Final = "warning"


class FailingRules:
    """The alerts about the rules of one group."""

    def __init__(self, file: str, group: str) -> None:
        self._file = file
        self._group = group
        self._states = AlertStates(HOLD_NS)

    def turn(self, failing: Sequence[Rule], around: Surroundings, now_ns: int) -> Sequence[Alert]:
        """Take in which rules fail now; returns what is to be told."""
        if not failing and not len(self._states):
            return ()
        seen = {each.labels: each for each in map(self._seen, failing)}
        self._states.see(seen.values(), now_ns)
        valid_ns = VALID_TURNS * around.resend_ns
        chosen = self._states.to_send(now_ns, resend_ns=around.resend_ns, valid_ns=valid_ns)
        return [
            Alert(
                Labels.of({**dict(around.external_labels), **dict(each.labels)}),
                each.annotations,
                each.fired_at_ns,
                each.resolved_at_ns or each.valid_until_ns,
                f"{around.external_url}/rules",
            )
            for each in chosen
        ]

    def _seen(self, rule: Rule) -> Seen:
        labels = Labels.of(
            {
                ALERT_NAME: NAME,
                "rule": rule.name,
                "rule_file": self._file,
                "rule_group": self._group,
                "severity": SEVERITY,
            }
        )
        summary = f"The rule {rule.name} cannot be evaluated, so nobody watches what it watches."
        told = Labels.of(summary=summary, description=rule.health.error)
        return Seen(labels, told, float(rule.health.failures))
