"""What is pushed: remote write in both versions, OTLP, and what bad requests get."""

import json

import orjson
import pytest
from tests.server.prometheus.conftest import VERSION_1, VERSION_2

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Metadata, MetricType, Sample
from tapewatch.wire import snappy
from tapewatch.wire.otlp.json_form import decode_json
from tapewatch.wire.otlp.messages import EXPORT_METRICS
from tapewatch.wire.protobuf import encode

versions = pytest.mark.parametrize("version", [VERSION_1, VERSION_2])
FILLS = Labels.of(__name__="fills_total", venue="cme")
DEPTH = Labels.of(__name__="depth", venue="cme")


def written(headers):
    prefix = "x-prometheus-remote-write"
    return [
        int(headers[f"{prefix}-{what}-written"]) for what in ("samples", "histograms", "exemplars")
    ]


@versions
def test_what_was_written_is_there_at_once(own_desk, version):
    desk = own_desk()
    trace = (Exemplar(Labels.of(trace_id="ab"), 1.0, desk.end_ms),)
    samples = [
        Sample(FILLS, 3.0, desk.end_ms, None, trace),
        Sample(DEPTH, Histogram(0, 2.0, 1.0, 0.0, 0.0, {1: 2.0}), desk.end_ms),
    ]
    told = Metadata(MetricType.COUNTER, "Fills.", "")
    status, headers, _ = desk.push(samples, {"fills_total": told}, version)
    assert (status, written(headers)) == (204, [1, 1, 1])
    assert desk.data("/query", query="fills_total", time=desk.end)["result"][0]["value"][1] == "3"
    shown = desk.data("/query", query="depth", time=desk.end)["result"][0]["histogram"][1]
    assert shown["count"] == "2"
    assert len(desk.data("/query_exemplars", query="fills_total")) == 1
    assert desk.data("/metadata")["fills_total"][0]["help"] == "Fills."


@versions
def test_a_request_may_be_repeated(own_desk, version):
    desk = own_desk()
    for _ in range(2):
        status, headers, _ = desk.push([Sample(FILLS, 3.0, desk.end_ms)], None, version)
        assert (status, written(headers)) == (204, [1, 0, 0])


@versions
def test_valid_series_are_kept_beside_a_bad_one_that_is_named(own_desk, version):
    desk = own_desk()
    nameless = Labels.of(venue="lse")
    samples = [Sample(nameless, 1.0, desk.end_ms), Sample(FILLS, 3.0, desk.end_ms)]
    status, headers, body = desk.push(samples, None, version)
    assert (status, written(headers)) == (400, [1, 0, 0])
    assert json.loads(body)["errorType"] == "bad_data"
    assert "venue='lse'" in json.loads(body)["error"]
    assert desk.data("/query", query="fills_total", time=desk.end)["result"]


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (0, 4.0, "duplicate sample for timestamp"),
        (-7_200_000, 4.0, "older than the window"),
        (3_600_000, 4.0, "too far in the future"),
    ],
)
def test_a_sample_out_of_order_is_named_with_its_series(own_desk, at, value, words):
    desk = own_desk()
    assert desk.push([Sample(FILLS, 3.0, desk.end_ms)])[0] == 204
    samples = [Sample(DEPTH, 1.0, desk.end_ms), Sample(FILLS, value, desk.end_ms + at)]
    status, headers, body = desk.push(samples)
    assert (status, written(headers)) == (400, [1, 0, 0])
    error = json.loads(body)["error"]
    assert 'fills_total{venue="cme"}' in error
    assert words in error


def test_late_samples_within_the_window_are_kept(own_desk):
    desk = own_desk()
    for step in (0, -60_000, -30_000):
        assert desk.push([Sample(FILLS, float(step), desk.end_ms + step)])[0] == 204
    data = desk.data("/query", query="fills_total[5m]", time=desk.end)
    assert [value for _, value in data["result"][0]["values"]] == ["-60000", "-30000", "0"]


def test_a_new_series_over_the_limit_is_refused_and_named_the_known_ones_go_on(own_desk):
    desk = own_desk("metrics: {storage: {series_max: 1}, scrape_configs: [{job_name: none}]}")
    assert desk.push([Sample(FILLS, 3.0, desk.end_ms)])[0] == 204
    samples = [Sample(FILLS, 4.0, desk.end_ms + 1), Sample(DEPTH, 1.0, desk.end_ms + 1)]
    status, headers, body = desk.push(samples)
    assert (status, written(headers)) == (400, [1, 0, 0])
    assert 'depth{venue="cme"}: the limit of series is reached' in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-protobuf;proto=nope"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"content-encoding": "zstd"}, 415),
    ],
)
def test_another_content_is_unsupported(desk, headers, status):
    given = {"content-type": VERSION_1, "content-encoding": "snappy", **headers}
    got, told, body = desk.post("/api/v1/write", b"", given["content-type"], given)
    assert (got, written(told)) == (status, [0, 0, 0])
    assert "is not supported" in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "does not begin with its size"),
        (b"\xff\xff\xff\xff\xff\xff", "does not begin with its size"),
        (b"\x05hello", "not snappy"),
        (snappy.compress(b"\x0a\xff"), "WriteRequest cannot be read"),
        (snappy.compress(b"hello, I am no protobuf at all"), "WriteRequest cannot be read"),
    ],
)
def test_a_malformed_request_is_refused(desk, body, words):
    status, _, told = desk.post("/api/v1/write", body, VERSION_1, {"content-encoding": "snappy"})
    assert status == 400
    assert words in json.loads(told)["error"]


def test_a_bomb_is_not_unpacked(own_desk):
    desk = own_desk("server: {request_unpacked_max: 1MB}")
    bomb = snappy.compress(bytes(2_000_000))
    for path, kind in (("/api/v1/write", VERSION_1), ("/api/v1/otlp/v1/metrics", VERSION_1)):
        status, _, body = desk.post(path, bomb, kind, {"content-encoding": "snappy"})
        assert status == 413
        assert "larger than the limit of 1048576 bytes" in json.loads(body)["error"]


def test_a_sender_may_wait_until_power_may_fail(desk):
    labels = Labels.of(__name__="settlements_total")
    samples = [Sample(labels, 1.0, desk.end_ms)]
    assert desk.push(samples, headers={"x-tapewatch-durable": "true"})[0] == 204


def test_a_large_request_is_taken_beside_the_loop(desk):
    samples = [
        Sample(Labels.of(__name__="wide", number=str(i)), float(i * i % 977) / 7, desk.end_ms)
        for i in range(40_000)
    ]
    status, headers, _ = desk.push(samples)
    assert (status, written(headers)) == (204, [40_000, 0, 0])
    assert (
        desk.data("/query", query="count(wide)", time=desk.end)["result"][0]["value"][1] == "40000"
    )


# --- OTLP ---------------------------------------------------------------------------------------


def export(desk, *, temporality=2, name="gateway.orders"):
    point = {
        "attributes": [{"key": "venue", "value": {"stringValue": "cme"}}],
        "timeUnixNano": str(desk.end_ms * 1_000_000),
        "asInt": "7",
    }
    metric = {
        "name": name,
        "sum": {"dataPoints": [point], "aggregationTemporality": temporality, "isMonotonic": True},
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "gateway"}}]}
    scope = {"scopeMetrics": [{"metrics": [metric]}]}
    return orjson.dumps({"resourceMetrics": [{"resource": resource, **scope}]})


@pytest.mark.parametrize("path", ["/api/v1/otlp/v1/metrics", "/v1/metrics"])
def test_an_export_becomes_series(own_desk, path):
    desk = own_desk()
    body = export(desk)
    status, _, answer = desk.post(path, body, "application/json")
    assert (status, answer) == (200, b"{}")
    found = desk.data("/query", query="gateway_orders_total", time=desk.end)["result"]
    assert found[0]["metric"] == {
        "__name__": "gateway_orders_total",
        "job": "gateway",
        "venue": "cme",
    }


def test_an_export_may_be_binary_and_compressed(own_desk):
    import cramjam

    desk = own_desk()
    body = encode(EXPORT_METRICS, decode_json(EXPORT_METRICS, export(desk)))
    for coding, packed in (
        ("gzip", bytes(cramjam.gzip.compress(body))),
        ("zstd", bytes(cramjam.zstd.compress(body))),
    ):
        headers = {"content-encoding": coding}
        status, told, answer = desk.post("/v1/metrics", packed, "application/x-protobuf", headers)
        assert (status, answer, told["content-type"]) == (200, b"", "application/x-protobuf")
    assert desk.data("/query", query="gateway_orders_total", time=desk.end)["result"]


def test_what_an_export_could_not_give_is_told_in_the_answer(own_desk):
    desk = own_desk()
    body = export(desk, temporality=1)
    assert desk.post("/v1/metrics", body, "application/json")[0] == 200
    status, _, answer = desk.post("/v1/metrics", body, "application/json")
    assert status == 200
    partial = json.loads(answer)["partialSuccess"]
    assert partial["rejectedDataPoints"] == "1"
    assert "was added up already" in partial["errorMessage"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\x0a\xff", "application/x-protobuf", 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_a_bad_export_is_refused(desk, body, content_type, status):
    assert desk.post("/v1/metrics", body, content_type)[0] == status


def test_names_are_translated_as_configured(own_desk):
    desk = own_desk("metrics: {otlp: {translation_strategy: NoTranslation}}")
    assert desk.post("/v1/metrics", export(desk), "application/json")[0] == 200
    assert desk.data("/query", query='{"gateway.orders"}', time=desk.end)["result"]
