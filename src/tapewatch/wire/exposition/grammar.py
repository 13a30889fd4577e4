"""
The grammar of one line, in the text format (0.0.4 and 1.0.0) and in OpenMetrics (0.0.1 and 1.0).

A sample's line is its ``prefix`` (name, labels and the gap behind them, up to the number) and its
``tail`` (number, time, exemplar). The text format allows gaps of any width between tokens,
OpenMetrics a single space in a few places and none elsewhere.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Final, NamedTuple

from tapewatch.model.digits import parse_double
from tapewatch.model.errors import BadText
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Exemplar, MetricType

EXEMPLAR_LENGTH_MAX: Final = 128  # characters of all label names and values, by specification
PAIRS_SHARED: Final = 32_768
"""Pairs of labels that are remembered; a quarter of a kilobyte each where values never repeat."""

_NAME: Final = rb"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_LABEL: Final = rb"[a-zA-Z_][a-zA-Z0-9_]*+"
_QUOTED: Final = rb'"(?:[^"\\\n]|\\[^\n])*+"'

_METRIC_NAME = re.compile(_NAME)
_LABEL_NAME = re.compile(_LABEL)
_STRING = re.compile(_QUOTED)
_PREFIX = re.compile(
    rb"[ \t]*+(?:" + _NAME + rb')?+[ \t]*+(?:\{(?:[^"}\n]++|' + _QUOTED + rb")*+\})?+[ \t]*+"
)
# What nearly every exporter writes; anything else goes through the reader of tokens.
_PLAIN = re.compile(
    rb"(" + _NAME + rb")(?:\{((?:" + _LABEL + rb'="[^"\\\n]*+",?)++)\})?+ (?=[^ \t])'
)
_WORD = re.compile(rb"[^{ \t\n]++")
_TIME = re.compile(rb"[ \t]++-?[0-9.]++")
_ESCAPE = re.compile(rb'\\([\\"n])')
_HELP_ESCAPE = re.compile(rb"\\([\\n])")
_ESCAPED: Final = {b"\\": b"\\", b'"': b'"', b"n": b"\n"}

Pairs = list[tuple[str, str]]


class Misread(Exception):
    """A line cannot be read from ``column`` on (counted from 0)."""

    def __init__(self, column: int, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason


class Tail(NamedTuple):
    """What follows the prefix of a sample's line."""

    value: float
    timestamp_ms: int | None = None
    exemplar: Exemplar | None = None


class Told(NamedTuple):
    """What a comment says of a metric; ``keyword`` is HELP, TYPE or UNIT."""

    keyword: str
    metric: str
    text: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """What one of the two formats allows."""

    name: str
    strict: bool
    told: re.Pattern[bytes]
    tail: re.Pattern[bytes]
    types: dict[str, MetricType]

    def split(self, line: bytes) -> int:
        """Return where the number of a sample's line begins."""
        match = _PREFIX.match(line)
        assert match is not None  # every part of the pattern is optional
        return match.end()

    def series(self, line: bytes, end: int) -> Pairs:
        """Read the labels, with the name, from the prefix ``line[:end]``."""
        match = _PLAIN.match(line)
        if match is None or match.end() != end:
            return _Tokens(self, line).series(end)
        name, labels = match.group(1, 2)
        pieces = labels.split(b'",') if labels else []
        if labels and labels.count(b'"') > 2 * len(pieces):
            return _Tokens(self, line).series(end)  # a comma is missing
        try:
            pairs = [_plain_pair(piece) for piece in pieces if piece]
        except UnicodeDecodeError:
            return _Tokens(self, line).series(end)
        pairs.append(shared_pair(METRIC_NAME, name.decode()))
        return pairs

    def read_tail(self, line: bytes, start: int) -> Tail:
        """Read number, time and exemplar from ``line[start:]``."""
        match = self.tail.fullmatch(line, start)
        if match is None:
            raise self._bad_tail(line, start)
        number, time, labels, exemplar_number, exemplar_time = match.group(1, 2, 3, 4, 5)
        value = _number(number, start)
        timestamp_ms = self._time_ms(time, match.start(2)) if time else None
        if labels is None:
            return Tail(value, timestamp_ms)
        pairs = _Tokens(self, line).exemplar(match.start(3))
        exemplar_ms = self._time_ms(exemplar_time, match.start(5)) if exemplar_time else None
        exemplar_value = _number(exemplar_number, match.start(4))
        return Tail(value, timestamp_ms, Exemplar(labels_of(pairs), exemplar_value, exemplar_ms))

    def comment(self, line: bytes) -> Told | None:
        """Read what a comment tells; None where it tells nothing."""
        match = self.told.match(line)
        if match is None:
            self._refuse_idle_comment(line)
            return None
        keyword = match.group(1).decode()
        metric, text = match.group(2), line[match.end() :]
        if metric is None:
            raise Misread(match.end(), f"expected a metric name after {keyword}")
        if self.strict and text[:1] != b" ":
            raise Misread(
                match.end(),
                f"expected a space and a text after {metric.decode(errors='replace')!r}",
            )
        told = Told(keyword, _name_text(metric, match.start(2)), self._told_text(match, text[1:]))
        self._check_told(told, match.end() + 1)
        return told

    def _told_text(self, match: re.Match[bytes], text: bytes) -> str:
        escape = _ESCAPE if self.strict else _HELP_ESCAPE
        if match.group(1) == b"HELP" and b"\\" in text:
            text = escape.sub(lambda found: _ESCAPED[found.group(1)], text)
        return _utf8(text, match.end() + 1)

    def _check_told(self, told: Told, column: int) -> None:
        if told.keyword == "TYPE" and told.text not in self.types:
            known = ", ".join(self.types)
            raise Misread(column, f"{told.text!r} is not a metric type of {self.name}: {known}")
        if told.keyword == "UNIT" and told.text and not told.metric.endswith(f"_{told.text}"):
            raise Misread(column, f"the unit {told.text!r} is not the end of {told.metric!r}")

    def _refuse_idle_comment(self, line: bytes) -> None:
        if self.strict and line == b"# EOF":
            raise Misread(0, "something follows # EOF")
        if self.strict:
            raise Misread(0, "only # HELP, # TYPE, # UNIT and # EOF may follow a hash sign")

    def _time_ms(self, text: bytes, column: int) -> int:
        if not self.strict:
            time_ms = int(text[:20])
            if not -(2**63) < time_ms < 2**63:
                raise Misread(column, f"the time {text.decode()} is out of range")
            return time_ms
        seconds = _number(text, column)
        if not abs(seconds) < 2**53:
            raise Misread(column, f"the time {text.decode(errors='replace')} is out of range")
        return math.trunc(seconds * 1000)

    def _bad_tail(self, line: bytes, start: int) -> Misread:
        if start < len(line) and line[start : start + 1] == b"{":
            # Braces that the prefix did not take are not closed, or not closed where they should.
            _Tokens(self, line).series(len(line))
        number = _WORD.match(line, start)
        if number is None:
            return Misread(start, "expected a value")
        _number(number.group(), start)
        time = _TIME.match(line, number.end())
        if time is not None:
            return Misread(time.end(), "expected the end of the line after the time")
        return Misread(number.end(), "expected a time or the end of the line after the value")


_TYPES: Final = {"counter": MetricType.COUNTER, "gauge": MetricType.GAUGE}
_TYPES_BOTH: Final = _TYPES | {
    "histogram": MetricType.HISTOGRAM,
    "summary": MetricType.SUMMARY,
}

TEXT: Final = Grammar(
    name="the text format",
    strict=False,
    told=re.compile(rb"[ \t]*+#[ \t]++(HELP|TYPE)[ \t]++(" + _NAME + rb"|" + _QUOTED + rb")?+"),
    tail=re.compile(rb"([^{ \t\n]++)(?:[ \t]++(-?[0-9]++))?+[ \t]*+(){0}(){0}(){0}"),
    types=_TYPES_BOTH | {"untyped": MetricType.UNKNOWN},
)

OPENMETRICS: Final = Grammar(
    name="OpenMetrics",
    strict=True,
    told=re.compile(rb"# (HELP|TYPE|UNIT) (" + _NAME + rb"|" + _QUOTED + rb")?+"),
    tail=re.compile(
        rb"([^{ \n]++)(?: ([^# \n][^ \n]*+))?+"
        rb'(?: # (\{(?:[^"}\n]++|' + _QUOTED + rb")*+\}) ([^ \n]++)(?: ([^ \n]++))?+)?+"
    ),
    types=_TYPES_BOTH
    | {
        "gaugehistogram": MetricType.GAUGE_HISTOGRAM,
        "info": MetricType.INFO,
        "stateset": MetricType.STATESET,
        "unknown": MetricType.UNKNOWN,
    },
)


def labels_of(pairs: Pairs) -> Labels:
    """Order the pairs of a series; a name given twice is refused."""
    ordered = sorted(pair for pair in pairs if pair[1])
    if len({name for name, _ in ordered}) < len(ordered):
        try:
            return Labels.from_pairs(pairs)
        except BadText as fault:
            raise Misread(0, str(fault)) from fault
    return Labels(ordered)


@lru_cache(maxsize=PAIRS_SHARED)
def shared_pair(name: str, value: str) -> tuple[str, str]:
    """Return one object for all pairs of this name and value: most series share most pairs."""
    return intern(name), intern(value)


@lru_cache(maxsize=PAIRS_SHARED)
def _plain_pair(piece: bytes) -> tuple[str, str]:
    # What stands between the commas, perhaps without its closing quote.
    name, _, value = piece.rstrip(b'"').decode().partition('="')
    return shared_pair(name, value)


class _Tokens:
    """Reads a prefix token by token, and so knows where it goes wrong."""

    def __init__(self, grammar: Grammar, line: bytes) -> None:
        self._strict = grammar.strict
        self._line = line
        self._at = 0

    def series(self, end: int) -> Pairs:
        self._gap()
        pairs: Pairs = []
        match = _METRIC_NAME.match(self._line, self._at)
        if match is not None:
            pairs.append(shared_pair(METRIC_NAME, match.group().decode()))
            self._at = match.end()
            self._gap()
        if self._next() == b"{":
            named = self._labels(pairs, named=match is not None)
        else:
            named = match is not None
        if not named:
            raise Misread(self._at, "expected a metric name")
        self._last_gap(end)
        return pairs

    def exemplar(self, start: int) -> Pairs:
        self._at = start
        pairs: Pairs = []
        self._labels(pairs, named=True)
        return pairs

    def _labels(self, pairs: Pairs, *, named: bool) -> bool:
        # Returns whether a metric name is known, before the braces or from inside of them.
        self._at += 1
        self._gap()
        while self._next() != b"}":
            quoted = self._next() == b'"'
            start, name = self._at, self._label_name()
            self._gap()
            if quoted and self._next() in (b",", b"}"):
                if named:
                    raise Misread(start, f"a second metric name, {name!r}")
                named = True
                pairs.insert(0, shared_pair(METRIC_NAME, name))
            else:
                pairs.append(shared_pair(name, self._label_value()))
                self._gap()
            self._separator()
        self._at += 1
        return named

    def _label_name(self) -> str:
        pattern = _STRING if self._next() == b'"' else _LABEL_NAME
        match = pattern.match(self._line, self._at)
        if match is None:
            raise Misread(self._at, 'expected a label name or "}"')
        self._at = match.end()
        return _name_text(match.group(), match.start())

    def _label_value(self) -> str:
        if self._next() != b"=":
            raise Misread(self._at, 'expected "=" after the label name')
        self._at += 1
        self._gap()
        match = _STRING.match(self._line, self._at)
        if match is None:
            raise Misread(self._at, "expected a label value between double quotes")
        self._at = match.end()
        return _utf8(unescape(match.group()[1:-1]), match.start())

    def _separator(self) -> None:
        if self._next() == b",":
            self._at += 1
            self._gap()
        elif self._strict and self._next() != b"}":
            raise Misread(self._at, 'expected "," or "}" after the label')

    def _last_gap(self, end: int) -> None:
        if self._strict:
            if self._line[self._at : end] != b" ":
                raise Misread(self._at, "expected one space before the value")
            return
        self._gap()
        if self._at != end:
            raise Misread(self._at, "expected a value")

    def _gap(self) -> None:
        if not self._strict:
            while self._line[self._at : self._at + 1] in (b" ", b"\t"):
                self._at += 1

    def _next(self) -> bytes:
        return self._line[self._at : self._at + 1]


def unescape(text: bytes) -> bytes:
    """Resolve the escapes of a label value; a backslash before anything else stays."""
    if b"\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED[found.group(1)], text)


def _name_text(name: bytes, column: int) -> str:
    text = _utf8(unescape(name[1:-1]) if name[:1] == b'"' else name, column)
    if not text:
        raise Misread(column, "a name is empty")
    return text


def _utf8(text: bytes, column: int) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as fault:
        raise Misread(column, f"{text!r} is not UTF-8") from fault


def _number(text: bytes, column: int) -> float:
    try:
        return parse_double(text)
    except BadText as fault:
        raise Misread(column, str(fault)) from fault
