"""
OpenMetrics and the text format as archives: every line with a time of its own.

A line that cannot be read is named and left out; the others are kept. OpenMetrics gives times in
seconds, the text format in milliseconds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import Batch, Floats, Integers, SeriesBook
from tapewatch.metrics.imports.lines import read_lines
from tapewatch.model.digits import parse_double
from tapewatch.wire.exposition.grammar import OPENMETRICS, Grammar, Misread, labels_of

CHUNK_BYTES: Final = 16 * 1024 * 1024
END: Final = b"# EOF"


class ExpositionReader:
    """Reads one archive; ``file`` is read, and closed, by ``batches``."""

    def __init__(
        self, path: Path, file: BinaryIO, size_bytes: int, grammar: Grammar = OPENMETRICS
    ) -> None:
        self.size_bytes = size_bytes
        self._path = path
        self._file = file
        self._grammar = grammar
        self._scale = 1000.0 if grammar.strict else 1.0
        self._book = SeriesBook()
        self.labels = self._book.labels
        self._series: dict[bytes, int] = {}
        self._faults: list[BadImport] = []
        self._extra: list[tuple[int, float, float]] = []
        self._ended = False

    def batches(self) -> Iterator[Batch]:
        """Yield the samples of about 16 MB at a time."""
        number = 1
        with self._file:
            for chunk in self._chunks():
                lines = read_lines(self._before_end(chunk, number), self._series, self._odd, number)
                number += lines.line_count
                yield self._batch(lines.series, lines.times, lines.values, len(chunk))
        if self._grammar.strict and not self._ended:
            reason = "the file does not end with # EOF: it may have been cut off"
            fault = BadImport(str(self._path), str(number - 1), reason)
            nothing = np.empty(0, np.int64)
            yield Batch(nothing, nothing, np.empty(0), faults=[fault])

    def _chunks(self) -> Iterator[bytes]:
        rest = b""
        while read := self._file.read(CHUNK_BYTES):
            whole, newline, tail = read.rpartition(b"\n")
            if newline:
                yield rest + whole + newline
                rest = tail
            else:
                rest += read
        if rest:
            yield rest

    def _before_end(self, chunk: bytes, number: int) -> bytes:
        """Cut off what follows ``# EOF``, and name it."""
        if not self._grammar.strict:
            return chunk
        place = 0 if chunk.startswith(END + b"\n") else chunk.find(b"\n" + END + b"\n") + 1
        found = place or chunk.startswith(END)
        rest = chunk[place + len(END) + 1 :] if found else (chunk if self._ended else b"")
        if rest:
            line = number + chunk.count(b"\n", 0, len(chunk) - len(rest))
            self._faults.append(self._fault(line, "something follows # EOF"))
        return chunk[: len(chunk) - len(rest)]

    def _batch(self, series: Integers, times: Floats, values: Floats, size_bytes: int) -> Batch:
        extra, self._extra = self._extra, []
        faults, self._faults = self._faults, []
        if extra:
            series = np.concatenate([series, [row[0] for row in extra]])
            times = np.concatenate([times, [row[1] for row in extra]])
            values = np.concatenate([values, [row[2] for row in extra]])
        stamps = np.rint(times * self._scale).astype(np.int64)
        return Batch(series, stamps, values, None, faults, size_bytes)

    def _odd(self, number: int, line: bytes) -> None:
        """Read a line that is no sample of a known series, or say what is wrong with it."""
        try:
            start = line.lstrip(b" \t")
            if not start or start.startswith(b"#"):
                self._comment(line)
            else:
                self._sample(line)
        except Misread as fault:
            self._faults.append(self._fault(number, fault.reason, fault.column))

    def _comment(self, line: bytes) -> None:
        if self._grammar.strict and line == END:
            self._ended = True
        elif line or not self._grammar.strict:
            self._grammar.comment(line)
        else:
            raise Misread(0, "an empty line")

    def _sample(self, line: bytes) -> None:
        end = self._grammar.split(line)
        tail = self._grammar.read_tail(line, end)
        match = self._grammar.tail.fullmatch(line, end)
        assert match is not None  # read_tail has just matched it
        if not match.group(2):
            raise Misread(len(line), "the sample has no time: only samples with times have a past")
        prefix = line[:end].rstrip(b" \t")
        known = self._series.get(prefix)
        if known is None:
            known = self._book.number(labels_of(self._grammar.series(line, end)))
            self._series[prefix] = known
        self._extra.append((known, parse_double(match.group(2)), tail.value))

    def _fault(self, number: int, reason: str, column: int | None = None) -> BadImport:
        place = f"{number}" if column is None else f"{number}:{column + 1}"
        return BadImport(str(self._path), place, reason)
