"""
The tree of a query.

Every node is a frozen value that knows where in the text it came from; equality and hash leave
that ``span`` out, so two trees are equal when they mean the same. Times and durations are whole
milliseconds. A duration that was written as an expression (``[5m * 2]``) stands beside its
milliseconds, which are zero until ``resolve_durations`` has computed them.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple, cast

from tapewatch.metrics.promql.errors import QueryRefused
from tapewatch.metrics.promql.signatures import SIGNATURES, ValueType
from tapewatch.model.matchers import Matcher


class Span(NamedTuple):
    """Where a node stands in its text: character positions, the end excluded."""

    start: int
    end: int


NOWHERE: Final = Span(0, 0)


class Operator(StrEnum):
    """The binary operators as they are written; ``+`` and ``-`` are unary too."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    POWER = "^"
    ATAN2 = "atan2"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    TRIM_UPPER = "</"
    TRIM_LOWER = ">/"
    AND = "and"
    OR = "or"
    UNLESS = "unless"

    @property
    def compares(self) -> bool:
        """Whether the operator filters or, with ``bool``, answers 0 and 1."""
        return self in _COMPARISONS

    @property
    def joins_sets(self) -> bool:
        """Whether the operator works on sets of series and leaves values alone."""
        return self in _SET_OPERATORS


_COMPARISONS: Final = frozenset(
    (
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.LESS,
        Operator.LESS_OR_EQUAL,
        Operator.GREATER,
        Operator.GREATER_OR_EQUAL,
    )
)
_SET_OPERATORS: Final = frozenset((Operator.AND, Operator.OR, Operator.UNLESS))


class Aggregator(StrEnum):
    """The aggregations."""

    SUM = "sum"
    AVG = "avg"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    GROUP = "group"
    STDDEV = "stddev"
    STDVAR = "stdvar"
    TOPK = "topk"
    BOTTOMK = "bottomk"
    COUNT_VALUES = "count_values"
    QUANTILE = "quantile"
    LIMITK = "limitk"
    LIMIT_RATIO = "limit_ratio"

    @property
    def takes_param(self) -> bool:
        """Whether a parameter comes before the expression."""
        return self in _WITH_PARAM

    @property
    def experimental(self) -> bool:
        """Whether the aggregation has to be switched on."""
        return self in (Aggregator.LIMITK, Aggregator.LIMIT_RATIO)


_WITH_PARAM: Final = frozenset(
    (
        Aggregator.TOPK,
        Aggregator.BOTTOMK,
        Aggregator.COUNT_VALUES,
        Aggregator.QUANTILE,
        Aggregator.LIMITK,
        Aggregator.LIMIT_RATIO,
    )
)


class Border(StrEnum):
    """An ``@`` time that depends on the range that is asked for."""

    START = "start"
    END = "end"


class Cardinality(StrEnum):
    """How many series may stand on each side of a match."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


class DurationOperator(StrEnum):
    """What joins the parts of a duration expression."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    POWER = "^"
    STEP = "step"
    RANGE = "range"
    MIN_OF = "min_of"
    MAX_OF = "max_of"


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number; ``duration`` says that it was written as one (``5m`` is 300)."""

    value: float
    duration: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumberLiteral) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, bool]:
        # NaN equals NaN here, and 0 differs from -0: a literal is compared as it is printed.
        return repr(self.value), self.duration


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A text, without its quotes and escapes."""

    value: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DurationExpression:
    """Arithmetic between durations in seconds; unary where only ``right`` is there."""

    operator: DurationOperator
    left: "DurationNode | None" = None
    right: "DurationNode | None" = None
    parenthesised: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


DurationNode = NumberLiteral | DurationExpression


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """The newest sample of every series that passes ``matchers`` (the name is one of them)."""

    name: str
    matchers: tuple[Matcher, ...]
    offset_ms: int = 0
    offset_expression: DurationExpression | None = None
    at: int | Border | None = None
    anchored: bool = False
    smoothed: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """The samples of a window; its offset and ``@`` are the selector's."""

    selector: VectorSelector
    range_ms: int
    range_expression: DurationExpression | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression evaluated over a window; a step of zero means the engine's default."""

    expr: "Expr"
    range_ms: int
    step_ms: int = 0
    offset_ms: int = 0
    at: int | Border | None = None
    range_expression: DurationExpression | None = None
    step_expression: DurationExpression | None = None
    offset_expression: DurationExpression | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function's name, which ``SIGNATURES`` knows, and its arguments."""

    function: str
    args: tuple["Expr", ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Many series into few, grouped ``by`` some labels or ``without`` them."""

    operator: Aggregator
    expr: "Expr"
    param: "Expr | None" = None
    grouping: tuple[str, ...] = ()
    without: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """How the series of two vectors find each other, and what stands in for one not found."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; ``matching`` is there when both are vectors."""

    operator: Operator
    left: "Expr"
    right: "Expr"
    matching: VectorMatching | None = None
    return_bool: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an expression."""

    operator: Operator
    expr: "Expr"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parenthesis:
    """An expression in parentheses."""

    expr: "Expr"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StepInvariant:
    """Marks what has one answer for every step; the evaluator makes these, the parser never."""

    expr: "Expr"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expr = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregate
    | Binary
    | Unary
    | Parenthesis
    | StepInvariant
)


def value_type(node: Expr) -> ValueType:
    """Say what ``node`` evaluates to."""
    match node:
        case NumberLiteral():
            return ValueType.SCALAR
        case StringLiteral():
            return ValueType.STRING
        case VectorSelector() | Aggregate():
            return ValueType.VECTOR
        case MatrixSelector() | Subquery():
            return ValueType.MATRIX
        case Call(function=function):
            return SIGNATURES[function].returns
        case Binary(left=left, right=right):
            scalars = value_type(left) is value_type(right) is ValueType.SCALAR
            return ValueType.SCALAR if scalars else ValueType.VECTOR
        case Unary(expr=expr) | Parenthesis(expr=expr) | StepInvariant(expr=expr):
            return value_type(expr)


def children(node: Expr) -> tuple[Expr, ...]:
    """Return the expressions directly under ``node``, in the order of evaluation."""
    match node:
        case Call(args=args):
            return args
        case Binary(left=left, right=right):
            return left, right
        case Aggregate(expr=expr, param=None):
            return (expr,)
        case Aggregate(expr=expr, param=param):
            return expr, cast("Expr", param)
        case MatrixSelector(selector=selector):
            return (selector,)
        case Subquery() | Unary() | Parenthesis() | StepInvariant():
            return (node.expr,)
        case NumberLiteral() | StringLiteral() | VectorSelector():
            return ()


def walk(node: Expr) -> Iterator[Expr]:
    """Yield ``node`` and everything under it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def rewrite(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Build a new tree by ``change``, children first; what stays the same is shared."""
    return change(map_children(node, lambda child: rewrite(child, change)))


def map_children(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Change only the expressions directly under ``node``; the same node where none changes."""
    updates: dict[str, object] = {}
    for name in _CHILD_FIELDS.get(type(node), ()):
        old = getattr(node, name)
        new = _map_field(old, change)
        if new is not old:
            updates[name] = new
    return replace(node, **updates) if updates else node  # type: ignore[arg-type] # fields by name


def _map_field(old: object, change: Callable[[Expr], Expr]) -> object:
    if old is None:
        return None
    if isinstance(old, tuple):
        new = tuple(change(expr) for expr in old)
        same = all(one is other for one, other in zip(old, new, strict=True))
        return old if same else new
    return change(cast("Expr", old))


_CHILD_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    MatrixSelector: ("selector",),
    Subquery: ("expr",),
    Call: ("args",),
    Aggregate: ("expr", "param"),
    Binary: ("left", "right"),
    Unary: ("expr",),
    Parenthesis: ("expr",),
    StepInvariant: ("expr",),
}


def unwrap(node: Expr) -> Expr:
    """Take parentheses and step-invariant marks off."""
    while isinstance(node, Parenthesis | StepInvariant):
        node = node.expr
    return node


def resolve_durations(node: Expr, *, start_ms: int, end_ms: int, step_ms: int) -> Expr:
    """
    Compute every duration expression, so that only milliseconds are left.

    ``step()`` and ``range()`` are those of the whole query; at an instant ``range()`` is zero and
    ``step()`` is what the caller passes. A window or a step has to be above zero.
    """
    frame = DurationFrame(step_ms / 1000, (end_ms - start_ms) / 1000)
    return rewrite(node, lambda one: _resolve_node(one, frame))


class DurationFrame(NamedTuple):
    """What ``step()`` and ``range()`` stand for, in seconds."""

    step_s: float
    range_s: float


def _resolve_node(node: Expr, frame: DurationFrame) -> Expr:
    updates: dict[str, object] = {}
    for field_name in _DURATION_FIELDS.get(type(node), ()):
        expression = getattr(node, f"{field_name}_expression")
        if expression is not None:
            negative = field_name == "offset"
            updates[f"{field_name}_ms"] = duration_ms(expression, frame, negative_allowed=negative)
            updates[f"{field_name}_expression"] = None
    return replace(node, **updates) if updates else node  # type: ignore[arg-type] # fields by name


_DURATION_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    VectorSelector: ("offset",),
    MatrixSelector: ("range",),
    Subquery: ("offset", "step", "range"),
}
_DURATION_MAX_S: Final = float(2**63 - 1)


def duration_ms(node: DurationNode, frame: DurationFrame, *, negative_allowed: bool = False) -> int:
    """Compute one duration expression."""
    seconds = _seconds(node, frame)
    if seconds <= 0 and not negative_allowed:
        raise QueryRefused("duration must be greater than 0")
    if not abs(seconds) <= _DURATION_MAX_S:
        raise QueryRefused("duration is out of range")
    return int(seconds * 1000)


def _seconds(node: DurationNode, frame: DurationFrame) -> float:
    if isinstance(node, NumberLiteral):
        return node.value
    if node.operator is DurationOperator.STEP:
        return frame.step_s
    if node.operator is DurationOperator.RANGE:
        return frame.range_s
    assert node.right is not None
    right = _seconds(node.right, frame)
    left = 0.0 if node.left is None else _seconds(node.left, frame)
    return _DURATION_ARITHMETIC[node.operator](left, right)


def _divide(left: float, right: float) -> float:
    if right == 0:
        raise QueryRefused("division by zero")
    return left / right


def _modulo(left: float, right: float) -> float:
    if right == 0:
        raise QueryRefused("modulo by zero")
    return math.fmod(left, right) if math.isfinite(left) else math.nan


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except (OverflowError, ValueError):
        return math.nan


_DURATION_ARITHMETIC: Final[dict[DurationOperator, Callable[[float, float], float]]] = {
    DurationOperator.ADD: lambda left, right: left + right,
    DurationOperator.SUBTRACT: lambda left, right: left - right,
    DurationOperator.MULTIPLY: lambda left, right: left * right,
    DurationOperator.DIVIDE: _divide,
    DurationOperator.MODULO: _modulo,
    DurationOperator.POWER: _power,
    DurationOperator.MIN_OF: min,
    DurationOperator.MAX_OF: max,
}
