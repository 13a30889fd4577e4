"""Makes operators from a simplified tree."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

from tapewatch.metrics.promql.functions.ranges import ANCHORED, RANGE_FUNCTIONS, SMOOTHED
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
    Border,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    StepInvariant,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    unwrap,
    value_type,
    walk,
)
from tapewatch.metrics.promql.nodes import Operator as Symbol
from tapewatch.metrics.promql.operators.aggregate import Aggregation, By
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.binary import (
    Negation,
    Operation,
    ScalarBinary,
    VectorBinary,
    VectorScalarBinary,
)
from tapewatch.metrics.promql.operators.call import Absent, CallOperator, NameDropper
from tapewatch.metrics.promql.operators.choose import Choice
from tapewatch.metrics.promql.operators.count_values import CountValues
from tapewatch.metrics.promql.operators.info import InfoOperator
from tapewatch.metrics.promql.operators.literals import (
    InvariantOperator,
    NumberOperator,
    TextOperator,
)
from tapewatch.metrics.promql.operators.misfit import Misfit
from tapewatch.metrics.promql.operators.reference import Reference
from tapewatch.metrics.promql.operators.selectors import (
    Selector,
    SmoothedSelector,
    StartSelector,
    TimeSelector,
)
from tapewatch.metrics.promql.operators.sets import SetBinary
from tapewatch.metrics.promql.operators.windowed import (
    AbsentOverTime,
    RangeOperator,
    SubqueryOperator,
    WindowFunction,
    WindowNames,
    WindowResults,
    WindowSelector,
)
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.metrics.selection import LabelSets
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import Matcher, MatchKind

# Functions of histograms that look at count and sum alone, and those that need the buckets.
_OF_STATISTICS: Final = ("histogram_avg", "histogram_count", "histogram_sum")
_OF_BUCKETS: Final = ("histogram_fraction", "histogram_quantile")
_CHOOSING: Final = (
    Aggregator.TOPK,
    Aggregator.BOTTOMK,
    Aggregator.LIMITK,
    Aggregator.LIMIT_RATIO,
)


def build(node: Expr, *, share: bool = True) -> Operator:
    """Make the operators of a whole query; with ``share`` equal parts become one operator."""
    return _Builder(share=share).build(node)


class _Resets(Enum):
    """Whether selectors have to find resets, because a function above looks at no buckets."""

    UNASKED = "unasked"
    WANTED = "wanted"
    REFUSED = "refused"

    def under(self, function: str) -> "_Resets":
        """Return what holds below a call."""
        if self is _Resets.REFUSED or function in _OF_BUCKETS:
            return _Resets.REFUSED
        return _Resets.WANTED if function in _OF_STATISTICS else self


class _Builder:
    """Builds one tree."""

    def __init__(self, *, share: bool) -> None:
        self.share = share
        self.resets = _Resets.UNASKED
        self.made: dict[tuple[Expr, _Resets], Operator] = {}

    def build(self, node: Expr) -> Operator:
        """Make the operators of a whole query."""
        if value_type(node) is ValueType.MATRIX:
            return WindowResults(node.span, self.range(node))
        return self.value(node)

    def value(self, node: Expr) -> Operator:
        """Make the operators of anything but a range vector."""
        key = (node, self.resets)
        known = self.made.get(key) if self.share else None
        if known is None:
            known = self.made[key] = _BUILDERS[type(node)](self, node)
        else:
            known.shared = known.worth_sharing
        return known

    def values(self, nodes: Iterable[Expr]) -> tuple[Operator, ...]:
        """Make the operators of several arguments."""
        return tuple(self.value(node) for node in nodes)

    def below(self, function: str, nodes: Iterable[Expr]) -> tuple[Operator, ...]:
        """Make the operators of a call's arguments."""
        before = self.resets
        self.resets = before.under(function)
        arguments = self.values(nodes)
        self.resets = before
        return arguments

    def range(self, node: Expr) -> RangeOperator:
        """Make the operators of a range vector."""
        node = unwrap(node)
        if isinstance(node, MatrixSelector):
            return self._window_selector(node)
        assert isinstance(node, Subquery)
        before, self.resets = self.resets, _Resets.REFUSED
        inner = self.value(node.expr)
        self.resets = before
        reference = Reference(node.offset_ms, node.at)
        return SubqueryOperator(node.span, reference, node.range_ms, node.step_ms, inner)

    def _window_selector(self, node: MatrixSelector) -> WindowSelector:
        selector = node.selector
        return WindowSelector(
            node.span,
            selector.matchers,
            Reference(selector.offset_ms, selector.at),
            node.range_ms,
            anchored=selector.anchored,
            smoothed=selector.smoothed,
            tells_resets=self.resets is _Resets.WANTED,
        )

    def number(self, node: NumberLiteral) -> Operator:
        """Make a number."""
        return NumberOperator(node.span, node.value)

    def string(self, node: StringLiteral) -> Operator:
        """Make a string."""
        return TextOperator(node.span, node.value)

    def invariant(self, node: StepInvariant) -> Operator:
        """Make what is evaluated once."""
        return InvariantOperator(node.span, self.value(node.expr))

    def selector(self, node: VectorSelector) -> Operator:
        """Make an instant selector."""
        kind = SmoothedSelector if node.smoothed else Selector
        reference = Reference(node.offset_ms, node.at)
        tells_resets = self.resets is _Resets.WANTED
        return kind(node.span, node.matchers, reference, tells_resets=tells_resets)

    def unary(self, node: Unary) -> Operator:
        """Make a sign."""
        inner = self.value(node.expr)
        return Negation(node.span, inner) if node.operator is Symbol.SUBTRACT else inner

    def aggregate(self, node: Aggregate) -> Operator:
        """Make an aggregation."""
        by, inner = By(node.grouping, node.without), self.value(node.expr)
        if node.param is None:
            return Aggregation(node.span, node.operator, by, inner)
        if node.operator is Aggregator.COUNT_VALUES:
            label = unwrap(node.param)
            assert isinstance(label, StringLiteral)
            return CountValues(node.span, by, label, inner)
        param = self.value(node.param)
        if node.operator in _CHOOSING:
            return Choice(node.span, node.operator, by, inner, param)
        return Aggregation(node.span, node.operator, by, inner, param)

    def binary(self, node: Binary) -> Operator:
        """Make a binary operator."""
        left, right = self.value(node.left), self.value(node.right)
        types = value_type(node.left), value_type(node.right)
        operation = Operation(node.operator, node.return_bool, node.span)
        if types == (ValueType.SCALAR, ValueType.SCALAR):
            return ScalarBinary(node.span, node.operator, left, right)
        if types == (ValueType.VECTOR, ValueType.SCALAR):
            return VectorScalarBinary(operation, left, right, scalar_left=False)
        if types == (ValueType.SCALAR, ValueType.VECTOR):
            return VectorScalarBinary(operation, right, left, scalar_left=True)
        assert node.matching is not None
        if node.operator.joins_sets:
            return SetBinary(node.span, node.operator, node.matching, left, right)
        return VectorBinary(operation, node.matching, left, right)

    def call(self, node: Call) -> Operator:
        """Make a call of a function."""
        if node.function in RANGE_FUNCTIONS:
            return self._window_function(node)
        if node.function == "absent":
            labels = absent_labels(unwrap(node.args[0]))
            return Absent(node.span, labels, self.value(node.args[0]))
        if node.function == "info":
            return self._info(node)
        if node.function in _OF_TIMES and isinstance(unwrap(node.args[0]), VectorSelector):
            return self._of_selector(node)
        return CallOperator(node.span, node.function, self.below(node.function, node.args))

    def _window_function(self, node: Call) -> Operator:
        types = [value_type(argument) for argument in node.args]
        place = types.index(ValueType.MATRIX)
        argument = unwrap(node.args[place])
        refusal = _refusal(node.function, argument)
        if refusal:
            return Misfit(node.span, refusal)
        window = self.range(argument)
        names = WindowNames(node.function, argument.span)
        if node.function == "absent_over_time":
            return AbsentOverTime(node.span, names, window, absent_labels(argument))
        params = self.values([*node.args[:place], *node.args[place + 1 :]])
        return WindowFunction(node.span, names, window, *params)

    def _of_selector(self, node: Call) -> Operator:
        selector = unwrap(node.args[0])
        assert isinstance(selector, VectorSelector)
        kind = _OF_TIMES[node.function]
        reference = Reference(selector.offset_ms, selector.at)
        return NameDropper(node.span, kind(selector.span, selector.matchers, reference))

    def _info(self, node: Call) -> Operator:
        matchers: tuple[Matcher, ...] = ()
        if len(node.args) > 1:
            selector = unwrap(node.args[1])
            assert isinstance(selector, VectorSelector)
            matchers = selector.matchers
        reference = _first_reference(node.args[0])
        return InfoOperator(node.span, self.value(node.args[0]), matchers, reference)


def _refusal(function: str, argument: Expr) -> str:
    """Say why a function cannot work on an extended window, or nothing where it can."""
    if not isinstance(argument, MatrixSelector):
        return ""
    selector = argument.selector
    for given, word, allowed in (
        (selector.anchored, "anchored", ANCHORED),
        (selector.smoothed, "smoothed", SMOOTHED),
    ):
        if given and function not in allowed:
            listed = ", ".join(allowed)
            return f"{word} modifier can only be used with: {listed} - not with {function}"
    return ""


def absent_labels(node: Expr) -> LabelSets:
    """Return the labels that a selector asks for by equality, each exactly once."""
    selector = node.selector if isinstance(node, MatrixSelector) else node
    if not isinstance(selector, VectorSelector):
        return LabelSets((Labels(),))
    values: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.kind is MatchKind.EQUAL and matcher.name not in seen:
            seen.add(matcher.name)
            values[matcher.name] = matcher.value
        else:
            values.pop(matcher.name, None)
    return LabelSets((Labels.of(values),))


def _first_reference(node: Expr) -> Reference:
    """Return when the first selector looks, seen through the subqueries around it."""
    offset_ms: int = 0
    at: int | Border | None = None
    for one in walk(node):
        if isinstance(one, Subquery):
            if one.at is not None:
                offset_ms, at = 0, one.at
            offset_ms += one.offset_ms
        if isinstance(one, VectorSelector):
            if one.at is not None:
                return Reference(one.offset_ms, one.at)
            return Reference(offset_ms + one.offset_ms, at)
    return Reference()


_OF_TIMES: Final[Mapping[str, type[Selector]]] = {
    "start_timestamp": StartSelector,
    "timestamp": TimeSelector,
}
_BUILDERS: Final[Mapping[type, Callable[[_Builder, Any], Operator]]] = {
    Aggregate: _Builder.aggregate,
    Binary: _Builder.binary,
    Call: _Builder.call,
    NumberLiteral: _Builder.number,
    StepInvariant: _Builder.invariant,
    StringLiteral: _Builder.string,
    Unary: _Builder.unary,
    VectorSelector: _Builder.selector,
}
