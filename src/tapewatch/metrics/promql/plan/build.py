"""Makes operators from a simplified tree."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tapewatch.metrics.promql.functions.ranges import ANCHORED, RANGE_FUNCTIONS, SMOOTHED
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
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


def build(node: Expr) -> Operator:
    """Make the operators of a whole query."""
    if value_type(node) is ValueType.MATRIX:
        return WindowResults(node.span, build_range(node))
    return build_value(node)


def build_value(node: Expr) -> Operator:
    """Make the operators of anything but a range vector."""
    return _BUILDERS[type(node)](node)


def build_range(node: Expr) -> RangeOperator:
    """Make the operators of a range vector."""
    node = unwrap(node)
    if isinstance(node, MatrixSelector):
        selector = node.selector
        return WindowSelector(
            node.span,
            selector.matchers,
            Reference(selector.offset_ms, selector.at),
            node.range_ms,
            anchored=selector.anchored,
            smoothed=selector.smoothed,
        )
    assert isinstance(node, Subquery)
    reference = Reference(node.offset_ms, node.at)
    inner = build_value(node.expr)
    _tell_resets(inner, wanted=False)
    return SubqueryOperator(node.span, reference, node.range_ms, node.step_ms, inner)


def _tell_resets(operator: Operator, *, wanted: bool) -> None:
    """Let the selectors under an operator find resets while the buckets can still be seen."""
    for one in operator.walk():
        if isinstance(one, Selector | WindowSelector):
            one.tells_resets = wanted


def _number(node: NumberLiteral) -> Operator:
    return NumberOperator(node.span, node.value)


def _string(node: StringLiteral) -> Operator:
    return TextOperator(node.span, node.value)


def _invariant(node: StepInvariant) -> Operator:
    return InvariantOperator(node.span, build_value(node.expr))


def _selector(node: VectorSelector) -> Operator:
    kind = SmoothedSelector if node.smoothed else Selector
    return kind(node.span, node.matchers, Reference(node.offset_ms, node.at))


def _unary(node: Unary) -> Operator:
    inner = build_value(node.expr)
    return Negation(node.span, inner) if node.operator is Symbol.SUBTRACT else inner


def _aggregate(node: Aggregate) -> Operator:
    by, inner = By(node.grouping, node.without), build_value(node.expr)
    if node.param is None:
        return Aggregation(node.span, node.operator, by, inner)
    if node.operator is Aggregator.COUNT_VALUES:
        label = unwrap(node.param)
        assert isinstance(label, StringLiteral)
        return CountValues(node.span, by, label, inner)
    param = build_value(node.param)
    if node.operator in _CHOOSING:
        return Choice(node.span, node.operator, by, inner, param)
    return Aggregation(node.span, node.operator, by, inner, param)


def _binary(node: Binary) -> Operator:
    left, right = build_value(node.left), build_value(node.right)
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


def _call(node: Call) -> Operator:
    if node.function in RANGE_FUNCTIONS:
        return _window_function(node)
    special = _SPECIAL_CALLS.get(node.function)
    if special is not None:
        return special(node)
    return _plain_call(node)


def _plain_call(node: Call) -> Operator:
    arguments = tuple(build_value(argument) for argument in node.args)
    if node.function in _OF_STATISTICS or node.function in _OF_BUCKETS:
        for argument in arguments:
            if not any(isinstance(one, SubqueryOperator) for one in argument.walk()):
                _tell_resets(argument, wanted=node.function in _OF_STATISTICS)
    return CallOperator(node.span, node.function, arguments)


def _window_function(node: Call) -> Operator:
    index = next(
        place for place, one in enumerate(node.args) if value_type(one) is ValueType.MATRIX
    )
    argument = unwrap(node.args[index])
    refusal = _refusal(node.function, argument)
    if refusal:
        return Misfit(node.span, refusal)
    window = build_range(argument)
    names = WindowNames(node.function, argument.span)
    params = [build_value(one) for place, one in enumerate(node.args) if place != index]
    if node.function == "absent_over_time":
        return AbsentOverTime(node.span, names, window, absent_labels(argument))
    return WindowFunction(node.span, names, window, *params)


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


def _absent(node: Call) -> Operator:
    argument = node.args[0]
    return Absent(node.span, absent_labels(unwrap(argument)), build_value(argument))


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


def _timestamp(node: Call) -> Operator:
    return _of_selector(node, TimeSelector)


def _start_timestamp(node: Call) -> Operator:
    return _of_selector(node, StartSelector)


def _of_selector(node: Call, kind: type[Selector]) -> Operator:
    selector = unwrap(node.args[0])
    if not isinstance(selector, VectorSelector):
        return _plain_call(node)
    reference = Reference(selector.offset_ms, selector.at)
    return NameDropper(node.span, kind(selector.span, selector.matchers, reference))


def _info(node: Call) -> Operator:
    matchers: tuple[Matcher, ...] = ()
    if len(node.args) > 1:
        selector = unwrap(node.args[1])
        assert isinstance(selector, VectorSelector)
        matchers = selector.matchers
    return InfoOperator(
        node.span, build_value(node.args[0]), matchers, _first_reference(node.args[0])
    )


def _first_reference(node: Expr) -> Reference:
    """Return when the first selector looks; a pinned or shifted subquery around it counts too."""
    offset_ms, at = 0, None
    for one in walk(node):
        if isinstance(one, Subquery):
            offset_ms, at = (one.offset_ms, one.at) if one.at is not None else (
                offset_ms + one.offset_ms, at,
            )  # fmt: skip
        if isinstance(one, VectorSelector):
            if one.at is not None:
                return Reference(one.offset_ms, one.at)
            return Reference(offset_ms + one.offset_ms, at)
    return Reference()


_SPECIAL_CALLS: Final[Mapping[str, Callable[[Call], Operator]]] = {
    "absent": _absent,
    "info": _info,
    "start_timestamp": _start_timestamp,
    "timestamp": _timestamp,
}
_BUILDERS: Final[Mapping[type, Callable[[Any], Operator]]] = {
    Aggregate: _aggregate,
    Binary: _binary,
    Call: _call,
    NumberLiteral: _number,
    StepInvariant: _invariant,
    StringLiteral: _string,
    Unary: _unary,
    VectorSelector: _selector,
}
