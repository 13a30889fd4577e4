"""Arithmetic on native histograms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics import algebra
from tapewatch.model.histograms import CUSTOM_SCHEMA, Histogram, ResetHint

counts = st.integers(0, 50).map(float)
buckets = st.dictionaries(st.integers(-6, 6), counts, max_size=6)


@st.composite
def standard(draw: st.DrawFn) -> Histogram:
    positive, negative, zero = draw(buckets), draw(buckets), draw(counts)
    return Histogram(
        schema=draw(st.integers(-2, 3)),
        zero_threshold=draw(st.sampled_from((0.0, 1e-3, 0.25))),
        zero_count=zero,
        positive=positive,
        negative=negative,
        count=sum(positive.values()) + sum(negative.values()) + zero,
        sum=draw(st.integers(-100, 100)),
    )


@st.composite
def custom(draw: st.DrawFn) -> Histogram:
    bounds = tuple(sorted(draw(st.sets(st.integers(-5, 5).map(float), max_size=4))))
    indices = st.integers(0, len(bounds))
    positive = draw(st.dictionaries(indices, counts, max_size=5))
    return Histogram(
        schema=CUSTOM_SCHEMA, positive=positive, custom_bounds=bounds, count=sum(positive.values())
    )


def total(histogram: Histogram) -> float:
    parts = (*histogram.positive.values(), *histogram.negative.values(), histogram.zero_count)
    return sum(parts)


@given(standard(), standard())
def test_a_sum_counts_what_both_count(one: Histogram, other: Histogram) -> None:
    both = algebra.add(one, other).histogram
    assert both.count == one.count + other.count
    assert total(both) == total(one) + total(other)
    assert both.schema == min(one.schema, other.schema)


@given(standard(), standard())
def test_the_order_of_a_sum_does_not_matter(one: Histogram, other: Histogram) -> None:
    left, right = algebra.add(one, other).histogram, algebra.add(other, one).histogram
    assert algebra.equal(left, right)


@given(standard())
def test_a_histogram_less_itself_is_empty(one: Histogram) -> None:
    rest = algebra.subtract(one, one).histogram
    assert (rest.count, rest.sum, total(rest)) == (0, 0, 0)
    assert not rest.compact().positive


@given(standard(), standard())
def test_a_counter_that_only_grew_was_not_reset(one: Histogram, more: Histogram) -> None:
    grown = algebra.add(one, more).histogram
    assert not algebra.is_reset(grown, one)
    if more.count:
        assert algebra.is_reset(one, grown)


@given(custom(), custom())
def test_custom_bounds_that_differ_are_cut_to_the_common_ones(
    one: Histogram, other: Histogram
) -> None:
    combined = algebra.add(one, other)
    common = set(one.custom_bounds) & set(other.custom_bounds)
    assert set(combined.histogram.custom_bounds) == common
    assert combined.bounds_reconciled is (one.custom_bounds != other.custom_bounds)
    assert total(combined.histogram) == one.count + other.count


def test_exponential_and_custom_buckets_have_no_sum() -> None:
    with pytest.raises(algebra.IncompatibleSchemas):
        algebra.add(Histogram(), Histogram(schema=CUSTOM_SCHEMA))


@pytest.mark.parametrize(
    ("left", "right", "hint", "collision"),
    [
        (ResetHint.RESET, ResetHint.NOT_RESET, ResetHint.UNKNOWN, True),
        (ResetHint.RESET, ResetHint.GAUGE, ResetHint.GAUGE, False),
        (ResetHint.UNKNOWN, ResetHint.NOT_RESET, ResetHint.UNKNOWN, False),
        (ResetHint.NOT_RESET, ResetHint.NOT_RESET, ResetHint.NOT_RESET, False),
    ],
)
def test_hints_are_joined(
    left: ResetHint, right: ResetHint, hint: ResetHint, collision: bool
) -> None:
    combined = algebra.add(Histogram(reset_hint=left), Histogram(reset_hint=right))
    assert combined.histogram.reset_hint is hint
    assert combined.reset_collision is collision


@given(standard())
def test_a_wider_zero_bucket_swallows_whole_buckets(one: Histogram) -> None:
    wide = algebra.widen_zero_bucket(one, 1.5)
    assert wide.zero_threshold >= 1.5
    assert total(wide) == total(one)
    positive = [bucket for bucket in algebra.all_buckets(wide) if bucket.count and bucket.lower > 0]
    assert all(bucket.upper > wide.zero_threshold for bucket in positive)


@given(st.lists(standard(), min_size=1, max_size=5))
def test_a_mean_is_a_sum_divided(histograms: list[Histogram]) -> None:
    mean, whole = algebra.mean(histograms).histogram, algebra.total(histograms).histogram
    assert mean is not None
    assert whole is not None
    assert mean.count == pytest.approx(whole.count / len(histograms))
    assert total(mean) == pytest.approx(total(whole) / len(histograms))


def test_a_mean_of_huge_histograms_does_not_overflow() -> None:
    huge = Histogram(count=1.5e308, sum=1.5e308, positive={1: 1.5e308})
    mean = algebra.mean([huge, huge, huge]).histogram
    assert mean is not None
    assert mean.count == pytest.approx(1.5e308)


def test_compensation_keeps_the_low_digits() -> None:
    parts = [Histogram(sum=1e16), *[Histogram(sum=1.0)] * 10, Histogram(sum=-1e16)]
    folded = algebra.total(parts).histogram
    assert folded is not None
    assert folded.sum == 10.0


def test_dividing_by_zero_leaves_no_buckets() -> None:
    result = algebra.divide(Histogram(count=2, sum=-1, positive={1: 2}), 0)
    assert (result.count, result.sum, dict(result.positive)) == (math.inf, -math.inf, {})
