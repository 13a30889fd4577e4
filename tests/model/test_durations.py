"""Durations and times, in the forms that configuration, queries and APIs use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.durations import (
    format_duration_ms,
    format_time_ns,
    parse_duration_ms,
    parse_time_ms,
    parse_time_ns,
)
from tapewatch.model.errors import BadText


@given(st.integers(0, 2**43))
def test_a_printed_duration_reads_back(duration_ms):
    assert parse_duration_ms(format_duration_ms(duration_ms)) == duration_ms


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("0", 0), ("250ms", 250), ("1h30m", 5_400_000), ("1d", 86_400_000), ("1y", 31_536_000_000)],
)
def test_durations_read_as_prometheus_reads_them(text, duration_ms):
    assert parse_duration_ms(text) == duration_ms


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(0, "0s"), (90_000, "1m30s"), (86_400_000, "1d"), (90_000_000, "25h"), (-1_000, "-1s")],
)
def test_durations_print_as_prometheus_prints_them(duration_ms, text):
    assert format_duration_ms(duration_ms) == text


@pytest.mark.parametrize("text", ["", "1", "1m1h", "1m1m", "m", "1.5h", "-1s", "1h 30m"])
def test_other_durations_are_refused_with_the_form(text):
    with pytest.raises(BadText, match="as in 1h30m"):
        parse_duration_ms(text)


@given(st.integers(-(2**62), 2**62))
def test_a_printed_time_reads_back(time_ns):
    assert parse_time_ns(format_time_ns(time_ns)) == time_ns


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("1435781451.781", 1435781451781),
        ("1.5e3", 1_500_000),
        ("-1", -1000),
        ("2015-07-01T20:10:51.781Z", 1435781451781),
        ("2015-07-01T22:10:51.781+02:00", 1435781451781),
    ],
)
def test_times_read_as_the_api_reads_them(text, time_ms):
    assert parse_time_ms(text) == time_ms


@pytest.mark.parametrize("text", ["", "now", "2015-13-01T00:00:00Z", "NaN", "1e30", "2015-07-01"])
def test_other_times_are_refused(text):
    with pytest.raises(BadText):
        parse_time_ns(text)
