"""The table of series: every label set once, found again, by any matcher."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.storage import series_pure
from tapewatch.metrics.storage.series import Finder, TableLabels, filter_rows, table_from
from tapewatch.model.compiled import twin
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind, match_all

fast = twin("tapewatch.metrics.storage.series")
TWINS = pytest.mark.parametrize("module", [fast, series_pure], ids=["chosen", "pure"])

texts = st.sampled_from(["", "a", "b", "ab", "é", "x" * 40])
label_sets = st.dictionaries(st.sampled_from(["__name__", "v", "s", "é"]), texts).map(Labels.of)
matchers = st.builds(
    Matcher,
    st.sampled_from(MatchKind),
    st.sampled_from(["__name__", "v", "s", "nope"]),
    st.sampled_from(["", "a", "b", "a|b", "a.*", ".+", ".*", "zzz"]),
)


def filled(module, sets):
    table = module.SeriesTable()
    return table, [table.add(labels) for labels in sets]


@TWINS
@given(st.lists(label_sets, max_size=20))
def test_equal_sets_share_a_row_and_come_back(module, sets):
    table, rows = filled(module, sets)
    assert len(table) == len(set(sets))
    assert [table.labels(row) for row in rows] == sets
    assert [table.find(labels) for labels in sets] == rows
    assert table.find(Labels.of(other="x")) == -1
    assert [int(h) for h in table.hashes()] == [
        table.labels(r).stable_hash() for r in range(len(table))
    ]


@TWINS
@given(st.lists(label_sets, max_size=20), st.lists(matchers, max_size=3))
def test_matchers_find_what_the_definition_finds(module, sets, wanted):
    table, _ = filled(module, sets)
    found = filter_rows(table, np.arange(len(table)), wanted)
    expected = [row for row in range(len(table)) if match_all(wanted, table.labels(row))]
    assert found.tolist() == expected


@TWINS
@given(st.lists(label_sets, max_size=20))
def test_a_table_survives_its_arrays(module, sets):
    table, rows = filled(module, sets)
    again = table_from(table.to_arrays())
    assert [again.labels(row) for row in rows] == sets
    assert again.add(Labels.of(brand="new")) == len(table)
    assert [again.find(labels) for labels in sets] == rows


@TWINS
@given(st.lists(label_sets, min_size=1, max_size=20), st.sets(st.sampled_from(["v", "s", "x"])))
def test_grouping_by_columns_is_grouping_by_labels(module, sets, names):
    table, _ = filled(module, sets)
    rows = np.arange(len(table))
    for without in (False, True):
        lazy = TableLabels(table, rows).group(tuple(names), without=without)
        keys = [
            labels.drop("__name__", *names) if without else labels.keep(names)
            for labels in map(table.labels, rows.tolist())
        ]
        assert [lazy.labels[i] for i in lazy.ids.tolist()] == keys
        assert list(lazy.labels) == list(dict.fromkeys(keys))


def test_what_was_found_grows_with_the_table():
    table, _ = filled(fast, [Labels.of(v="a", s="1")])
    finder = Finder(table)
    wanted = (Matcher(MatchKind.EQUAL, "v", "a"),)
    assert finder.rows(wanted).tolist() == [0]
    table.add(Labels.of(v="b"))
    table.add(Labels.of(v="a", s="2"))
    assert finder.rows(wanted).tolist() == [0, 2]


def test_many_series_keep_their_rows():
    sets = [Labels.of(__name__="m", i=str(i)) for i in range(5000)]
    table, rows = filled(fast, sets)
    assert rows == list(range(5000))
    assert table.find(sets[4321]) == 4321
