"""
The passes, each named after what it does.

A pass takes a tree and gives one that means the same. ``QueryFrame`` is what is known of the query
beside its text; a plan that made use of it serves only queries with the same frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tapewatch.metrics.promql.matrix import Steps
from tapewatch.metrics.promql.nodes import (
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Operator,
    Parenthesis,
    StepInvariant,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    map_children,
    resolve_durations,
    rewrite,
    value_type,
    walk,
)
from tapewatch.metrics.promql.operators.elements import ARITHMETIC, COMPARISONS
from tapewatch.metrics.promql.signatures import ValueType

# What these answer changes with the time of the evaluation, whatever their arguments are.
TIMELY: Final = frozenset(
    (
        *("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month"),
        *("year", "predict_linear", "time", "timestamp", "end", "range", "start", "step"),
    )
)
OF_QUERY: Final = ("start", "end", "step", "range")


@dataclass(frozen=True, slots=True)
class QueryFrame:
    """When a query is evaluated."""

    steps: Steps

    @property
    def span_s(self) -> float:
        """The length of the whole range, in seconds."""
        return (self.steps.end_ms - self.steps.start_ms) / 1000


Pass = Callable[[Expr, QueryFrame], Expr]


def compute_durations(tree: Expr, frame: QueryFrame) -> Expr:
    """Compute durations that are written as expressions."""
    if not _has_duration_expressions(tree):
        return tree
    steps = frame.steps
    return resolve_durations(
        tree, start_ms=steps.start_ms, end_ms=steps.end_ms, step_ms=steps.step_ms
    )


def _has_duration_expressions(tree: Expr) -> bool:
    return any(
        getattr(node, f"{name}_expression", None) is not None
        for node in walk(tree)
        for name in ("offset", "range", "step")
    )


def drop_parentheses(tree: Expr, frame: QueryFrame) -> Expr:  # noqa: ARG001 # one signature
    """Take all parentheses off: the tree has its shape without them."""
    return rewrite(tree, lambda node: node.expr if isinstance(node, Parenthesis) else node)


def fold_constants(tree: Expr, frame: QueryFrame) -> Expr:
    """Compute what consists of numbers alone, and what the query says about itself."""
    return rewrite(tree, lambda node: _folded(node, frame))


def _folded(node: Expr, frame: QueryFrame) -> Expr:
    match node:
        case Call(function=function) if function in OF_QUERY:
            return NumberLiteral(_of_query(function, frame), span=node.span)
        case Unary(operator=operator, expr=NumberLiteral(value=value)):
            return NumberLiteral(-value if operator is Operator.SUBTRACT else value, span=node.span)
        case Binary(left=NumberLiteral(value=left), right=NumberLiteral(value=right)):
            return NumberLiteral(_computed(node.operator, left, right), span=node.span)
        case _:
            return node


def _of_query(function: str, frame: QueryFrame) -> float:
    steps = frame.steps
    return {
        "start": steps.start_ms / 1000,
        "end": steps.end_ms / 1000,
        "step": steps.step_ms / 1000,
        "range": frame.span_s,
    }[function]


def _computed(operator: Operator, left: float, right: float) -> float:
    one, other = np.array([left]), np.array([right])
    with np.errstate(all="ignore"):
        if operator in ARITHMETIC:
            return float(ARITHMETIC[operator](one, other)[0])
        return float(COMPARISONS[operator](one, other)[0])


def hoist_invariants(tree: Expr, frame: QueryFrame) -> Expr:
    """Mark the largest parts that have one answer for every step."""
    if frame.steps.count == 1 and not any(isinstance(node, Subquery) for node in walk(tree)):
        return tree
    hoisted, invariant = _hoisted(tree)
    return _marked(hoisted) if invariant else hoisted


def _hoisted(node: Expr) -> tuple[Expr, bool]:
    """Return a node with its invariant parts marked, and whether it is invariant as a whole."""
    if isinstance(node, NumberLiteral | StringLiteral):
        return node, True
    if isinstance(node, VectorSelector):
        return node, node.at is not None
    if isinstance(node, MatrixSelector):
        return node, node.selector.at is not None
    if isinstance(node, Subquery):
        # Its inside is evaluated at other steps, so what does not depend on steps is marked there.
        inner, invariant = _hoisted(node.expr)
        return replace(node, expr=_marked(inner) if invariant else inner), node.at is not None
    return _hoisted_children(node)


def _hoisted_children(node: Expr) -> tuple[Expr, bool]:
    children: dict[int, tuple[Expr, bool]] = {}

    def remember(child: Expr) -> Expr:
        children[id(child)] = _hoisted(child)
        return children[id(child)][0]

    changed = map_children(node, remember)
    timely = isinstance(node, Call) and node.function in TIMELY
    if not timely and all(invariant for _, invariant in children.values()):
        return changed, True
    invariants = {id(child) for child, invariant in children.values() if invariant}
    return map_children(changed, lambda one: _marked(one) if id(one) in invariants else one), False


def _marked(node: Expr) -> Expr:
    if isinstance(node, NumberLiteral | StringLiteral | StepInvariant):
        return node
    if value_type(node) is ValueType.MATRIX:
        return node
    return StepInvariant(node, span=node.span)


PASSES: Final[Mapping[str, Pass]] = {
    "compute_durations": compute_durations,
    "drop_parentheses": drop_parentheses,
    "fold_constants": fold_constants,
    "hoist_invariants": hoist_invariants,
}
# Without these there is nothing that could be evaluated.
REQUIRED: Final = frozenset(("compute_durations", "drop_parentheses", "fold_constants"))


def depends_on_frame(tree: Expr) -> bool:
    """Say whether the passes make another tree for another frame."""
    of_query = any(isinstance(node, Call) and node.function in OF_QUERY for node in walk(tree))
    return of_query or _has_duration_expressions(tree)
