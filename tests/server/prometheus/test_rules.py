"""Rules as the API shows them, from whatever evaluates them."""

import asyncio
from math import inf
from types import SimpleNamespace

import pytest

from tapewatch.model.labels import Labels
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus import rules
from tapewatch.server.faces.prometheus.answers import Call
from tapewatch.server.faces.prometheus.parameters import Parameters
from tapewatch.watch.rules.views import AlertView, GroupView, RuleView

AT_NS = 1_700_000_000_000_000_000
ALERT = AlertView(Labels.of(alertname="FeedStale"), Labels.of(summary="!"), "firing", AT_NS, 31.5)
STALE = RuleView(
    "alerting",
    "FeedStale",
    "feed_age_seconds > 30",
    Labels.of(severity="page"),
    state="firing",
    for_seconds=5.0,
    alerts=(ALERT,),
    health="ok",
    last_evaluation_ns=AT_NS,
)
RATE = RuleView("recording", "orders:rate1m", "sum(rate(orders_sent_total[1m]))")
GROUPS = (
    GroupView("feeds", "feeds.yml", 15.0, (STALE,)),
    GroupView("orders", "orders.yml", 15.0, (RATE, STALE)),
    GroupView("empty", "orders.yml", 15.0),
)


class Source:
    def groups(self):
        return GROUPS

    def alertmanagers(self):
        return ("http://127.0.0.1:9093/api/v2/alerts",)


def ask(answer, *pairs):
    server = SimpleNamespace(watch=Source())
    return asyncio.run(answer(Call(server, None, Parameters(pairs)))).value


def names(*pairs):
    groups = ask(rules.rules, *pairs)["groups"]
    return {group["name"]: [rule["name"] for rule in group["rules"]] for group in groups}


def test_all_groups_are_shown_with_their_rules():
    shown = names()
    assert shown == {"feeds": ["FeedStale"], "orders": ["orders:rate1m", "FeedStale"], "empty": []}


@pytest.mark.parametrize(
    ("pair", "shown"),
    [
        (("type", "record"), {"orders": ["orders:rate1m"], "empty": []}),
        (("rule_name[]", "orders:rate1m"), {"orders": ["orders:rate1m"], "empty": []}),
        (("rule_group[]", "feeds"), {"feeds": ["FeedStale"]}),
        (("file[]", "feeds.yml"), {"feeds": ["FeedStale"]}),
        (
            ("match[]", '{severity="page"}'),
            {"feeds": ["FeedStale"], "orders": ["FeedStale"], "empty": []},
        ),
    ],
)
def test_rules_are_chosen(pair, shown):
    assert names(pair) == shown


def test_an_alerting_rule_shows_its_alerts_unless_they_are_not_wanted():
    (group,) = ask(rules.rules, ("rule_group[]", "feeds"))["groups"]
    (rule,) = group["rules"]
    assert (rule["state"], rule["duration"], rule["type"]) == ("firing", 5.0, "alerting")
    assert rule["alerts"][0]["activeAt"] == "2023-11-14T22:13:20Z"
    (group,) = ask(rules.rules, ("rule_group[]", "feeds"), ("exclude_alerts", "true"))["groups"]
    assert group["rules"][0]["alerts"] == []


def test_groups_come_in_pages():
    first = ask(rules.rules, ("group_limit", "2"))
    assert [group["name"] for group in first["groups"]] == ["feeds", "orders"]
    token = first["groupNextToken"]
    rest = ask(rules.rules, ("group_limit", "2"), ("group_next_token", token))
    assert [group["name"] for group in rest["groups"]] == ["empty"]
    assert "groupNextToken" not in rest
    with pytest.raises(Refusal, match="were rule groups changed"):
        ask(rules.rules, ("group_limit", "2"), ("group_next_token", "x"))


def test_alerts_and_where_they_go():
    alerts = ask(rules.alerts)["alerts"]
    assert [alert["value"] for alert in alerts] == ["3.15e+01", "3.15e+01"]
    told = ask(rules.alertmanagers)
    assert told["activeAlertmanagers"] == [{"url": "http://127.0.0.1:9093/api/v2/alerts"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0e+00"), (1.0, "1e+00"), (-1.5e-7, "-1.5e-07"), (1e100, "1e+100"), (-inf, "-Inf")],
)
def test_a_value_is_written_with_its_exponent(value, text):
    assert rules.exponential(value) == text
