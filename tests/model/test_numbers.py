"""Numbers leave in Prometheus' words; clients compare them as text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.errors import BadText
from tapewatch.model.numbers import format_float, format_float_go, parse_float


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1e-7, "1e-07"),
        (1.25e-9, "1.25e-09"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_the_apis_form(value, text):
    assert format_float(value) == text


@given(st.floats(allow_nan=False))
def test_a_printed_number_reads_back(value):
    assert parse_float(format_float(value)) == value
    assert parse_float(format_float_go(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x1f", 31), ("1_000", 1000), ("0b101", 5), ("1e3", 1000), (".5", 0.5), ("-Inf", -math.inf)],
)
def test_go_forms_are_read(text, value):
    assert parse_float(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1e", "--1", "1,5", "0xzz"])
def test_other_texts_are_refused(text):
    with pytest.raises(BadText, match="not a number"):
        parse_float(text)
