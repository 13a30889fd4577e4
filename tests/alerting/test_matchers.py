import pytest

from tapewatch.alerting.errors import BadMatchers
from tapewatch.alerting.matchers import (
    Reading,
    format_matchers,
    parse_classic,
    parse_matcher,
    parse_matchers,
    parse_utf8,
)


def told(matchers):
    return [(each.name, str(each.kind), each.value) for each in matchers]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("{}", []),
        ("foo=bar", [("foo", "=", "bar")]),
        ('{foo="bar",}', [("foo", "=", "bar")]),
        ('{ foo =~ "b.*" , bar!="x" }', [("foo", "=~", "b.*"), ("bar", "!=", "x")]),
        ('"a b"!~"x|y"', [("a b", "!~", "x|y")]),
        ('foo="a,b"', [("foo", "=", "a,b")]),
        ('foo="\\"q\\" \\u00e9"', [("foo", "=", '"q" é')]),
        ("фу=🙂", [("фу", "=", "🙂")]),
        ("foo:bar=x", [("foo:bar", "=", "x")]),
    ],
)
def test_utf8_matchers_are_read(text, wanted):
    assert told(parse_utf8(text)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("{foo=bar", "foo=bar}", "{foo=bar}}", "foo", "=bar", "foo=", "foo==bar", "{,}"),
        *('foo="bar', '""="x"', "foo=bar baz", "foo=b{r", 'foo=~"("'),
    ],
)
def test_what_is_no_utf8_matcher_is_refused(text):
    with pytest.raises(BadMatchers, match="bad matcher format"):
        parse_utf8(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("foo=bar", [("foo", "=", "bar")]),
        ("foo=", [("foo", "=", "")]),
        ("foo=bar baz", [("foo", "=", "bar baz")]),
        ("{foo=bar", [("foo", "=", "bar")]),
        ('foo="a,b",c=d', [("foo", "=", "a,b"), ("c", "=", "d")]),
        (r"foo=a\nb", [("foo", "=", "a\nb")]),
        (r"foo=a\qb", [("foo", "=", r"a\qb")]),
        ("foo=é", [("foo", "=", "é")]),
        ("foo=~[a-z]{2}", [("foo", "=~", "[a-z]{2}")]),
    ],
)
def test_classic_matchers_are_read(text, wanted):
    assert told(parse_classic(text)) == wanted


@pytest.mark.parametrize("text", ["é=x", "foo", 'foo="bar', 'foo=b"r', "a-b=c"])
def test_what_is_no_classic_matcher_is_refused(text):
    with pytest.raises(BadMatchers, match="bad matcher format"):
        parse_classic(text)


def test_in_fallback_the_classic_reading_holds_where_both_are_possible():
    text = r'foo="a\u0062"'
    assert told(parse_matchers(text, Reading.UTF8)) == [("foo", "=", "ab")]
    assert told(parse_matchers(text)) == [("foo", "=", r"a\u0062")]


def test_in_fallback_each_reading_helps_out_for_the_other():
    assert told(parse_matchers("foo=")) == [("foo", "=", "")]
    assert told(parse_matchers("é=x")) == [("é", "=", "x")]


def test_strict_modes_do_not_help_out():
    with pytest.raises(BadMatchers):
        parse_matchers("foo=", Reading.UTF8)
    with pytest.raises(BadMatchers):
        parse_matchers("é=x", Reading.CLASSIC)


def test_one_matcher_is_one_matcher():
    assert parse_matcher("a=b").value == "b"
    with pytest.raises(BadMatchers, match="one matcher is expected, not 2"):
        parse_matcher("a=b,c=d")


def test_matchers_are_written_as_group_keys_have_them():
    assert format_matchers(parse_matchers('{team="exec",v=~"a|b"}')) == '{team="exec",v=~"a|b"}'
