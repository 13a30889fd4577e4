"""Matchers choose series; a regular expression of a user must never cost more than its text."""

import time

import pytest

from tapewatch.model import regex as regex_module
from tapewatch.model.errors import BadRegex, RegexEngineMissing
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind, equal, match_all
from tapewatch.model.regex import Regex, regex

RE, NRE = MatchKind.REGEX, MatchKind.NOT_REGEX


@pytest.mark.parametrize(
    ("kind", "value", "text", "passes"),
    [
        (MatchKind.EQUAL, "a", "a", True),
        (MatchKind.EQUAL, "", "", True),
        (MatchKind.NOT_EQUAL, "a", "b", True),
        (RE, "BTC.*", "BTCUSDT", True),
        (RE, "TC", "BTC", False),
        (RE, "a|bc", "bc", True),
        (RE, "a|bc", "ab", False),
        (RE, "a.c", "a\nc", True),
        (NRE, ".+", "", True),
        (RE, "(?i)btc", "BTC", True),
        (RE, ".*", "", True),
    ],
)
def test_a_matcher_sees_the_whole_value(kind, value, text, passes):
    assert Matcher(kind, "symbol", value).matches(text) is passes


def test_a_missing_label_is_an_empty_one():
    assert match_all([equal("venue", "")], Labels.of(symbol="x"))


def test_a_matcher_prints_as_promql():
    assert str(Matcher(NRE, "a b", 'x"')) == '"a b"!~"x\\""'


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [("a", {"a"}), ("a|b", {"a", "b"}), ("(a|b)", {"a", "b"}), ("(?:a|)", {"a", ""}), ("a.", None)],
)
def test_alternations_of_literals_are_known(pattern, literals):
    assert regex(pattern).literals == literals


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [("BTC.*", "BTC"), ("BTC?", "BT"), ("a|b.*", ""), ("(?i)a", ""), ("x", "x"), ("^a", "")],
)
def test_the_prefix_of_a_pattern_is_on_every_match(pattern, prefix):
    assert regex(pattern).literal_prefix == prefix


def test_a_bad_pattern_is_told_with_the_pattern():
    with pytest.raises(BadRegex, match=r"missing \): `\(a`"):
        regex("(a")


def test_a_pattern_that_kills_backtrackers_is_answered_at_once():
    begin = time.process_time()
    assert not regex("(a+)+b").matches("a" * 5_000)
    assert time.process_time() - begin < 1


def test_without_re2_literals_work_and_the_rest_says_what_is_missing(monkeypatch):
    def missing(pattern):
        raise RegexEngineMissing(pattern)

    monkeypatch.setattr(regex_module, "_compile", missing)
    assert Regex("a|b").matches("b")
    with pytest.raises(RegexEngineMissing, match="pip install google-re2"):
        Regex("a.*")
