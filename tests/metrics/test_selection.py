"""Label sets remember what was derived from them."""

import numpy as np
import pytest

from tapewatch.metrics.selection import ABSENT, ABSENT_BITS, Grouping, LabelSets, Selection, Strip
from tapewatch.model.labels import Labels

ROWS = (
    Labels.of(__name__="fills", venue="X", symbol="A"),
    Labels.of(__name__="fills", venue="Y", symbol="A"),
    Labels.of(__name__="fills", venue="X", symbol="B"),
)


def test_rows_are_grouped_by_labels_in_order_of_appearance():
    ids, labels = LabelSets(ROWS).group(("venue",))
    assert ids.tolist() == [0, 1, 0]
    assert list(labels) == [Labels.of(venue="X"), Labels.of(venue="Y")]


def test_without_drops_the_name_too():
    ids, labels = LabelSets(ROWS).group(("venue",), without=True)
    assert ids.tolist() == [0, 0, 1]
    assert list(labels) == [Labels.of(symbol="A"), Labels.of(symbol="B")]


def test_no_labels_make_one_group():
    ids, labels = LabelSets(ROWS).group(())
    assert ids.tolist() == [0, 0, 0]
    assert list(labels) == [Labels()]


def test_grouping_is_done_once():
    sets = LabelSets(ROWS)
    assert sets.group(("venue",)) is sets.group(("venue",))
    assert sets.without_metadata() is sets.without_metadata()


def test_what_was_derived_does_not_grow_without_end():
    sets = LabelSets(ROWS)
    for number in range(1000):
        assert sets.derive(number, lambda number=number: number) == number
    assert len(sets._derived) <= 128


def test_equal_rows_are_found():
    assert not LabelSets(ROWS).has_duplicates
    assert LabelSets((ROWS[0], ROWS[0])).has_duplicates
    assert LabelSets((ROWS[0], ROWS[1], ROWS[0])).identity.ids.tolist() == [0, 1, 0]


def test_rows_are_taken_and_sorted():
    sets = LabelSets(ROWS)
    assert list(sets.take(np.array([2, 0]))) == [ROWS[2], ROWS[0]]
    assert [sets[int(row)] for row in sets.sorted_rows] == sorted(ROWS)
    assert list(sets[1:]) == list(ROWS[1:])


def test_a_selection_has_the_labels_of_its_parts():
    def strip(labels):
        return Strip(labels, np.zeros(0, dtype=np.int64), np.zeros((len(labels), 0)))

    one, other = LabelSets(ROWS[:1]), LabelSets(ROWS[1:])
    assert Selection((strip(one),)).labels is one
    assert list(Selection((strip(one), strip(other))).labels) == list(ROWS)


def test_the_marker_of_nothing_keeps_its_bits():
    assert np.array(ABSENT).view(np.uint64) == ABSENT_BITS


def test_parts_together_group_as_their_labels_do():
    rows = [[Labels.of(__name__=f"m{j % 2}", symbol=f"S{(i + j) % 3}", part=str(i))
             for j in range(5)] for i in range(3)]  # fmt: skip
    parts = tuple(
        Strip(LabelSets(part), np.zeros(1, dtype=np.int64), np.zeros((5, 1))) for part in rows
    )
    joined, plain = Selection(parts).labels, LabelSets(labels for part in rows for labels in part)
    assert Selection(parts).labels is joined
    assert list(joined) == list(plain)
    for names, without in ((("symbol",), False), (("symbol",), True), ((), False), ((), True)):
        assert_same_grouping(
            joined.group(names, without=without), plain.group(names, without=without)
        )
    assert joined.metric_names == plain.metric_names
    assert joined.sorted_rows.tolist() == plain.sorted_rows.tolist()


def assert_same_grouping(found: Grouping, expected: Grouping) -> None:
    assert found.ids.tolist() == expected.ids.tolist()
    assert list(found.labels) == list(expected.labels)


@pytest.mark.parametrize("name", ["__name__", "__type__", "symbol"])
def test_labels_without_their_metadata_may_be_the_same(name):
    rows = [
        Labels.of({"__name__": "m", "venue": "Y", name: "a"}),
        Labels.of({"__name__": "m", "venue": "Y", name: "b"}),
    ]
    bare = LabelSets(rows).without_metadata()
    assert bare.has_duplicates == (name != "symbol")
    assert list(bare) == [labels.drop("__name__", "__type__", "__unit__") for labels in rows]
    assert_same_grouping(bare.group(("venue",), without=True),
                         LabelSets(bare).group(("venue",), without=True))  # fmt: skip
    assert_same_grouping(bare.group(("__name__",)), LabelSets(bare).group(("__name__",)))
    assert list(bare.take(np.array([1]))) == [bare[1]]
