"""Between which numbers the values of an expression can lie, as far as declarations tell."""

import math
from typing import Final, NamedTuple

from tapewatch.catalog.meaning import constant, name_of
from tapewatch.catalog.vocabulary import SeriesFacts, Vocabulary
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Call,
    Expr,
    MatrixSelector,
    Subquery,
    VectorSelector,
    unwrap,
)


class Range(NamedTuple):
    """The lowest and the highest value; infinite where nothing is known."""

    low: float = -math.inf
    high: float = math.inf


ANYTHING: Final = Range()
NOT_NEGATIVE: Final = Range(0.0)
SHARE: Final = Range(0.0, 1.0)
_KEEPING: Final = (Aggregator.AVG, Aggregator.MIN, Aggregator.MAX, Aggregator.QUANTILE)
_KEEPING_CALLS: Final = frozenset(
    (
        *("avg_over_time", "min_over_time", "max_over_time", "last_over_time", "sort", "sort_desc"),
        *("quantile_over_time", "label_replace", "label_join", "first_over_time"),
    )
)
_COUNTING_CALLS: Final = frozenset(
    (
        *("rate", "increase", "irate", "changes", "resets", "count_over_time", "abs", "sqrt"),
        *("stddev_over_time", "stdvar_over_time", "timestamp"),
    )
)


def range_of(node: Expr, vocabulary: Vocabulary) -> Range:
    """Tell between which values an expression lies."""
    match unwrap(node):
        case VectorSelector() as selector:
            return _of_facts(vocabulary.facts(name_of(selector)))
        case MatrixSelector(selector=selector):
            return _of_facts(vocabulary.facts(name_of(selector)))
        case Subquery(expr=expr):
            return range_of(expr, vocabulary)
        case Aggregate() as aggregate:
            return _of_aggregate(aggregate, vocabulary)
        case Call() as call:
            return _of_call(call, vocabulary)
    return ANYTHING


def _of_facts(facts: SeriesFacts | None) -> Range:
    if facts is None or (facts.declared is not None and facts.declared.signed):
        return ANYTHING
    if facts.declared is None:
        # A recording rule may compute anything; what engines add is a flag or counts something.
        return SHARE if facts.name == "up" else ANYTHING
    return SHARE if facts.unit in ("ratio", "flag") and facts.type == "gauge" else NOT_NEGATIVE


def _of_aggregate(node: Aggregate, vocabulary: Vocabulary) -> Range:
    inner = range_of(node.expr, vocabulary)
    if node.operator in _KEEPING:
        return inner
    if node.operator in (Aggregator.COUNT, Aggregator.STDDEV, Aggregator.STDVAR):
        return NOT_NEGATIVE
    if node.operator is Aggregator.SUM and inner.low >= 0:
        return NOT_NEGATIVE
    if node.operator in (Aggregator.TOPK, Aggregator.BOTTOMK, Aggregator.LIMITK):
        return inner
    return ANYTHING


def _of_call(node: Call, vocabulary: Vocabulary) -> Range:
    if node.function in _COUNTING_CALLS:
        return NOT_NEGATIVE
    if node.function in ("histogram_fraction", "absent", "absent_over_time"):
        return SHARE
    if node.function in _KEEPING_CALLS:
        return range_of(node.args[-1 if node.function == "quantile_over_time" else 0], vocabulary)
    if node.function == "clamp_min" and (low := constant(node.args[1])) is not None:
        return Range(low)
    return ANYTHING
