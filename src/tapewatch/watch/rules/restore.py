"""
Since when alerts are active, after a restart.

A pending or firing alert keeps ``ALERTS_FOR_STATE`` up to date. After a restart the last sample of
it tells since when the alert was active and until when anybody watched; the time in between counts,
the time of the outage does not. An alert that would fire at once is given some grace, so that data
which is only coming back can speak first.
"""

from dataclasses import dataclass
from typing import Final

from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import equal, named
from tapewatch.watch.alert import ALERT_NAME
from tapewatch.watch.rules.languages import Evaluator, Last
from tapewatch.watch.rules.rule import ALERTS_FOR_STATE, AlertingRule
from tapewatch.watch.rules.states import Active

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How long an outage may be, and how long a ``for`` must be to be restored at all."""

    outage_ns: int = 3600 * _NS
    grace_ns: int = 600 * _NS


def restore(rule: AlertingRule, evaluator: Evaluator, now_ns: int, tolerance: Tolerance) -> None:
    """Set back the times at which a rule's alerts became active."""
    hold_ns = rule.states.hold_ns
    if hold_ns >= tolerance.grace_ns and len(rule.states):
        known = _last_states(rule, evaluator, now_ns, tolerance)
        for alert in rule.states:
            last = known.get(alert.labels)
            if last is not None:
                _restore_one(alert, last, now_ns, hold_ns, tolerance)
    rule.restored = True


def _last_states(
    rule: AlertingRule, evaluator: Evaluator, now_ns: int, tolerance: Tolerance
) -> dict[Labels, Last]:
    selector = (named(ALERTS_FOR_STATE), equal(ALERT_NAME, rule.name))
    start_ms, end_ms = (now_ns - tolerance.outage_ns) // 1_000_000, now_ns // 1_000_000
    found = evaluator.newest(selector, start_ms, end_ms)
    return {each.labels.drop(METRIC_NAME): each for each in found}


def _restore_one(
    alert: Active, last: Last, now_ns: int, hold_ns: int, tolerance: Tolerance
) -> None:
    down_ns, active_ns = last.at_ms * 1_000_000, int(last.value) * _NS
    left_ns = hold_ns - (down_ns - active_ns)
    if left_ns <= 0:
        alert.active_at_ns = active_ns
    elif left_ns < tolerance.grace_ns:
        alert.active_at_ns = now_ns + tolerance.grace_ns - hold_ns
    else:
        alert.active_at_ns = active_ns + (now_ns - down_ns)
