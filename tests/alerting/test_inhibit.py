import pytest
from tests.alerting.desks import BEGIN, SIMPLE, Bench, alert

RULES = (
    SIMPLE
    + """
inhibit_rules:
  - source_matchers: [severity=critical]
    target_matchers: [severity=~"critical|warning"]
    equal: [venue]
  - {source_match: {alertname: Down}, target_match_re: {alertname: "Slow.*"}, equal: [host]}
"""
)


def inhibited(bench, labels):
    return len(bench.desk.inhibitor.inhibited_by(labels, bench.now_ns))


@pytest.mark.parametrize(
    ("target", "count"),
    [
        (alert("A", severity="warning", venue="X"), 1),
        (alert("A", severity="warning", venue="Y"), 0),
        # On both sides of the rule: another one of both sides does not inhibit it.
        (alert("A", severity="critical", venue="X"), 0),
        # A label that neither has is the same in both.
        (alert("SlowFeed"), 1),
        (alert("SlowFeed", host="h"), 0),
        (alert("Fast"), 0),
    ],
)
def test_a_source_inhibits_its_targets(tmp_path, target, count):
    bench = Bench(tmp_path, RULES)
    bench.say(alert("Cause", severity="critical", venue="X"), alert("Down"))
    assert inhibited(bench, target.labels) == count


def test_a_source_that_has_ended_inhibits_nobody(tmp_path):
    bench = Bench(tmp_path, RULES)
    source = alert("Cause", severity="critical", venue="X")
    target = alert("A", severity="warning", venue="X")
    bench.say(source)
    assert inhibited(bench, target.labels) == 1
    bench.say(alert("Cause", BEGIN, BEGIN, severity="critical", venue="X"))
    assert inhibited(bench, target.labels) == 0


def test_a_restart_remembers_what_inhibits(tmp_path):
    bench = Bench(tmp_path, RULES)
    bench.say(alert("Cause", severity="critical", venue="X"))
    bench.crash()
    assert inhibited(bench, alert("A", severity="warning", venue="X").labels) == 1
