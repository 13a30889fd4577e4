"""Literals are Go's: a query that Prometheus reads must not change its meaning here."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.promql.literals import (
    duration_seconds,
    number_value,
    scan_string,
    unquote,
)
from tapewatch.model.labels import quote


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_a_quoted_text_reads_back(text):
    literal = quote(text)
    assert scan_string(literal, 0) == (len(literal), "")
    assert unquote(literal) == text


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'),
        (r"'it\'s'", "it's"),
        (r"`a\b`", r"a\b"),
        (r'"\u1234\U00010111\101"', "\u1234\U00010111A"),
        (r'"\xc3\xa9"', "é"),  # two bytes that make one character
        (r'"\xff"', "\udcff"),  # a byte that makes none
    ],
)
def test_escapes_are_those_of_go(literal, text):
    assert unquote(literal) == text


@pytest.mark.parametrize(
    ("literal", "fault"),
    [
        (r'"open', "unterminated quoted string"),
        ("`open", "unterminated raw string"),
        ('"two\nlines"', "unterminated quoted string"),
        ('"\\', "escape sequence not terminated"),
        (r'"\c"', "unknown escape sequence U+0063 'c'"),
        (r'"\x.f"', "illegal character U+002E '.' in escape sequence"),
        (r'"\777"', "escape sequence is an invalid Unicode code point"),
        (r'"\ud800"', "escape sequence is an invalid Unicode code point"),
        ('"\ufffd"', "invalid UTF-8 rune"),
    ],
)
def test_a_bad_string_says_what_is_wrong(literal, fault):
    assert scan_string(literal, 0)[1] == fault


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000_000", 1e6),
        ("0x1F", 31.0),
        ("0755", 493.0),
        ("08", 8.0),
        ("0b101", 5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("inf", math.inf),
    ],
)
def test_numbers_are_those_of_go(text, value):
    assert number_value(text) == (value, "")


def test_a_number_beyond_the_floats_is_refused():
    _, fault = number_value("9" * 400)
    assert fault.startswith('error parsing number: strconv.ParseFloat: parsing "999')
    assert fault.endswith("value out of range")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("5y1hs", 'unknown unit "hs" in duration "5y1hs"'),
        ("5m1h", 'not a valid duration string: "5m1h"'),
        ("300y", "duration out of range"),
        ("1h30m", ""),
    ],
)
def test_a_bad_duration_says_what_is_wrong(text, fault):
    assert duration_seconds(text)[1] == fault
