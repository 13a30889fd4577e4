"""
Reading bodies of any form into one shape.

A reader keeps what it learned of a target, so series have the same index from scrape to scrape.
The text forms are read by ``wire``'s own incremental reader; here the binary form gets the same
shape, with histograms as values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol as Interface
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.scrape.errors import BadExposition
from tapewatch.metrics.scrape.protocols import Protocol
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Family, Metadata, MetricType, Sample
from tapewatch.wire.errors import WireError
from tapewatch.wire.exposition.protobuf import read_protobuf
from tapewatch.wire.exposition.reader import OPENMETRICS, TEXT, ScrapeReader
from tapewatch.wire.exposition.scrape import NO_TIME, NewSeries, Repeat, Scrape

Starts: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What one body has brought, by index of the reader's series.

    A series with a histogram is not ``present`` in the scrape. ``starts_ms`` is 0 where no start
    is known.
    """

    scrape: Scrape
    histograms: Mapping[int, Histogram] = field(default_factory=dict)
    starts_ms: Starts | None = None

    @property
    def count(self) -> int:
        """How many samples there were, repeated ones too."""
        return self.scrape.sample_count + len(self.histograms)


class Reader(Interface):
    """Reads the bodies of one target, one after the other."""

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """What the target says of its metrics."""
        ...

    def read(self, body: bytes) -> Reading:
        """Read a body, or raise ``BadExposition`` and learn nothing."""
        ...

    def retire(self, indexes: list[int]) -> None:
        """Forget series; their indexes will be used again."""
        ...


def make_reader(protocol: Protocol, *, classic_too: bool) -> Reader:
    """Build the reader for a form."""
    if protocol is Protocol.PROTOBUF:
        return ProtobufReader(classic_too=classic_too)
    return TextReader(protocol)


class TextReader:
    """The text format and OpenMetrics."""

    def __init__(self, protocol: Protocol) -> None:
        strict = protocol in (Protocol.OPENMETRICS_0, Protocol.OPENMETRICS_1)
        self._reader = ScrapeReader(OPENMETRICS if strict else TEXT, lasting=False)

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """What the target says of its metrics."""
        return self._reader.book.metadata

    def read(self, body: bytes) -> Reading:
        """Read a body, or raise ``BadExposition`` and learn nothing."""
        try:
            return Reading(self._reader.read(body))
        except WireError as fault:
            raise BadExposition(str(fault)) from None

    def retire(self, indexes: list[int]) -> None:
        """Forget series; their indexes will be used again."""
        self._reader.retire(indexes)


class ProtobufReader:
    """The delimited binary form."""

    def __init__(self, *, classic_too: bool) -> None:
        self.metadata: dict[str, Metadata] = {}
        self._classic_too = classic_too
        self._index_of: dict[Labels, int] = {}
        self._labels: list[Labels | None] = []
        self._free: list[int] = []

    def read(self, body: bytes) -> Reading:
        """Read a body, or raise ``BadExposition`` and learn nothing."""
        try:
            families = read_protobuf(body, classic_too=self._classic_too)
        except WireError as fault:
            raise BadExposition(str(fault)) from None
        told = self._tell(families)
        fresh = tuple(self._learn(families))
        return self._reading(families, fresh, told)

    def retire(self, indexes: list[int]) -> None:
        """Forget series; their indexes will be used again."""
        for index in indexes:
            labels = self._labels[index]
            if labels is not None:
                del self._index_of[labels]
                self._labels[index] = None
                self._free.append(index)

    def _tell(self, families: Iterable[Family]) -> dict[str, Metadata]:
        said = {each.name: Metadata(each.type, each.help, each.unit) for each in families}
        told = {name: data for name, data in said.items() if self.metadata.get(name) != data}
        self.metadata |= told
        return told

    def _learn(self, families: Iterable[Family]) -> Iterable[NewSeries]:
        for each in families:
            for sample in each.samples:
                if sample.labels not in self._index_of:
                    yield NewSeries(self._add(sample.labels), sample.labels, each.type, False)

    def _add(self, labels: Labels) -> int:
        if self._free:
            index = self._free.pop()
            self._labels[index] = labels
        else:
            index = len(self._labels)
            self._labels.append(labels)
        self._index_of[labels] = index
        return index

    def _reading(
        self, families: Iterable[Family], fresh: tuple[NewSeries, ...], told: dict[str, Metadata]
    ) -> Reading:
        filling = _Filling(len(self._labels))
        for each in families:
            for sample in each.samples:
                filling.put(self._index_of[sample.labels], sample)
        return filling.reading(fresh, told)


class _Filling:
    """The arrays of one reading, while samples come in."""

    def __init__(self, size: int) -> None:
        self._values = np.full(size, np.nan)
        self._present = np.zeros(size, np.bool_)
        self._times = np.full(size, NO_TIME, np.int64)
        self._starts = np.zeros(size, np.int64)
        self._histograms: dict[int, Histogram] = {}
        self._repeats: list[Repeat] = []
        self._exemplars: list[tuple[int, Exemplar]] = []
        self._count = 0

    def put(self, index: int, sample: Sample) -> None:
        self._exemplars.extend((index, exemplar) for exemplar in sample.exemplars)
        if sample.start_ms is not None:
            self._starts[index] = sample.start_ms
        if isinstance(sample.value, Histogram):
            self._histograms.setdefault(index, sample.value)
        elif self._present[index]:
            self._count += 1
            self._repeats.append(Repeat(index, sample.value, sample.timestamp_ms))
        else:
            self._count += 1
            self._values[index], self._present[index] = sample.value, True
        if sample.timestamp_ms is not None and self._times[index] == NO_TIME:
            self._times[index] = sample.timestamp_ms

    def reading(self, fresh: tuple[NewSeries, ...], told: dict[str, Metadata]) -> Reading:
        timed = bool((self._times != NO_TIME).any())
        scrape = Scrape(
            self._values,
            self._present,
            self._times if timed else None,
            self._count,
            fresh,
            tuple(self._repeats),
            tuple(self._exemplars),
            told,
        )
        return Reading(scrape, self._histograms, self._starts if self._starts.any() else None)


def family_of(name: str, metadata: Mapping[str, Metadata]) -> Metadata:
    """Find what is told of the metric that a series called ``name`` belongs to."""
    told = metadata.get(name) or metadata.get(name.rpartition("_")[0])
    return told or Metadata(MetricType.UNKNOWN)
