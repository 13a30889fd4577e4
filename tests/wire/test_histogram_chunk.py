"""Chunks of native histograms, read back by the reader of Prometheus' blocks."""

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.imports.tsdb.histograms import decode_fractional
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.wire.histogram_chunk import encode_histograms, runs

counts = st.floats(0.25, 1e9) | st.sampled_from([1.0, 2.0])
buckets = st.dictionaries(st.integers(-50, 50), counts, max_size=6)
bounds = st.lists(
    st.floats(-1e6, 1e6) | st.sampled_from([0.005, 0.1, 1.0]), min_size=1, max_size=6, unique=True
)
standard = st.builds(
    Histogram,
    schema=st.sampled_from([-4, 0, 3, 8]),
    count=counts,
    sum=st.floats(allow_nan=False),
    zero_threshold=st.sampled_from([0.0, 2.0**-128, 0.001, 1e-128]),
    zero_count=counts,
    positive=buckets,
    negative=buckets,
    reset_hint=st.sampled_from(ResetHint),
)
custom = bounds.flatmap(
    lambda own: st.builds(
        Histogram,
        schema=st.just(-53),
        count=counts,
        positive=st.dictionaries(st.integers(0, len(own)), counts, max_size=4),
        custom_bounds=st.just(tuple(sorted(own))),
    )
)
gaps = st.integers(1, 2**40) | st.just(1000)


@given(st.lists(st.tuples(gaps, standard | custom), max_size=12), st.integers(1, 5))
def test_every_histogram_is_read_back_in_order(steps, size):
    at_ms, stamped = -(2**39), []
    for gap, histogram in steps:
        at_ms += gap
        stamped.append((at_ms, histogram.compact()))
    found = [
        each for run in runs(stamped, size) for each in decode_fractional(encode_histograms(run))
    ]
    assert [_bare(each) for each in found] == [_bare(each) for each in stamped]


@given(st.lists(standard, min_size=2, max_size=8))
def test_a_reset_and_a_gauge_are_still_told(histograms):
    stamped = [(place, each) for place, each in enumerate(histograms)]
    found = [
        each for run in runs(stamped, 120) for each in decode_fractional(encode_histograms(run))
    ]
    for (_, before), (_, after) in zip(stamped, found, strict=True):
        if before.reset_hint in (ResetHint.RESET, ResetHint.GAUGE):
            assert after.reset_hint is before.reset_hint


def _bare(stamped):
    at_ms, one = stamped
    numbers = (one.schema, one.count, one.sum, one.zero_threshold, one.zero_count)
    return (at_ms, numbers, one.positive, one.negative, one.custom_bounds)
