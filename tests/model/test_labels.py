"""Labels decide which series is which: a mistake here mixes two venues' numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.errors import BadText
from tapewatch.model.labels import Labels

names = st.text(min_size=1, max_size=8)
mappings = st.dictionaries(names, st.text(max_size=8), max_size=6)


@given(mappings)
def test_the_order_in_which_labels_are_given_does_not_matter(mapping):
    backwards = dict(reversed(list(mapping.items())))
    assert Labels.of(mapping) == Labels.of(backwards)
    assert hash(Labels.of(mapping)) == hash(Labels.of(backwards))


@given(mappings)
def test_an_empty_value_is_the_same_as_no_label(mapping):
    assert Labels.of(mapping) == Labels.of({k: v for k, v in mapping.items() if v})
    assert all(Labels.of(mapping).get(name) == value for name, value in mapping.items())


@given(mappings, mappings)
def test_labels_sort_as_prometheus_sorts_them(left, right):
    def as_bytes(labels):
        return [(name.encode(), value.encode()) for name, value in labels]

    left, right = Labels.of(left), Labels.of(right)
    assert (left < right) is (as_bytes(left) < as_bytes(right))


@given(mappings, st.sets(names))
def test_keep_and_drop_split_the_labels(mapping, chosen):
    labels = Labels.of(mapping)
    assert sorted([*labels.keep(chosen), *labels.drop(*chosen)]) == list(labels)


def test_equal_strings_are_one_object():
    left, right = Labels.of(venue="".join(["bin", "ance"])), Labels.of(venue="binance")
    assert left[0][1] is right[0][1]


def test_a_name_given_twice_is_refused():
    with pytest.raises(BadText, match="'venue' is not a label set: the label name occurs twice"):
        Labels.from_pairs([("venue", "a"), ("venue", "b")])


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (Labels.of(), "{}"),
        (Labels.of(__name__="up"), "up"),
        (Labels.of(__name__="up", job="a"), 'up{job="a"}'),
        (Labels.of({"__name__": "order.latency", "a b": "c"}), '{"order.latency", "a b"="c"}'),
        (Labels.of(text='say "no"\n\\'), '{text="say \\"no\\"\\n\\\\"}'),
    ],
)
def test_labels_print_as_promql(labels, text):
    assert str(labels) == text


def test_the_fingerprint_is_alertmanagers():
    # Alertmanager 0.25 shows this fingerprint for an alert with these labels.
    assert Labels.of(alertname="TestAlert", job="a").fingerprint() == "a5cc7cd58eb402c8"


def test_replacing_with_nothing_removes():
    assert Labels.of(a="1", b="2").replace(a="") == Labels.of(b="2")
