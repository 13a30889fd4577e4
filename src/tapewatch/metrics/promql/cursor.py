"""Reading a text token by token, and noting what is wrong with it."""

from collections.abc import Callable
from typing import TypeVar

from tapewatch.metrics.promql.errors import QuerySyntaxError, SyntaxFault
from tapewatch.metrics.promql.features import Features
from tapewatch.metrics.promql.lex import DURATION, END, ERROR, Token, tokenize
from tapewatch.metrics.promql.literals import duration_seconds, number_value
from tapewatch.metrics.promql.nodes import NumberLiteral, Span

Parsed = TypeVar("Parsed")


class Lost(Exception):  # a way out of the rules, never shown to anyone
    """The shape of the text is lost; the fault is already noted."""


class Cursor:
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
        except Lost:
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

    def _unexpected(self, context: str = "", expected: str = "") -> Lost:
        """Note that this token cannot stand here, and give the exception to raise."""
        token = self._token
        if token.kind == ERROR:
            self._fault(Span(token.start, len(self._text)), token.text)
            return Lost()
        if not context and self._aggregations:
            context = "aggregation"
        where = f" in {context}" if context else ""
        wanted = f", expected {expected}" if expected else ""
        message = f"unexpected {token.describe()}{where}{wanted}"
        self._fault(Span(token.start, token.end), message)
        return Lost()

    def _number(self) -> NumberLiteral:
        token = self._take()
        span = Span(token.start, token.end)
        duration = token.kind == DURATION
        value, fault = duration_seconds(token.text) if duration else number_value(token.text)
        self._note(span, fault)
        return NumberLiteral(value, duration, span)
