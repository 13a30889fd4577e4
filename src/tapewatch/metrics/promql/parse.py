"""
From text to tree.

A hand-written parser that climbs precedences. It goes on after faults that leave the shape of the
text clear (an unknown function), and stops at the first place where the shape is lost. Trees are
kept by text: a dashboard asks the same queries again and again.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar

from tapewatch.metrics.promql.check import check, settled_matching
from tapewatch.metrics.promql.errors import QuerySyntaxError, SyntaxFault
from tapewatch.metrics.promql.features import STABLE, Features
from tapewatch.metrics.promql.lex import (
    AGGREGATORS,
    DURATION,
    END,
    ERROR,
    IDENTIFIER,
    KEYWORDS,
    METRIC_IDENTIFIER,
    NUMBER,
    OPERATORS,
    PREPROCESSORS,
    STRING,
    Token,
    tokenize,
)
from tapewatch.metrics.promql.literals import duration_seconds, number_value, unquote
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
    Border,
    Call,
    Cardinality,
    DurationExpression,
    DurationNode,
    DurationOperator,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Operator,
    Parenthesis,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
    value_type,
)
from tapewatch.metrics.promql.signatures import SIGNATURES
from tapewatch.model.errors import BadRegex
from tapewatch.model.labels import METRIC_NAME, Labels, quote
from tapewatch.model.matchers import Matcher, MatchKind, named

_PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "</": 3,
    ">/": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "atan2": 5,
    "^": 6,
}
_POWER: Final = 6
_DURATION_PRECEDENCE: Final = {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": _POWER}

_NOT_METRICS: Final = ("atan2", "bool", "group_left", "group_right", "ignoring", "on")
_METRIC_KINDS: Final = (KEYWORDS - frozenset(_NOT_METRICS)) | {IDENTIFIER, METRIC_IDENTIFIER}
_LABEL_KINDS: Final = (KEYWORDS - {"without"}) | {IDENTIFIER, METRIC_IDENTIFIER}
_EXPRESSION_KINDS: Final = _METRIC_KINDS | {NUMBER, DURATION, STRING, "(", "{", "+", "-"}
_MATCH_KINDS: Final = {kind.value: kind for kind in MatchKind}

_DURATION_CHOICES: Final = "number, duration, step(), or range()"
_STEP_CHOICES: Final = 'number, duration, step(), range(), or "]"'
_SECONDS_MAX: Final = 2**63 / 1e9
_NANOSECONDS: Final = 1_000_000_000
_PLAIN_MATCHING: Final = VectorMatching()

Parsed = TypeVar("Parsed")


@lru_cache(maxsize=4096)
def parse(text: str, features: Features = STABLE) -> Expr:
    """Read a query; ``QuerySyntaxError`` says all that is wrong with it."""
    parser = Parser(text, features)
    tree = parser.run(parser.query)
    faults = check(text, tree)
    if faults:
        raise QuerySyntaxError(text, tuple(faults))
    return tree


def parse_series_selector(text: str) -> tuple[Matcher, ...]:
    """Read ``name{label="value"}`` as ``match[]`` has it, and give its matchers."""
    parser = Parser(text, STABLE)
    return parser.run(parser.only_selector).matchers


def parse_metric(text: str) -> Labels:
    """Read ``name{label="value"}`` as the labels of one series."""
    parser = Parser(text, STABLE)
    return parser.run(parser.only_metric)


class _Lost(Exception):
    """The shape of the text is lost; the fault is already noted. It never leaves this module."""


class Parser:
    """Where the reading stands, and the faults so far."""

    __slots__ = ("_aggregations", "_features", "_index", "_text", "_tokens", "faults", "kind")

    def __init__(self, text: str, features: Features) -> None:
        self._text = text
        self._features = features
        self._tokens = tokenize(text)
        self._index = 0
        self._aggregations = 0
        self.kind = self._tokens[0].kind
        self.faults: list[SyntaxFault] = []

    def run(self, rule: Callable[[], Parsed]) -> Parsed:
        """Read the whole text by ``rule``, or raise everything that is wrong with it."""
        try:
            result = rule()
            if self.kind != END:
                raise self._unexpected()
        except _Lost:
            raise QuerySyntaxError(self._text, tuple(self.faults)) from None
        except RecursionError:
            self._fault(Span(0, len(self._text)), "the expression is nested too deeply")
            raise QuerySyntaxError(self._text, tuple(self.faults)) from None
        if self.faults:
            raise QuerySyntaxError(self._text, tuple(self.faults))
        return result

    # Reading tokens.

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    @property
    def _end(self) -> int:
        """Where the token before this one ends."""
        return self._tokens[self._index - 1].end

    def _take(self) -> Token:
        token = self._tokens[self._index]
        if token.kind == ERROR:
            raise self._unexpected()
        # The last token is never taken: nothing that stands for something is of kind END.
        self._index += 1
        self.kind = self._tokens[self._index].kind
        return token

    def _following(self) -> str:
        """Say of which kind the token after this one is."""
        after = self._index + 1
        return self._tokens[after].kind if after < len(self._tokens) else END

    def _accept(self, kind: str) -> bool:
        if self.kind != kind:
            return False
        self._take()
        return True

    def _require(self, kind: str, context: str = "", expected: str = "") -> Token:
        if self.kind != kind:
            raise self._unexpected(context, expected)
        return self._take()

    # Faults.

    def _fault(self, span: Span, message: str) -> None:
        self.faults.append(SyntaxFault(span.start, span.end, message))

    def _note(self, span: Span, message: str) -> None:
        """Note a fault of a literal, where there is one."""
        if message:
            self._fault(span, message)

    def _unexpected(self, context: str = "", expected: str = "") -> _Lost:
        """Note that this token cannot stand here, and give the exception to raise."""
        token = self._token
        if token.kind == ERROR:
            self._fault(Span(token.start, len(self._text)), token.text)
            return _Lost()
        if not context and self._aggregations:
            context = "aggregation"
        where = f" in {context}" if context else ""
        wanted = f", expected {expected}" if expected else ""
        message = f"unexpected {token.describe()}{where}{wanted}"
        self._fault(Span(token.start, token.end), message)
        return _Lost()

    # Starting points.

    def query(self) -> Expr:
        """Read an expression that is all of the text."""
        if self.kind == END:
            self._fault(Span(0, 0), "no expression found in input")
            raise _Lost
        return self._expression()

    def only_selector(self) -> VectorSelector:
        """Read a selector without modifiers."""
        if self.kind not in _METRIC_KINDS and self.kind != "{":
            raise self._unexpected()
        return self._vector_selector()

    def only_metric(self) -> Labels:
        """Read a metric's name and labels, each of them optional."""
        name = self._take().text if self.kind in _METRIC_KINDS else ""
        pairs = self._label_set() if self.kind == "{" else {}
        return Labels.of({**pairs, METRIC_NAME: name} if name else pairs)

    # Expressions.

    def _expression(self, precedence_min: int = 1) -> Expr:
        left = self._operand()
        while (precedence := _PRECEDENCE.get(self.kind, 0)) >= precedence_min:
            operator = OPERATORS[self._take().kind.lower()]
            return_bool = self._accept("bool")
            matching = self._vector_matching()
            # Powers lean to the right, everything else to the left.
            right = self._expression(precedence + (precedence != _POWER))
            left = self._binary(left, operator, right, matching, return_bool=return_bool)
        return left

    def _binary(
        self,
        left: Expr,
        operator: Operator,
        right: Expr,
        matching: VectorMatching,
        *,
        return_bool: bool,
    ) -> Binary:
        span = Span(left.span.start, right.span.end)
        filled = matching.fill_left is not None or matching.fill_right is not None
        if filled and not self._features.binop_fill:
            self._fault(span, "binop fill modifiers are experimental and not enabled")
        settled = settled_matching(operator, matching, value_type(left), value_type(right))
        return Binary(operator, left, right, settled, return_bool, span)

    def _operand(self) -> Expr:
        if self.kind not in ("+", "-"):
            return self._with_modifiers(self._primary())
        sign = self._take()
        # A sign binds like a product: closer than a sum, but -1 ^ 2 is -(1 ^ 2).
        expr = self._expression(_POWER)
        span = Span(sign.start, expr.span.end)
        if isinstance(expr, NumberLiteral):
            value = -expr.value if sign.kind == "-" else expr.value
            return NumberLiteral(value, expr.duration, span)
        return Unary(OPERATORS[sign.kind], expr, span)

    def _primary(self) -> Expr:
        kind = self.kind
        if kind in (NUMBER, DURATION):
            return self._number()
        if kind == STRING:
            token = self._take()
            return StringLiteral(unquote(token.text), Span(token.start, token.end))
        if kind == "(":
            return self._parenthesis()
        following = self._following()
        if kind in AGGREGATORS and following in ("(", "by", "without"):
            return self._aggregate()
        if following == "(" and (kind == IDENTIFIER or kind in PREPROCESSORS):
            return self._call()
        if kind in _METRIC_KINDS or kind == "{":
            return self._vector_selector()
        raise self._unexpected()

    def _number(self) -> NumberLiteral:
        token = self._take()
        span = Span(token.start, token.end)
        duration = token.kind == DURATION
        value, fault = duration_seconds(token.text) if duration else number_value(token.text)
        self._note(span, fault)
        return NumberLiteral(value, duration, span)

    def _parenthesis(self) -> Parenthesis:
        start = self._take().start
        expr = self._expression()
        self._require(")")
        return Parenthesis(expr, Span(start, self._end))

    # Calls and aggregations.

    def _call(self) -> Expr:
        name = self._take()
        signature = SIGNATURES.get(name.text)
        args = self._arguments()
        span = Span(name.start, name.end)
        if signature is None:
            self._fault(span, f"unknown function with name {quote(name.text)}")
            # Any literal will do: what has a fault is never evaluated.
            return NumberLiteral(0.0, span=span)
        if signature.experimental and not self._features.experimental_functions:
            self._fault(span, f"function {quote(name.text)} is not enabled")
        return Call(name.text, args, Span(name.start, self._end))

    def _arguments(self) -> tuple[Expr, ...]:
        self._require("(")
        if self._accept(")"):
            return ()
        args = [self._expression()]
        while self.kind == ",":
            comma = self._take()
            if self.kind in _EXPRESSION_KINDS:
                args.append(self._expression())
            elif self.kind == ERROR:
                raise self._unexpected()
            else:
                message = "trailing commas not allowed in function call args"
                self._fault(Span(comma.start, comma.end), message)
        self._require(")")
        return tuple(args)

    def _aggregate(self) -> Expr:
        word = self._take()
        operator = AGGREGATORS[word.kind]
        self._aggregations += 1
        grouping, without = self._grouping()
        grouped = self._end != word.end
        args = self._arguments()
        self._aggregations -= 1
        if not grouped:
            grouping, without = self._grouping()
        span = Span(word.start, self._end)
        fault = self._aggregate_fault(operator, len(args))
        if fault:
            self._fault(span, fault)
            return NumberLiteral(0.0, span=span)
        param = args[0] if operator.takes_param else None
        return Aggregate(operator, args[-1], param, grouping, without, span)

    def _grouping(self) -> tuple[tuple[str, ...], bool]:
        if self.kind not in ("by", "without"):
            return (), False
        without = self._take().kind == "without"
        return self._label_list(), without

    def _aggregate_fault(self, operator: Aggregator, given: int) -> str:
        if not given:
            return "no arguments for aggregate expression provided"
        if operator.experimental and not self._features.experimental_functions:
            return (
                f"{operator}() is experimental and must be enabled with "
                "--enable-feature=promql-experimental-functions"
            )
        wanted = 2 if operator.takes_param else 1
        if given == wanted:
            return ""
        return (
            "wrong number of arguments for aggregate expression provided, "
            f"expected {wanted}, got {given}"
        )

    def _label_list(self) -> tuple[str, ...]:
        self._require("(", "grouping opts", '"("')
        labels = []
        while self.kind != ")":
            labels.append(self._grouping_label())
            if self.kind not in (",", ")"):
                raise self._unexpected("grouping opts", '"," or ")"')
            self._accept(",")
        self._take()
        return tuple(labels)

    def _grouping_label(self) -> str:
        if self.kind == STRING:
            token = self._take()
            label = unquote(token.text)
            if not is_utf8_label(label):
                message = f"invalid label name for grouping: {quote(label)}"
                self._fault(Span(token.start, token.end), message)
            return label
        if self.kind not in _LABEL_KINDS:
            raise self._unexpected("grouping opts", "label")
        return self._take().text

    # Matching between vectors.

    def _vector_matching(self) -> VectorMatching:
        matching = _PLAIN_MATCHING
        if self.kind in ("on", "ignoring"):
            on = self._take().kind == "on"
            matching = VectorMatching(labels=self._label_list(), on=on)
            if self.kind in ("group_left", "group_right"):
                matching = self._grouped(matching)
        if self.kind in ("fill", "fill_left", "fill_right"):
            matching = self._filled(matching)
        return matching

    def _grouped(self, matching: VectorMatching) -> VectorMatching:
        left = self._take().kind == "group_left"
        cardinality = Cardinality.MANY_TO_ONE if left else Cardinality.ONE_TO_MANY
        include = self._label_list() if self.kind == "(" else ()
        return replace(matching, cardinality=cardinality, include=include)

    def _filled(self, matching: VectorMatching) -> VectorMatching:
        word = self._take().kind
        value = self._fill_value()
        if word == "fill":
            return replace(matching, fill_left=value, fill_right=value)
        first, second = ("left", "right") if word == "fill_left" else ("right", "left")
        fills = {f"fill_{first}": value}
        if self._accept(f"fill_{second}"):
            fills[f"fill_{second}"] = self._fill_value()
        return replace(matching, **fills)  # type: ignore[arg-type] # fields by name

    def _fill_value(self) -> float:
        self._require("(")
        negative = self._accept("-")
        if not negative:
            self._accept("+")
        if self.kind not in (NUMBER, DURATION):
            raise self._unexpected()
        value = self._number().value
        self._require(")")
        return -value if negative else value

    # Selectors.

    def _vector_selector(self) -> VectorSelector:
        start = self._token.start
        name = self._take().text if self.kind != "{" else ""
        matchers = self._matchers() if self.kind == "{" else ()
        if name:
            matchers = (*matchers, named(name))
        return VectorSelector(name, matchers, span=Span(start, self._end))

    def _matchers(self) -> tuple[Matcher, ...]:
        self._take()
        matchers: list[Matcher] = []
        while self.kind != "}":
            matcher = self._matcher()
            if matcher is not None:
                matchers.append(matcher)
            if self.kind not in (",", "}"):
                raise self._unexpected("label matching", '"," or "}"')
            self._accept(",")
        self._take()
        return tuple(matchers)

    def _matcher(self) -> Matcher | None:
        label = self._label_in_braces("label matching")
        kind = _MATCH_KINDS.get(self.kind)
        name = unquote(label.text) if label.kind == STRING else label.text
        if kind is None and label.kind == STRING:
            return named(name)
        if kind is None:
            raise self._unexpected("label matching", "label matching operator")
        self._take()
        value = self._require(STRING, "label matching", "string")
        try:
            return Matcher(kind, name, unquote(value.text))
        except BadRegex as fault:
            self._fault(Span(label.start, value.end), str(fault))
            return None

    def _label_in_braces(self, context: str) -> Token:
        if self.kind not in (IDENTIFIER, STRING):
            raise self._unexpected(context, 'identifier or "}"')
        return self._take()

    def _label_set(self) -> dict[str, str]:
        self._take()
        pairs: dict[str, str] = {}
        while self.kind != "}":
            name, value = self._label_pair()
            pairs[name] = value
            if self.kind not in (",", "}"):
                raise self._unexpected("label set", '"," or "}"')
            self._accept(",")
        self._take()
        return pairs

    def _label_pair(self) -> tuple[str, str]:
        label = self._label_in_braces("label set")
        name = unquote(label.text) if label.kind == STRING else label.text
        if self.kind != "=" and label.kind == STRING:
            return METRIC_NAME, name
        self._require("=", "label set", '"="')
        value = self._require(STRING, "label set", "string")
        return name, unquote(value.text)

    # What may follow an expression: windows, offsets, times.

    def _with_modifiers(self, expr: Expr) -> Expr:
        while (modifier := _MODIFIERS.get(self.kind)) is not None:
            expr = modifier(self, expr)
        return expr

    def window(self, expr: Expr) -> Expr:
        """Read ``[range]`` or ``[range:step]``."""
        start = self._take().start
        range_node = self._window_part("subquery or range selector", _DURATION_CHOICES)
        if self.kind == "]":
            self._take()
            return self._matrix(expr, range_node, Span(start, self._end))
        self._require(":", "subquery or range", '":" or "]"')
        step_node = None
        if self.kind != "]":
            step_node = self._window_part("subquery selector", _STEP_CHOICES)
        self._require("]", "subquery selector", '"]"')
        range_ms, range_expression = _duration_fields(range_node)
        step_ms, step_expression = (0, None) if step_node is None else _duration_fields(step_node)
        return Subquery(
            expr,
            range_ms,
            step_ms,
            range_expression=range_expression,
            step_expression=step_expression,
            span=Span(expr.span.start, self._end),
        )

    def _matrix(self, expr: Expr, range_node: DurationNode, brackets: Span) -> Expr:
        fault = _range_fault(expr)
        if fault:
            self._fault(brackets, fault)
        if not isinstance(expr, VectorSelector):
            return expr
        range_ms, expression = _duration_fields(range_node)
        return MatrixSelector(expr, range_ms, expression, Span(expr.span.start, brackets.end))

    def offset(self, expr: Expr) -> Expr:
        """Read ``offset 5m``."""
        self._take()
        offset_ms, expression = _duration_fields(self._offset_duration())
        selector = self._inner_selector(expr, "offset")
        if selector is None:
            return expr
        if selector.offset_ms or selector.offset_expression is not None:
            self._fault(expr.span, "offset may not be set multiple times")
        changed = replace(selector, offset_ms=offset_ms, offset_expression=expression)
        return self._put_back(expr, changed)

    def at(self, expr: Expr) -> Expr:
        """Read ``@ 1234``, ``@ start()`` or ``@ end()``."""
        self._take()
        time = self._border() if self.kind in ("start", "end") else self._timestamp(expr)
        selector = self._inner_selector(expr, "@")
        if selector is None:
            return expr
        if selector.at is not None:
            self._fault(expr.span, "@ <timestamp> may not be set multiple times")
        return self._put_back(expr, replace(selector, at=time))

    def _border(self) -> Border:
        border = Border(self._take().kind)
        self._require("(", "@", "timestamp")
        self._require(")", "@", "timestamp")
        return border

    def _timestamp(self, expr: Expr) -> int:
        negative = self._accept("-")
        if not negative:
            self._accept("+")
        if self.kind not in (NUMBER, DURATION):
            raise self._unexpected("@", "timestamp")
        value = self._number().value
        seconds = -value if negative else value
        if not abs(seconds) < 2**63:
            shown = _fixed_point(seconds)
            self._fault(expr.span, f"timestamp out of bounds for @ modifier: {shown}")
            return 0
        return math.floor(abs(seconds) * 1000 + 0.5) * (-1 if seconds < 0 else 1)

    def _inner_selector(self, expr: Expr, modifier: str) -> VectorSelector | Subquery | None:
        if isinstance(expr, MatrixSelector):
            return expr.selector
        if isinstance(expr, VectorSelector | Subquery):
            return expr
        message = (
            f"{modifier} modifier must be preceded by an instant vector selector or range vector "
            "selector or a subquery"
        )
        self._fault(expr.span, message)
        return None

    def _put_back(self, expr: Expr, selector: VectorSelector | Subquery) -> Expr:
        span = Span(expr.span.start, self._end)
        if isinstance(expr, MatrixSelector):
            assert isinstance(selector, VectorSelector)
            return replace(expr, selector=selector, span=span)
        return replace(selector, span=span)

    def anchored(self, expr: Expr) -> Expr:
        """Read ``anchored`` or ``smoothed``."""
        word = self._take().kind
        if not self._features.extended_range_selectors:
            self._fault(expr.span, f"{word} modifier is experimental and not enabled")
            return expr
        if isinstance(expr, Subquery):
            self._fault(expr.span, f"{word} modifier is not supported for subqueries")
            return expr
        selector = expr.selector if isinstance(expr, MatrixSelector) else expr
        if not isinstance(selector, VectorSelector):
            self._fault(expr.span, f"{word} modifier not implemented")
            return expr
        anchored, smoothed = selector.anchored, selector.smoothed
        if smoothed if word == "anchored" else anchored:
            message = "anchored and smoothed modifiers cannot be used together"
            self._fault(expr.span, message)
        changed = replace(
            selector,
            anchored=anchored or word == "anchored",
            smoothed=smoothed or word == "smoothed",
        )
        return replace(expr, selector=changed) if isinstance(expr, MatrixSelector) else changed

    # Durations.

    def _window_part(self, context: str, choices: str) -> DurationNode:
        node = self._duration(context, choices)
        if isinstance(node, NumberLiteral) and node.value <= 0:
            self._fault(node.span, "duration must be greater than 0")
        return node

    def _offset_duration(self) -> DurationNode:
        """
        Read what follows ``offset``.

        It ends as early as it can, so ``a offset 5m * 2`` multiplies ``a``; only a parenthesis
        without a sign goes on: ``a offset (5m) * 2``.
        """
        if self.kind == "(" or (self.kind in ("+", "-") and self._following() in ("+", "-")):
            return self._duration("offset", _DURATION_CHOICES)
        sign = self._take() if self.kind in ("+", "-") else None
        node = self._duration_primary("offset", _DURATION_CHOICES)
        return node if sign is None else self._signed(sign, node)

    def _duration(self, context: str, choices: str, precedence_min: int = 1) -> DurationNode:
        left = self._duration_operand(context, choices)
        while (precedence := _DURATION_PRECEDENCE.get(self.kind, 0)) >= precedence_min:
            operator = self._take()
            right = self._duration(context, choices, precedence + (precedence != _POWER))
            left = self._duration_binary(left, operator, right)
        return left

    def _duration_operand(self, context: str, choices: str) -> DurationNode:
        if self.kind not in ("+", "-"):
            return self._duration_primary(context, choices)
        sign = self._take()
        return self._signed(sign, self._duration(context, choices, _POWER))

    def _signed(self, sign: Token, node: DurationNode) -> DurationNode:
        span = Span(sign.start, node.span.end)
        if isinstance(node, NumberLiteral):
            value = -node.value if sign.kind == "-" else node.value
            return NumberLiteral(value, node.duration, span)
        if sign.kind == "+":
            return node
        return DurationExpression(DurationOperator.SUBTRACT, right=node, span=span)

    def _duration_binary(
        self, left: DurationNode, operator: Token, right: DurationNode
    ) -> DurationNode:
        span = Span(left.span.start, right.span.end)
        self._experimental(left.span)
        if isinstance(right, NumberLiteral) and right.value == 0 and operator.kind in ("/", "%"):
            what = "division" if operator.kind == "/" else "modulo"
            self._fault(Span(operator.start, operator.end), f"{what} by zero")
        return DurationExpression(DurationOperator(operator.kind), left, right, span=span)

    def _duration_primary(self, context: str, choices: str) -> DurationNode:
        if self.kind in (NUMBER, DURATION):
            return self._duration_literal()
        if self.kind == "(":
            return self._duration_parenthesis(context, choices)
        if self.kind in ("step", "range"):
            word = self._take()
            self._require("(", context, choices)
            self._require(")", context, choices)
            span = Span(word.start, self._end)
            return DurationExpression(DurationOperator(word.kind), span=span)
        if self.kind in ("min_of", "max_of"):
            return self._duration_choice(context, choices)
        raise self._unexpected(context, choices)

    def _duration_literal(self) -> NumberLiteral:
        node = self._number()
        if abs(node.value) > _SECONDS_MAX:
            self._fault(node.span, "duration out of range")
            return NumberLiteral(0.0)
        return node

    def _duration_parenthesis(self, context: str, choices: str) -> DurationExpression:
        start = self._take().start
        node = self._duration(context, choices)
        self._require(")", context, choices)
        self._experimental(node.span)
        if isinstance(node, DurationExpression):
            return replace(node, parenthesised=True)
        span = Span(start, self._end)
        return DurationExpression(DurationOperator.ADD, None, node, parenthesised=True, span=span)

    def _duration_choice(self, context: str, choices: str) -> DurationExpression:
        word = self._take()
        self._require("(", context, choices)
        left = self._duration(context, choices)
        self._require(",", context, choices)
        right = self._duration(context, choices)
        self._require(")", context, choices)
        span = Span(word.start, self._end)
        return DurationExpression(DurationOperator(word.kind), left, right, span=span)

    def _experimental(self, span: Span) -> None:
        if not self._features.duration_expressions:
            self._fault(span, "experimental duration expression is not enabled")


_MODIFIERS: Final[dict[str, Callable[[Parser, Expr], Expr]]] = {
    "[": Parser.window,
    "offset": Parser.offset,
    "@": Parser.at,
    "anchored": Parser.anchored,
    "smoothed": Parser.anchored,
}


def _duration_fields(node: DurationNode) -> tuple[int, DurationExpression | None]:
    if isinstance(node, DurationExpression):
        return 0, node
    # Rounded to nanoseconds first, as Go's durations are, then cut to milliseconds.
    nanoseconds = round(node.value * _NANOSECONDS) if math.isfinite(node.value) else 0
    return math.trunc(nanoseconds / 1_000_000), None


def _range_fault(expr: Expr) -> str:
    if not isinstance(expr, VectorSelector):
        return "ranges only allowed for vector selectors"
    if expr.offset_ms or expr.offset_expression is not None:
        return "no offset modifiers allowed before range"
    if expr.at is not None:
        return "no @ modifiers allowed before range"
    return ""


def _fixed_point(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:f}"


def is_utf8_label(name: str) -> bool:
    """Say whether ``name`` can be the name of a label: not empty, and text that UTF-8 can write."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)
