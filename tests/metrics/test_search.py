"""Names while somebody types: scores of both twins, order, thresholds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics import scoring_pure
from tapewatch.metrics.search import Algorithm, Order, Search

NAMES = ["orders_sent_total", "order_latency_seconds", "up", "Orders", "snoozed"]


def names_of(search, names=NAMES):
    return [hit.name for hit in search.find(names)]


def test_without_terms_every_name_fits_in_order():
    assert names_of(Search()) == sorted(NAMES)
    assert names_of(Search(order=Order.FALLING)) == sorted(NAMES, reverse=True)


def test_letters_may_be_left_out_but_not_swapped():
    assert names_of(Search(("osent",))) == ["orders_sent_total"]
    assert names_of(Search(("tneso",))) == []


def test_what_begins_with_the_typed_text_comes_first():
    hits = Search(("or",), order=Order.BY_SCORE).find(["xor_gate", "order", "floor"])
    assert (hits[0].name, hits[0].score) == ("order", 1.0)


def test_one_of_several_terms_is_enough():
    assert names_of(Search(("up", "snoo"))) == ["snoozed", "up"]


def test_capitals_count_only_where_they_should():
    assert names_of(Search(("Ord",))) == ["Orders"]
    assert len(names_of(Search(("Ord",), case_sensitive=False))) == 3


def test_a_mistyped_name_is_found_by_likeness():
    likeness = Search(("ordesr_sent_total",), Algorithm.JARO_WINKLER, threshold=0.9)
    assert names_of(likeness) == ["orders_sent_total"]
    assert names_of(Search(("ordesr",), Algorithm.JARO_WINKLER)) == []


@pytest.mark.parametrize(
    ("pattern", "text", "score"),
    [
        ("abc", "abc", 1.0),
        ("", "abc", 1.0),
        ("abc", "", 0.0),
        ("ac", "abc", (1 - 0 / 3 + 1 - 1 / 3) / 4),
        ("bc", "abcd", (4 - 1 / 4 - 0.5 / 4) / 4),
        ("abd", "abc", 0.0),
    ],
)
def test_runs_count_squared_and_gaps_cost(pattern, text, score):
    assert scoring_pure.subsequence_score(pattern, text) == pytest.approx(score)


@pytest.mark.parametrize(
    ("first", "second", "score"),
    [("MARTHA", "MARHTA", 0.9611), ("DIXON", "DICKSONX", 0.8133), ("DWAYNE", "DUANE", 0.84)],
)
def test_likeness_is_that_of_the_literature(first, second, score):
    assert scoring_pure.jaro_winkler_score(first, second) == pytest.approx(score, abs=1e-4)


words = st.text("abcé_", max_size=9)


@given(words, st.lists(words, max_size=4), st.sampled_from([0.0, 0.5, 0.9]))
def test_the_compiled_twin_agrees(typed, texts, threshold):
    fast = pytest.importorskip("tapewatch.metrics.scoring_fast")
    for name in ("subsequence_fits", "likeness_fits"):
        ours, theirs = getattr(fast, name), getattr(scoring_pure, name)
        assert ours(typed, texts, threshold) == pytest.approx(theirs(typed, texts, threshold))
