"""
Matchers as Alertmanager writes them: ``{team="exec", "a b"=~"x|y"}``, braces and quotes optional.

There are two readings. The newer takes every UTF-8 name and needs quotes around what is not plain;
the classic takes more inside a value and only plain names. In fallback mode, the default, a text
is read both ways: where the readings differ, the classic one is meant, because the text was
written for it.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from tapewatch.alerting.errors import BadMatchers
from tapewatch.metrics.promql.literals import scan_string, unquote
from tapewatch.model.errors import BadRegex
from tapewatch.model.labels import is_plain_metric_name
from tapewatch.model.matchers import Matcher, MatchKind

log = logging.getLogger(__name__)

_RESERVED: Final = frozenset("{}!=~,\\\"'`")
_OPERATOR: Final = re.compile(r"=~|!~|!=|=")
_CLASSIC: Final = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL)


class Reading(StrEnum):
    """How texts are read."""

    FALLBACK = "fallback"
    UTF8 = "utf8-strict-mode"
    CLASSIC = "classic-mode"


def parse_matchers(text: str, reading: Reading = Reading.FALLBACK) -> tuple[Matcher, ...]:
    """Read a list of matchers, possibly empty; raises ``BadMatchers``."""
    if reading is Reading.UTF8:
        return parse_utf8(text)
    if reading is Reading.CLASSIC:
        return parse_classic(text)
    try:
        newer = parse_utf8(text)
    except BadMatchers as fault:
        return _classic_or(fault, text)
    try:
        classic = parse_classic(text)
    except BadMatchers:
        return newer
    if classic != newer:
        log.warning("matchers can be read two ways; the classic one holds", extra={"text": text})
    return classic


def parse_matcher(text: str, reading: Reading = Reading.FALLBACK) -> Matcher:
    """Read exactly one matcher."""
    found = parse_matchers(text, reading)
    if len(found) != 1:
        raise BadMatchers(text, f"one matcher is expected, not {len(found)}")
    return found[0]


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """Write matchers as group keys have them."""
    return "{" + ",".join(str(matcher) for matcher in matchers) + "}"


def ordered(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """Sort matchers as Alertmanager does, so that equal lists are equal."""
    return tuple(sorted(matchers, key=lambda each: (each.name, each.value, str(each.kind))))


def is_label_name(name: str, reading: Reading = Reading.FALLBACK) -> bool:
    """Say whether a label may have this name."""
    if reading is Reading.CLASSIC:
        return is_plain_metric_name(name) and ":" not in name
    return bool(name)


def _classic_or(fault: BadMatchers, text: str) -> tuple[Matcher, ...]:
    try:
        found = parse_classic(text)
    except BadMatchers:
        raise fault from None
    log.warning("matchers are only readable the classic way", extra={"text": text})
    return found


def parse_utf8(text: str) -> tuple[Matcher, ...]:
    """Read the newer way."""
    scanner = _Scanner(text)
    opened = scanner.take("{")
    found = []
    while not scanner.at_end() and not scanner.sees("}"):
        found.append(scanner.matcher())
        if not scanner.take(","):
            break
    if opened and not scanner.take("}"):
        raise scanner.fault("a closing brace or a comma is expected")
    if not scanner.at_end():
        raise scanner.fault("the end is expected")
    return tuple(found)


class _Scanner:
    """Reads tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def fault(self, reason: str) -> BadMatchers:
        rest = self._text[self._at : self._at + 20]
        return BadMatchers(self._text, f"{reason} at {self._at}" + (f": {rest}" if rest else ""))

    def at_end(self) -> bool:
        self._skip()
        return self._at >= len(self._text)

    def sees(self, mark: str) -> bool:
        self._skip()
        return self._text.startswith(mark, self._at)

    def take(self, mark: str) -> bool:
        if not self.sees(mark):
            return False
        self._at += len(mark)
        return True

    def matcher(self) -> Matcher:
        name = self._word("a label name")
        if not name:
            raise self.fault("a label name is expected")
        self._skip()
        operator = _OPERATOR.match(self._text, self._at)
        if operator is None:
            raise self.fault("one of = != =~ !~ is expected")
        self._at = operator.end()
        return _make(self._text, name, operator.group(), self._word("a label value"))

    def _word(self, wanted: str) -> str:
        self._skip()
        if self._text[self._at : self._at + 1] == '"':
            return self._quoted()
        start = self._at
        while self._at < len(self._text) and self._plain(self._text[self._at]):
            self._at += 1
        if self._at == start:
            raise self.fault(f"{wanted} is expected")
        return self._text[start : self._at]

    def _quoted(self) -> str:
        end, fault = scan_string(self._text, self._at)
        if fault:
            raise self.fault(fault)
        literal, self._at = self._text[self._at : end], end
        return unquote(literal)

    def _plain(self, letter: str) -> bool:
        return letter not in _RESERVED and not letter.isspace()

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1


def parse_classic(text: str) -> tuple[Matcher, ...]:
    """Read the classic way."""
    inner = text
    if inner.startswith("{"):
        inner = inner[1:].removesuffix("}")
    return tuple(_classic_matcher(part) for part in _split(text, inner))


def _split(text: str, inner: str) -> Iterator[str]:
    """Split at the commas that stand outside of quotes."""
    quoted = escaped = False
    start = 0
    for at, letter in enumerate(inner):
        if letter == "," and not quoted:
            yield inner[start:at]
            start = at + 1
        elif letter == '"' and not escaped:
            quoted = not quoted
        escaped = letter == "\\" and not escaped
    if quoted:
        raise BadMatchers(text, "matcher value contains unescaped double quote")
    if inner[start:].strip():
        yield inner[start:]


def _classic_matcher(text: str) -> Matcher:
    match = _CLASSIC.fullmatch(text)
    if match is None:
        raise BadMatchers(text, "write name, one of = != =~ !~, and a value")
    name, operator, raw = match.groups()
    quoted = raw.startswith('"')
    return _make(text, name, operator, _classic_value(text, raw[1:] if quoted else raw, quoted))


def _classic_value(text: str, raw: str, quoted: bool) -> str:
    value: list[str] = []
    escaped = closed = False
    for at, letter in enumerate(raw):
        if escaped:
            escaped = False
            value.append({"n": "\n", '"': '"', "\\": "\\"}.get(letter, f"\\{letter}"))
        elif letter == "\\" and at < len(raw) - 1:
            escaped = True
        elif letter == '"':
            closed = quoted and at == len(raw) - 1
            if not closed:
                raise BadMatchers(text, "matcher value contains unescaped double quote")
        else:
            value.append(letter)
    if quoted and not closed:
        raise BadMatchers(text, "matcher value contains unescaped double quote")
    return "".join(value)


def _make(text: str, name: str, operator: str, value: str) -> Matcher:
    try:
        return Matcher(MatchKind(operator), name, value)
    except BadRegex as fault:
        raise BadMatchers(text, str(fault)) from None


def all_match_empty(matchers: Sequence[Matcher]) -> bool:
    """Say whether the matchers ask for nothing: alerts without any of the labels pass."""
    return all(matcher.matches_empty for matcher in matchers)
