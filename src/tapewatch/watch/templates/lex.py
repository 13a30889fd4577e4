"""
A template's text, cut into tokens: texts, and the words of actions.

Trim marks are applied here: ``{{-`` eats the white space before it, ``-}}`` the one after it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tapewatch.watch.errors import TemplateFault


class Kind(StrEnum):
    """What a token is."""

    TEXT = "text"
    OPEN = "{{"
    CLOSE = "}}"
    SPACE = "space"
    KEYWORD = "keyword"
    NAME = "name"
    FIELD = "field"
    VARIABLE = "variable"
    DOT = "."
    CONSTANT = "constant"
    NIL = "nil"
    PIPE = "|"
    COMMA = ","
    LEFT = "("
    RIGHT = ")"
    DECLARE = ":="
    ASSIGN = "="
    END = "end of the template"


@dataclass(frozen=True, slots=True)
class Token:
    """One token, where it begins, and what it stands for."""

    kind: Kind
    text: str
    at: int
    value: Any = None

    def __str__(self) -> str:
        return self.text if self.kind is Kind.END else repr(self.text)


@dataclass(frozen=True, slots=True)
class Source:
    """A text with its name, which can tell where in it something stands."""

    name: str
    text: str

    def fault(self, at: int, message: str) -> TemplateFault:
        """Build the fault for a place in the text."""
        line = self.text.count("\n", 0, at) + 1
        return TemplateFault(self.name, line, at - self.text.rfind("\n", 0, at), message)


KEYWORDS: Final = frozenset(
    ("if", "else", "end", "range", "with", "define", "template", "block", "break", "continue")
)
_BLANK: Final = " \t\r\n"
_COMMENT = re.compile(r"/\*.*?\*/(?P<trim>[ \t\r\n]-)?\}\}", re.DOTALL)
_WORD: Final = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
                 |[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
      (?![\w.]))
    | (?P<field>\.[^\W\d]\w*)
    | (?P<variable>\$\w*)
    | (?P<name>[^\W\d]\w*)
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<raw>`[^`]*`)
    | (?P<letter>'(?:[^'\\\n]|\\[^\n])[^'\n]*')
    | (?P<sign>:=|=|\||\(|\)|,|\.)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))",
    re.DOTALL,
)
_SHORT: Final = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


def tokens(source: Source) -> Iterator[Token]:
    """Cut a text into tokens."""
    text, at, trim = source.text, 0, False
    while True:
        opening = text.find("{{", at)
        last = len(text) if opening < 0 else opening
        trims_before = text[last + 2 : last + 4] in _TRIM_OPEN
        shown = text[at:last]
        shown = shown.lstrip(_BLANK) if trim else shown
        shown = shown.rstrip(_BLANK) if trims_before else shown
        if shown:
            yield Token(Kind.TEXT, shown, at)
        if opening < 0:
            yield Token(Kind.END, str(Kind.END), len(text))
            return
        at = opening + (4 if trims_before else 2)
        comment = _COMMENT.match(text, at)
        if comment is not None:
            at, trim = comment.end(), comment["trim"] is not None
            continue
        if text.startswith("/*", at):
            raise source.fault(opening, "a comment must end with */}}")
        yield Token(Kind.OPEN, "{{", opening)
        inside = _Inside(source, at)
        yield from inside
        at, trim = inside.at, inside.trims


_TRIM_OPEN: Final = frozenset(f"-{blank}" for blank in _BLANK)
_CLOSE = re.compile(r"(?P<trim>[ \t\r\n]-)?\}\}")


class _Inside:
    """The tokens of one action; afterwards ``at`` is where the text goes on."""

    def __init__(self, source: Source, at: int) -> None:
        self.source = source
        self.at = at
        self.trims = False

    def __iter__(self) -> Iterator[Token]:
        text = self.source.text
        while True:
            closing = _CLOSE.match(text, self.at)
            if closing is not None:
                yield Token(Kind.CLOSE, "}}", self.at)
                self.at, self.trims = closing.end(), closing["trim"] is not None
                return
            yield self._next(text)

    def _next(self, text: str) -> Token:
        found = _WORD.match(text, self.at)
        if found is None or found.lastgroup is None:
            raise self.source.fault(self.at, self._complaint(text))
        at, word, group = self.at, found[0], found.lastgroup
        if group == "space" and text.startswith("-}}", found.end()):
            # The last blank belongs to the trim mark.
            word = word[:-1]
        self.at += len(word)
        if not word:
            return Token(Kind.SPACE, "", at)
        try:
            return _make(group, word, at)
        except ValueError as fault:
            raise self.source.fault(at, str(fault)) from None

    def _complaint(self, text: str) -> str:
        if self.at >= len(text):
            return "unclosed action: }} is missing"
        letter = text[self.at]
        if letter in "\"'`":
            return "unterminated quoted text"
        return f"unexpected {letter!r} in an action"


def _make(group: str, word: str, at: int) -> Token:
    if group == "name":
        return _make_name(word, at)
    if group == "sign":
        return Token(Kind(word), word, at)
    if group in _CONSTANTS:
        return Token(Kind.CONSTANT, word, at, _CONSTANTS[group](word))
    return Token(Kind(group), word, at)


def _make_name(word: str, at: int) -> Token:
    if word in KEYWORDS:
        return Token(Kind.KEYWORD, word, at)
    if word in ("true", "false"):
        return Token(Kind.CONSTANT, word, at, word == "true")
    return Token(Kind.NIL if word == "nil" else Kind.NAME, word, at)


def _number(word: str) -> int | float:
    digits = word.replace("_", "")
    unsigned = digits.lstrip("+-").lower()
    if unsigned.startswith(("0x", "0b", "0o")):
        return int(digits, 0)
    if unsigned.isdigit():
        octal = len(unsigned) > 1 and unsigned.startswith("0")
        return int(digits, 8 if octal else 10)
    return float(digits)


def unquote(word: str) -> str:
    """Read a quoted text with Go's escapes."""
    return _ESCAPE.sub(_unescape, word[1:-1]) if "\\" in word else word[1:-1]


def _unescape(match: re.Match[str]) -> str:
    short, byte, octal, four, eight, wrong = match.groups()
    if wrong is not None:
        raise ValueError(f"\\{wrong} is not an escape; write \\\\ for a backslash")
    if short is not None:
        return _SHORT[short]
    return chr(int(octal, 8) if octal else int(byte or four or eight, 16))


def _letter(word: str) -> int:
    letter = unquote(word)
    if len(letter) != 1:
        raise ValueError(f"{word} must be one letter")
    return ord(letter)


_CONSTANTS: Final[dict[str, Any]] = {
    "number": _number,
    "string": unquote,
    "raw": lambda word: word[1:-1],
    "letter": _letter,
}
