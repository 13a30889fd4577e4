import pytest
from tests.watch.rules.fakes import read

from tapewatch.document.errors import DocumentError
from tapewatch.watch.rules.files import load_rules
from tapewatch.watch.rules.promql import PromQL

GOOD = """
groups:
- name: feeds
  interval: 15s
  query_offset: 5s
  limit: 10
  labels: {desk: fx}
  rules:
  - record: feed:age:max
    expr: max by (venue) (feed_age_seconds)
    labels: {kind: recorded}
  - alert: FeedStale
    expr: feed:age:max > 30
    for: 1m
    keep_firing_for: 5m
    labels: {severity: page, who: '{{ $labels.venue }}'}
    annotations:
      summary: '{{ $value | humanizeDuration }} since {{ .Labels.venue }}'
- name: empty
"""


def faults(text):
    with pytest.raises(DocumentError) as caught:
        read(text)
    return [str(fault) for fault in caught.value.faults]


def rule(*lines):
    body = "".join(f"\n    {line}" for line in lines[1:])
    return f"groups:\n- name: g\n  rules:\n  - {lines[0]}{body}\n"


def test_a_good_file_is_read_whole():
    feeds, empty = read(GOOD)
    assert feeds.key == ("rules.yml", "feeds")
    assert feeds.settings.query_offset == 5000
    record, alert = feeds.settings.rules
    assert (record.record, alert.alert) == ("feed:age:max", "FeedStale")
    assert (alert.hold, alert.keep_firing_for) == (60_000, 300_000)
    assert empty.settings.rules == ()


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (("alert: A",), 4, "expr: is missing"),
        (("expr: up",), 4, "must have one of record and alert"),
        (("alert: A", "record: b", "expr: up"), 4, "must have one of record and alert, not both"),
        (("alert: A", "expr: up >"), 5, "parse error"),
        (("alert: A", "expr: 'up[5m]'"), 5, "needs a vector or a scalar"),
        (("alert: A", "expr: up", "for: soon"), 6, "'soon' is not a duration"),
        (("alert: A", "expr: up", "form: 5m"), 6, "is not a setting here; did you mean for?"),
        (("record: a", "expr: up", "for: 5m"), 6, "means nothing for a recording rule"),
        (("record: a", "expr: up", "annotations: {a: b}"), 6, "means nothing for a recording rule"),
        (("record: 'a{b=\"c\"}'", "expr: up"), 4, "has braces"),
        (("alert: A", "expr: up", "labels: {__name__: x}"), 6, "not a name that a rule may set"),
        (("alert: A", "expr: up", "annotations: {s: '{{ nope }}'}"), 6, 'function "nope" not'),
        (("alert: A", "expr: up", "labels: {s: '{{ if }}'}"), 6, "missing value"),
    ],
)
def test_a_bad_rule_is_refused_with_its_line(lines, line, words):
    (fault,) = faults(rule(*lines))
    assert fault.startswith(f"rules.yml:{line}: ")
    assert words in fault


def test_every_fault_is_told_at_once():
    text = rule("alert: A", "expr: up >", "for: soon", "labels: [a]")
    assert len(faults(text)) == 3


def test_groups_of_one_name_are_refused():
    (fault,) = faults("groups:\n- name: a\n- name: a\n")
    assert "groups[1].name: 'a' is the name of another group" in fault


def test_patterns_name_files_and_a_missing_file_is_told(tmp_path):
    (tmp_path / "a.yml").write_text("groups: [{name: a}]")
    (tmp_path / "b.yml").write_text("groups: [{name: b}]")
    pattern = str(tmp_path / "*.yml")
    assert [each.settings.name for each in load_rules([pattern, pattern], PromQL())] == ["a", "b"]
    with pytest.raises(DocumentError, match=r"nowhere.yml: cannot be read"):
        load_rules([tmp_path / "nowhere.yml"], PromQL())
