"""Summaries by the compiled twin, by the readable one, and by way of finer ones are the same."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.promql.kernels import summaries_pure
from tapewatch.metrics.selection import ABSENT, LabelSets, Ragged
from tapewatch.metrics.storage import summarising_pure
from tapewatch.metrics.storage.summarising import coarsen, keep_fuller, summarise
from tapewatch.metrics.summary import ENDED, HOLDS_HISTOGRAMS, Column
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE

summaries_fast = pytest.importorskip(
    "tapewatch.metrics.promql.kernels.summaries_fast", reason="the kernels are not compiled here"
)
summarising_fast = pytest.importorskip("tapewatch.metrics.storage.summarising_fast")

BUCKETS, R = 12, 10
cells = st.one_of(
    st.integers(-9, 9).map(float),
    st.integers(-9, 9).map(float),
    st.floats(-1e6, 1e6),
    st.sampled_from((math.nan, math.inf, ABSENT, STALE)),
)


@st.composite
def rows(draw):
    columns = [
        sorted(draw(st.sets(st.integers(-15, BUCKETS * R + 15), max_size=50))) for _ in range(3)
    ]
    flat = [draw(cells) for column in columns for _ in column]
    labels = LabelSets(Labels.of(row=str(row)) for row in range(3))
    times = np.array([at for column in columns for at in column], dtype=np.int64)
    offsets = np.cumsum([0, *map(len, columns)]).astype(np.int64)
    return Ragged(labels, times, np.array(flat, dtype=np.float64), offsets, True)


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-7)


@given(rows())
def test_twins_summarise_alike(part):
    fast, pure = (np.zeros((len(Column), 3, BUCKETS)) for _ in range(2))
    given_arrays = part.timestamps, part.values, part.offsets, False, 0, R
    summarising_fast.summarise(*given_arrays, fast)
    with np.errstate(all="ignore"):
        summarising_pure.summarise(*given_arrays, pure)
    close(fast, pure)


@given(rows(), st.sampled_from((2, 3, 4)))
def test_coarser_summaries_are_those_of_the_samples(part, factor):
    with np.errstate(all="ignore"):
        coarse = coarsen(summarise(part, 0, BUCKETS * R, R), factor, R)
    expected = summarise(part, 0, BUCKETS * R, R * factor)
    for column in Column:
        held = (expected[Column.COUNT] > 0) | (column is Column.STATE)
        close(coarse[column][held], expected[column][held])


@given(rows(), st.lists(st.integers(0, BUCKETS), min_size=1, max_size=5), st.integers(1, BUCKETS))
def test_twins_answer_alike(part, highs, length):
    columns = summarise(part, 0, BUCKETS * R, R)
    high = np.sort(np.array(highs, dtype=np.int64))
    low, ends = np.maximum(high - length, 0), high * R
    count, first, last = (columns[each] for each in (Column.COUNT, Column.FIRST, Column.LAST))
    ages = columns[Column.FIRST_AGE], columns[Column.LAST_AGE]
    windows = low, high
    edges = count, ages[0], first, ages[1], last, columns[Column.RESTARTED], *windows, ends
    calls = [("total", (count, columns[Column.SUM], *windows))]
    for flag in (False, True):
        extreme = columns[Column.MAX if flag else Column.MIN]
        inside = columns[Column.RESETS if flag else Column.CHANGES]
        calls += [
            ("extreme", (count, extreme, *windows, flag)),
            ("edge", (count, last if flag else first, *windows, flag)),
            ("transitions", (count, first, last, inside, *windows, flag)),
            ("extrapolated", (*edges, length * R, 0, R, flag, not flag)),
        ]
    for name, arguments in calls:
        fast, pure = np.zeros((3, len(high))), np.zeros((3, len(high)))
        getattr(summaries_fast, name)(*arguments, fast)
        with np.errstate(all="ignore"):
            getattr(summaries_pure, name)(*arguments, pure)
        close(fast, pure)
    answers = []
    for twin in (summaries_fast, summaries_pure):
        out, present = np.zeros((3, len(high))), np.empty((3, len(high)), dtype=np.bool_)
        twin.newest(count, last, columns[Column.STATE], *windows, out, present)
        answers.append((out, present))
    assert (answers[0][1] == answers[1][1]).all()
    close(answers[0][0], answers[1][0])


def test_a_bucket_says_what_its_samples_were():
    labels = LabelSets([Labels.of(row="0")])
    times = np.array([0, 1, 4, 10, 11, 20], dtype=np.int64)
    values = np.array([99, 5, 2, 7, 1, STALE])
    told = summarise(Ragged(labels, times, values, np.array([0, 6])), 0, 20, 10)
    found = {column.name.lower(): values[0].tolist() for column, values in told.items()}
    assert found == {
        "count": [3, 1],
        "sum": [14, 1],
        "min": [2, 1],
        "max": [7, 1],
        "first_age": [9, 9],
        "first": [5, 1],
        "last_age": [0, 9],
        "last": [7, 1],
        "restarted": [5, 0],
        "resets": [1, 0],
        "changes": [2, 0],
        "state": [0, ENDED],
    }


def test_a_bucket_tells_of_histograms_and_keeps_none():
    labels = LabelSets([Labels.of(row="0")])
    held = np.array([Histogram(schema=0, count=1, sum=1), None], dtype=object)
    times, offsets = np.array([5, 15], dtype=np.int64), np.array([0, 2])
    part = Ragged(labels, times, np.array([ABSENT, 3.0]), offsets, True, held)
    told = summarise(part, 0, 20, 10)
    assert told[Column.STATE].tolist() == [[HOLDS_HISTOGRAMS, 0]]
    assert told[Column.COUNT].tolist() == [[0, 1]]


def test_the_fuller_of_two_buckets_is_kept():
    labels = LabelSets([Labels.of(row="0")])
    offsets = np.array([0, 3])
    old = Ragged(labels, np.array([1, 2, 15]), np.array([1.0, 2.0, 3.0]), offsets)
    new = Ragged(labels, np.array([1, 15, 16]), np.array([9.0, 3.0, 4.0]), offsets)
    merged = summarise(new, 0, 20, 10)
    keep_fuller(merged, summarise(old, 0, 20, 10))
    assert merged[Column.COUNT].tolist() == [[2, 2]]
    assert merged[Column.LAST].tolist() == [[2, 4]]
