"""
What others push: write requests and exports, from bytes to stored samples.

A decoder knows the series of earlier requests by an index; here an array leads from that index to
the database's own number of the series, so a series that comes again costs no Python.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.deltas import Deltas
from tapewatch.metrics.intake import REFUSED, Loose, Taken
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.series import Table
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Sample
from tapewatch.wire.otlp.metrics import MetricsReader, Translation
from tapewatch.wire.remote_write.content import Version
from tapewatch.wire.remote_write.decode import WriteDecoder
from tapewatch.wire.remote_write.request import WriteRequest, Written

UNASKED: Final = -2
"""Stands for the number of a series that the database was not asked for yet."""
LIMIT_WORDS: Final = "the limit of series is reached (metrics.storage.series_max)"

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was stored of a request, and what is wrong with the rest of it."""

    written: Written
    faults: tuple[str, ...] = ()
    refused: int = 0


class WriteReceiver:
    """Takes write requests of both versions; may be used by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._decoder = WriteDecoder()
        self._numbers: Integers = np.empty(0, np.int64)
        self._generation = 0
        self._table: Table = database.head.table
        self._lock = threading.Lock()

    def take(self, body: bytes, version: Version) -> Receipt:
        """Store a request, already unpacked; raises ``BadMessage``, and ``ReadOnly``."""
        with self._lock:
            decoder = self._decoder
            read = decoder.decode_1 if version is Version.V1 else decoder.decode_2
            request = read(body)
            if request.metadata:
                self._database.describe(request.metadata, source="remote write")
            # What the numbers say must hold until the samples are in.
            with self._database.head.lock:
                batch, limited = self._batch(request)
                receipt = store(self._database, batch)
        faults = [] if request.fault is None else [str(request.fault)]
        if limited is not None:
            faults.append(f"series {limited}: {LIMIT_WORDS}")
        offered = len(request.values) + len(request.histograms) + request.refused
        stored = receipt.written.samples + receipt.written.histograms
        return Receipt(receipt.written, (*faults, *receipt.faults), offered - stored)

    def _batch(self, request: WriteRequest) -> tuple[Loose, Labels | None]:
        """Put a request into the database's numbers; also the first series that a limit forbids."""
        self._refresh(request.generation)
        numbers = self._resolve(request.series)
        batch = Loose(
            np.repeat(numbers, np.diff(request.offsets)),
            request.timestamps_ms,
            request.values,
            request.starts_ms,
            [
                (int(self._numbers[each.series]), each.timestamp_ms, each.histogram)
                for each in request.histograms
            ],
            [(int(self._numbers[index]), each) for index, each in request.exemplars],
            _starts_of([each.start_ms for each in request.histograms]),
        )
        limited = numbers == REFUSED
        if not limited.any():
            return batch, None
        first = self._decoder.labels[int(request.series[limited.argmax()])]
        return without_refused(batch), first

    def _refresh(self, generation: int) -> None:
        """Forget what the decoder or the database has forgotten."""
        count = len(self._decoder.labels)
        if generation != self._generation:
            self._generation, self._numbers = generation, np.empty(0, np.int64)
        head = self._database.head
        if head.table is not self._table:
            # The database has dropped series that nobody brought for a while.
            self._numbers[~head.knows(self._numbers)] = UNASKED
            self._table = head.table
        if count > len(self._numbers):
            grown = np.full(max(count, 2 * len(self._numbers)), UNASKED, np.int64)
            grown[: len(self._numbers)] = self._numbers
            self._numbers = grown

    def _resolve(self, indexes: Integers) -> Integers:
        """Return the numbers of series; a limit's refusal is asked for again the next time."""
        numbers: Integers = self._numbers[indexes]
        unknown = np.unique(indexes[numbers < 0])
        if len(unknown):
            labels = self._decoder.labels
            found = self._database.series([labels[index] for index in unknown.tolist()])
            self._numbers[unknown] = found
            numbers = self._numbers[indexes]
        return numbers


class ExportReceiver:
    """Takes exports of OpenTelemetry; may be used by several threads."""

    def __init__(self, database: Database, translation: Translation) -> None:
        self._database = database
        self._reader = MetricsReader(translation)
        self._deltas = Deltas()
        self._lock = threading.Lock()

    def translate(self, translation: Translation) -> None:
        """Read exports in another way from now on."""
        with self._lock:
            self._reader = MetricsReader(translation)

    def take(self, body: bytes, content_type: str) -> Receipt:
        """Store an export; raises what the reader raises, and ``ReadOnly``."""
        with self._lock:
            export = self._reader.read(body, content_type)
            if export.metadata:
                self._database.describe(export.metadata, source="otlp")
            sums = self._deltas.add(export.deltas)
            samples = (*export.samples, *sums.samples)
            with self._database.head.lock:
                numbers = self._database.series([each.labels for each in samples])
                receipt = store(self._database, without_refused(loose_of(samples, numbers)))
            self._deltas.keep(sums)
        faults = [*export.refused, *sums.faults]
        limited = numbers == REFUSED
        if limited.any():
            first = samples[int(limited.argmax())].labels
            faults.append(f"series {first}: {LIMIT_WORDS}")
        refused = sums.refused + int(limited.sum()) + receipt.refused
        return Receipt(receipt.written, (*faults, *receipt.faults), refused)


def loose_of(samples: Sequence[Sample], numbers: Integers) -> Loose:
    """Put samples of numbered series into columns."""
    floats: list[tuple[int, int, float, int]] = []
    histograms: list[tuple[int, int, Histogram]] = []
    histogram_starts: list[int] = []
    exemplars: list[tuple[int, Exemplar]] = []
    for sample, number in zip(samples, numbers.tolist(), strict=True):
        at_ms, value = sample.timestamp_ms or 0, sample.value
        if isinstance(value, Histogram):
            histograms.append((number, at_ms, value))
            histogram_starts.append(sample.start_ms or 0)
        else:
            floats.append((number, at_ms, value, sample.start_ms or 0))
        exemplars += [(number, each) for each in sample.exemplars]
    series, times, values, starts = zip(*floats, strict=True) if floats else ((), (), (), ())
    return Loose(
        np.array(series, np.int64),
        np.array(times, np.int64),
        np.array(values, np.float64),
        _starts_of(starts),
        histograms,
        exemplars,
        _starts_of(histogram_starts),
    )


def _starts_of(starts: Sequence[int]) -> Integers | None:
    return np.array(starts, np.int64) if any(starts) else None


def without_refused(batch: Loose) -> Loose:
    """Leave out the samples of series that a limit forbids."""
    kept = batch.series != REFUSED
    starts_ms, own = batch.starts_ms, batch.histogram_starts_ms
    places = [place for place, each in enumerate(batch.histograms) if each[0] != REFUSED]
    return Loose(
        batch.series[kept],
        batch.timestamps_ms[kept],
        batch.values[kept],
        None if starts_ms is None else starts_ms[kept],
        [batch.histograms[place] for place in places],
        [each for each in batch.exemplars if each[0] != REFUSED],
        None if own is None else own[places],
    )


def store(database: Database, batch: Loose) -> Receipt:
    """Store a batch, the floats and then the histograms, so that each are counted."""
    floats = database.append(replace(batch, histograms=()))
    written = Written(floats.samples, 0, floats.exemplars)
    faults = _faults_of(database, batch, floats, 0)
    refused = floats.refused
    if batch.histograms:
        nothing = Loose(batch.series[:0], batch.timestamps_ms[:0], batch.values[:0])
        own = batch.histogram_starts_ms
        held = replace(nothing, histograms=batch.histograms, histogram_starts_ms=own)
        taken = database.append(held)
        written = replace(written, histograms=taken.samples)
        faults += _faults_of(database, batch, taken, len(batch.series))
        refused += taken.refused
    return Receipt(written, faults, refused)


def _faults_of(database: Database, batch: Loose, taken: Taken, before: int) -> tuple[str, ...]:
    """Name the first series of which a sample was refused."""
    if not taken.refused:
        return ()
    place, head = before + taken.first_refused_at, database.head
    floats = len(batch.series)
    number = batch.series[place] if place < floats else batch.histograms[place - floats][0]
    labels = head.table.labels(int(head.rows_of(np.array([number], np.int64))[0]))
    return (f"series {labels}: {taken.first_refused}",)
