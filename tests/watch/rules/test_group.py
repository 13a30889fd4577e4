"""Groups over a real database."""

from tests.watch.rules.fakes import NS

from tapewatch.metrics.errors import ReadOnly
from tapewatch.model.labels import Labels
from tapewatch.watch.rules.group import Usual
from tapewatch.watch.rules.restore import Tolerance

RECORD = """
groups:
- name: g
  labels: {desk: fx}
  rules:
  - record: m:double
    expr: m * 2
    labels: {kind: sum}
  - record: m:all
    expr: sum(m:double)
"""
ALERT = """
groups:
- name: g
  interval: 10s
  rules:
  - alert: High
    expr: m > 5
    for: 30s
    labels: {severity: '{{ if gt $value 50.0 }}page{{ else }}info{{ end }}'}
    annotations: {summary: '{{ $labels.n }} is {{ $value }} at {{ $externalURL }}'}
"""


def test_a_recorded_series_is_seen_by_the_next_rule_of_the_turn(desk):
    group = desk.group(RECORD)
    desk.write(m__a=1, m__b=2)
    desk.turn(group)
    assert desk.ask("m:double") == {
        'm:double{desk="fx", kind="sum", n="a"}': 2.0,
        'm:double{desk="fx", kind="sum", n="b"}': 4.0,
    }
    assert desk.ask("m:all") == {'m:all{desk="fx"}': 6.0}


def test_a_series_that_is_gone_ends_at_once(desk):
    group = desk.group(RECORD.replace("m * 2", "m > 1"))
    desk.write(m__a=3, m__b=2)
    desk.turn(group)
    desk.wait(1)
    desk.write(m__a=0)
    desk.turn(group, 1)
    assert list(desk.ask("m:double")) == ['m:double{desk="fx", kind="sum", n="b"}']


def test_an_alert_goes_its_way_and_writes_it(desk):
    group = desk.group(ALERT)
    desk.write(m__a=7)
    assert desk.turn(group) == []
    state = 'ALERTS{alertname="High", alertstate="%s", n="a", severity="info"}'
    assert desk.ask("ALERTS") == {state % "pending": 1.0}
    since = desk.now_ns // NS
    (alert,) = desk.turn(group, 30)
    assert desk.ask("ALERTS") == {state % "firing": 1.0}
    assert list(desk.ask("ALERTS_FOR_STATE").values()) == [float(since)]
    assert alert.labels == Labels.of(alertname="High", n="a", severity="info")
    assert alert.annotations.get("summary") == "a is 7 at "
    assert (alert.starts_at_ns, alert.ends_at_ns) == (desk.now_ns, desk.now_ns + 240 * NS)
    desk.write(m__a=1)
    (resolved,) = desk.turn(group, 10)
    assert resolved.ends_at_ns == desk.now_ns
    assert desk.ask("ALERTS") == {}


def test_external_labels_and_address_are_told_but_not_written(tmp_path, desk):
    desk.reopen(tmp_path, external_labels=Labels.of(dc="ny", n="outer"), external_url="http://h:9")
    group = desk.group(ALERT.replace("for: 30s", "for: 0s"))
    desk.write(m__a=7)
    (alert,) = desk.turn(group)
    assert (alert.labels.get("dc"), alert.labels.get("n")) == ("ny", "a")
    assert alert.generator_url == "http://h:9/graph?g0.expr=m+%3E+5&g0.tab=1"
    assert alert.annotations.get("summary").endswith("at http://h:9")
    assert all('dc="ny"' not in labels for labels in desk.ask("ALERTS"))


def test_a_failing_rule_is_marked_tells_of_itself_and_stops_nobody(desk):
    text = ALERT.replace("  rules:", "  rules:\n  - record: bad\n    expr: m * on() m").replace(
        "for: 30s", "for: 0s"
    )
    group = desk.group(text)
    desk.write(m__a=7, m__b=8)
    assert [alert.name for alert in desk.turn(group)] == ["High", "High"]
    bad, good = group.view().rules
    assert (bad.health, good.health) == ("err", "ok")
    assert "many-to-many matching not allowed" in bad.last_error
    desk.write(m__a=7, m__b=8)
    (about_itself,) = desk.turn(group, 15)
    assert about_itself.name == "RuleEvaluationFailing"
    assert about_itself.labels.get("rule") == "bad"


def test_a_rule_that_takes_too_long_fails_alone(tmp_path, desk):
    desk.reopen(tmp_path, deadline_s=0.0)
    group = desk.group(ALERT)
    desk.turn(group)
    (rule,) = group.view().rules
    assert rule.health == "err"
    assert "timed out" in rule.last_error


def test_more_than_the_limit_fails_the_rule_and_forgets_its_alerts(desk):
    group = desk.group(ALERT.replace("interval: 10s", "limit: 1").replace("30s", "0s"))
    desk.write(m__a=7, m__b=8)
    assert desk.turn(group) == []
    assert group.view().rules[0].last_error == "exceeded limit of 1 with 2 alerts"
    assert group.view().rules[0].alerts == []


def test_alerts_that_would_be_one_fail_the_rule(desk):
    group = desk.group(
        ALERT.replace("severity:", "n: same\n      severity:", 1).replace(
            "{n: same\n      severity:", "{n: same, severity:"
        )
    )
    desk.write(m__a=7, m__b=8)
    desk.turn(group)
    assert "same labelset after applying alert labels" in group.view().rules[0].last_error


def test_words_that_cannot_be_rendered_say_so_and_the_alert_is_told(desk):
    group = desk.group(
        ALERT.replace("30s", "0s").replace("{{ $value }} at", "{{ gt $value 1 }} at")
    )
    desk.write(m__a=7)
    (alert,) = desk.turn(group)
    assert alert.annotations.get("summary").startswith("<error expanding template: ")
    assert "incompatible types for comparison" in alert.annotations.get("summary")


def test_a_query_in_words_is_answered_at_the_time_of_the_evaluation(desk):
    words = "{{ with query `sum(m)` }}{{ . | first | value }}{{ end }}"
    group = desk.group(ALERT.replace("30s", "0s").replace("{{ $labels.n }}", words))
    desk.write(m__a=7, m__b=2)
    (alert,) = desk.turn(group)
    assert alert.annotations.get("summary").startswith("9 is 7")


def test_a_reload_keeps_what_rules_know_and_ends_what_was_removed(desk):
    former = desk.group(RECORD)
    desk.write(m__a=1)
    desk.turn(former)
    fresh = desk.group(RECORD.replace("m:all", "m:renamed"))
    fresh.inherit(former)
    desk.write(m__a=1)
    desk.turn(fresh, 1)
    assert desk.ask("m:all") == {}
    assert desk.ask("m:renamed") == {'m:renamed{desk="fx"}': 2.0}
    assert fresh.turns == 2


def test_expressions_look_back_by_the_offset(desk):
    group = desk.group(RECORD.replace("labels: {desk: fx}", "query_offset: 10s"))
    desk.write(m__a=1)
    desk.wait(10)
    desk.write(m__a=100)
    desk.turn(group)
    assert desk.ask("m:double offset 10s") == {'m:double{kind="sum", n="a"}': 2.0}


def restart(desk, tmp_path, *, down, hold="20m"):
    """Let an alert be pending for five minutes, stop, and begin again after ``down`` seconds."""
    text = ALERT.replace("for: 30s", f"for: {hold}")
    usual = Usual(tolerance=Tolerance())
    group = desk.group(text)
    desk.write(m__a=7)
    desk.turn(group)
    since_ns = desk.now_ns
    for _ in range(5):
        desk.wait(60)
        desk.write(m__a=7)
        desk.turn(group)
    group.close(None)
    desk.reopen(tmp_path)
    desk.wait(down)
    group = desk.group(text, restores=True, usual=usual)
    for _ in range(2):
        desk.wait(1)
        desk.write(m__a=7)
        desk.turn(group)
    (alert,) = group.view().rules[0].alerts
    return since_ns, alert


def test_a_restart_counts_the_time_before_it_but_not_the_outage(desk, tmp_path):
    since_ns, alert = restart(desk, tmp_path, down=600)
    assert alert.state == "pending"
    # The outage lasted from the last evaluation to the second one after the restart.
    assert alert.active_at_ns == since_ns + 602 * NS


def test_an_outage_that_is_too_long_counts_from_anew(desk, tmp_path):
    _, alert = restart(desk, tmp_path, down=2 * 3600)
    assert alert.active_at_ns == desk.now_ns - 1 * NS


def test_an_alert_that_would_fire_at_once_is_given_grace(desk, tmp_path):
    _, alert = restart(desk, tmp_path, down=60, hold="12m")
    assert alert.active_at_ns == desk.now_ns + (600 - 720) * NS


def test_a_short_for_is_not_restored(desk, tmp_path):
    _, alert = restart(desk, tmp_path, down=60, hold="9m")
    assert alert.active_at_ns == desk.now_ns - 1 * NS


def test_nothing_is_written_of_alerts_before_their_state_is_restored(desk):
    group = desk.group(ALERT, restores=True)
    desk.write(m__a=7)
    desk.turn(group)
    assert desk.ask("ALERTS") == {}
    desk.turn(group, 1)
    desk.turn(group, 1)
    assert len(desk.ask("ALERTS")) == 1


def test_a_clock_that_is_set_back_or_forth_fails_no_rule(desk):
    group = desk.group(ALERT)
    for seconds in (0, 10, -3600, 10, 7200, 10):
        desk.wait(seconds)
        desk.write(m__a=7)
        desk.turn(group)
        assert group.view().rules[0].health == "ok"
    assert group.view().rules[0].state == "firing"


def test_a_full_disk_is_an_error_of_the_rule_and_passes(desk, monkeypatch):
    group = desk.group(RECORD)
    desk.write(m__a=1)

    def refuse(self, *_, **__):
        raise ReadOnly("no room")

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.database), "append_row", refuse)
        desk.turn(group)
        assert "no room" in group.view().rules[0].last_error
    desk.turn(group, 1)
    assert [rule.health for rule in group.view().rules] == ["ok", "ok"]
    assert desk.ask("m:all") == {'m:all{desk="fx"}': 2.0}
