"""
What an expression means: which series it reads, what it compares, and which labels it carries.

Everything here goes by the tree alone and by what the catalog declares; nothing is evaluated.
Where nothing is known, that is said (``None``), so that no check has to guess.
"""

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Operator,
    Parenthesis,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
    children,
    unwrap,
    value_type,
    walk,
)
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.matchers import MatchKind

CarriedLabels = frozenset[str] | None
"""The labels that a result can have; ``None`` where that is not known."""

LabelsOf = Callable[[str], CarriedLabels]
"""Tells which labels the series of a name can have."""

INCREASES: Final = frozenset(("rate", "irate", "increase"))
NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """One selector in an expression, with the window and the functions around it."""

    selector: VectorSelector
    window_ms: int
    around: tuple[Expr, ...]
    """The nodes above it, the nearest first."""

    @property
    def function(self) -> str:
        """The function that it is the argument of; empty where there is none."""
        for node in self.around:
            if isinstance(node, Call):
                return node.function
            if not isinstance(node, Parenthesis | Unary | MatrixSelector):
                return ""
        return ""


def readings(tree: Expr) -> Iterator[Reading]:
    """Yield every selector of an expression."""
    yield from _readings(tree, ())


def _readings(node: Expr, around: tuple[Expr, ...]) -> Iterator[Reading]:
    if isinstance(node, MatrixSelector):
        yield Reading(node.selector, node.range_ms, around)
    elif isinstance(node, VectorSelector):
        yield Reading(node, 0, around)
    else:
        for child in children(node):
            yield from _readings(child, (node, *around))


def name_of(selector: VectorSelector) -> str:
    """Tell the one name that a selector asks for; empty where it asks for several."""
    if selector.name:
        return selector.name
    for matcher in selector.matchers:
        if matcher.name == METRIC_NAME and matcher.kind is MatchKind.EQUAL:
            return matcher.value
    return ""


def constant(node: Expr) -> float | None:
    """Compute an expression of numbers alone."""
    match unwrap(node):
        case NumberLiteral(value=value):
            return value
        case Unary(operator=sign, expr=expr):
            inner = constant(expr)
            return -inner if inner is not None and sign is Operator.SUBTRACT else inner
        case Binary(operator=way, left=left, right=right) if way in _ARITHMETIC:
            one, other = constant(left), constant(right)
            if one is None or other is None:
                return None
            return _ARITHMETIC[way](one, other)
    return None


def _divide(one: float, other: float) -> float:
    return one / other if other else math.nan


_ARITHMETIC: Final[dict[Operator, Callable[[float, float], float]]] = {
    Operator.ADD: operator.add,
    Operator.SUBTRACT: operator.sub,
    Operator.MULTIPLY: operator.mul,
    Operator.DIVIDE: _divide,
}
_TURNED: Final = {
    Operator.LESS: Operator.GREATER,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
}
ABOVE: Final = (Operator.GREATER, Operator.GREATER_OR_EQUAL)
BELOW: Final = (Operator.LESS, Operator.LESS_OR_EQUAL)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A vector against a number, the number on the right."""

    subject: Expr
    operator: Operator
    value: float
    node: Binary

    @property
    def above(self) -> bool:
        """Whether it passes what is above the number."""
        return self.operator in ABOVE

    @property
    def below(self) -> bool:
        """Whether it passes what is below the number."""
        return self.operator in BELOW


def comparisons(tree: Expr) -> Iterator[Comparison]:
    """Yield every comparison of a vector with a number."""
    for node in walk(tree):
        if isinstance(node, Binary) and node.operator.compares:
            yield from _comparison(node)


def _comparison(node: Binary) -> Iterator[Comparison]:
    left, right = constant(node.left), constant(node.right)
    if right is not None and left is None:
        yield _scaled(Comparison(unwrap(node.left), node.operator, right, node))
    elif left is not None and right is None:
        way = _TURNED.get(node.operator, node.operator)
        yield _scaled(Comparison(unwrap(node.right), way, left, node))


def _scaled(comparison: Comparison) -> Comparison:
    """Take factors off the vector: ``100 * x > 5`` compares ``x`` with 0.05."""
    subject = comparison.subject
    if not isinstance(subject, Binary) or subject.operator not in (
        Operator.MULTIPLY,
        Operator.DIVIDE,
    ):
        return comparison
    factor, vector = constant(subject.right), subject.left
    if factor is None and subject.operator is Operator.MULTIPLY:
        factor, vector = constant(subject.left), subject.right
    if not factor or factor < 0 or value_type(vector) is not ValueType.VECTOR:
        return comparison
    value = comparison.value
    value = value / factor if subject.operator is Operator.MULTIPLY else value * factor
    return _scaled(Comparison(unwrap(vector), comparison.operator, value, comparison.node))


def top_comparisons(tree: Expr) -> Iterator[Comparison]:
    """Yield the comparisons that decide whether an alert fires: not those inside of functions."""
    node = unwrap(tree)
    if not isinstance(node, Binary):
        return
    if node.operator.compares:
        yield from _comparison(node)
    elif node.operator is Operator.UNLESS:
        yield from top_comparisons(node.left)
    elif node.operator.joins_sets:
        yield from top_comparisons(node.left)
        yield from top_comparisons(node.right)


def without_aggregation(node: Expr) -> bool:
    """Say whether nothing between the node and its selectors sums series up."""
    return not any(isinstance(each, Aggregate) for each in walk(node))


def carried(node: Expr, labels_of: LabelsOf) -> CarriedLabels:
    """Tell which labels the result of an expression can have, the name left out."""
    match unwrap(node):
        case VectorSelector() as selector:
            return labels_of(name_of(selector))
        case MatrixSelector(selector=selector):
            return labels_of(name_of(selector))
        case Subquery(expr=expr) | Unary(expr=expr):
            return carried(expr, labels_of)
        case Aggregate() as aggregate:
            return _carried_by_aggregate(aggregate, labels_of)
        case Call() as call:
            return _carried_by_call(call, labels_of)
        case Binary() as binary:
            return _carried_by_binary(binary, labels_of)
    return NONE


def _carried_by_aggregate(node: Aggregate, labels_of: LabelsOf) -> CarriedLabels:
    inner = carried(node.expr, labels_of)
    if node.operator in (Aggregator.TOPK, Aggregator.BOTTOMK, Aggregator.LIMITK):
        return inner
    grouping = frozenset(node.grouping)
    if node.without:
        kept = None if inner is None else inner - grouping
    else:
        kept = grouping if inner is None else inner & grouping
    if node.operator is Aggregator.COUNT_VALUES and isinstance(node.param, StringLiteral):
        return None if kept is None else kept | {node.param.value}
    return kept


def _carried_by_call(node: Call, labels_of: LabelsOf) -> CarriedLabels:
    vectors = [each for each in node.args if value_type(each) in _VECTORS]
    if not vectors:
        return NONE
    if node.function in ("absent", "absent_over_time"):
        return _equal_labels(vectors[0])
    if node.function == "scalar":
        return NONE
    inner = carried(vectors[0], labels_of)
    if inner is None or node.function == "info":
        return None
    if node.function in ("histogram_quantile", "histogram_fraction"):
        return inner - {"le"}
    if node.function in ("label_replace", "label_join") and isinstance(node.args[1], StringLiteral):
        return inner | {node.args[1].value}
    return inner


_VECTORS: Final = (ValueType.VECTOR, ValueType.MATRIX)


def _equal_labels(node: Expr) -> frozenset[str]:
    inner = unwrap(node)
    selector = inner.selector if isinstance(inner, MatrixSelector) else inner
    if not isinstance(selector, VectorSelector):
        return NONE
    return frozenset(
        matcher.name
        for matcher in selector.matchers
        if matcher.kind is MatchKind.EQUAL and matcher.name != METRIC_NAME
    )


def _carried_by_binary(node: Binary, labels_of: LabelsOf) -> CarriedLabels:
    if node.matching is None:
        vector = node.left if value_type(node.left) is ValueType.VECTOR else node.right
        return carried(vector, labels_of) if value_type(node) is ValueType.VECTOR else NONE
    left, right = carried(node.left, labels_of), carried(node.right, labels_of)
    if node.operator is Operator.OR:
        return None if left is None or right is None else left | right
    if node.operator.joins_sets:
        return left
    return _carried_by_match(node.matching, left, right, node.operator)


def _carried_by_match(
    matching: VectorMatching, left: CarriedLabels, right: CarriedLabels, way: Operator
) -> CarriedLabels:
    if matching.cardinality is Cardinality.MANY_TO_ONE:
        return None if left is None else left | frozenset(matching.include)
    if matching.cardinality is Cardinality.ONE_TO_MANY:
        return None if right is None else right | frozenset(matching.include)
    if way.compares:
        return left
    labels = frozenset(matching.labels)
    if matching.on:
        return labels if left is None else left & labels
    return None if left is None else left - labels
