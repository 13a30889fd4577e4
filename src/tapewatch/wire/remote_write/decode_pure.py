"""The readable twin of ``decode_fast.pyx``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Metadata
from tapewatch.wire.errors import BadMessage, BadSeries
from tapewatch.wire.protobuf import decode
from tapewatch.wire.remote_write.messages import REQUEST_1, REQUEST_2, read_histogram, type_of
from tapewatch.wire.remote_write.request import HistogramSample, WriteRequest
from tapewatch.wire.remote_write.series import SERIES_MAX, SeriesCache

_NAME: Final = "__name__"

Resolve = Callable[[Any], list[tuple[str, str]]]


class WriteDecoder:
    """Reads write requests, and knows again the series of earlier ones."""

    def __init__(self, series_max: int = SERIES_MAX) -> None:
        self._cache = SeriesCache(series_max)

    @property
    def labels(self) -> Sequence[Labels]:
        """The labels of every series by its index."""
        return self._cache.labels

    def decode_1(self, data: bytes) -> WriteRequest:
        """Read a request of version 1.0; raises ``BadMessage``."""
        message = decode(REQUEST_1, data)
        self._cache.begin()
        reading = Reading(self._cache, _label_pairs)
        for series in message["series"]:
            reading.add(series, _label_pairs(series["labels"]))
        for one in message["metadata"]:
            told = Metadata(type_of(one["type"]), one["help"], one["unit"])
            reading.metadata[one["metric"]] = told
        return reading.request(timed=False)

    def decode_2(self, data: bytes) -> WriteRequest:
        """Read a request of version 2.0; raises ``BadMessage``."""
        message = decode(REQUEST_2, data)
        self._cache.begin()
        symbols = message["symbols"]

        def resolve(references: Sequence[int]) -> list[tuple[str, str]]:
            return symbol_pairs(symbols, references)

        reading = Reading(self._cache, resolve)
        for series in message["series"]:
            pairs = resolve(series["labels"])
            reading.add(series, pairs)
            reading.tell(series["metadata"], dict(pairs).get(_NAME, ""), symbols)
        return reading.request(timed=True)


class Reading:
    """One request, while its series come in."""

    def __init__(self, cache: SeriesCache, resolve: Resolve) -> None:
        self.metadata: dict[str, Metadata] = {}
        self._cache = cache
        self._resolve = resolve
        self._series: list[int] = []
        self._offsets = [0]
        self._timestamps_ms: list[int] = []
        self._values: list[float] = []
        self._starts_ms: list[int] = []
        self._histograms: list[HistogramSample] = []
        self._exemplars: list[tuple[int, Exemplar]] = []
        self._fault: BadSeries | None = None
        self._refused = 0

    def add(self, series: Mapping[str, Any], pairs: list[tuple[str, str]]) -> None:
        try:
            index = self._index(series, pairs)
        except BadSeries as fault:
            self._fault = self._fault or fault
            self._refused += len(series["samples"]) + len(series["histograms"])
            return
        self._series.append(index)
        for sample in series["samples"]:
            self._timestamps_ms.append(sample["timestamp_ms"])
            self._values.append(sample["value"])
            self._starts_ms.append(sample.get("start_ms", 0) or series.get("start_ms", 0))
        self._offsets.append(len(self._values))
        for histogram in series["histograms"]:
            self._histograms.append(histogram_sample(index, histogram, series.get("start_ms", 0)))
        for exemplar in series["exemplars"]:
            self._exemplars.append((index, self._exemplar(exemplar)))

    def tell(self, message: Mapping[str, Any] | None, metric: str, symbols: list[str]) -> None:
        if message is not None and metric:
            texts = symbol_texts(symbols, [message["help"], message["unit"]])
            self.metadata[metric] = Metadata(type_of(message["type"]), *texts)

    def request(self, *, timed: bool) -> WriteRequest:
        return WriteRequest(
            self._cache.generation,
            np.array(self._series, np.int64),
            np.array(self._offsets, np.int64),
            np.array(self._timestamps_ms, np.int64),
            np.array(self._values, np.float64),
            np.array(self._starts_ms, np.int64) if timed and any(self._starts_ms) else None,
            tuple(self._histograms),
            tuple(self._exemplars),
            self.metadata,
            self._fault,
            self._refused,
        )

    def _index(self, series: Mapping[str, Any], pairs: list[tuple[str, str]]) -> int:
        key = tuple(pairs)
        index = self._cache.by_key.get(key)
        if index is None:
            index = self._cache.learn(key, pairs)
        if series["samples"] and series["histograms"]:
            labels = self._cache.labels[index]
            raise BadSeries(str(labels), "it has both samples and histograms")
        return index

    def _exemplar(self, message: Mapping[str, Any]) -> Exemplar:
        return exemplar_of(self._resolve(message["labels"]), message)


def histogram_sample(index: int, message: Mapping[str, Any], start_ms: int) -> HistogramSample:
    """Turn a message of either version into a sample."""
    start = message["start_ms"] or start_ms
    return HistogramSample(index, message["timestamp_ms"], read_histogram(message), start)


def exemplar_of(pairs: list[tuple[str, str]], message: Mapping[str, Any]) -> Exemplar:
    """Build an exemplar; a time of zero means none."""
    labels = Labels.of(dict(pairs))
    return Exemplar(labels, message["value"], message["timestamp_ms"] or None)


def symbol_pairs(symbols: Sequence[str], references: Sequence[int]) -> list[tuple[str, str]]:
    """Resolve references to names and values, which take turns."""
    if len(references) % 2:
        raise BadMessage("Request", f"{len(references)} references are no names with values")
    texts = symbol_texts(symbols, references)
    return list(zip(texts[::2], texts[1::2], strict=True))


def symbol_texts(symbols: Sequence[str], references: Sequence[int]) -> list[str]:
    """Resolve references; the text of reference 0 may be missing, because it is empty."""
    try:
        return [symbols[reference] if reference else "" for reference in references]
    except IndexError:
        worst = max(references)
        reason = f"symbol {worst} is referenced, and there are {len(symbols)}"
        raise BadMessage("Request", reason) from None


def _label_pairs(labels: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(label["name"], label["value"]) for label in labels]
