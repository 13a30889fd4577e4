"""Tokens: what a word means depends only on the bracket or the brace that it stands in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.promql.lex import ERROR, tokenize


def kinds(text):
    return [token.kind for token in tokenize(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum BY(x)", ["sum", "by", "(", "identifier", ")"]),
        ("foo:bar offset 5m", ["metric identifier", "offset", "duration"]),
        ("{sum='1',}", ["{", "identifier", "=", "string", ",", "}"]),
        ("a </ 1 >/ 2 <= 3", ["identifier", "</", "number", ">/", "number", "<=", "number"]),
        ("x[step():range()]", ["identifier", "[", "step", "(", ")", ":", "range", "(", ")", "]"]),
        ("nan + Inf", ["number", "+", "number"]),
        ("1 # one\n+2", ["number", "+", "number"]),
    ],
)
def test_words_are_told_apart(text, expected):
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + fill b", ["identifier", "+", "identifier", "identifier"]),
        ("a + fill (1) b", ["identifier", "+", "fill", "(", "number", ")", "identifier"]),
    ],
)
def test_fill_is_a_name_unless_it_is_called(text, expected):
    assert kinds(text) == expected


def test_tokens_know_where_they_stand():
    text = "sum(rate(x{a='b'}[5m]))"
    assert all(text[token.start : token.end] == token.text for token in tokenize(text))


@given(st.text("ab_:0159.xe\"'`\\{}[]()=!~<>+-*/%^@, \n#smhd", max_size=40))
def test_any_text_reads_as_tokens_and_one_end(text):
    tokens = tokenize(text)
    assert tokens[-1].kind in (ERROR, "end of input")
    assert all(token.kind != ERROR for token in tokens[:-1])
    starts = [token.start for token in tokens[:-1]]
    assert starts == sorted(starts)
