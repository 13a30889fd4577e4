"""
What each node of a query means, in a sentence for somebody who reads it at night.

A sentence speaks of its children as "them": a page shows the children below it. The words say what
surprises people (left-open windows, resets, lost names), and leave out what the text shows.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
    Border,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Operator,
    Parenthesis,
    StepInvariant,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
    children,
    value_type,
)
from tapewatch.metrics.promql.print import print_query
from tapewatch.model.durations import format_duration_ms, format_time_ms
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.matchers import Matcher, MatchKind


def describe(node: Expr) -> str:
    """Say what ``node`` means."""
    return _SENTENCES[type(node)](node)


def described_tree(node: Expr) -> dict[str, Any]:
    """Return the tree with a sentence, the place and the type of every node."""
    return {
        "text": print_query(node),
        "sentence": describe(node),
        "type": str(value_type(node)),
        "start": node.span.start,
        "end": node.span.end,
        "children": [described_tree(child) for child in _below(node)],
    }


def _below(node: Expr) -> tuple[Expr, ...]:
    # The sentence of a window tells of its selector too.
    return () if isinstance(node, MatrixSelector) else children(node)


def _number(_: NumberLiteral) -> str:
    return "A fixed number."


def _string(_: StringLiteral) -> str:
    return "A text."


def _selector(node: VectorSelector) -> str:
    return f"The latest value of every series {_which(node)}{_when(node)}, if it is fresh."


def _window(node: MatrixSelector) -> str:
    length, inner = format_duration_ms(node.range_ms), node.selector
    return (
        f"All samples of the last {length} of every series {_which(inner)}{_when(inner)}; "
        f"one exactly {length} old is out."
    )


def _subquery(node: Subquery) -> str:
    step = format_duration_ms(node.step_ms) if node.step_ms else "the default step"
    length = format_duration_ms(node.range_ms)
    return f"Works its part out again over the last {length}, every {step}{_when(node)}."


def _call(node: Call) -> str:
    told = _FUNCTIONS.get(node.function)
    if told:
        return told
    if node.function.endswith("_over_time"):
        return f"One number for each series: {_OVER_TIME.get(node.function, 'over its window')}."
    return f"{node.function}() of each value."


def _aggregate(node: Aggregate) -> str:
    what = _AGGREGATIONS[node.operator]
    if node.without:
        return f"{what}, with series put together that differ only in {_listed(node.grouping)}."
    if node.grouping:
        return f"{what}, one result for each {_listed(node.grouping)}."
    return f"{what}, over all series together."


def _binary(node: Binary) -> str:
    operator, matching = node.operator, node.matching
    if operator.joins_sets:
        return f"{_SETS[operator]}{_matched(matching)}."
    if operator.compares:
        kind = "1 where it holds and 0 elsewhere" if node.return_bool else "Keeps what satisfies"
        return f"{kind}: left {operator} right{_matched(matching)}."
    return f"Left {operator} right, value by value{_matched(matching)}."


def _unary(node: Unary) -> str:
    return "The same with the other sign." if node.operator is Operator.SUBTRACT else "The same."


def _inside(_: Parenthesis | StepInvariant) -> str:
    return "What is in the parentheses, worked out first."


def _which(node: VectorSelector) -> str:
    name = node.name
    conditions = []
    for each in node.matchers:
        if each.name == METRIC_NAME and each.kind is MatchKind.EQUAL:
            name = name or each.value
        else:
            conditions.append(_condition(each))
    of = f"of {name}" if name else "of any metric"
    return f"{of} where {' and '.join(conditions)}" if conditions else of


def _condition(matcher: Matcher) -> str:
    name, value = matcher.name, matcher.value
    if not value:
        return f"{name} is there" if matcher.kind is MatchKind.NOT_EQUAL else f"{name} is missing"
    return f"{name} {_MATCHES[matcher.kind]} “{value}”"


def _when(node: VectorSelector | Subquery) -> str:
    told = ""
    if node.offset_ms:
        length = format_duration_ms(abs(node.offset_ms))
        told += f", {length} {'before' if node.offset_ms > 0 else 'after'}"
    if isinstance(node.at, Border):
        told += f", at the {node.at} of the range"
    elif node.at is not None:
        told += f", at {format_time_ms(node.at)}"
    return told


def _matched(matching: VectorMatching | None) -> str:
    if matching is None or matching == VectorMatching():
        return ", matched by equal labels" if matching is not None else ""
    names = _listed(matching.labels)
    how = f"matched by {names}" if matching.on else f"matched by all labels but {names}"
    if matching.cardinality is Cardinality.MANY_TO_ONE:
        how += "; many on the left for one on the right"
    elif matching.cardinality is Cardinality.ONE_TO_MANY:
        how += "; one on the left for many on the right"
    return f", {how}"


def _listed(names: Iterable[str]) -> str:
    *most, last = list(names) or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last


_MATCHES: Final = {
    MatchKind.EQUAL: "is",
    MatchKind.NOT_EQUAL: "is not",
    MatchKind.REGEX: "matches",
    MatchKind.NOT_REGEX: "does not match",
}

_AGGREGATIONS: Final = {
    Aggregator.SUM: "The sum of them",
    Aggregator.AVG: "Their mean",
    Aggregator.COUNT: "How many there are",
    Aggregator.MIN: "The smallest of them",
    Aggregator.MAX: "The largest of them",
    Aggregator.GROUP: "1 for each group that there is",
    Aggregator.STDDEV: "Their standard deviation",
    Aggregator.STDVAR: "Their variance",
    Aggregator.TOPK: "The series with the largest values",
    Aggregator.BOTTOMK: "The series with the smallest values",
    Aggregator.COUNT_VALUES: "How many series have each value",
    Aggregator.QUANTILE: "The quantile of their values",
    Aggregator.LIMITK: "So many of them, chosen by their labels",
    Aggregator.LIMIT_RATIO: "That share of them, chosen by their labels",
}

_SETS: Final = {
    Operator.AND: "What is on the left and has a partner on the right; values of the left",
    Operator.OR: "Everything of the left, and of the right what the left does not have",
    Operator.UNLESS: "What is on the left and has no partner on the right",
}

_OVER_TIME: Final = {
    "avg_over_time": "the mean of its samples",
    "min_over_time": "the smallest of its samples",
    "max_over_time": "the largest of its samples",
    "sum_over_time": "the sum of its samples",
    "count_over_time": "how many samples it has",
    "last_over_time": "its latest sample",
    "first_over_time": "its first sample",
    "present_over_time": "1 where it has a sample",
    "absent_over_time": "1 where nothing has a sample",
    "quantile_over_time": "a quantile of its samples",
    "stddev_over_time": "the standard deviation of its samples",
    "stdvar_over_time": "the variance of its samples",
}

_FUNCTIONS: Final = {
    "rate": "How fast each counter rose, per second, on average over its window; a fall is a "
    "restart from zero.",
    "irate": "How fast each counter rose between its last two samples, per second.",
    "increase": "How much each counter rose over its window, stretched to the window's borders; "
    "a fall is a restart from zero.",
    "delta": "How much each gauge changed over its window.",
    "idelta": "How much each gauge changed between its last two samples.",
    "deriv": "The slope of each gauge per second, by a line through its samples.",
    "predict_linear": "Where each gauge will be after so many seconds, if it goes on as it did.",
    "resets": "How often each counter fell, which means restarted.",
    "changes": "How often each value changed.",
    "histogram_quantile": "The value below which that share of the observations lies, estimated "
    "from the buckets.",
    "histogram_fraction": "The share of observations between two values.",
    "histogram_avg": "The mean of the observations.",
    "histogram_count": "How many observations there are.",
    "histogram_sum": "The sum of the observations.",
    "label_replace": "The same values with a label written from another by a pattern.",
    "label_join": "The same values with a label made of several others.",
    "absent": "1 where its part has no series, and nothing where it has one.",
    "scalar": "The value of the only series as a number; NaN where there is not exactly one.",
    "vector": "A number as a series without labels.",
    "time": "The time of evaluation, in seconds since 1970.",
    "timestamp": "When each sample was taken, in seconds since 1970.",
    "sort": "The same, smallest first.",
    "sort_desc": "The same, largest first.",
    "clamp": "Each value, held between two borders.",
    "clamp_min": "Each value, or the border where it is below.",
    "clamp_max": "Each value, or the border where it is above.",
    "round": "Each value rounded.",
}

_SENTENCES: Final[dict[type, Callable[[Any], str]]] = {
    NumberLiteral: _number,
    StringLiteral: _string,
    VectorSelector: _selector,
    MatrixSelector: _window,
    Subquery: _subquery,
    Call: _call,
    Aggregate: _aggregate,
    Binary: _binary,
    Unary: _unary,
    Parenthesis: _inside,
    StepInvariant: _inside,
}
