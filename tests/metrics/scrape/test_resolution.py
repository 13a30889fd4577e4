import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.scrape.errors import LimitExceeded
from tapewatch.metrics.scrape.resolution import bucket_count, fit, halve, schema_for
from tapewatch.metrics.scrape.settings import Limits
from tapewatch.model.histograms import Histogram, bucket_index


@given(st.lists(st.floats(1e-6, 1e6), max_size=30), st.integers(-3, 8))
def test_merged_buckets_count_what_a_coarser_histogram_would(values, schema):
    def counted(schema):
        buckets = {}
        for value in values:
            index = bucket_index(value, schema)
            buckets[index] = buckets.get(index, 0.0) + 1.0
        return buckets

    fine = Histogram(schema=schema, positive=counted(schema))
    assert halve(fine).positive == counted(schema - 1)


@pytest.mark.parametrize(
    ("factor", "schema"),
    [(65536, -4), (256, -3), (2, 0), (1.4, 1), (1.1, 2), (1.01, 6), (1.002, 8)],
)
def test_a_growth_factor_means_a_schema(factor, schema):
    assert schema_for(factor) == schema


def test_a_histogram_is_coarsened_until_it_fits():
    histogram = Histogram(schema=3, positive=dict.fromkeys(range(16), 1.0))
    assert bucket_count(fit(histogram, Limits(buckets=5))) <= 5
    assert fit(histogram, Limits(bucket_factor=2)).schema == 0
    assert fit(histogram, Limits()) is histogram


def test_a_histogram_that_never_fits_is_refused():
    wide = Histogram(schema=-4, positive={0: 1.0, 9: 1.0})
    with pytest.raises(LimitExceeded, match="bucket_limit exceeded: 2, the limit is 1"):
        fit(wide, Limits(buckets=1))
