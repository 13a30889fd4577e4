"""
From text to tree.

A hand-written parser that climbs precedences. It goes on after faults that leave the shape of the
text clear (an unknown function), and stops at the first place where the shape is lost. Trees are
kept by text: a dashboard asks the same queries again and again. Here stand the expressions; what
they are made of is in ``selectors``, ``durations`` and ``cursor``.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from tapewatch.metrics.promql.check import check, settled_matching
from tapewatch.metrics.promql.cursor import Lost
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.features import STABLE, Features
from tapewatch.metrics.promql.lex import (
    AGGREGATORS,
    DURATION,
    END,
    ERROR,
    IDENTIFIER,
    NUMBER,
    OPERATORS,
    PREPROCESSORS,
    STRING,
)
from tapewatch.metrics.promql.literals import unquote
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
    Call,
    Cardinality,
    Expr,
    NumberLiteral,
    Operator,
    Parenthesis,
    Span,
    StringLiteral,
    Unary,
    VectorMatching,
    value_type,
)
from tapewatch.metrics.promql.selectors import METRIC_KINDS, SelectorReader
from tapewatch.metrics.promql.signatures import SIGNATURES
from tapewatch.model.labels import Labels, quote
from tapewatch.model.matchers import Matcher

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
_EXPRESSION_KINDS: Final = METRIC_KINDS | {NUMBER, DURATION, STRING, "(", "{", "+", "-"}
_PLAIN_MATCHING: Final = VectorMatching()


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


class Parser(SelectorReader):
    """The rules of expressions."""

    __slots__ = ()

    def query(self) -> Expr:
        """Read an expression that is all of the text."""
        if self.kind == END:
            self._fault(Span(0, 0), "no expression found in input")
            raise Lost
        return self._expression()

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
        if kind in METRIC_KINDS or kind == "{":
            return self._vector_selector()
        raise self._unexpected()

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
