"""The readable twin of ``reader_fast.pyx``."""

from typing import Final

import numpy as np

from tapewatch.model.digits import parse_double
from tapewatch.model.errors import BadText
from tapewatch.model.samples import Exemplar
from tapewatch.wire.errors import ExpositionFault
from tapewatch.wire.exposition.grammar import TEXT, Grammar, Misread, Tail
from tapewatch.wire.exposition.scrape import NO_TIME, Repeat, Scrape
from tapewatch.wire.exposition.series import SeriesBook, fits

_COMMENT: Final = -1


class ScrapeReader:
    """
    Reads one target again and again.

    The lines of a good scrape are kept as its plan: prefix and series of every line. The next
    scrape is laid beside the plan; as long as prefixes agree only numbers are read. A line that
    does not agree is looked up by its prefix, and read in full where that is new.
    """

    def __init__(self, grammar: Grammar = TEXT, *, lasting: bool = True) -> None:
        self._book = SeriesBook(grammar, lasting=lasting)
        self._plan: list[tuple[bytes, int]] = []

    @property
    def book(self) -> SeriesBook:
        """The series and the metadata that this reader has learned."""
        return self._book

    def read(self, body: bytes) -> Scrape:
        """Read a whole exposition, or raise ``ExpositionFault`` and learn nothing."""
        lines = self._lines(body)
        row = self._matching(lines)
        if row is not None:
            return row
        reading = _Reading(self._book)
        try:
            for number, line in enumerate(lines, 1):
                reading.line(number, line)
        except ExpositionFault:
            self._book.roll_back()
            self._plan = []
            raise
        self._plan = reading.plan
        return reading.scrape()

    def retire(self, indexes: list[int]) -> None:
        """Forget series that the target no longer has; their indexes will be used again."""
        self._book.retire(indexes)
        self._plan = []

    def _lines(self, body: bytes) -> list[bytes]:
        lines = body.split(b"\n")
        if self._book.grammar.strict:
            return _checked_end(lines)
        if not lines[-1]:
            lines.pop()
        return lines

    def _matching(self, lines: list[bytes]) -> Scrape | None:
        # The whole scrape at once, where every line agrees with the plan and ends after a value.
        plan = self._plan
        if len(plan) != len(lines) or not all(map(_agrees, lines, plan)):
            return None
        numbers = [
            line[len(prefix) :]
            for line, (prefix, index) in zip(lines, plan, strict=True)
            if index != _COMMENT
        ]
        try:
            values = list(map(parse_double, numbers))
        except BadText:
            return None
        indexes = [index for _, index in plan if index != _COMMENT]
        row = np.full(len(self._book.labels), np.nan)
        present = np.zeros(len(row), np.bool_)
        row[indexes], present[indexes] = values, True
        if int(present.sum()) != len(indexes):
            return None
        return Scrape(row, present, None, len(indexes), metadata={})


def _agrees(line: bytes, planned: tuple[bytes, int]) -> bool:
    prefix, index = planned
    return line == prefix if index == _COMMENT else line.startswith(prefix)


def _checked_end(lines: list[bytes]) -> list[bytes]:
    # OpenMetrics ends with "# EOF"; what stands before it are whole lines.
    if not lines[-1]:
        lines.pop()
    if not lines or lines[-1] != b"# EOF":
        raise ExpositionFault(max(len(lines), 1), 1, "the exposition does not end with # EOF")
    return lines[:-1]


class _Reading:
    """One scrape that is read line by line."""

    def __init__(self, book: SeriesBook) -> None:
        self.plan: list[tuple[bytes, int]] = []
        self._book = book
        self._grammar = book.grammar
        self._tails: dict[int, Tail] = {}
        self._repeats: list[Repeat] = []
        self._exemplars: list[tuple[int, Exemplar]] = []

    def line(self, number: int, line: bytes) -> None:
        try:
            self._read(line)
        except Misread as fault:
            raise ExpositionFault(number, fault.column + 1, fault.reason) from None

    def _read(self, line: bytes) -> None:
        start = line.lstrip(b" \t")
        if not start or start.startswith(b"#"):
            self._comment(line)
            return
        end = self._grammar.split(line)
        prefix = line[:end]
        tail = self._grammar.read_tail(line, end)
        index = self._book.by_prefix.get(prefix)
        if index < 0:
            index = self._book.learn(line, end)
        self._keep(index, tail)
        if tail.exemplar is not None and fits(tail.exemplar):
            self._exemplars.append((index, tail.exemplar))
        self.plan.append((prefix, index))

    def _comment(self, line: bytes) -> None:
        if self._grammar.strict and not line:
            raise Misread(0, "an empty line")
        if self._book.tell(line):
            # Lines read before this one may have to be read otherwise the next time.
            self._book.forget_prefixes()
            self.plan.clear()
        self.plan.append((line, _COMMENT))

    def _keep(self, index: int, tail: Tail) -> None:
        if index in self._tails:
            self._repeats.append(Repeat(index, tail.value, tail.timestamp_ms))
        else:
            self._tails[index] = tail

    def scrape(self) -> Scrape:
        fresh, told = self._book.commit()
        values = np.full(len(self._book.labels), np.nan)
        present = np.zeros(len(values), np.bool_)
        for index, tail in self._tails.items():
            values[index], present[index] = tail.value, True
        sample_count = len(self._tails) + len(self._repeats)
        repeats, exemplars = tuple(self._repeats), tuple(self._exemplars)
        times = self._times(len(values))
        return Scrape(values, present, times, sample_count, fresh, repeats, exemplars, told)

    def _times(self, size: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]] | None":
        timed = {
            i: tail.timestamp_ms for i, tail in self._tails.items() if tail.timestamp_ms is not None
        }
        if not timed:
            return None
        times = np.full(size, NO_TIME, np.int64)
        for index, time_ms in timed.items():
            times[index] = time_ms
        return times
