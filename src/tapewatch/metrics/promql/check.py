"""
Types: whether the parts of a query fit each other.

The parser has built the tree; here every fault in it is collected, with Prometheus' words, children
before their parents.
"""

from collections.abc import Callable
from typing import Any, Final

from tapewatch.metrics.promql.errors import SyntaxFault
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
    Span,
    StepInvariant,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from tapewatch.metrics.promql.signatures import SIGNATURES, Signature, ValueType
from tapewatch.model.labels import METRIC_NAME, quote

# Deeper trees would exhaust the stack of whoever walks them.
NESTING_MAX: Final = 200

_SCALAR: Final = ValueType.SCALAR
_VECTOR: Final = ValueType.VECTOR
_OPERANDS: Final = (_SCALAR, _VECTOR)


def check(text: str, node: Expr) -> list[SyntaxFault]:
    """Find everything that is wrong with the tree of ``text``."""
    checker = _Checker(text)
    checker.check(node)
    return checker.faults


class _Checker:
    """Collects faults on the way through a tree."""

    __slots__ = ("_depth", "_text", "faults")

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self.faults: list[SyntaxFault] = []

    def check(self, node: Expr) -> ValueType:
        """Check ``node`` and everything under it, and say what it evaluates to."""
        if self._depth >= NESTING_MAX:
            self._fault(node.span, f"the expression is nested more than {NESTING_MAX} levels deep")
            return _VECTOR
        self._depth += 1
        kind: ValueType = _CHECKS[type(node)](self, node)
        self._depth -= 1
        return kind

    def _fault(self, span: Span, message: str) -> None:
        self.faults.append(SyntaxFault(span.start, span.end, message))

    def number(self, _node: NumberLiteral) -> ValueType:
        return _SCALAR

    def string(self, _node: StringLiteral) -> ValueType:
        return ValueType.STRING

    def parenthesis(self, node: Parenthesis | StepInvariant) -> ValueType:
        return self.check(node.expr)

    def unary(self, node: Unary) -> ValueType:
        kind = self.check(node.expr)
        if kind not in _OPERANDS:
            self._fault(
                node.span,
                "unary expression only allowed on expressions of type scalar or instant vector, "
                f"got {quote(kind.title)}",
            )
        return kind

    def matrix(self, node: MatrixSelector) -> ValueType:
        self.check(node.selector)
        return ValueType.MATRIX

    def subquery(self, node: Subquery) -> ValueType:
        kind = self.check(node.expr)
        if kind is not _VECTOR:
            message = f"subquery is only allowed on instant vector, got {kind} instead"
            self._fault(node.span, message)
        return ValueType.MATRIX

    def selector(self, node: VectorSelector) -> ValueType:
        if node.name:
            self._name_twice(node)
        elif all(matcher.matches_empty for matcher in node.matchers):
            message = "vector selector must contain at least one non-empty matcher"
            self._fault(node.span, message)
        return _VECTOR

    def _name_twice(self, node: VectorSelector) -> None:
        for matcher in node.matchers[:-1]:
            if matcher.name == METRIC_NAME:
                names = f"{quote(node.name)} or {quote(matcher.value)}"
                self._fault(node.span, f"metric name must not be set twice: {names}")

    def aggregate(self, node: Aggregate) -> ValueType:
        self._expect(node.expr, _VECTOR, "aggregation expression")
        if node.param is not None:
            names = node.operator is Aggregator.COUNT_VALUES
            self._expect(
                node.param, ValueType.STRING if names else _SCALAR, "aggregation parameter"
            )
        return _VECTOR

    def _expect(self, node: Expr, wanted: ValueType, context: str) -> None:
        kind = self.check(node)
        if kind is not wanted:
            message = f"expected type {wanted.title} in {context}, got {kind.title}"
            self._fault(node.span, message)

    def call(self, node: Call) -> ValueType:
        signature = SIGNATURES[node.function]
        self._argument_count(node, signature)
        skipped = self._info_selector(node) if node.function == "info" else None
        for index, argument in enumerate(node.args):
            if index >= len(signature.takes) and not signature.variadic:
                break
            if argument is not skipped:
                context = f"call to function {quote(node.function)}"
                self._expect(argument, signature.argument_type(index), context)
        return signature.returns

    def _argument_count(self, node: Call, signature: Signature) -> None:
        given, least, most = len(node.args), signature.arguments_min, signature.arguments_max
        if given < least:
            expected = f"at least {least}" if signature.variadic else f"{least}"
        elif most is not None and given > most:
            expected = f"at most {most}" if signature.variadic else f"{most}"
        else:
            return
        function = quote(node.function)
        message = f"expected {expected} argument(s) in call to {function}, got {given}"
        self._fault(node.span, message)

    def _info_selector(self, node: Call) -> Expr | None:
        """The labels that ``info`` adds are named by a selector that may also be empty."""
        if len(node.args) < 2:
            return None
        selector = node.args[1]
        if not isinstance(selector, VectorSelector):
            self._fault(selector.span, "expected label selectors only")
            return None
        if selector.name:
            message = "expected label selectors only, got vector selector instead"
            self._fault(selector.span, message)
        return selector

    def binary(self, node: Binary) -> ValueType:
        left, right = self.check(node.left), self.check(node.right)
        self._comparison(node, left, right)
        self._labels_twice(node)
        for side, kind in ((node.left, left), (node.right, right)):
            if kind not in _OPERANDS:
                message = "binary expression must contain only scalar and instant vector types"
                self._fault(side.span, message)
        if node.matching is not None:
            self._matching(node, node.matching, vectors=left is right is _VECTOR)
        if _SCALAR in (left, right) and node.operator.joins_sets:
            operator = quote(node.operator)
            message = f"set operator {operator} not allowed in binary scalar expression"
            self._fault(node.span, message)
        return _SCALAR if left is right is _SCALAR else _VECTOR

    def _comparison(self, node: Binary, left: ValueType, right: ValueType) -> None:
        if node.return_bool and not node.operator.compares:
            message = "bool modifier can only be used on comparison operators"
            self._fault(self._operator_span(node), message)
        if node.operator.compares and not node.return_bool and left is right is _SCALAR:
            message = "comparisons between scalars must use BOOL modifier"
            self._fault(self._operator_span(node), message)

    def _labels_twice(self, node: Binary) -> None:
        matching = node.matching
        if matching is None or not matching.on:
            return
        for label in matching.labels:
            if label in matching.include:
                message = f"label {quote(label)} must not occur in ON and GROUP clause at once"
                self._fault(self._operator_span(node), message)

    def _matching(self, node: Binary, matching: VectorMatching, *, vectors: bool) -> None:
        filled = matching.fill_left is not None or matching.fill_right is not None
        if not vectors:
            if matching.labels:
                self._fault(node.span, "vector matching only allowed between instant vectors")
            if filled:
                message = "filling in missing series only allowed between instant vectors"
                self._fault(node.span, message)
        elif node.operator.joins_sets:
            if matching.cardinality is not Cardinality.MANY_TO_MANY:
                operator = quote(node.operator)
                self._fault(node.span, f"no grouping allowed for {operator} operation")
                self._fault(node.span, "set operations must always be many-to-many")
            if filled:
                message = "filling in missing series not allowed for set operators"
                self._fault(node.span, message)

    def _operator_span(self, node: Binary) -> Span:
        between = self._text[node.left.span.end : node.right.span.start]
        start = node.left.span.end + len(between) - len(between.lstrip())
        return Span(start, start + max(len(between.strip()) - 1, 0))


def settled_matching(
    operator: Operator, matching: VectorMatching, left: ValueType, right: ValueType
) -> VectorMatching | None:
    """
    Say how the operands really match, given their types.

    Matching has no place unless both are vectors; where labels or fills were written all the same,
    they stay, so that ``check`` finds them. Set operators match many to many.
    """
    if not left is right is _VECTOR:
        spoken = matching.labels or matching.fill_left is not None
        return matching if spoken or matching.fill_right is not None else None
    if operator.joins_sets and matching.cardinality is Cardinality.ONE_TO_ONE:
        return _MANY_TO_MANY if matching == _PLAIN else _many_to_many(matching)
    return matching


def _many_to_many(matching: VectorMatching) -> VectorMatching:
    return VectorMatching(
        Cardinality.MANY_TO_MANY,
        matching.labels,
        matching.on,
        matching.include,
        matching.fill_left,
        matching.fill_right,
    )


_PLAIN: Final = VectorMatching()
_MANY_TO_MANY: Final = VectorMatching(Cardinality.MANY_TO_MANY)
_CHECKS: Final[dict[type, Callable[[_Checker, Any], ValueType]]] = {
    NumberLiteral: _Checker.number,
    StringLiteral: _Checker.string,
    Parenthesis: _Checker.parenthesis,
    StepInvariant: _Checker.parenthesis,
    Unary: _Checker.unary,
    MatrixSelector: _Checker.matrix,
    Subquery: _Checker.subquery,
    VectorSelector: _Checker.selector,
    Aggregate: _Checker.aggregate,
    Call: _Checker.call,
    Binary: _Checker.binary,
}
