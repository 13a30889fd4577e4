"""Numbers in labels and messages, as Go writes them."""

import math

import pytest

from tapewatch.metrics.promql.numerals import describe, fixed, fixed_digits, general, open_metrics
from tapewatch.model.histograms import Histogram


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (123456.0, "123456"),
        (1e6, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-2.5, "-2.5"),
        (math.inf, "+Inf"),
        (math.nan, "NaN"),
    ],
)
def test_the_general_form_has_an_exponent_from_a_million(value, text):
    assert general(value) == text


def test_the_fixed_form_never_has_an_exponent():
    assert fixed(1e21) == "1000000000000000000000"
    assert fixed(1e-7) == "0.0000001"
    assert fixed(-3.0) == "-3"


def test_labels_of_quantiles_always_have_a_point():
    assert [open_metrics(value) for value in (1.0, 0.5, 1e7)] == ["1.0", "0.5", "1e+07"]


def test_six_digits_after_the_point():
    assert fixed_digits(0.5) == "0.500000"
    assert fixed_digits(math.inf) == "+Inf"


def test_a_description_names_every_filled_bucket() -> None:
    histogram = Histogram(
        count=6, sum=2.5, zero_threshold=0.001, zero_count=1, positive={1: 2}, negative={0: 3}
    )
    assert describe(histogram) == ("{count:6, sum:2.5, [-1,-0.5):3, [-0.001,0.001]:1, (1,2]:2}")
