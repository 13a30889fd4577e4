"""The judge of scripts: too strict fails good engines, too mild passes wrong numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.promql.commands import parse_script
from tapewatch.metrics.promql.judge import (
    almost_equal,
    judge_annotations,
    judge_failure,
    judge_order,
    judge_result,
    same_histogram,
)
from tapewatch.metrics.promql.result import (
    Annotations,
    MatrixResult,
    ScalarResult,
    Series,
    StringResult,
    VectorResult,
    VectorSample,
)
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE

X, Y = Labels.of(__name__="x"), Labels.of(__name__="y")


def expectation(*lines, head="eval instant at 0 x"):
    (command,) = parse_script("\n".join([head, *lines]))
    return command.expectation


def vector(*samples):
    return VectorResult(tuple(VectorSample(labels, 0, value) for labels, value in samples))


def series(labels, *points):
    times, values = zip(*points, strict=True)
    return Series(labels, np.array(times, np.int64), np.array(values, np.float64))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_almost_equal_to_itself_and_its_neighbours(value):
    assert almost_equal(value, value)
    if 1e-300 < abs(value) < 1e300:
        assert almost_equal(value, value * (1 + 1e-9))
        assert not almost_equal(value, -value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1.0, 1.0000001, True),
        (1.0, 1.0001, False),
        (0.0, 1e-300, False),
        (0.0, -0.0, True),
        (math.nan, math.nan, True),
        (math.nan, STALE, False),
        (STALE, STALE, True),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (1e308, -1e308, False),
    ],
)
def test_almost_equal_knows_its_borders(one, other, same):
    assert almost_equal(one, other) is almost_equal(other, one) is same


def test_histograms_may_keep_empty_buckets_but_not_move_full_ones():
    one = Histogram(count=3.0, positive={0: 1.0, 1: 0.0, 2: 2.0})
    assert same_histogram(one, Histogram(count=3.0, positive={0: 1.0, 2: 2.0}))
    assert not same_histogram(one, Histogram(count=3.0, positive={0: 1.0, 3: 2.0}))
    assert not same_histogram(one, Histogram(schema=1, count=3.0, positive={0: 1.0, 2: 2.0}))


def test_a_reset_hint_counts_only_where_it_is_spelled_out():
    one, other = Histogram(), Histogram(reset_hint=ResetHint.GAUGE)
    assert same_histogram(one, other)
    assert not same_histogram(one, other, hint=True)


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        (vector((X, 1.0), (Y, 2.0)), ""),
        (vector((Y, 2.0), (X, 1.0)), ""),
        (vector((X, 1.0)), "expected metric y not found"),
        (vector((X, 1.5), (Y, 2.0)), "expected 1 for x but got 1.5"),
        (vector((X, Histogram())), "expected 1 for x but got {{}}"),
        (
            vector((X, 1.0), (Y, 2.0), (Labels.of(a="b"), 3.0)),
            'unexpected metric {a="b"} in result, has value 3',
        ),
        (ScalarResult(0, 1.0), "expected vector or matrix result, but got scalar 1"),
    ],
)
def test_a_vector_must_hold_all_and_no_more(result, complaint):
    assert judge_result(expectation("x 1", "y 2"), None, result) == complaint


def test_order_counts_where_it_is_expected():
    wanted = expectation("expect ordered", "x 1", "y 2")
    assert not judge_result(wanted, None, vector((X, 1.0), (Y, 2.0)))
    complaint = judge_result(wanted, None, vector((Y, 2.0), (X, 1.0)))
    assert complaint == "expected y at place 2 but was at 1"


def test_scalars_and_strings_are_compared():
    assert not judge_result(expectation("5"), None, ScalarResult(0, 5.0))
    assert judge_result(expectation("5"), None, ScalarResult(0, 6.0)) == (
        "expected scalar 5 but got 6"
    )
    wanted = expectation('expect string "a"')
    assert not judge_result(wanted, None, StringResult(0, "a"))
    assert judge_result(wanted, None, StringResult(0, "b")) == "expected string 'a' but got 'b'"


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ([(0, 1.0), (20, 3.0)], ""),
        ([(0, 1.0), (10, 2.0)], "expected points at [0, 20] for x but got 1 @ 0, 2 @ 10"),
        ([(0, 1.0), (20, 4.0)], "at 20 ms: expected 3 for x but got 4"),
    ],
)
def test_a_range_must_have_its_points_where_they_belong(points, complaint):
    head = "eval range from 0 to 20ms step 10ms x"
    (command,) = parse_script(f"{head}\n x 1 _ 3")
    result = MatrixResult((series(X, *points),))
    assert judge_result(command.expectation, command.window, result) == complaint


def test_a_range_must_be_sorted():
    result = MatrixResult((series(Y, (0, 1.0)), series(X, (0, 1.0))))
    assert judge_order(result) == "the series are not sorted: x comes after y"


@pytest.mark.parametrize(
    ("lines", "annotations", "complaint"),
    [
        ([], Annotations(("a",), ("b",)), ""),
        (["expect warn"], Annotations(("a",)), ""),
        (["expect warn"], Annotations(), "expected a warn annotation that says 'anything'"),
        (["expect warn msg: a"], Annotations(("a", "b")), "unexpected warn annotation 'b'"),
        (["expect info regex: ^b"], Annotations((), ("ab",)), "expected a info annotation"),
        (["expect no_info"], Annotations((), ("b",)), "unexpected info annotations: ['b']"),
    ],
)
def test_annotations_are_checked_only_where_they_are_spoken_of(lines, annotations, complaint):
    found = judge_annotations(expectation(*lines), annotations)
    assert found.startswith(complaint)
    assert bool(found) is bool(complaint)


def test_an_error_must_say_what_it_should():
    assert judge_failure(expectation(), "boom") == "error evaluating query: boom"
    assert not judge_failure(expectation("expect fail"), "boom")
    assert not judge_failure(expectation("expect fail msg: boom"), "boom")
    assert judge_failure(expectation("expect fail msg: bang"), "boom") == (
        "expected error 'bang', but got: boom"
    )
