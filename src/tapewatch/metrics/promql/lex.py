"""
PromQL's tokens.

``tokenize`` reads a whole text at once. A text that cannot be read ends in an ``ERROR`` token whose
text is the message: the parser meets it in its place, after whatever is wrong before it. Keywords
and operators are their own kind, so ``by`` is of kind ``by``. What may stand where depends on two
things alone: whether a brace or a bracket is open.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from tapewatch.metrics.promql.literals import (
    quote_character,
    scan_duration,
    scan_number,
    scan_string,
)
from tapewatch.metrics.promql.nodes import Aggregator, Operator
from tapewatch.model.labels import quote

IDENTIFIER: Final = "identifier"
METRIC_IDENTIFIER: Final = "metric identifier"
NUMBER: Final = "number"
DURATION: Final = "duration"
STRING: Final = "string"
END: Final = "end of input"
ERROR: Final = "error"

AGGREGATORS: Final = {operator.value: operator for operator in Aggregator}
OPERATORS: Final = {operator.value: operator for operator in Operator}
_GROUPING: Final = ("by", "without", "on", "ignoring", "group_left", "group_right")
_FILLS: Final = frozenset(("fill", "fill_left", "fill_right"))
MODIFIERS: Final = frozenset((*_GROUPING, *_FILLS, "bool", "offset", "anchored", "smoothed"))
# Words that mean something in a time or a duration, and are functions elsewhere.
PREPROCESSORS: Final = frozenset(("start", "end", "step", "range", "max_of", "min_of"))
KEYWORDS: Final = frozenset(
    (*AGGREGATORS, *MODIFIERS, *PREPROCESSORS, "and", "or", "unless", "atan2")
)

_SHOWN_MAX: Final = 10
_NUMBER_WORDS: Final = frozenset(("inf", "nan"))
_DIGITS: Final = frozenset("0123456789")
_DURATION_WORDS: Final = frozenset(("step", "range", "min_of", "max_of"))


class Token(NamedTuple):
    """A piece of the text; ``kind`` is a class of tokens or, for fixed words, the word itself."""

    kind: str
    start: int
    text: str

    @property
    def end(self) -> int:
        """Where the next token may begin."""
        return self.start + len(self.text)

    def describe(self) -> str:
        """Name the token as error messages do."""
        if self.kind == END:
            return END
        if self.kind in (IDENTIFIER, METRIC_IDENTIFIER):
            return f"{self.kind} {quote(self.text)}"
        if self.kind in (NUMBER, DURATION, STRING):
            return f"{self.kind} {_shown(self.text)}"
        if self.kind in AGGREGATORS:
            return f"<aggr:{self.text}>"
        if self.kind in MODIFIERS:
            return f"<{self.text}>"
        if self.kind in _OPERATOR_KINDS:
            return f"<op:{self.text}>"
        return quote(self.text)


_OPERATOR_KINDS: Final = frozenset((*OPERATORS, "=~", "!~", "@"))


def _shown(text: str) -> str:
    return quote(text) if len(text) <= _SHOWN_MAX else quote(text[:_SHOWN_MAX]) + "..."


class _BadText(Exception):
    """A place where the text cannot be read; it never leaves this module."""

    def __init__(self, start: int, message: str) -> None:
        super().__init__(start, message)
        self.start = start
        self.message = message


_SKIPPED: Final = r"[ \t\n\r]+|\#[^\r\n]*"
_IN_STRING: Final = r"\\\n\ufffd\ud800-\udfff"
_PLAIN_STRING: Final = rf'"[^"{_IN_STRING}]*"' + rf"|'[^'{_IN_STRING}]*'"

# Only the common forms of numbers; whatever does not fit goes the slow way through _number.
_STATEMENT: Final = re.compile(
    rf"""
    (?P<skip>{_SKIPPED})
    | (?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![A-Za-z0-9_.]))
    | (?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+(?![A-Za-z0-9_]))
    | (?P<string>{_PLAIN_STRING})
    | (?P<operator>==|!=|<=|>=|</|>/|=(?!~)|[-+*/%^<>@,])
    """,
    re.VERBOSE,
)
_BRACES: Final = re.compile(
    rf"""
    (?P<skip>{_SKIPPED})
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<string>{_PLAIN_STRING})
    | (?P<operator>=~|!=|!~|=|,)
    """,
    re.VERBOSE,
)
_LETTERS: Final = re.compile("[A-Za-z_]+")
_GAP: Final = re.compile(r"[ \t\n\r]*")


def tokenize(text: str) -> list[Token]:
    """Read ``text``; the last token is ``END`` or ``ERROR``."""
    lexer = Lexer(text)
    try:
        lexer.read_all()
    except _BadText as fault:
        lexer.read.append(Token(ERROR, fault.start, fault.message))
    return lexer.read


class Lexer:
    """Where the reading stands, and what is open there."""

    __slots__ = (
        "_brace_open",
        "_bracket_open",
        "_colon_seen",
        "_in_duration",
        "_number_seen",
        "_paren_depth",
        "_text",
        "read",
    )

    def __init__(self, text: str) -> None:
        self._text = text
        self._paren_depth = 0
        self._brace_open = False
        self._bracket_open = False
        self._colon_seen = False
        self._number_seen = False
        # From the bracket to its first number only what a duration is made of may follow.
        self._in_duration = False
        self.read: list[Token] = []

    def read_all(self) -> None:
        """Read everything, or raise at the first place that cannot be read."""
        text, read, length, position = self._text, self.read, len(self._text), 0
        while position < length:
            pattern = _BRACES if self._brace_open else _STATEMENT
            match = pattern.match(text, position)
            kind = match.lastgroup if match else None
            if match is None or (self._bracket_open and kind != "skip"):
                token = self._rare(position)
                read.append(token)
                position = token.end
                continue
            piece, start, position = match.group(), position, match.end()
            if kind == "skip":
                continue
            if kind == "word" and not self._brace_open:
                read.append(Token(self._word_kind(piece, position), start, piece))
            else:
                read.append(Token(_KIND_OF_GROUP.get(kind or "", piece), start, piece))
        self._close(length)
        read.append(Token(END, length, ""))

    def _word_kind(self, word: str, end: int) -> str:
        lowered = word.lower()
        if lowered in KEYWORDS:
            # These words are younger than many metrics of that name: only a call makes keywords.
            if lowered in _FILLS and not self._call_follows(end):
                return IDENTIFIER
            return lowered
        if lowered in _NUMBER_WORDS:
            return NUMBER
        return METRIC_IDENTIFIER if ":" in word else IDENTIFIER

    def _call_follows(self, end: int) -> bool:
        gap = _GAP.match(self._text, end)
        assert gap is not None
        return self._text.startswith("(", gap.end())

    def _rare(self, start: int) -> Token:
        """Read what the patterns leave out: brackets of all kinds, odd numbers, odd strings."""
        letter = self._text[start]
        if self._brace_open:
            return self._in_braces(start, letter)
        bracket = _BRACKETS.get(letter)
        if bracket is not None:
            return bracket(self, start)
        if letter in _DIGITS or self._is_fraction(start):
            return self._number(start)
        if self._in_duration:
            return self._in_duration_expression(start, letter)
        if letter in "\"'`":
            return self._string(start)
        if self._bracket_open and (letter == ":" or _LETTERS.match(letter)):
            return self._word_in_brackets(start, letter)
        return self._operator(start, letter)

    def _is_fraction(self, start: int) -> bool:
        text = self._text
        return text[start] == "." and text[start + 1 : start + 2] in _DIGITS

    def _in_braces(self, start: int, letter: str) -> Token:
        if letter == "}":
            self._brace_open = False
            return Token("}", start, "}")
        if letter in "\"'`":
            return self._string(start)
        if letter == "!":
            following = self._text[start + 1 : start + 2]
            raise _BadText(
                start, f"unexpected character after '!' inside braces: {quote_character(following)}"
            )
        if letter == "{":
            raise _BadText(start, "unexpected left brace '{'")
        raise _BadText(start, f"unexpected character inside braces: {quote_character(letter)}")

    def _in_duration_expression(self, start: int, letter: str) -> Token:
        if letter in "+-*/%^,":
            return Token(letter, start, letter)
        if letter == ":":
            return self._colon_in_duration(start)
        token = self._duration_word(start) if letter in "sSmMrR" else None
        if token is None:
            raise _BadText(
                start, f"unexpected character in duration expression: {quote_character(letter)}"
            )
        return token

    def _colon_in_duration(self, start: int) -> Token:
        if not self._number_seen:
            raise _BadText(start + 1, "unexpected colon before duration in duration expression")
        if self._colon_seen:
            raise _BadText(start + 1, "unexpected repeated colon in duration expression")
        self._colon_seen = True
        return Token(":", start, ":")

    def _duration_word(self, start: int) -> Token | None:
        match = _LETTERS.match(self._text, start)
        word = match.group() if match else ""
        if word.lower() not in _DURATION_WORDS:
            return None
        self._number_seen = True
        return Token(word.lower(), start, word)

    def _word_in_brackets(self, start: int, letter: str) -> Token:
        if letter == ":":
            if self._colon_seen:
                raise _BadText(start, "unexpected colon ':'")
            self._colon_seen = True
            return Token(":", start, ":")
        token = self._duration_word(start)
        if token is None:
            raise _BadText(start, f"unexpected character: {quote_character(letter)}, expected ':'")
        return token

    def _operator(self, start: int, letter: str) -> Token:
        match = _STATEMENT.match(self._text, start)
        if match is not None and match.lastgroup == "operator":
            return Token(match.group(), start, match.group())
        if letter in "=!":
            following = self._text[start + 1 : start + 2]
            raise _BadText(
                start, f"unexpected character after '{letter}': {quote_character(following)}"
            )
        raise _BadText(start, f"unexpected character: {quote_character(letter)}")

    def _string(self, start: int) -> Token:
        end, fault = scan_string(self._text, start)
        if fault:
            raise _BadText(start, fault)
        return Token(STRING, start, self._text[start:end])

    def _number(self, start: int) -> Token:
        self._number_seen = self._number_seen or self._in_duration
        self._in_duration = False
        match = _STATEMENT.match(self._text, start)
        if match is not None:
            return Token(_KIND_OF_GROUP[match.lastgroup or ""], start, match.group())
        end, good = scan_number(self._text, start)
        if good:
            return Token(NUMBER, start, self._text[start:end])
        end, good = scan_duration(self._text, end)
        if good:
            return Token(DURATION, start, self._text[start:end])
        raise _BadText(start, f"bad number or duration syntax: {quote(self._text[start:end])}")

    def open_paren(self, start: int) -> Token:
        """Read ``(``."""
        self._paren_depth += 1
        return Token("(", start, "(")

    def close_paren(self, start: int) -> Token:
        """Read ``)``."""
        self._paren_depth -= 1
        if self._paren_depth < 0:
            raise _BadText(start + 1, "unexpected right parenthesis ')'")
        return Token(")", start, ")")

    def open_brace(self, start: int) -> Token:
        """Read ``{``, which makes every word an identifier."""
        if self._in_duration:
            raise _BadText(start, "unexpected character in duration expression: '{'")
        self._brace_open = True
        return Token("{", start, "{")

    def open_bracket(self, start: int) -> Token:
        """Read ``[``, after which a duration has to come."""
        if self._in_duration:
            raise _BadText(start, "unexpected character in duration expression: '['")
        if self._bracket_open:
            raise _BadText(start, "unexpected left bracket '['")
        self._bracket_open = self._in_duration = True
        self._colon_seen = False
        return Token("[", start, "[")

    def close_bracket(self, start: int) -> Token:
        """Read ``]``."""
        if not self._bracket_open:
            raise _BadText(start, "unexpected right bracket ']'")
        self._bracket_open = self._in_duration = False
        return Token("]", start, "]")

    def _close(self, end: int) -> None:
        if self._brace_open:
            raise _BadText(end, "unexpected end of input inside braces")
        if self._in_duration:
            raise _BadText(end, "unexpected end of input in duration expression")
        if self._paren_depth:
            raise _BadText(end, "unclosed left parenthesis")
        if self._bracket_open:
            raise _BadText(end, "unclosed left bracket")


_KIND_OF_GROUP: Final = {
    "word": IDENTIFIER,
    "number": NUMBER,
    "duration": DURATION,
    "string": STRING,
}
_BRACKETS: Final[dict[str, Callable[[Lexer, int], Token]]] = {
    "(": Lexer.open_paren,
    ")": Lexer.close_paren,
    "{": Lexer.open_brace,
    "[": Lexer.open_bracket,
    "]": Lexer.close_bracket,
}
