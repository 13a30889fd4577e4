"""The messages of remote write, and what a native histogram is in them."""

from collections.abc import Mapping
from typing import Any, Final

from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.samples import MetricType
from tapewatch.wire.buckets import SPAN, read_buckets, side
from tapewatch.wire.schema import Kind, Message, many, maybe, one, part, parts

LABEL: Final = Message("Label", {"name": one(1, Kind.TEXT), "value": one(2, Kind.TEXT)})
HISTOGRAM: Final = Message(
    "Histogram",
    {
        "count": maybe(1, Kind.UINT),
        "count_float": maybe(2, Kind.DOUBLE),
        "sum": one(3, Kind.DOUBLE),
        "schema": one(4, Kind.SINT),
        "zero_threshold": one(5, Kind.DOUBLE),
        "zero_count": maybe(6, Kind.UINT),
        "zero_count_float": maybe(7, Kind.DOUBLE),
        "negative_spans": parts(8, SPAN),
        "negative_deltas": many(9, Kind.SINT),
        "negative_counts": many(10, Kind.DOUBLE),
        "positive_spans": parts(11, SPAN),
        "positive_deltas": many(12, Kind.SINT),
        "positive_counts": many(13, Kind.DOUBLE),
        "reset_hint": one(14, Kind.INT),
        "timestamp_ms": one(15, Kind.INT),
        "custom_bounds": many(16, Kind.DOUBLE),
        "start_ms": one(17, Kind.INT),
    },
)

# --- Version 1.0 ---------------------------------------------------------------------------------

SAMPLE_1: Final = Message(
    "Sample", {"value": one(1, Kind.DOUBLE), "timestamp_ms": one(2, Kind.INT)}
)
EXEMPLAR_1: Final = Message(
    "Exemplar",
    {
        "labels": parts(1, LABEL),
        "value": one(2, Kind.DOUBLE),
        "timestamp_ms": one(3, Kind.INT),
    },
)
SERIES_1: Final = Message(
    "TimeSeries",
    {
        "labels": parts(1, LABEL),
        "samples": parts(2, SAMPLE_1),
        "exemplars": parts(3, EXEMPLAR_1),
        "histograms": parts(4, HISTOGRAM),
    },
)
METADATA_1: Final = Message(
    "MetricMetadata",
    {
        "type": one(1, Kind.INT),
        "metric": one(2, Kind.TEXT),
        "help": one(4, Kind.TEXT),
        "unit": one(5, Kind.TEXT),
    },
)
REQUEST_1: Final = Message(
    "WriteRequest", {"series": parts(1, SERIES_1), "metadata": parts(3, METADATA_1)}
)

# --- Version 2.0 ---------------------------------------------------------------------------------

SAMPLE_2: Final = Message(
    "Sample",
    {
        "value": one(1, Kind.DOUBLE),
        "timestamp_ms": one(2, Kind.INT),
        "start_ms": one(3, Kind.INT),
    },
)
EXEMPLAR_2: Final = Message(
    "Exemplar",
    {
        "labels": many(1, Kind.UINT),
        "value": one(2, Kind.DOUBLE),
        "timestamp_ms": one(3, Kind.INT),
    },
)
METADATA_2: Final = Message(
    "Metadata", {"type": one(1, Kind.INT), "help": one(3, Kind.UINT), "unit": one(4, Kind.UINT)}
)
SERIES_2: Final = Message(
    "TimeSeries",
    {
        "labels": many(1, Kind.UINT),
        "samples": parts(2, SAMPLE_2),
        "histograms": parts(3, HISTOGRAM),
        "exemplars": parts(4, EXEMPLAR_2),
        "metadata": part(5, METADATA_2),
        "start_ms": one(6, Kind.INT),  # before the samples had their own
    },
)
REQUEST_2: Final = Message("Request", {"symbols": many(4, Kind.TEXT), "series": parts(5, SERIES_2)})

TYPES: Final = (
    MetricType.UNKNOWN,
    MetricType.COUNTER,
    MetricType.GAUGE,
    MetricType.HISTOGRAM,
    MetricType.GAUGE_HISTOGRAM,
    MetricType.SUMMARY,
    MetricType.INFO,
    MetricType.STATESET,
)


def type_of(number: int) -> MetricType:
    """Return the metric type behind a number; an unknown number is an unknown type."""
    return TYPES[number] if 0 <= number < len(TYPES) else MetricType.UNKNOWN


def read_histogram(message: Mapping[str, Any]) -> Histogram:
    """Turn a message into a histogram; raises ``BadMessage`` where its buckets do not add up."""
    count, zero_count = message["count_float"], message["zero_count_float"]
    hint = message["reset_hint"]
    return Histogram(
        schema=message["schema"],
        count=float(message["count"] or 0) if count is None else count,
        sum=message["sum"],
        zero_threshold=message["zero_threshold"],
        zero_count=float(message["zero_count"] or 0) if zero_count is None else zero_count,
        positive=_buckets(message, "positive"),
        negative=_buckets(message, "negative"),
        custom_bounds=tuple(message["custom_bounds"]),
        reset_hint=ResetHint(hint) if hint in iter(ResetHint) else ResetHint.UNKNOWN,
    )


def write_histogram(histogram: Histogram, timestamp_ms: int, start_ms: int) -> dict[str, Any]:
    """Turn a histogram into a message: of integers where all its counts are whole."""
    counts = [histogram.count, histogram.zero_count]
    counts += [*histogram.positive.values(), *histogram.negative.values()]
    whole = all(float(count).is_integer() for count in counts)
    message = {
        "sum": histogram.sum,
        "schema": histogram.schema,
        "zero_threshold": histogram.zero_threshold,
        "reset_hint": int(histogram.reset_hint),
        "timestamp_ms": timestamp_ms,
        "custom_bounds": histogram.custom_bounds,
        "start_ms": start_ms,
        **side("positive", histogram.positive, whole=whole),
        **side("negative", histogram.negative, whole=whole),
    }
    if whole:
        return {**message, "count": int(histogram.count), "zero_count": int(histogram.zero_count)}
    return {**message, "count_float": histogram.count, "zero_count_float": histogram.zero_count}


def _buckets(message: Mapping[str, Any], sign: str) -> dict[int, float]:
    spans, deltas = message[f"{sign}_spans"], message[f"{sign}_deltas"]
    return read_buckets(spans, deltas, message[f"{sign}_counts"])
