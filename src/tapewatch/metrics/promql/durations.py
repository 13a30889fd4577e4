"""
Durations in a query: ``5m``, ``-1h30m``, and arithmetic with them.

They are no expressions: inside of brackets and after ``offset`` other words are known (``step()``,
``range()``, ``min_of``, ``max_of``), and nothing else.
"""

import math
from dataclasses import replace
from typing import Final

from tapewatch.metrics.promql.cursor import Cursor
from tapewatch.metrics.promql.lex import DURATION, NUMBER, Token
from tapewatch.metrics.promql.nodes import (
    DurationExpression,
    DurationNode,
    DurationOperator,
    NumberLiteral,
    Span,
)

_POWER: Final = 3
_PRECEDENCE: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": _POWER}
DURATION_CHOICES: Final = "number, duration, step(), or range()"
_SECONDS_MAX: Final = 2**63 / 1e9
_NANOSECONDS: Final = 1_000_000_000


class DurationReader(Cursor):
    """The rules of durations."""

    __slots__ = ()

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
            return self._duration("offset", DURATION_CHOICES)
        sign = self._take() if self.kind in ("+", "-") else None
        node = self._duration_primary("offset", DURATION_CHOICES)
        return node if sign is None else self._signed(sign, node)

    def _duration(self, context: str, choices: str, precedence_min: int = 1) -> DurationNode:
        left = self._duration_operand(context, choices)
        while (precedence := _PRECEDENCE.get(self.kind, 0)) >= precedence_min:
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


def duration_fields(node: DurationNode) -> tuple[int, DurationExpression | None]:
    """Give milliseconds, or the expression that has to be computed first."""
    if isinstance(node, DurationExpression):
        return 0, node
    # Rounded to nanoseconds first, as Go's durations are, then cut to milliseconds.
    nanoseconds = round(node.value * _NANOSECONDS) if math.isfinite(node.value) else 0
    return math.trunc(nanoseconds / 1_000_000), None
