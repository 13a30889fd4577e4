"""Exports of metrics as samples, from protobuf and from JSON."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Metadata, MetricType, Sample, is_stale
from tapewatch.wire.errors import BadMessage, UnsupportedContent
from tapewatch.wire.otlp.messages import EXPORT_METRICS
from tapewatch.wire.otlp.metrics import Export, Translation, read_export
from tapewatch.wire.otlp.names import Strategy
from tapewatch.wire.protobuf import encode

SECOND = 1_000_000_000
JSON = "application/json; charset=utf-8"
PROTOBUF = "application/x-protobuf"


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"string_value": value}}


RESOURCE = [
    _text("service.name", "gateway"),
    _text("service.namespace", "floor"),
    _text("service.instance.id", "gw-1"),
    _text("host.name", "colo7"),
]
POINT = {"time_unix_nano": 10 * SECOND, "start_time_unix_nano": 2 * SECOND}
IDENTITY = {"job": "floor/gateway", "instance": "gw-1"}


def _export(
    *metrics: dict[str, Any],
    resource: list[dict[str, Any]] | None = None,
    scope: dict[str, Any] | None = None,
    translation: Translation | None = None,
) -> Export:
    scoped = {"scope": scope, "metrics": list(metrics), "schema_url": "http://schema"}
    attributes = RESOURCE if resource is None else resource
    message = {
        "resource_metrics": [{"resource": {"attributes": attributes}, "scope_metrics": [scoped]}]
    }
    return read_export(encode(EXPORT_METRICS, message), PROTOBUF, translation)


def _values(export: Export) -> dict[str, Any]:
    own = [sample for sample in export.samples if sample.labels.name != "target_info"]
    return {str(sample.labels.drop("job", "instance")): sample.value for sample in own}


def test_a_monotonic_sum_is_a_counter_with_start_time_and_exemplars() -> None:
    exemplar = {
        "time_unix_nano": 9 * SECOND,
        "as_int": 3,
        "trace_id": bytes(15) + b"\x01",
        "span_id": bytes(8),
        "filtered_attributes": [_text("symbol", "BTC")],
    }
    point = {
        **POINT,
        "as_int": 12,
        "attributes": [_text("venue.id", "cme")],
        "exemplars": [exemplar],
    }
    body = {"data_points": [point], "is_monotonic": True, "aggregation_temporality": 2}
    export = _export(
        {"name": "orders.sent", "unit": "{orders}", "description": "Sent.", "sum": body}
    )
    sample = export.samples[0]
    assert sample.labels == Labels.of(
        {"__name__": "orders_sent_total", "venue_id": "cme", **IDENTITY}
    )
    assert (sample.value, sample.timestamp_ms, sample.start_ms) == (12.0, 10_000, 2_000)
    assert sample.exemplars[0].labels == Labels.of(symbol="BTC", trace_id="00" * 15 + "01")
    assert sample.exemplars[0].timestamp_ms == 9_000
    assert export.metadata == {"orders_sent_total": Metadata(MetricType.COUNTER, "Sent.", "")}


def test_a_gauge_and_a_sum_that_may_fall_are_gauges() -> None:
    gauge = {"name": "depth", "gauge": {"data_points": [{**POINT, "as_double": 1.5}]}}
    body = {"data_points": [{**POINT, "as_int": -2}], "aggregation_temporality": 2}
    export = _export(gauge, {"name": "position", "sum": body})
    assert _values(export) == {"depth": 1.5, "position": -2.0}
    assert {data.type for data in export.metadata.values()} == {MetricType.GAUGE}


def test_a_histogram_becomes_its_classic_series() -> None:
    point = {
        **POINT,
        "count": 6,
        "sum": 9.5,
        "bucket_counts": [1, 2, 3],
        "explicit_bounds": [0.5, 1.0],
        "exemplars": [{"as_double": 0.7}, {"as_double": 50.0}],
    }
    body = {"data_points": [point], "aggregation_temporality": 2}
    export = _export({"name": "wait", "unit": "ms", "histogram": body})
    assert _values(export) == {
        "wait_milliseconds_sum": 9.5,
        "wait_milliseconds_count": 6.0,
        'wait_milliseconds_bucket{le="0.5"}': 1.0,
        'wait_milliseconds_bucket{le="1"}': 3.0,
        'wait_milliseconds_bucket{le="+Inf"}': 6.0,
    }
    shown = [[one.value for one in sample.exemplars] for sample in export.samples[2:5]]
    assert shown == [[], [0.7], [50.0]]


def test_a_histogram_may_become_a_native_one_with_its_own_bounds() -> None:
    point = {
        **POINT,
        "count": 3,
        "sum": 2.0,
        "bucket_counts": [1, 0, 2],
        "explicit_bounds": [1.0, 2.0],
    }
    metric = {"name": "wait", "histogram": {"data_points": [point], "aggregation_temporality": 2}}
    export = _export(metric, translation=Translation(custom_buckets=True))
    assert export.samples[0].value == Histogram(
        -53, 3.0, 2.0, positive={0: 1.0, 2: 2.0}, custom_bounds=(1.0, 2.0)
    )


def test_an_exponential_histogram_is_native_and_shifted_by_one() -> None:
    point = {
        **POINT,
        "count": 10,
        "sum": 1.0,
        "scale": 9,
        "zero_count": 1,
        "positive": {"offset": -1, "bucket_counts": [1, 2, 4]},
        "negative": {"offset": 3, "bucket_counts": [2]},
    }
    body = {"data_points": [point], "aggregation_temporality": 2}
    export = _export({"name": "wait", "exponential_histogram": body})
    assert export.samples[0].value == Histogram(
        8, 10.0, 1.0, 1e-128, 1.0, {0: 1.0, 1: 6.0}, {2: 2.0}
    )


def test_a_summary_shows_its_quantiles() -> None:
    point = {**POINT, "count": 4, "sum": 8.0, "quantile_values": [{"quantile": 0.5, "value": 2.0}]}
    export = _export({"name": "wait", "summary": {"data_points": [point]}})
    assert _values(export) == {"wait_sum": 8.0, "wait_count": 4.0, 'wait{quantile="0.5"}': 2.0}


def test_a_point_without_a_value_is_a_marker() -> None:
    point = {**POINT, "flags": 1}
    export = _export({"name": "depth", "gauge": {"data_points": [point]}})
    value = export.samples[0].value
    assert isinstance(value, float)
    assert is_stale(value)


def test_deltas_are_handed_over_apart() -> None:
    body = {
        "data_points": [{**POINT, "as_int": 1}],
        "is_monotonic": True,
        "aggregation_temporality": 1,
    }
    scale = {"data_points": [{**POINT, "count": 0}], "aggregation_temporality": 1}
    export = _export({"name": "orders", "sum": body}, {"name": "h", "exponential_histogram": scale})
    assert [sample.labels.name for sample in export.deltas] == ["orders_total", "h"]
    assert export.metadata["orders_total"].type is MetricType.COUNTER
    assert [sample.labels.name for sample in export.samples] == ["target_info"]


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ({"name": "a"}, "metric 'a': it has no points of a known kind"),
        (
            {"name": "a", "sum": {"data_points": []}},
            "its temporality is neither cumulative nor delta",
        ),
        (
            {"name": "€", "gauge": {"data_points": []}},
            "its name has no letter that Prometheus knows",
        ),
        (
            {
                "name": "a",
                "exponential_histogram": {
                    "data_points": [{"scale": -5}],
                    "aggregation_temporality": 2,
                },
            },
            "its scale -5 is coarser than -4",
        ),
    ],
)
def test_a_metric_that_cannot_be_taken_is_named(metric: dict[str, Any], reason: str) -> None:
    export = _export(metric)
    assert not export.samples
    assert reason in export.refused[0]


def test_target_info_tells_what_the_identity_does_not() -> None:
    export = _export({"name": "a", "gauge": {"data_points": [{**POINT, "as_int": 1}]}})
    assert export.samples[-1] == Sample(
        Labels.of({"__name__": "target_info", "host_name": "colo7", **IDENTITY}), 1.0, 10_000
    )


def test_target_info_is_repeated_over_a_long_export() -> None:
    points = [{"time_unix_nano": second * SECOND, "as_int": 1} for second in (0, 301)]
    export = _export({"name": "a", "gauge": {"data_points": points}})
    assert [sample.timestamp_ms for sample in export.samples[2:]] == [0, 150_000, 300_000, 301_000]


def test_target_info_needs_an_identity_and_something_to_tell() -> None:
    metric = {"name": "a", "gauge": {"data_points": [{**POINT, "as_int": 1}]}}
    assert len(_export(metric, resource=RESOURCE[:3]).samples) == 1
    assert len(_export(metric, resource=RESOURCE[3:]).samples) == 1


def test_resource_attributes_and_scopes_are_promoted_when_asked_for() -> None:
    metric = {"name": "a", "gauge": {"data_points": [{**POINT, "as_int": 1}]}}
    scope = {"name": "lib", "version": "2", "attributes": [_text("team", "x")]}
    translation = Translation(promoted=frozenset({"host.name", "absent"}), promote_scope=True)
    labels = _export(metric, scope=scope, translation=translation).samples[0].labels
    assert labels.drop("__name__", "job", "instance").as_dict() == {
        "host_name": "colo7",
        "otel_scope_name": "lib",
        "otel_scope_schema_url": "http://schema",
        "otel_scope_team": "x",
        "otel_scope_version": "2",
    }


def test_attributes_whose_names_become_alike_are_joined() -> None:
    attributes = [_text("a.b", "2"), _text("a-b", "1")]
    point = {**POINT, "as_int": 1, "attributes": attributes}
    metric = {"name": "a", "gauge": {"data_points": [point]}}
    assert _export(metric).samples[0].labels.get("a_b") == "1;2"
    kept = _export(metric, translation=Translation(Strategy.NoTranslation)).samples[0].labels
    assert (kept.get("a.b"), kept.get("a-b")) == ("2", "1")


def test_attributes_of_any_kind_become_texts() -> None:
    values = {
        "bool": {"bool_value": False},
        "int": {"int_value": -3},
        "double": {"double_value": 2.0},
        "bytes": {"bytes_value": b"\x00\xff"},
        "list": {"array_value": {"values": [{"int_value": 1}, {"string_value": "é"}]}},
        "map": {"kvlist_value": {"values": [_text("k", "v")]}},
    }
    attributes = [{"key": key, "value": value} for key, value in values.items()]
    point = {**POINT, "as_int": 1, "attributes": attributes}
    labels = (
        _export({"name": "a", "gauge": {"data_points": [point]}}, resource=[]).samples[0].labels
    )
    assert labels.drop("__name__").as_dict() == {
        "bool": "false",
        "int": "-3",
        "double": "2",
        "bytes": "AP8=",
        "list": '[1,"é"]',
        "map": '{"k":"v"}',
    }


DOCUMENT: dict[str, Any] = {
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "gw"}}]},
            "scopeMetrics": [
                {
                    "metrics": [
                        {
                            "name": "orders",
                            "sum": {
                                "isMonotonic": True,
                                "aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE",
                                "dataPoints": [
                                    {
                                        "asInt": "12",
                                        "timeUnixNano": "10000000000",
                                        "exemplars": [{"asDouble": "NaN", "traceId": "0A" * 16}],
                                    }
                                ],
                            },
                        }
                    ]
                }
            ],
        }
    ]
}


def test_json_is_read_like_protobuf() -> None:
    (sample,) = read_export(json.dumps(DOCUMENT).encode(), JSON).samples
    assert sample.labels == Labels.of(__name__="orders_total", job="gw")
    assert (sample.value, sample.timestamp_ms) == (12.0, 10_000)
    assert sample.exemplars[0].labels == Labels.of(trace_id="0a" * 16)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "expected an object, found []"),
        (b'{"resourceMetrics":{}}', "resourceMetrics: expected a list, found {}"),
        (
            b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":7}]}]}]}',
            "resourceMetrics[0].scopeMetrics[0].metrics[0].name: expected a text, found 7",
        ),
        (
            b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":WRONG}]}]}]}'.replace(
                b"WRONG", b'{"dataPoints":[{"timeUnixNano":"-1"}]}'
            ),
            "dataPoints[0].timeUnixNano: expected a whole number, found '-1'",
        ),
    ],
)
def test_wrong_json_is_refused_with_its_path(body: bytes, reason: str) -> None:
    with pytest.raises(BadMessage) as caught:
        read_export(body, JSON)
    assert reason in str(caught.value)


def test_other_content_is_not_supported() -> None:
    with pytest.raises(UnsupportedContent, match="send application/x-protobuf or application/json"):
        read_export(b"", "text/plain")


@given(st.binary(max_size=60), st.sampled_from([JSON, PROTOBUF]))
def test_random_bytes_raise_nothing_else(body: bytes, content_type: str) -> None:
    with contextlib.suppress(BadMessage):
        read_export(body, content_type)
