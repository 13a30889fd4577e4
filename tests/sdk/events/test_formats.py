"""Formats of events: declared by a text, filled outside of the process."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk import events
from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.redaction import Redactor

GAP = EventFormat("WARN", "feed", "{venue} {symbol}: {first:d} to {last:d} are missing")


def test_a_format_reads_back_from_its_text():
    assert str(GAP) == "WARN feed: {venue} {symbol}: {first:d} to {last:d} are missing"
    assert EventFormat.parse(str(GAP)) == GAP


@pytest.mark.parametrize("text", ["order {id} sent", "note: nothing", "a b: {c}", ""])
def test_a_text_of_another_form_is_a_template(text):
    assert EventFormat.parse(text) == EventFormat("INFO", "", text)


def test_a_message_is_filled_in_order():
    assert GAP.message(["binance", "BTCUSDT", 9, 11]) == "binance BTCUSDT: 9 to 11 are missing"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["binance"], "binance ?: ? to ? are missing"),
        (["b", "s", "nine", None], "b s: nine to None are missing"),
        (["b", "s", 1, 2, 3], "b s: 1 to 2 are missing"),
    ],
)
def test_arguments_that_do_not_fit_are_shown_as_they_are(arguments, message):
    assert GAP.message(arguments) == message


@given(st.text(max_size=40), st.lists(st.none() | st.integers() | st.text(max_size=9), max_size=7))
def test_any_template_makes_a_message(template, arguments):
    assert isinstance(EventFormat("INFO", "x", template).message(arguments), str)


def test_a_line_names_its_arguments_and_hides_what_is_secret():
    line = EventFormat("INFO", "login", "{user} came").line(
        ["someone@desk.example.com", 7], 1_700_000_000_123_456_000, Redactor(b"key")
    )
    told = json.loads(line)
    assert told["timestamp"] == "2023-11-14T22:13:20.123456Z"
    assert (told["level"], told["target"]) == ("INFO", "login")
    assert told["fields"] == {
        "message": "[redacted] came",
        "user": "[redacted]",
        "argument_2": 7,
    }


def test_a_secret_does_not_come_back_by_the_template():
    form = EventFormat.parse("WARN gateway: login of {account_id} with {api_key} failed")
    line = form.line(("desk-7", "s3cr3t-value"), 0, Redactor(b"k"))
    assert "s3cr3t-value" not in line
    assert "desk-7" not in line


def test_one_format_has_one_number():
    first = events.declare("{a} one", target="test")
    assert events.declare("{a} one", target="test") == first
    assert events.declare("{a} two", target="test") != first


def test_an_event_goes_to_the_ring():
    number = events.declare("{a}", target="test")
    before = REGISTRY.ring.position
    events.push(number, "binance", 1, 2.5, None)
    events.push("no number", "binance")
    assert REGISTRY.ring.position == before + 1


def test_the_module_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'pull'"):
        events.pull(1)
