"""Classic histograms become native ones without losing an observation."""

import pytest

from tapewatch.metrics.promql.classic import to_native
from tapewatch.model.errors import BadText
from tapewatch.model.histograms import CUSTOM_SCHEMA, Histogram
from tapewatch.model.labels import Labels

BASE = Labels.of(__name__="latency", venue="X")


def bucket(bound, count, at=0):
    return BASE.replace(__name__="latency_bucket", le=bound), at, float(count)


def part(name, value, at=0):
    return BASE.replace(__name__=f"latency_{name}"), at, float(value)


def test_buckets_count_and_sum_are_put_together():
    samples = [
        bucket("1", 2),
        bucket("+Inf", 9),
        bucket("0.5", 2),
        part("sum", 3),
        part("count", 9),
    ]
    assert to_native(samples) == {
        BASE: [
            (
                0,
                Histogram(
                    schema=CUSTOM_SCHEMA,
                    count=9.0,
                    sum=3.0,
                    positive={0: 2.0, 2: 7.0},
                    custom_bounds=(0.5, 1.0),
                ),
            )
        ]
    }


def test_the_count_stands_in_for_a_missing_last_bucket():
    ((_, histogram),) = to_native([bucket("1", 2), part("count", 5)])[BASE]
    assert histogram.positive == {0: 2.0, 1: 3.0}
    ((_, histogram),) = to_native([bucket("1", 2)])[BASE]
    assert histogram.count == 2


def test_every_time_is_its_own_histogram():
    histograms = to_native([bucket("1", 2, at=60), bucket("1", 1, at=0)])[BASE]
    assert [(at, one.count) for at, one in histograms] == [(0, 1), (60, 2)]


def test_other_series_are_left_alone():
    assert to_native([(BASE, 0, 1.0), bucket("big", 1), bucket("NaN", 1)]) == {}


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([bucket("1", 3), bucket("2", 2)], "its buckets must count up from zero or more"),
        ([bucket("+Inf", 3), part("count", 2)], "its last bucket holds 3.0, its count is 2.0"),
        ([part("sum", 3)], "neither a count nor a bucket"),
    ],
)
def test_an_impossible_histogram_is_refused(samples, reason):
    with pytest.raises(BadText, match=reason):
        to_native(samples)
