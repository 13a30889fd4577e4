"""What is printed is read back as the same query, and looks as Prometheus writes it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.metrics.promql.commands import EvalInstant, EvalRange, parse_script
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.nodes import VectorSelector, rewrite
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import pretty, print_query, to_json


def sort_matchers(tree):
    def change(node):
        if isinstance(node, VectorSelector):
            return replace(node, matchers=tuple(sorted(node.matchers, key=str)))
        return node

    return rewrite(tree, change)


def assert_reads_back(text):
    tree = parse(text, EVERYTHING)
    for printed in (print_query(tree), pretty(tree)):
        assert sort_matchers(parse(printed, EVERYTHING)) == sort_matchers(tree), printed
    assert print_query(parse(print_query(tree), EVERYTHING)) == print_query(tree)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("sum(x) by(a,'b c')", 'sum by (a, "b c") (x)'),
        ("sum by () (x)", "sum(x)"),
        ("sum without () (x)", "sum without () (x)"),
        ("topk (5,x)", "topk(5, x)"),
        ("x{b='2',a=~`1`}", 'x{a=~"1",b="2"}'),
        ("{'x.y', z='1'}", '{__name__="x.y",z="1"}'),
        ("x [ 90m ] offset -1d@end()", "x[1h30m] @ end() offset -1d"),
        ("x[5m]@1.5", "x[5m] @ 1.500"),
        ("x[1h:] offset 5", "x[1h:] offset 5s"),
        ("x[5m] smoothed", "x[5m] smoothed"),
        ("x[5m*2+step()]", "x[5m * 2 + step()]"),
        ("x offset -(5m)", "x offset -(5m)"),
        ("x[max_of(step(),-1m)]", "x[max_of(step(), -1m)]"),
        ("time()-10m", "time() - 10m"),
        ("1e3 + 1e-7 + 0x1f", "1000 + 0.0000001 + 31"),
        ("Inf - NaN", "+Inf - NaN"),
        ("Inf ^ x", "Inf ^ x"),
        ("a>bool on()group_left b", "a > bool on () group_left () b"),
        ("a+ignoring(x)fill(1)b", "a + ignoring (x) fill (1) b"),
        ("a + fill_left(1) fill_right(2) b", "a + fill_left (1) fill_right (2) b"),
        ("label_replace(x,'a\\n','','','')", 'label_replace(x, "a\\n", "", "", "")'),
        (r'count_values("\xff", x)', r'count_values("\xff", x)'),
    ],
)
def test_a_query_has_one_form(text, printed):
    assert print_query(parse(text, EVERYTHING)) == printed
    assert_reads_back(text)


def test_a_long_query_is_broken_into_lines():
    text = (
        "histogram_quantile(0.99, sum by (venue, symbol, le) "
        "(rate(order_latency_seconds_bucket{venue='binance'}[5m]))) "
        "/ on(venue) group_left sum by (venue) (rate(orders_sent_total[5m]))"
    )
    assert pretty(parse(text)).splitlines() == [
        "  histogram_quantile(",
        "    0.99,",
        '    sum by (venue, symbol, le) (rate(order_latency_seconds_bucket{venue="binance"}[5m]))',
        "  )",
        "/ on (venue) group_left ()",
        "  sum by (venue) (rate(orders_sent_total[5m]))",
    ]


def test_a_short_query_stays_on_its_line():
    assert pretty(parse("sum(rate(x[5m]))")) == "sum(rate(x[5m]))"


def test_json_is_what_the_api_shows():
    assert to_json(parse("-sum by (a) (x{b!='c'} offset 1m) > bool 2")) == {
        "type": "binaryExpr",
        "op": ">",
        "lhs": {
            "type": "unaryExpr",
            "op": "-",
            "expr": {
                "type": "aggregation",
                "op": "sum",
                "expr": {
                    "type": "vectorSelector",
                    "name": "x",
                    "offset": 60000,
                    "matchers": [
                        {"name": "b", "value": "c", "type": "!="},
                        {"name": "__name__", "value": "x", "type": "="},
                    ],
                    "timestamp": None,
                    "startOrEnd": None,
                    "anchored": False,
                    "smoothed": False,
                },
                "param": None,
                "grouping": ["a"],
                "without": False,
            },
        },
        "rhs": {"type": "numberLiteral", "val": "2"},
        "matching": None,
        "bool": True,
    }


def test_every_query_of_the_conformance_scripts_reads_back(conformance):
    for path in sorted((conformance / "promql").glob("*.test")):
        for command in parse_script(path.read_text(encoding="utf-8")):
            if isinstance(command, EvalInstant | EvalRange):
                assert_reads_back(command.query)
                to_json(parse(command.query, EVERYTHING))


names = st.sampled_from(["up", "orders_total", "sum", "by", "a:b", "offset"])
durations = st.sampled_from(["5m", "1h30m", "90", "250ms", "5m*2", "(step()+1)", "-1m+2m"])
matchers = st.sampled_from(["", "{}", "{a='1'}", "{'b.c'=~'x|y', d!=\"\"}", "{e!~`[0-9]+`}"])
offsets = st.sampled_from(["", " offset 1m", " offset -(1m)", " @ 7", " @ end() offset step()"])
numbers = st.floats(0, 1e9).map(repr) | st.sampled_from(["5m", "Inf", "NaN", "0x1f"])
vectors = st.recursive(
    st.builds("{}{}{}".format, names, matchers, offsets),
    lambda inner: st.one_of(
        st.builds("rate({}{}[{}])".format, names, matchers, durations),
        st.builds("max_over_time(({})[{}:{}]{})".format, inner, durations, durations, offsets),
        st.builds("sum by (a, by) ({})".format, inner),
        st.builds("quantile without ('x.y') ({}, {})".format, numbers, inner),
        st.builds("-({})".format, inner),
        st.builds("({}) * on(a) group_left(b) ({})".format, inner, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "^", "and", "or", "<"]), inner),
        st.builds("{} >= bool {}".format, inner, numbers),
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(vectors)
def test_any_query_reads_back(text):
    assert_reads_back(text)
