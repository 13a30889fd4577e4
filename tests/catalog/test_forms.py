"""The small texts of a catalog read and print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.catalog.forms import (
    Guard,
    ObjectiveWindow,
    format_share,
    parse_guard,
    parse_share,
    parse_window,
)
from tapewatch.catalog.units import convert_seconds, unit_of_name, with_unit
from tapewatch.catalog.words import kebab
from tapewatch.model.errors import BadText


@given(st.integers(0, 1_000_000))
def test_a_share_prints_and_reads_back(millionths):
    share = millionths / 1_000_000
    assert parse_share(format_share(share)) == share


@pytest.mark.parametrize(("text", "share"), [("99.5%", 0.995), ("0.995", 0.995), ("100%", 1.0)])
def test_a_share_is_percent_or_a_fraction(text, share):
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["101%", "-1%", "many", "99.5"])
def test_a_share_beyond_all_is_refused(text):
    with pytest.raises(BadText):
        parse_share(text)


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("XNYS open", Guard("XNYS")),
        ("XNYS open for 5m", Guard("XNYS", "open", 300_000)),
        ("24/7 closed", Guard("24/7", "closed")),
        ("always", Guard("always")),
    ],
)
def test_a_guard_reads_and_prints(text, guard):
    assert parse_guard(text) == guard
    assert str(guard) == text


def test_a_bad_guard_says_what_is_right():
    with pytest.raises(BadText, match="as in XNYS open for 5m"):
        parse_guard("while XNYS")


def test_a_window_may_be_of_a_calendar():
    assert parse_window("30d of XNYS") == ObjectiveWindow(30 * 86_400_000, "XNYS")
    with pytest.raises(BadText, match="needs some time"):
        parse_window("0s")


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("latency_us", "microseconds"),
        ("request_duration_seconds", "seconds"),
        ("last_message_timestamp_seconds", "timestamp"),
        ("errors_total", "count"),
        ("network_receive_bytes_total", "bytes"),
        ("pnl_usd", "usd"),
        ("status", "flag"),
    ],
)
def test_a_unit_follows_from_the_name(name, unit):
    assert unit_of_name(name) == unit


def test_numbers_are_written_with_their_unit():
    assert with_unit(0.05, "ratio") == "5%"
    assert with_unit(5000, "usd") == "5000 USD"
    assert convert_seconds(0.002, "microseconds") == 2000


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("HighOrderLatency", "high-order-latency"),
        ("MLInferenceErrors", "ml-inference-errors"),
        ("P99Slow", "p99-slow"),
        ("gateway_down", "gateway-down"),
    ],
)
def test_a_runbook_is_named_like_its_alert(name, file):
    assert kebab(name) == file
