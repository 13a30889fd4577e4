"""Writing write requests: to forward samples, and to test those who read them."""

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Exemplar, Metadata, Sample
from tapewatch.wire.protobuf import encode, sized, varint
from tapewatch.wire.remote_write.messages import (
    REQUEST_1,
    REQUEST_2,
    SERIES_1,
    SERIES_2,
    TYPES,
    write_histogram,
)

_FIRST_FIELD: Final = b"\x0a"  # the tag of field 1, a text or a message
_SAMPLES: Final = b"\x12"
_START: Final = b"\x18"
_SERIES_2: Final = b"\x2a"
_UNSIGNED: Final = 0xFFFF_FFFF_FFFF_FFFF
_VALUE = struct.Struct("<BdB")
_VALUE_TAG, _TIME_TAG = 0x09, 0x10


def encode_1(samples: Iterable[Sample], metadata: Mapping[str, Metadata] | None = None) -> bytes:
    """Write version 1.0; neighbouring samples of one series share its labels."""
    told = [
        {"type": TYPES.index(data.type), "metric": metric, "help": data.help, "unit": data.unit}
        for metric, data in (metadata or {}).items()
    ]
    series = [_FIRST_FIELD + sized(_series_1(*group)) for group in _grouped(samples)]
    return b"".join(series) + encode(REQUEST_1, {"metadata": told})


def plain_series(labels: Labels, points: Iterable[tuple[int, float]]) -> bytes:
    """Write a ``TimeSeries`` of version 1.0 from pairs of time and value."""
    return label_block(labels) + b"".join(_point(time_ms, value) for time_ms, value in points)


@lru_cache(maxsize=65_536)
def label_block(labels: Labels) -> bytes:
    """Write the labels of a series as its message begins."""
    return encode(SERIES_1, {"labels": _label_messages(labels)})


def encode_2(samples: Iterable[Sample], metadata: Mapping[str, Metadata] | None = None) -> bytes:
    """Write version 2.0, with every text once, as a symbol."""
    symbols: dict[str, int] = {"": 0}
    series = [
        _SERIES_2 + sized(_series_2(*group, symbols, metadata or {})) for group in _grouped(samples)
    ]
    return encode(REQUEST_2, {"symbols": list(symbols)}) + b"".join(series)


def _grouped(samples: Iterable[Sample]) -> Iterable[tuple[Labels, list[Sample]]]:
    for labels, group in groupby(samples, key=lambda sample: sample.labels):
        yield labels, list(group)


def _point(time_ms: int, value: float, start_ms: int = 0) -> bytes:
    time = varint(time_ms & _UNSIGNED)
    start = _START + varint(start_ms & _UNSIGNED) if start_ms else b""
    return _SAMPLES + sized(_VALUE.pack(_VALUE_TAG, value, _TIME_TAG) + time + start)


def _series_1(labels: Labels, samples: list[Sample]) -> bytes:
    points = [(sample.timestamp_ms or 0, sample.value) for sample in samples]
    plain = [(time_ms, value) for time_ms, value in points if not isinstance(value, Histogram)]
    message = {
        "histograms": _histograms(samples),
        "exemplars": [
            {**_exemplar(exemplar), "labels": _label_messages(exemplar.labels)}
            for sample in samples
            for exemplar in sample.exemplars
        ],
    }
    return plain_series(labels, plain) + encode(SERIES_1, message)


def _series_2(
    labels: Labels,
    samples: list[Sample],
    symbols: dict[str, int],
    metadata: Mapping[str, Metadata],
) -> bytes:
    references = b"".join(map(varint, _references(labels, symbols)))
    points = [
        _point(sample.timestamp_ms or 0, sample.value, sample.start_ms or 0)
        for sample in samples
        if not isinstance(sample.value, Histogram)
    ]
    message = {
        "histograms": _histograms(samples),
        "exemplars": [
            {**_exemplar(exemplar), "labels": _references(exemplar.labels, symbols)}
            for sample in samples
            for exemplar in sample.exemplars
        ],
        "metadata": _metadata(metadata.get(labels.get(METRIC_NAME)), symbols),
    }
    return b"".join((_FIRST_FIELD, sized(references), *points, encode(SERIES_2, message)))


def _metadata(data: Metadata | None, symbols: dict[str, int]) -> dict[str, int] | None:
    if data is None:
        return None
    return {
        "type": TYPES.index(data.type),
        "help": _reference(data.help, symbols),
        "unit": _reference(data.unit, symbols),
    }


def _histograms(samples: list[Sample]) -> list[dict[str, Any]]:
    return [
        write_histogram(sample.value, sample.timestamp_ms or 0, sample.start_ms or 0)
        for sample in samples
        if isinstance(sample.value, Histogram)
    ]


def _exemplar(exemplar: Exemplar) -> dict[str, Any]:
    return {"value": exemplar.value, "timestamp_ms": exemplar.timestamp_ms}


def _label_messages(labels: Labels) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in labels]


def _references(labels: Labels, symbols: dict[str, int]) -> list[int]:
    return [_reference(text, symbols) for pair in labels for text in pair]


def _reference(text: str, symbols: dict[str, int]) -> int:
    return symbols.setdefault(text, len(symbols))
