"""Series in scripts: a few letters stand for many samples, so each form is nailed down."""

import math

import pytest

from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.series import describe_value, parse_series_description
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.model.samples import is_stale


def values(text):
    return [one.value for one in parse_series_description(f"x {text}").values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 -2 +3", [1, -2, 3]),
        ("1.5x2", [1.5, 1.5, 1.5]),
        ("0+10x3", [0, 10, 20, 30]),
        ("-3-10x2 7", [-3, -13, -23, 7]),
        ("1x0 1+1x0", [1, 1]),
        ("_ _x2 5", [None, None, None, 5]),
        ("1e3 1m", [1000, 60]),
        ("Inf -inf", [math.inf, -math.inf]),
        ("   ", []),
    ],
)
def test_values_are_written_short(text, expected):
    assert values(text) == expected


def test_nan_and_stale_are_two_things():
    nan, stale = values("NaN stale")
    assert math.isnan(nan)
    assert not is_stale(nan)
    assert is_stale(stale)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("x{a='b', c=\"}\"} 1", Labels.of(__name__="x", a="b", c="}")),
        ('{"x.y", "a.b"="c d"} 1', Labels.of({"__name__": "x.y", "a.b": "c d"})),
        ("{} 1", EMPTY),
        ("a:b 1", Labels.of(__name__="a:b")),
    ],
)
def test_labels_come_first(text, labels):
    assert parse_series_description(text).labels == labels


FULL = (
    "{{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10  7 ] offset:-3 "
    "n_buckets:[4.1 5] n_offset:5 counter_reset_hint:gauge }}"
)


def test_a_histogram_has_its_parts_in_any_order():
    (one,) = parse_series_description(f"x {FULL}").values
    assert one.hint_given
    assert one.value == Histogram(
        schema=1,
        count=3.1,
        sum=-0.3,
        zero_threshold=0.05,
        zero_count=7.1,
        positive={-3: 5.1, -2: 10.0, -1: 7.0},
        negative={5: 4.1, 6: 5.0},
        reset_hint=ResetHint.GAUGE,
    )


def test_an_empty_histogram_is_legal():
    assert values("{{}} {{ }}x1") == [Histogram()] * 3


def test_histograms_climb_and_fall():
    climbing = values("{{sum:1 buckets:[5]}}+{{sum:1 buckets:[1 2]}}x2")
    assert [one.sum for one in climbing] == [1, 2, 3]
    assert climbing[2].positive == {0: 7.0, 1: 4.0}
    falling = values("{{buckets:[5 10]}}-{{buckets:[1 2]}}x1")
    assert falling[1].positive == {0: 4.0, 1: 8.0}


def test_a_histogram_is_written_as_it_is_read():
    (one,) = values(FULL)
    assert values(describe_value(one)) == [one]
    assert describe_value(one) == (
        "{{schema:1 count:3.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 counter_reset_hint:gauge "
        "offset:-3 buckets:[5.1 10 7] n_offset:5 n_buckets:[4.1 5]}}"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x 1+1", '1:3: parse error: unexpected "1\\+1" in series values'),
        ("x 1 _a4", '1:5: parse error: unexpected "_a4" in series values'),
        ("x -3-3 -3", 'unexpected "-3-3" in series values, expected number or "stale"'),
        ("x 3+3x4-4", 'unexpected "3\\+3x4-4" in series values'),
        ("x 1;2", "1:3: parse error: unexpected character in series sequence: ';'"),
        ("x{a=1} 2", "unexpected character inside braces: '1'"),
        ("x {{foo:1}}", 'bad histogram descriptor found: "foo"'),
        ("x {{schema :1}}", "missing `:` for histogram descriptor"),
        ("x {{schema: 1}}", 'histogram descriptor "schema" has no value behind its colon'),
        ("x {{schema:1 schema:1}}", 'duplicate key "schema" in histogram'),
        ("x {{schema:1.5}}", '"1.5" is not a whole number'),
        ("x {{buckets:5}}", '"5" is not a list of numbers like'),
        ("x {{counter_reset_hint:foo}}", 'bad histogram descriptor found: "foo"'),
        ("x {{schema:1}}+{{schema:0}}x2", "cannot merge from schema 0 to 1"),
        ("x {{sum:1}}y", "unexpected"),
        ("x {{sum:1", "unexpected"),
    ],
)
def test_what_cannot_be_read_says_why(text, message):
    with pytest.raises(QuerySyntaxError, match=message):
        parse_series_description(text)
