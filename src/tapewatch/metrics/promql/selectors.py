"""
Selectors in a query: names, matchers, and what may stand behind them.

A window, an offset and a time may follow any expression as far as the grammar goes; here it is
seen that they follow something that can have one.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tapewatch.metrics.promql.durations import DURATION_CHOICES, DurationReader, duration_fields
from tapewatch.metrics.promql.lex import (
    DURATION,
    IDENTIFIER,
    KEYWORDS,
    METRIC_IDENTIFIER,
    NUMBER,
    STRING,
    Token,
)
from tapewatch.metrics.promql.literals import unquote
from tapewatch.metrics.promql.nodes import (
    Border,
    DurationNode,
    Expr,
    MatrixSelector,
    Span,
    Subquery,
    VectorSelector,
)
from tapewatch.model.errors import BadRegex
from tapewatch.model.labels import METRIC_NAME, Labels, quote
from tapewatch.model.matchers import Matcher, MatchKind, named

_NOT_METRICS: Final = ("atan2", "bool", "group_left", "group_right", "ignoring", "on")
METRIC_KINDS: Final = (KEYWORDS - frozenset(_NOT_METRICS)) | {IDENTIFIER, METRIC_IDENTIFIER}
_LABEL_KINDS: Final = (KEYWORDS - {"without"}) | {IDENTIFIER, METRIC_IDENTIFIER}
_MATCH_KINDS: Final = {kind.value: kind for kind in MatchKind}
_STEP_CHOICES: Final = 'number, duration, step(), range(), or "]"'


class SelectorReader(DurationReader):
    """The rules of selectors and their modifiers, and of lists of labels."""

    __slots__ = ()

    def only_selector(self) -> VectorSelector:
        """Read a selector without modifiers."""
        if self.kind not in METRIC_KINDS and self.kind != "{":
            raise self._unexpected()
        return self._vector_selector()

    def only_metric(self) -> Labels:
        """Read a metric's name and labels, each of them optional."""
        name = self._take().text if self.kind in METRIC_KINDS else ""
        pairs = self._label_set() if self.kind == "{" else {}
        return Labels.of({**pairs, METRIC_NAME: name} if name else pairs)

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

    # What may follow an expression: windows, offsets, times.

    def _with_modifiers(self, expr: Expr) -> Expr:
        while (modifier := _MODIFIERS.get(self.kind)) is not None:
            expr = modifier(self, expr)
        return expr

    def window(self, expr: Expr) -> Expr:
        """Read ``[range]`` or ``[range:step]``."""
        start = self._take().start
        range_node = self._window_part("subquery or range selector", DURATION_CHOICES)
        if self.kind == "]":
            self._take()
            return self._matrix(expr, range_node, Span(start, self._end))
        self._require(":", "subquery or range", '":" or "]"')
        step_node = None
        if self.kind != "]":
            step_node = self._window_part("subquery selector", _STEP_CHOICES)
        self._require("]", "subquery selector", '"]"')
        range_ms, range_expression = duration_fields(range_node)
        step_ms, step_expression = (0, None) if step_node is None else duration_fields(step_node)
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
        range_ms, expression = duration_fields(range_node)
        return MatrixSelector(expr, range_ms, expression, Span(expr.span.start, brackets.end))

    def offset(self, expr: Expr) -> Expr:
        """Read ``offset 5m``."""
        self._take()
        offset_ms, expression = duration_fields(self._offset_duration())
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


_MODIFIERS: Final[dict[str, Callable[[SelectorReader, Expr], Expr]]] = {
    "[": SelectorReader.window,
    "offset": SelectorReader.offset,
    "@": SelectorReader.at,
    "anchored": SelectorReader.anchored,
    "smoothed": SelectorReader.anchored,
}


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
