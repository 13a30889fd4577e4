"""The messages of OTLP, with the field names of its own definition, which its JSON uses too."""

from collections.abc import Iterable
from typing import Any, Final

from tapewatch.wire.protobuf import decode
from tapewatch.wire.schema import Field, Kind, Message, many, maybe, one, part, parts, sealed

# --- Common --------------------------------------------------------------------------------------

_ANY_FIELDS: Final[dict[str, Field]] = {
    "string_value": maybe(1, Kind.TEXT),
    "bool_value": maybe(2, Kind.BOOL),
    "int_value": maybe(3, Kind.INT),
    "double_value": maybe(4, Kind.DOUBLE),
    "bytes_value": maybe(7, Kind.BYTES),
}


def _any_value() -> Message:
    # A value may hold values, so the message is completed with itself.
    inner = Message("AnyValue", dict(_ANY_FIELDS))
    array = Message("ArrayValue", {"values": parts(1, inner)})
    pair = Message("KeyValue", {"key": one(1, Kind.TEXT), "value": part(2, inner)})
    pairs = Message("KeyValueList", {"values": parts(1, pair)})
    complete = Message(
        "AnyValue", {**_ANY_FIELDS, "array_value": part(5, array), "kvlist_value": part(6, pairs)}
    )
    for name in ("fields", "plan", "empty"):
        object.__setattr__(inner, name, getattr(complete, name))
    return inner


ANY_VALUE: Final = _any_value()
KEY_VALUE: Final = Message("KeyValue", {"key": one(1, Kind.TEXT), "value": part(2, ANY_VALUE)})
RESOURCE: Final = Message("Resource", {"attributes": sealed(1, KEY_VALUE)})
SCOPE: Final = Message(
    "InstrumentationScope",
    {
        "name": one(1, Kind.TEXT),
        "version": one(2, Kind.TEXT),
        "attributes": sealed(3, KEY_VALUE),
    },
)

# --- Metrics -------------------------------------------------------------------------------------

_TIMES: Final = {
    "start_time_unix_nano": one(2, Kind.FIXED64),
    "time_unix_nano": one(3, Kind.FIXED64),
}
EXEMPLAR: Final = Message(
    "Exemplar",
    {
        "filtered_attributes": sealed(7, KEY_VALUE),
        "time_unix_nano": one(2, Kind.FIXED64),
        "as_double": maybe(3, Kind.DOUBLE),
        "as_int": maybe(6, Kind.SFIXED64),
        "span_id": one(4, Kind.BYTES),
        "trace_id": one(5, Kind.BYTES),
    },
)
NUMBER_POINT: Final = Message(
    "NumberDataPoint",
    {
        **_TIMES,
        "attributes": sealed(7, KEY_VALUE),
        "as_double": maybe(4, Kind.DOUBLE),
        "as_int": maybe(6, Kind.SFIXED64),
        "exemplars": parts(5, EXEMPLAR),
        "flags": one(8, Kind.UINT),
    },
)
HISTOGRAM_POINT: Final = Message(
    "HistogramDataPoint",
    {
        **_TIMES,
        "attributes": sealed(9, KEY_VALUE),
        "count": one(4, Kind.FIXED64),
        "sum": maybe(5, Kind.DOUBLE),
        "bucket_counts": many(6, Kind.FIXED64),
        "explicit_bounds": many(7, Kind.DOUBLE),
        "exemplars": parts(8, EXEMPLAR),
        "flags": one(10, Kind.UINT),
    },
)
BUCKETS: Final = Message(
    "Buckets", {"offset": one(1, Kind.SINT), "bucket_counts": many(2, Kind.UINT)}
)
EXPONENTIAL_POINT: Final = Message(
    "ExponentialHistogramDataPoint",
    {
        **_TIMES,
        "attributes": sealed(1, KEY_VALUE),
        "count": one(4, Kind.FIXED64),
        "sum": maybe(5, Kind.DOUBLE),
        "scale": one(6, Kind.SINT),
        "zero_count": one(7, Kind.FIXED64),
        "positive": part(8, BUCKETS),
        "negative": part(9, BUCKETS),
        "flags": one(10, Kind.UINT),
        "exemplars": parts(11, EXEMPLAR),
        "zero_threshold": one(14, Kind.DOUBLE),
    },
)
QUANTILE: Final = Message(
    "ValueAtQuantile", {"quantile": one(1, Kind.DOUBLE), "value": one(2, Kind.DOUBLE)}
)
SUMMARY_POINT: Final = Message(
    "SummaryDataPoint",
    {
        **_TIMES,
        "attributes": sealed(7, KEY_VALUE),
        "count": one(4, Kind.FIXED64),
        "sum": one(5, Kind.DOUBLE),
        "quantile_values": parts(6, QUANTILE),
        "flags": one(8, Kind.UINT),
    },
)
_TEMPORALITY: Final = {"aggregation_temporality": one(2, Kind.INT)}
METRIC: Final = Message(
    "Metric",
    {
        "name": one(1, Kind.TEXT),
        "description": one(2, Kind.TEXT),
        "unit": one(3, Kind.TEXT),
        "gauge": part(5, Message("Gauge", {"data_points": parts(1, NUMBER_POINT)})),
        "sum": part(
            7,
            Message(
                "Sum",
                {
                    "data_points": parts(1, NUMBER_POINT),
                    "is_monotonic": one(3, Kind.BOOL),
                    **_TEMPORALITY,
                },
            ),
        ),
        "histogram": part(
            9, Message("Histogram", {"data_points": parts(1, HISTOGRAM_POINT), **_TEMPORALITY})
        ),
        "exponential_histogram": part(
            10,
            Message(
                "ExponentialHistogram",
                {"data_points": parts(1, EXPONENTIAL_POINT), **_TEMPORALITY},
            ),
        ),
        "summary": part(11, Message("Summary", {"data_points": parts(1, SUMMARY_POINT)})),
    },
)
SCOPE_METRICS: Final = Message(
    "ScopeMetrics",
    {"scope": part(1, SCOPE), "metrics": parts(2, METRIC), "schema_url": one(3, Kind.TEXT)},
)
RESOURCE_METRICS: Final = Message(
    "ResourceMetrics",
    {
        "resource": part(1, RESOURCE),
        "scope_metrics": parts(2, SCOPE_METRICS),
        "schema_url": one(3, Kind.TEXT),
    },
)
EXPORT_METRICS: Final = Message(
    "ExportMetricsServiceRequest", {"resource_metrics": parts(1, RESOURCE_METRICS)}
)

# JSON may give enumerations by name.
ENUMERATIONS: Final[dict[str, int]] = {
    "AGGREGATION_TEMPORALITY_UNSPECIFIED": 0,
    "AGGREGATION_TEMPORALITY_DELTA": 1,
    "AGGREGATION_TEMPORALITY_CUMULATIVE": 2,
}


def attribute_value(message: dict[str, Any] | None) -> Any:
    """Return what an attribute holds: text, bool, number, bytes, list or dictionary; or None."""
    if message is None:
        return None
    if message["array_value"] is not None:
        return [attribute_value(value) for value in message["array_value"]["values"]]
    if message["kvlist_value"] is not None:
        pairs = message["kvlist_value"]["values"]
        return {pair["key"]: attribute_value(pair["value"]) for pair in pairs}
    scalars = (message[name] for name in _ANY_FIELDS)
    return next((value for value in scalars if value is not None), None)


def attributes_of(pairs: Iterable[bytes]) -> dict[str, Any]:
    """Open sealed attributes into a dictionary; of a key given twice the last counts."""
    opened = [decode(KEY_VALUE, pair) for pair in pairs]
    return {pair["key"]: attribute_value(pair["value"]) for pair in opened}
