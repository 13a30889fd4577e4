"""The tree: durations that are computed late, and walking and rewriting."""

from dataclasses import replace

import pytest

from tapewatch.metrics.promql.errors import QueryRefused
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.nodes import (
    MatrixSelector,
    Subquery,
    VectorSelector,
    resolve_durations,
    rewrite,
    value_type,
    walk,
)
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.signatures import SIGNATURES, ValueType


def resolve(text):
    tree = parse(text, EVERYTHING)
    return resolve_durations(tree, start_ms=0, end_ms=60_000, step_ms=5_000)


@pytest.mark.parametrize(
    ("expression", "range_ms"),
    [
        ("5m*2", 600_000),
        ("step()", 5_000),
        ("range()/2", 30_000),
        ("1h30m % 1h", 1_800_000),
        ("30m1s-30m1s % 1m", 1_800_000),
        ("2^3^2", 512_000),
        ("-5m+35m", 1_800_000),
        ("max_of(min_of((step()+1),((1h))),1ms)", 6_000),
        ("0.0015*1", 1),
    ],
)
def test_a_window_may_be_computed(expression, range_ms):
    assert resolve(f"x[{expression}]") == parse(f"x[{range_ms}ms]")


def test_offsets_and_steps_may_be_computed_too():
    tree = resolve("x[step()*3:step()] offset -(1m+1s)")
    assert isinstance(tree, Subquery)
    assert (tree.range_ms, tree.step_ms, tree.offset_ms) == (15_000, 5_000, -61_000)
    assert tree.offset_expression is None


def test_what_needs_no_computing_stays_the_same_object():
    tree = parse("rate(x[5m]) + sum(y offset 1m)")
    assert resolve_durations(tree, start_ms=0, end_ms=0, step_ms=0) is tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x[1m-1h]", "duration must be greater than 0"),
        ("x[1m/(step()-5)]", "division by zero"),
        ("x[1m%(step()-5)]", "modulo by zero"),
        ("x[9^9^9]", "duration is out of range"),
        ("x offset (9^9^9)", "duration is out of range"),
    ],
)
def test_a_computed_duration_may_be_impossible(text, message):
    with pytest.raises(QueryRefused, match=message):
        resolve(text)


def test_walking_meets_parents_before_children():
    kinds = [type(node).__name__ for node in walk(parse("sum(rate(x[5m])) + 1"))]
    assert kinds == [
        *("Binary", "Aggregate", "Call", "MatrixSelector", "VectorSelector"),
        "NumberLiteral",
    ]


def test_rewriting_reaches_every_selector():
    def rename(node):
        return replace(node, name="y") if isinstance(node, VectorSelector) else node

    tree = rewrite(parse("topk(scalar(x), max_over_time((-x)[1m:]) + x)"), rename)
    names = [node.name for node in walk(tree) if isinstance(node, VectorSelector)]
    assert names == ["y", "y", "y"]


def test_spans_do_not_make_trees_different():
    assert parse("a + b") == parse("a  +  b")
    assert hash(parse("NaN + 0x0")) == hash(parse("nan + 0"))
    assert isinstance(parse("a[5m]"), MatrixSelector)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 + time()", ValueType.SCALAR),
        ("1 + a", ValueType.VECTOR),
        ("(a[5m])", ValueType.MATRIX),
        ("'x'", ValueType.STRING),
        ("-scalar(a)", ValueType.SCALAR),
        ("max_of(1, 2)", ValueType.SCALAR),
    ],
)
def test_a_tree_knows_what_it_evaluates_to(text, kind):
    assert value_type(parse(text, EVERYTHING)) is kind


def test_the_functions_are_those_of_prometheus():
    assert len(SIGNATURES) == 90
    quantiles = SIGNATURES["histogram_quantiles"]
    assert (quantiles.arguments_min, quantiles.arguments_max) == (3, 12)
    assert SIGNATURES["label_join"].arguments_max is None
