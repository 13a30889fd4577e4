import pytest

from tapewatch.alerting.configuration import read_alertmanager_text
from tapewatch.alerting.matchers import Reading
from tapewatch.alerting.routing import build
from tapewatch.model.labels import Labels

TREE = """
route:
  receiver: everybody
  group_by: [alertname]
  group_wait: 5s
  labels: {desk: main}
  routes:
    - matchers: [team="exec"]
      receiver: exec
      group_by: ['...']
      mute_time_intervals: [night]
      routes:
        - {match: {severity: critical}, receiver: pager, group_wait: 0s, update: in_place}
        - {match_re: {venue: "X.*"}, receiver: venues, continue: true}
        - {matchers: ['severity!=info'], receiver: exec-chat, labels: {kind: chat}}
    - {matchers: [team="exec"], receiver: second}
    - {matchers: [team=~"risk|exec"], receiver: risk, group_by: []}
receivers: [{name: everybody}, {name: exec}, {name: pager}, {name: venues}, {name: exec-chat},
  {name: second}, {name: risk}]
time_intervals: [{name: night, time_intervals: [{}]}]
"""


def tree():
    return build(read_alertmanager_text(TREE).route, Reading.FALLBACK)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["everybody"]),
        ({"team": "other"}, ["everybody"]),
        ({"team": "risk"}, ["risk"]),
        ({"team": "exec", "severity": "info"}, ["exec"]),
        ({"team": "exec", "severity": "critical", "venue": "XNYS"}, ["pager"]),
        ({"team": "exec", "severity": "info", "venue": "XNYS"}, ["venues"]),
        ({"team": "exec", "severity": "low", "venue": "XNYS"}, ["venues", "exec-chat"]),
        ({"team": "exec"}, ["exec-chat"]),
    ],
)
def test_an_alert_goes_where_the_tree_leads(labels, receivers):
    assert [route.receiver for route in tree().find(labels)] == receivers


def test_a_child_inherits_what_it_does_not_say():
    pager, _, chat = tree().children[0].children
    assert pager.options.group_by == ("...",)
    assert (pager.options.group_wait_ns, chat.options.group_wait_ns) == (0, 5_000_000_000)
    assert (pager.options.in_place, chat.options.in_place) == (True, False)
    assert chat.options.labels == {"desk": "main", "kind": "chat"}
    assert pager.mute_intervals == (), "quiet times are not inherited"


def test_group_labels_are_what_group_by_names():
    labels = Labels.of(alertname="A", team="exec", x="1")
    root = tree()
    assert root.group_labels(labels) == Labels.of(alertname="A")
    assert root.children[0].group_labels(labels) == labels
    assert root.children[2].group_labels(labels) == Labels.of()


def test_keys_are_those_of_alertmanager_and_ids_tell_equal_routes_apart():
    exec_, second, _ = tree().children
    assert exec_.key == second.key == '{}/{team="exec"}'
    assert exec_.children[0].key == '{}/{team="exec"}/{severity="critical"}'
    assert exec_.id != second.id
