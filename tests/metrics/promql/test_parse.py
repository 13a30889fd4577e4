"""The parser takes what Prometheus takes, and says what Prometheus says of the rest."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.metrics.promql.commands import EvalInstant, EvalRange, parse_script
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.features import EVERYTHING, STABLE, Features
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Binary,
    Border,
    Call,
    Cardinality,
    MatrixSelector,
    NumberLiteral,
    Operator,
    Parenthesis,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
    walk,
)
from tapewatch.metrics.promql.parse import parse, parse_metric, parse_series_selector
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind, equal, named


def selector(name, *matchers, **fields):
    return VectorSelector(name, (*matchers, named(name)), **fields)


def number(value):
    return NumberLiteral(float(value))


A, B, C = selector("a"), selector("b"), selector("c")
MANY_TO_MANY = VectorMatching(Cardinality.MANY_TO_MANY)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-1 ^ 2", Unary(Operator.SUBTRACT, Binary(Operator.POWER, number(1), number(2)))),
        ("-1 * 2", Binary(Operator.MULTIPLY, number(-1), number(2))),
        (
            "2 ^ 3 ^ 2",
            Binary(Operator.POWER, number(2), Binary(Operator.POWER, number(3), number(2))),
        ),
        (
            "1 - 2 - 3",
            Binary(Operator.SUBTRACT, Binary(Operator.SUBTRACT, number(1), number(2)), number(3)),
        ),
        (
            "a or b and c",
            Binary(Operator.OR, A, Binary(Operator.AND, B, C, MANY_TO_MANY), MANY_TO_MANY),
        ),
        (
            "(a) atan2 b",
            Binary(Operator.ATAN2, Parenthesis(A), B, VectorMatching()),
        ),
        ("a > bool 1", Binary(Operator.GREATER, A, number(1), return_bool=True)),
        ("a </ 1", Binary(Operator.TRIM_UPPER, A, number(1))),
    ],
)
def test_operators_bind_as_they_should(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ("a + b", VectorMatching()),
        ("a + on() b", VectorMatching(on=True)),
        ("a * ignoring(x) b", VectorMatching(labels=("x",))),
        (
            "a * on(x) group_left b",
            VectorMatching(Cardinality.MANY_TO_ONE, ("x",), on=True),
        ),
        (
            "a * on(x,) group_right(y, 'z.z') b",
            VectorMatching(Cardinality.ONE_TO_MANY, ("x",), True, ("y", "z.z")),
        ),
        ("a + fill(-1) b", VectorMatching(fill_left=-1.0, fill_right=-1.0)),
        ("a + fill_right(2) fill_left(3) b", VectorMatching(fill_left=3.0, fill_right=2.0)),
        ("a + 1", None),
    ],
)
def test_matching_says_how_series_find_each_other(text, matching):
    assert parse(text, EVERYTHING).matching == matching


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a[5m]", MatrixSelector(A, 300_000)),
        ("a[300]", MatrixSelector(A, 300_000)),
        ("a[1h30m] offset -1d", MatrixSelector(selector("a", offset_ms=-86_400_000), 5_400_000)),
        ("a[1m:]", Subquery(A, 60_000)),
        ("a[1m:5s] @ end()", Subquery(A, 60_000, 5_000, at=Border.END)),
        ("a @ 3.3335", selector("a", at=3334)),
        ("a @ -1 offset 1m", selector("a", at=-1000, offset_ms=60_000)),
        ("a[1m] anchored", MatrixSelector(selector("a", anchored=True), 60_000)),
        ("a smoothed", selector("a", smoothed=True)),
        ("a offset 2 ^ 2", Binary(Operator.POWER, selector("a", offset_ms=2000), number(2))),
        ("{'x.y', z='1'}", VectorSelector("", (named("x.y"), equal("z", "1")))),
        ("offset{step='1s'}", selector("offset", equal("step", "1s"))),
        ("sum", selector("sum")),
    ],
)
def test_selectors_keep_their_windows_offsets_and_times(text, tree):
    assert parse(text, EVERYTHING) == tree


@pytest.mark.parametrize(
    "text", ["sum by (a, b) (x)", "sum(x) by (a, b)", "sum by (a,b,)(x)", "SUM BY (a, 'b') (x)"]
)
def test_the_grouping_may_stand_on_either_side(text):
    assert parse(text) == Aggregate(parse("sum(x)").operator, selector("x"), None, ("a", "b"))


def test_keywords_may_be_names_wherever_they_cannot_be_meant():
    for name in (
        "sum",
        "by",
        "and",
        "or",
        "unless",
        "offset",
        "start",
        "end",
        "step",
        "range",
        "anchored",
        "smoothed",
        "max_of",
    ):
        assert parse(f"{name}{{{name}='{name}'}}").name == name
        assert parse(f"count by ({name}) (x)").grouping == (name,)
    assert isinstance(parse("start()", EVERYTHING), Call)


def test_spans_point_into_the_text():
    text = "sum by (job) (rate(a{b='c'}[5m] offset 1m)) / -b"
    parts = [text[node.span.start : node.span.end] for node in walk(parse(text))]
    assert parts == [
        text,
        "sum by (job) (rate(a{b='c'}[5m] offset 1m))",
        "rate(a{b='c'}[5m] offset 1m)",
        "a{b='c'}[5m] offset 1m",
        "a{b='c'}",
        "-b",
        "b",
    ]


SYNTAX_FAULTS = {
    "": "1:1: parse error: no expression found in input",
    "# nothing\n\n": "1:1: parse error: no expression found in input",
    "1+": "1:3: parse error: unexpected end of input",
    "1\n+": "2:2: parse error: unexpected end of input",
    ".": "1:1: parse error: unexpected character: '.'",
    "2.5.": '1:1: parse error: bad number or duration syntax: "2.5."',
    "100..4": '1:1: parse error: bad number or duration syntax: "100.."',
    "0deadbeef": '1:1: parse error: bad number or duration syntax: "0de"',
    "*1": "1:1: parse error: unexpected <op:*>",
    "@@": "1:1: parse error: unexpected <op:@>",
    "(1))": "1:5: parse error: unexpected right parenthesis ')'",
    "((1)": "1:5: parse error: unclosed left parenthesis",
    "sum(": "1:5: parse error: unclosed left parenthesis",
    "1 !~ 1": "1:3: parse error: unexpected character after '!': '~'",
    "1 =~ 1": "1:3: parse error: unexpected character after '=': '~'",
    "-=": '1:2: parse error: unexpected "="',
    "++-++-+-+-<": "1:11: parse error: unexpected <op:<>",
    "foo bar": '1:5: parse error: unexpected identifier "bar"',
    'foo "some text"': '1:5: parse error: unexpected string "\\"some text"...',
    "a - on(b) ignoring(c) d": "1:11: parse error: unexpected <ignoring>",
    "foo + group_left(baz) bar": "1:7: parse error: unexpected <group_left>",
    "sum some_metric by (test)": '1:5: parse error: unexpected identifier "some_metric"',
    "sum(foo bar)": '1:9: parse error: unexpected identifier "bar" in aggregation',
    "sum by (a) b": '1:12: parse error: unexpected identifier "b" in aggregation',
    "sum(x) by test": (
        '1:11: parse error: unexpected identifier "test" in grouping opts, expected "("'
    ),
    "sum(x) without (a) by (b)": "1:20: parse error: unexpected <by>",
    "sum without(==)(x)": "1:13: parse error: unexpected <op:==> in grouping opts, expected label",
    "sum without(a,,)(x)": '1:15: parse error: unexpected "," in grouping opts, expected label',
    "sum by (without) (x)": (
        "1:9: parse error: unexpected <without> in grouping opts, expected label"
    ),
    "sum by (a b) (x)": (
        '1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")"'
    ),
    "sum by ('') (x)": '1:9: parse error: invalid label name for grouping: ""',
    "topk(x,)": "1:7: parse error: trailing commas not allowed in function call args",
    "foo()": '1:1: parse error: unknown function with name "foo"',
    "{": "1:2: parse error: unexpected end of input inside braces",
    "}": "1:1: parse error: unexpected character: '}'",
    "x{a=b}": ('1:5: parse error: unexpected identifier "b" in label matching, expected string'),
    "x{a:b='c'}": "1:4: parse error: unexpected character inside braces: ':'",
    "x{a}": '1:4: parse error: unexpected "}" in label matching, expected label matching operator',
    "x{,}": '1:3: parse error: unexpected "," in label matching, expected identifier or "}"',
    "x{a='b' c}": (
        '1:9: parse error: unexpected identifier "c" in label matching, expected "," or "}"'
    ),
    "x[]": (
        '1:3: parse error: unexpected "]" in subquery or range selector, '
        "expected number, duration, step(), or range()"
    ),
    "x[5m": "1:5: parse error: unclosed left bracket",
    "x[5mm]": '1:3: parse error: bad number or duration syntax: "5mm"',
    "x[5y1hs]": '1:3: parse error: unknown unit "hs" in duration "5y1hs"',
    "x[5m1h]": '1:3: parse error: not a valid duration string: "5m1h"',
    "x[0m]": "1:3: parse error: duration must be greater than 0",
    "x[-1]": "1:3: parse error: duration must be greater than 0",
    "x['5m']": "1:3: parse error: unexpected character in duration expression: '\\''",
    "x[:5m]": "1:4: parse error: unexpected colon before duration in duration expression",
    "x[5m x 5m]": "1:6: parse error: unexpected character: 'x', expected ':'",
    "x[5m 5m]": '1:6: parse error: unexpected duration "5m" in subquery or range, '
    'expected ":" or "]"',
    "x[5m:5m 5m]": '1:9: parse error: unexpected duration "5m" in subquery selector, expected "]"',
    "x[step]": (
        '1:7: parse error: unexpected "]" in subquery or range selector, '
        "expected number, duration, step(), or range()"
    ),
    "x[step()/0d]": "1:9: parse error: division by zero",
    "x[9.5e10]": "1:3: parse error: duration out of range",
    "x offset": (
        "1:9: parse error: unexpected end of input in offset, "
        "expected number, duration, step(), or range()"
    ),
    "x @": "1:4: parse error: unexpected end of input in @, expected timestamp",
    "x @ +Inf": "1:1: parse error: timestamp out of bounds for @ modifier: +Inf",
    "x @ 1 @ 2": "1:1: parse error: @ <timestamp> may not be set multiple times",
    "x offset 1s offset 2s": "1:1: parse error: offset may not be set multiple times",
    "1 offset 1d": (
        "1:1: parse error: offset modifier must be preceded by an instant vector selector or "
        "range vector selector or a subquery"
    ),
    "x OFFSET 1m[5m]": "1:12: parse error: no offset modifiers allowed before range",
    "x @ start()[5m]": "1:12: parse error: no @ modifiers allowed before range",
    "(x + y)[5m]": "1:8: parse error: ranges only allowed for vector selectors",
    "1[5m] anchored": "1:2: parse error: ranges only allowed for vector selectors",
    "x[1m:] smoothed": ("1:1: parse error: smoothed modifier is not supported for subqueries"),
    "x[1m] anchored smoothed": (
        "1:1: parse error: anchored and smoothed modifiers cannot be used together"
    ),
}


@pytest.mark.parametrize(("text", "message"), SYNTAX_FAULTS.items())
def test_a_text_that_is_no_query_is_refused_in_prometheus_words(text, message):
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text, EVERYTHING)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limitk(1, x)", "limitk() is experimental and must be enabled with"),
        ("info(x)", 'function "info" is not enabled'),
        ("x smoothed", "smoothed modifier is experimental and not enabled"),
        ("a + fill(1) b", "binop fill modifiers are experimental and not enabled"),
    ],
)
def test_experiments_are_off_until_they_are_switched_on(text, message):
    with pytest.raises(QuerySyntaxError, match=re.escape(message)):
        parse(text, STABLE)
    assert parse(text, EVERYTHING)


def test_duration_arithmetic_is_on_and_can_be_switched_off():
    assert parse("x[5m*2]")
    with pytest.raises(QuerySyntaxError, match="experimental duration expression is not enabled"):
        parse("x[5m*2]", Features(duration_expressions=False))


def test_a_syntax_error_carries_every_fault_with_its_place():
    with pytest.raises(QuerySyntaxError) as caught:
        parse("foo() + bar() +")
    assert [(fault.start, fault.end) for fault in caught.value.faults] == [
        (0, 3),
        (8, 11),
        (15, 15),
    ]


@pytest.mark.parametrize("text", ["(" * 5000 + "1" + ")" * 5000, "+".join("1" * 5000), "-" * 9999])
def test_nesting_beyond_reason_is_refused_not_crashed_on(text):
    with pytest.raises(QuerySyntaxError):
        parse(text)


def test_a_bad_pattern_is_refused_where_it_stands():
    with pytest.raises(QuerySyntaxError, match=r"1:3: parse error: error parsing regexp: missing"):
        parse("x{a=~'(a'}")


def test_a_series_selector_gives_its_matchers():
    assert parse_series_selector('up{job=~"a|b"}') == (
        Matcher(MatchKind.REGEX, "job", "a|b"),
        named("up"),
    )
    with pytest.raises(QuerySyntaxError, match='1:3: parse error: unexpected "\\["'):
        parse_series_selector("up[5m]")


def test_a_metric_gives_its_labels():
    assert parse_metric('up{job="a", "x.y"="z"}') == Labels.of({"x.y": "z"}, __name__="up", job="a")
    assert parse_metric('{"x.y"}') == Labels.of(__name__="x.y")
    with pytest.raises(QuerySyntaxError, match='unexpected identifier "b" in label set'):
        parse_metric('up{a="1" b}')


def conformance_queries(folder):
    for path in sorted((folder / "promql").glob("*.test")):
        for command in parse_script(path.read_text(encoding="utf-8")):
            if isinstance(command, EvalInstant | EvalRange):
                yield command.query


def test_every_query_of_the_conformance_scripts_parses(conformance):
    queries = set(conformance_queries(conformance))
    assert len(queries) > 1000
    for query in queries:
        parse(query, EVERYTHING)


_PIECES = (
    "sum by (a) (", "rate(", "x{a='b'}", "[5m]", "[5m:1m]", " offset 1m", " @ 3", " + on(a) ",
    " group_left ", ")", "(", "1", "-", "^", " unless ", "{", "}", "'", '"', "\\", "[", "]", ":",
    "step()", "min_of(1,2)", " anchored", ",", "\n", "#", "é", "0x", "_", "=~", " bool ", "fill(1)",
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_nonsense_is_refused_and_never_crashes(text):
    with suppress(QuerySyntaxError):
        parse(text, EVERYTHING)
