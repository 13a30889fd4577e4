"""Native histograms: the bounds decide where an order's latency is counted."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.histograms import (
    CUSTOM_SCHEMA,
    Histogram,
    bucket_index,
    from_spans,
    standard_bound,
    to_spans,
)

buckets = st.dictionaries(st.integers(-50, 50), st.integers(1, 9).map(float), max_size=12)


@given(st.floats(min_value=1e-300, max_value=1e300), st.integers(-4, 8))
def test_a_value_lies_within_its_bucket(value, schema):
    index = bucket_index(value, schema)
    assert standard_bound(index - 1, schema) < value <= standard_bound(index, schema)


@given(st.integers(-4, 8), st.integers(-200, 200))
def test_a_bound_belongs_to_the_bucket_below_it(schema, index):
    bound = standard_bound(index, schema)
    if 1e-300 < bound < 1e300:
        assert bucket_index(bound, schema) == index


def test_the_last_bucket_reaches_infinity():
    assert standard_bound(1024, 0) == math.ldexp(1 - 2**-53, 1024)
    assert standard_bound(1025, 0) == math.inf


@given(buckets)
def test_spans_keep_every_bucket(filled):
    spans, counts = to_spans(filled)
    assert from_spans(spans, counts) == filled


def test_buckets_come_in_the_order_of_their_bounds():
    histogram = Histogram(
        schema=0, zero_threshold=0.5, zero_count=1, positive={1: 2, 2: 3}, negative={1: 4}, count=10
    )
    found = [(b.lower, b.upper, b.count) for b in histogram.buckets()]
    assert found == [(-2, -1, 4), (-0.5, 0.5, 1), (1, 2, 2), (2, 4, 3)]


@pytest.mark.parametrize(
    ("histogram", "fault"),
    [
        (Histogram(schema=9), "schema 9 is not between -4 and 8, nor -53"),
        (Histogram(schema=CUSTOM_SCHEMA, custom_bounds=(2.0, 1.0)), "custom bounds must rise"),
        (Histogram(schema=1, custom_bounds=(1.0,)), "custom bounds with schema 1"),
        (Histogram(count=-1.0), "below zero"),
        (
            Histogram(schema=CUSTOM_SCHEMA, custom_bounds=(1.0,), positive={5: 1.0}),
            "outside of the 2 custom buckets",
        ),
    ],
)
def test_an_impossible_histogram_says_why(histogram, fault):
    assert any(fault in found for found in histogram.faults())


def test_a_sound_histogram_has_no_faults():
    assert Histogram(schema=3, count=2, positive={4: 2.0}).faults() == []
