"""
The commands of a test script, and how they are read.

::

    load 15s
      orders_sent_total{venue="X"}  0 10 20 30 2 12

    eval instant at 75s increase(orders_sent_total[60s])
      {venue="X"}  22

    eval instant at 75s increase(orders_sent_total)
      expect fail regex: expected type range vector

An empty line, or a comment, ends a command. Times are durations since 1970.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

from tapewatch.metrics.promql.errors import QuerySyntaxError, ScriptError
from tapewatch.metrics.promql.literals import number_value, scan_string, unquote
from tapewatch.metrics.promql.parse import parse_metric
from tapewatch.metrics.promql.series import (
    SeriesDescription,
    SeriesValue,
    parse_series_description,
)
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadRegex, BadText
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.model.regex import search_pattern


class TimedValue(NamedTuple):
    """A value of a loaded series; ``start_ms`` is when its counting began, where that is told."""

    timestamp_ms: int
    value: float | Histogram
    start_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LoadedSeries:
    """One series that a script puts into the store."""

    labels: Labels
    values: tuple[TimedValue, ...]


@dataclass(frozen=True, slots=True)
class Clear:
    """Empty the store."""

    line: int


@dataclass(frozen=True, slots=True)
class Load:
    """Put series into the store, and native twins of the classic histograms among them."""

    line: int
    series: tuple[LoadedSeries, ...]
    with_native: bool = False


class Wanted(StrEnum):
    """What an ``expect`` line speaks of."""

    ORDERED = "ordered"
    FAIL = "fail"
    WARN = "warn"
    NO_WARN = "no_warn"
    INFO = "info"
    NO_INFO = "no_info"


@dataclass(frozen=True, slots=True)
class Words:
    """Which words a message has to have: all of them, a pattern among them, or any."""

    text: str = ""
    pattern: str = ""

    def match(self, message: str) -> bool:
        """Say whether ``message`` has them."""
        if self.pattern:
            return search_pattern(self.pattern).search(message) is not None
        return not self.text or self.text == message


ANY_WORDS: Final = Words()


class Window(NamedTuple):
    """The steps of a range."""

    start_ms: int
    end_ms: int
    step_ms: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a query has to answer."""

    series: tuple[SeriesDescription, ...] = ()
    scalar: float | None = None
    string: str | None = None
    window: Window | None = None
    words: dict[Wanted, tuple[Words, ...]] = field(default_factory=dict)

    @property
    def ordered(self) -> bool:
        """Whether the order of the series counts."""
        return Wanted.ORDERED in self.words

    @property
    def failure(self) -> Words | None:
        """What the error has to say, where the query has to fail."""
        return self.words[Wanted.FAIL][0] if Wanted.FAIL in self.words else None


@dataclass(frozen=True, slots=True)
class EvalInstant:
    """Ask at one time."""

    line: int
    query: str
    at_ms: int
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class EvalRange:
    """Ask for a range."""

    line: int
    query: str
    window: Window
    expectation: Expectation


Command = Clear | Load | EvalInstant | EvalRange

_LOAD: Final = re.compile(r"load(?:_(with_nhcb))?\s+(.+)")
_INSTANT: Final = re.compile(r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(.+?)\s+(.+)")
_RANGE: Final = re.compile(
    r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)"
)
_EXPECT: Final = re.compile(
    r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?"
)
_EXPECT_WINDOW: Final = re.compile(r"expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)")
_EXPECT_STRING: Final = "expect string"
_START_LINE: Final = re.compile(r"(\S*)@st\s+(.*)")


def parse_script(text: str) -> list[Command]:
    """Read a script; ``ScriptError`` says which line cannot be read."""
    lines = _Lines(text)
    commands: list[Command] = []
    while (line := lines.next_command()) is not None:
        word = line.split(None, 1)[0].lower()
        reader = next((read for start, read in _READERS.items() if word.startswith(start)), None)
        if reader is None:
            raise ScriptError(lines.number, f"invalid command {line!r}: clear, load or eval")
        commands.append(reader(lines, line))
    return commands


class _Lines:
    """The lines of a script, block by block; comments read as empty lines."""

    def __init__(self, text: str) -> None:
        stripped = (line.strip() for line in text.split("\n"))
        self._lines = ["" if line.startswith("#") else line for line in stripped]
        self.number = 0

    def next_command(self) -> str | None:
        """Skip empty lines and return the next one."""
        while self.number < len(self._lines):
            self.number += 1
            if self._lines[self.number - 1]:
                return self._lines[self.number - 1]
        return None

    def next_in_block(self) -> str | None:
        """Return the next line of the command, or None where it ends."""
        if self.number >= len(self._lines) or not self._lines[self.number]:
            return None
        self.number += 1
        return self._lines[self.number - 1]


def _read_clear(lines: _Lines, _line: str) -> Clear:
    return Clear(lines.number)


def _read_load(lines: _Lines, line: str) -> Load:
    number = lines.number
    match = _LOAD.fullmatch(line)
    if match is None:
        raise ScriptError(number, "invalid load command: write load <step>, for example load 15s")
    step_ms = _duration(lines, match[2], "step")
    loaded: dict[Labels, LoadedSeries] = {}
    reader = _LoadReader(lines, step_ms)
    while (text := lines.next_in_block()) is not None:
        series = reader.read(text)
        if series is not None:
            # The same series again within one command takes the place of the first.
            loaded[series.labels] = series
    reader.close()
    return Load(number, tuple(loaded.values()), with_native=match[1] is not None)


class _LoadReader:
    """Reads the lines of one ``load``; a line of start times waits for the series it is for."""

    def __init__(self, lines: _Lines, step_ms: int) -> None:
        self._lines = lines
        self._step_ms = step_ms
        self._pending: tuple[Labels, list[int | None]] | None = None
        self._pending_line = 0
        self._default: list[int | None] = []

    def read(self, text: str) -> LoadedSeries | None:
        """Read one line; None for a line of start times."""
        match = _START_LINE.fullmatch(text)
        if match is not None:
            self._read_starts(match[1], match[2])
            return None
        description = _description(self._lines, text)
        offsets = self._offsets(description)
        self._pending = None
        timed = zip(range(len(description.values)), description.values, offsets, strict=True)
        values = (self._timed(index, one, offset) for index, one, offset in timed)
        return LoadedSeries(
            description.labels, tuple(value for value in values if value is not None)
        )

    def close(self) -> None:
        """Make sure that no start times are left over."""
        if self._pending is not None:
            raise ScriptError(self._pending_line, "@st line has no following sample line")

    def _read_starts(self, metric: str, items: str) -> None:
        self.close()
        offsets = _start_offsets(self._lines, items)
        if not metric:
            self._default = offsets
            return
        self._pending = _metric(self._lines, metric), offsets
        self._pending_line = self._lines.number

    def _offsets(self, description: SeriesDescription) -> list[int | None]:
        count = len(description.values)
        if self._pending is None:
            default = self._default or [None]
            return [default[index % len(default)] for index in range(count)]
        labels, offsets = self._pending
        if labels != description.labels:
            message = "@st metric does not match the following sample line metric"
            raise ScriptError(self._pending_line, message)
        if len(offsets) != count:
            message = f"@st line has {len(offsets)} values but sample line has {count}"
            raise ScriptError(self._pending_line, message)
        return offsets

    def _timed(self, index: int, one: SeriesValue, offset: int | None) -> TimedValue | None:
        if one.value is None:
            return None
        at_ms = index * self._step_ms
        return TimedValue(at_ms, one.value, None if offset is None else at_ms + offset)


_SIGNED_DURATION: Final = r"[+-]?[0-9]+(?:ms|[smhdwy])?(?:[0-9]+(?:ms|[smhdwy]))*"
_START_ITEM: Final = re.compile(
    rf"(?P<base>_|\*|{_SIGNED_DURATION})"
    rf"(?:(?P<sign>[+-])(?P<step>{_SIGNED_DURATION})(?=x))?(?:x(?P<times>[0-9]+))?"
)


def _start_offsets(lines: _Lines, items: str) -> list[int | None]:
    offsets: list[int | None] = []
    for item in items.split():
        match = _START_ITEM.fullmatch(item)
        if match is None:
            raise ScriptError(lines.number, f"invalid @st item {item!r}: write _ or -30s or -1mx4")
        offsets.extend(_start_item(lines, match, offsets))
    return offsets


def _start_item(lines: _Lines, match: re.Match[str], before: list[int | None]) -> list[int | None]:
    times = int(match["times"] or 0)
    if match["base"] == "_":
        return [None] * (times or 1)
    if match["base"] == "*":
        last = next((offset for offset in reversed(before) if offset is not None), 0)
        return [last] * (times + 1)
    base = _signed_duration(lines, match["base"])
    step = _signed_duration(lines, match["step"]) if match["step"] else 0
    step = -step if match["sign"] == "-" else step
    return [base + index * step for index in range(times + 1)]


def _signed_duration(lines: _Lines, text: str) -> int:
    duration_ms = _duration(lines, text.lstrip("+-"), "offset")
    return -duration_ms if text.startswith("-") else duration_ms


def _read_eval(lines: _Lines, line: str) -> EvalInstant | EvalRange:
    number = lines.number
    instant = _INSTANT.fullmatch(line)
    if instant is not None:
        mode, at, query = instant.groups()
        at_ms = _duration(lines, at, "time")
        expectation = _read_expectation(lines, mode, instant=True)
        # The points of a window are those before its end, so that is where it is asked for.
        end_ms = at_ms if expectation.window is None else expectation.window.end_ms
        return EvalInstant(number, query, end_ms, expectation)
    ranged = _RANGE.fullmatch(line)
    if ranged is None:
        raise ScriptError(
            number,
            "invalid evaluation command: write eval instant at <time> <query> or "
            "eval range from <start> to <end> step <step> <query>",
        )
    mode, start, end, step, query = ranged.groups()
    window = _window(lines, start, end, step)
    return EvalRange(number, query, window, _read_expectation(lines, mode, instant=False))


def _window(lines: _Lines, start: str, end: str, step: str) -> Window:
    start_ms = _duration(lines, start, "start")
    end_ms = _duration(lines, end, "end")
    if end_ms < start_ms:
        raise ScriptError(lines.number, f"the end {end} is before the start {start}")
    return Window(start_ms, end_ms, _duration(lines, step, "step"))


def _read_expectation(lines: _Lines, mode: str | None, *, instant: bool) -> Expectation:
    expectation = Expectation(words={Wanted(mode): (ANY_WORDS,)} if mode else {})
    old_form = mode == "fail"
    while (line := lines.next_in_block()) is not None:
        message = _old_message(line) if old_form else None
        if message is not None:
            words = {**expectation.words, Wanted.FAIL: (message,)}
            return replace(expectation, words=words)
        directive = _directive(lines, line, expectation)
        if directive is not None:
            expectation = directive
            continue
        scalar = _scalar(line)
        if scalar is not None:
            return replace(expectation, scalar=scalar)
        expectation = _with_series(lines, line, expectation, instant=instant)
    return expectation


def _old_message(line: str) -> Words | None:
    word, _, rest = line.partition(" ")
    if word == "expected_fail_message":
        return Words(text=rest.strip())
    return Words(pattern=rest.strip()) if word == "expected_fail_regexp" else None


def _directive(lines: _Lines, line: str, expectation: Expectation) -> Expectation | None:
    window = _EXPECT_WINDOW.fullmatch(line)
    if window is not None:
        return replace(expectation, window=_window(lines, *window.groups()))
    if line.startswith(_EXPECT_STRING):
        return replace(expectation, string=_string(lines, line))
    # A metric named "expect" is written "expect{}".
    if line.split(" ", maxsplit=1)[0] != "expect":
        return None
    wanted, words = _expect(lines, line)
    merged = {**expectation.words, wanted: (*expectation.words.get(wanted, ()), words)}
    _check_words(lines, merged)
    return replace(expectation, words=merged)


def _expect(lines: _Lines, line: str) -> tuple[Wanted, Words]:
    match = _EXPECT.fullmatch(line)
    if match is None:
        raise ScriptError(
            lines.number, f"invalid expect line {line!r}: write expect <what> [msg:|regex: <words>]"
        )
    what, kind, text = match.groups()
    if kind == "msg":
        return Wanted(what), Words(text=text.strip())
    words = Words(pattern=(text or "").strip())
    try:
        words.match("")
    except BadRegex as fault:
        raise ScriptError(lines.number, str(fault)) from None
    return Wanted(what), words


def _check_words(lines: _Lines, words: dict[Wanted, tuple[Words, ...]]) -> None:
    for wanted, never in ((Wanted.INFO, Wanted.NO_INFO), (Wanted.WARN, Wanted.NO_WARN)):
        if wanted in words and never in words:
            raise ScriptError(lines.number, f"{wanted} and {never} cannot be used together")
    if len(words.get(Wanted.FAIL, ())) > 1:
        raise ScriptError(lines.number, "multiple expect fail lines are not allowed")


def _string(lines: _Lines, line: str) -> str:
    literal = line.removeprefix(_EXPECT_STRING).strip()
    if literal[:1] in ('"', "`"):
        end, fault = scan_string(literal, 0)
        if not fault and end == len(literal):
            return unquote(literal)
    raise ScriptError(lines.number, f'invalid string {literal!r}: write expect string "…"')


def _scalar(line: str) -> float | None:
    sign, digits = (line[0], line[1:]) if line[0] in "+-" else ("", line)
    if not digits or digits[0] in "+-":
        return None
    value, fault = number_value(digits)
    if fault:
        return None
    return -value if sign == "-" else value


def _with_series(
    lines: _Lines, line: str, expectation: Expectation, *, instant: bool
) -> Expectation:
    description = _description(lines, line)
    if instant and len(description.values) > 1 and expectation.window is None:
        raise ScriptError(
            lines.number,
            "expecting multiple values in instant evaluation not allowed; "
            "expect range vector from <start> to <end> step <step> says when they are",
        )
    others = tuple(one for one in expectation.series if one.labels != description.labels)
    return replace(expectation, series=(*others, description))


def _description(lines: _Lines, text: str) -> SeriesDescription:
    try:
        return parse_series_description(text)
    except QuerySyntaxError as fault:
        raise ScriptError(lines.number, str(fault)) from None


def _metric(lines: _Lines, text: str) -> Labels:
    try:
        return parse_metric(text) if text else EMPTY
    except QuerySyntaxError as fault:
        raise ScriptError(lines.number, str(fault)) from None


def _duration(lines: _Lines, text: str, what: str) -> int:
    try:
        return parse_duration_ms(text)
    except BadText as fault:
        raise ScriptError(lines.number, f"invalid {what}: {fault}") from None


_READERS: Final[dict[str, Callable[[_Lines, str], Command]]] = {
    "clear": _read_clear,
    "load": _read_load,
    "eval": _read_eval,
}
