"""Objectives become recordings and two alerts, and those do what the arithmetic says."""

import pytest

from tapewatch.catalog.derive.objectives import (
    PAGE,
    TICKET,
    alert_name,
    budget_of,
    factor_of,
    quick_rules,
    slow_rules,
)
from tapewatch.catalog.forms import ObjectiveWindow
from tapewatch.metrics.promql.engine import MemoryEngine
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.labels import Labels

DAY_MS = 86_400_000
METRICS = """\
metrics:
  bad_total: {{help: Bad., labels: {{venue: [a, b]}}}}
  all_total: {{help: All., labels: {{venue: [a, b]}}}}
  latency_seconds: {{help: Latency., buckets: [0.1, 0.2, 0.5]}}
  native_seconds: {{help: Latency., buckets: native}}
objectives:
  answers: {{target: 99.5%, {form}}}
"""
FORMS = [
    "bad: bad_total, of: all_total",
    "good: bad_total, of: all_total",
    "fast: latency_seconds, below: 200ms",
    "fast: native_seconds, below: 200ms",
    "up: up == bool 1",
    "bad: bad_total, of: all_total, over: 30d of XNYS, by: [venue]",
]


def rules(pack, form):
    catalog = pack(METRICS.format(form=form))
    objective = catalog.objectives["answers"]
    made = [*quick_rules(catalog, "answers", objective), *slow_rules(catalog, "answers", objective)]
    return {rule.get("record") or rule["alert"]: rule for rule in made}


@pytest.mark.parametrize(
    ("days", "page", "ticket"),
    [(30, [14.4, 6], [3, 1]), (28, [13.44, 5.6], [2.8, pytest.approx(0.9333, abs=1e-4)])],
)
def test_factors_follow_from_the_window(days, page, ticket):
    window = ObjectiveWindow(days * DAY_MS)
    assert [factor_of(burn, window) for burn in PAGE] == page
    assert [factor_of(burn, window) for burn in TICKET] == ticket


def test_a_calendar_counts_its_sessions_alone():
    window = ObjectiveWindow(30 * DAY_MS, "XNYS")
    # About 20.6 sessions of six and a half hours: 134 hours instead of 720.
    factors = [factor_of(burn, window) for burn in (*PAGE, *TICKET)]
    assert factors == pytest.approx([2.68, 1.12, 2.06, 0.69], abs=0.02)


def test_a_budget_has_no_binary_noise():
    assert budget_of(0.999) == 0.001


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_rules_that_parse(pack, form):
    made = rules(pack, form)
    for rule in made.values():
        parse(rule["expr"])
    assert {"AnswersBurnsFast", "AnswersBurnsSlowly", "objective:budget_left:ratio"} <= made.keys()


def test_sessions_alone_count_where_a_calendar_is_named(pack):
    made = rules(pack, FORMS[-1])
    assert 'calendar_open{calendar="XNYS"} == 1' in made["objective:events:rate5m"]["expr"]


def test_a_pair_that_can_never_fire_is_left_out(pack):
    fast = rules(pack, FORMS[0].replace("bad:", "over: 30d, bad:"))["AnswersBurnsFast"]["expr"]
    assert "> 0.072" in fast
    loose = rules(pack, "target: 90%, ".join(["", FORMS[0]]).replace("target: 90%, ", ""))
    assert loose["AnswersBurnsFast"]


def test_a_loose_target_has_only_the_pairs_that_it_can_reach(pack):
    text = METRICS.format(form=FORMS[0]).replace("99.5%", "90%")
    catalog = pack(text)
    made = list(quick_rules(catalog, "answers", catalog.objectives["answers"]))
    (fast,) = [rule for rule in made if rule.get("alert") == "AnswersBurnsFast"]
    assert "rate1h" not in fast["expr"]
    assert "rate6h" in fast["expr"]


def test_names_are_those_of_alerts():
    assert alert_name("orders-accepted", "Fast") == "OrdersAcceptedBurnsFast"


def recorded(made, engine, name, at_ms):
    for sample in engine.instant(made[name]["expr"], at_ms):
        labels = sample.labels.replace({**made[name]["labels"], "__name__": name})
        engine.append([(labels, at_ms, sample.value, None)])


def test_one_in_ten_bad_pages_and_ends_when_it_ends(pack):
    made, engine = rules(pack, FORMS[0]), MemoryEngine()
    bad = total = 0
    fired = []
    for minute in range(240):
        broken = 60 <= minute < 120
        total, bad = total + 600, bad + (60 if broken else 0)
        at_ms = minute * 60_000
        for name, value in (("bad_total", bad), ("all_total", total)):
            engine.append([(Labels.of(__name__=name), at_ms, float(value), None)])
        for name in [name for name in made if name.startswith("objective:")]:
            if "budget_left" not in name and "burn" not in name:
                recorded(made, engine, name, at_ms)
        if list(engine.instant(made["AnswersBurnsFast"]["expr"], at_ms)):
            fired.append(minute)
    # 10 % against a budget of 0.5 %: 7.2 % of the last hour are bad after 43 minutes, or, when
    # less than six hours are known, 3 % of what is known much sooner.
    assert 60 < fired[0] <= 103
    assert fired[-1] <= 120 + 30
