"""
Whether an answer is what a script expects.

Every function gives a complaint, empty where there is nothing to complain of. Floats need only be
almost equal: sums depend on their order.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from tapewatch.metrics.promql.commands import Expectation, Wanted, Window, Words
from tapewatch.metrics.promql.result import (
    Annotations,
    MatrixResult,
    Point,
    Result,
    ScalarResult,
    Series,
    StringResult,
    VectorResult,
)
from tapewatch.metrics.promql.series import MISSING, SeriesDescription, SeriesValue, describe_value
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import is_stale

EPSILON: Final = 1e-6


def almost_equal(one: float, other: float, *, epsilon: float = EPSILON) -> bool:
    """Say whether two floats differ by less than a relative ``epsilon``; NaNs are alike."""
    if is_stale(one) or is_stale(other):
        return is_stale(one) and is_stale(other)
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    if one == other:
        return True
    size = abs(one) + abs(other)
    difference = abs(one - other)
    if one == 0 or other == 0 or size < sys.float_info.min:
        return difference < epsilon * sys.float_info.min
    return difference / min(size, sys.float_info.max) < epsilon


def same_histogram(wanted: Histogram, given: Histogram, *, hint: bool = False) -> bool:
    """Say whether two histograms are almost equal; ``hint`` makes their reset hints count."""
    one, other = wanted.compact(), given.compact()
    return (
        one.schema == other.schema
        and one.zero_threshold == other.zero_threshold
        and one.custom_bounds == other.custom_bounds
        and almost_equal(one.count, other.count)
        and almost_equal(one.sum, other.sum)
        and almost_equal(one.zero_count, other.zero_count)
        and _same_buckets(one.positive, other.positive)
        and _same_buckets(one.negative, other.negative)
        and (not hint or one.reset_hint is other.reset_hint)
    )


def _same_buckets(one: Mapping[int, float], other: Mapping[int, float]) -> bool:
    same_indices = one.keys() == other.keys()
    return same_indices and all(almost_equal(one[index], other[index]) for index in one)


def same_value(wanted: SeriesValue, given: float | Histogram) -> bool:
    """Say whether ``given`` is what was wanted; a missing value stands for zero."""
    value = 0.0 if wanted.value is None else wanted.value
    if isinstance(value, Histogram) and isinstance(given, Histogram):
        return same_histogram(value, given, hint=wanted.hint_given)
    if isinstance(value, Histogram) or isinstance(given, Histogram):
        return False
    return almost_equal(value, given)


def judge_result(expectation: Expectation, window: Window | None, result: Result) -> str:
    """Compare an answer with what is expected; ``window`` says where its steps are."""
    match result:
        case StringResult(value=value):
            wanted = expectation.string or ""
            return "" if value == wanted else f"expected string {wanted!r} but got {value!r}"
        case ScalarResult(value=value):
            return _judge_scalar(expectation, value)
        case VectorResult():
            return _judge_vector(expectation, result)
        case MatrixResult():
            return _judge_matrix(expectation, window, result)


def _judge_scalar(expectation: Expectation, value: float) -> str:
    if expectation.scalar is None:
        return f"expected vector or matrix result, but got scalar {describe_value(value)}"
    if almost_equal(expectation.scalar, value):
        return ""
    return f"expected scalar {describe_value(expectation.scalar)} but got {describe_value(value)}"


def _judge_vector(expectation: Expectation, result: VectorResult) -> str:
    if expectation.scalar is not None:
        return "expected scalar result, but got an instant vector"
    wanted = {one.labels: (place, one) for place, one in enumerate(expectation.series)}
    for place, sample in enumerate(result.samples):
        if sample.labels not in wanted:
            shown = describe_value(sample.value)
            return f"unexpected metric {sample.labels} in result, has value {shown}"
        wanted_place, description = wanted[sample.labels]
        if expectation.ordered and place != wanted_place:
            return f"expected {sample.labels} at place {wanted_place + 1} but was at {place + 1}"
        first = description.values[0] if description.values else MISSING
        if not same_value(first, sample.value):
            return _differs(sample.labels, first, sample.value)
    return _missing(expectation, [sample.labels for sample in result.samples])


def _differs(labels: Labels, wanted: SeriesValue, given: float | Histogram) -> str:
    value = describe_value(wanted.value)
    return f"expected {value} for {labels} but got {describe_value(given)}"


def _missing(expectation: Expectation, given: Sequence[Labels]) -> str:
    found = set(given)
    for one in expectation.series:
        if one.labels not in found:
            return f"expected metric {one.labels} not found"
    return ""


def _judge_matrix(expectation: Expectation, window: Window | None, result: MatrixResult) -> str:
    if expectation.ordered:
        return "expected ordered result, but query returned a range vector"
    if expectation.scalar is not None:
        return "expected scalar result, but got a range vector"
    complaint = judge_order(result)
    wanted = {one.labels: one for one in expectation.series}
    for series in result.series:
        complaint = complaint or _judge_series(wanted, window, series)
    return complaint or _missing(expectation, [series.labels for series in result.series])


def judge_order(result: MatrixResult) -> str:
    """Complain of series that are not sorted by their labels."""
    for one, following in pairwise(result.series):
        if one.labels > following.labels:
            return f"the series are not sorted: {following.labels} comes after {one.labels}"
    return ""


def _judge_series(
    wanted: Mapping[Labels, SeriesDescription], window: Window | None, series: Series
) -> str:
    points = series.points()
    if series.labels not in wanted:
        return f"unexpected metric {series.labels} in result, has {_shown(points)}"
    description = wanted[series.labels]
    expected = _expected_points(description, window)
    if expected is None:
        count = len(description.values)
        return f"expected {count} points for {series.labels}, but the range has fewer steps"
    times = [at for at, _ in expected], [point.timestamp_ms for point in points]
    if times[0] != times[1]:
        return f"expected points at {times[0]} for {series.labels} but got {_shown(points)}"
    for (at, one), point in zip(expected, points, strict=True):
        if not same_value(one, point.value):
            return f"at {at} ms: {_differs(series.labels, one, point.value)}"
    return ""


def _expected_points(
    description: SeriesDescription, window: Window | None
) -> list[tuple[int, SeriesValue]] | None:
    """Give every expected value its time; None where the range ends before."""
    start_ms, end_ms, step_ms = window or Window(0, 0, 0)
    timed = [(start_ms + index * step_ms, one) for index, one in enumerate(description.values)]
    if timed and timed[-1][0] > end_ms:
        return None
    return [(at, one) for at, one in timed if one.value is not None]


def _shown(points: Sequence[Point]) -> str:
    return ", ".join(f"{describe_value(value)} @ {at}" for at, value in points) or "no points"


def judge_annotations(expectation: Expectation, annotations: Annotations) -> str:
    """Complain of warnings and infos that are missing, or that should not be there."""
    return _judge_kind(
        expectation, annotations.warnings, Wanted.WARN, Wanted.NO_WARN
    ) or _judge_kind(expectation, annotations.infos, Wanted.INFO, Wanted.NO_INFO)


def _judge_kind(
    expectation: Expectation, messages: Sequence[str], wanted: Wanted, never: Wanted
) -> str:
    if never in expectation.words and messages:
        return f"unexpected {wanted} annotations: {list(messages)}"
    words = expectation.words.get(wanted)
    return "" if words is None else _judge_words(words, messages, wanted)


def _judge_words(words: Sequence[Words], messages: Sequence[str], wanted: Wanted) -> str:
    for one in words:
        if not any(one.match(message) for message in messages):
            said = one.text or one.pattern or "anything"
            return f"expected a {wanted} annotation that says {said!r}, found {list(messages)}"
    for message in messages:
        if not any(one.match(message) for one in words):
            return f"unexpected {wanted} annotation {message!r}"
    return ""


def judge_failure(expectation: Expectation, message: str) -> str:
    """Compare the message of an error with what the error should say."""
    wanted = expectation.failure
    if wanted is None:
        return f"error evaluating query: {message}"
    if wanted.match(message):
        return ""
    return f"expected error {wanted.text or wanted.pattern!r}, but got: {message}"
