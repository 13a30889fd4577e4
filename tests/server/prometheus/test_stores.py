"""Other stores: remote read, federation, snapshots and deletion."""

import pytest

from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.wire import snappy
from tapewatch.wire.protobuf import decode
from tapewatch.wire.remote_read import (
    FRAMES_TYPE,
    RESPONSE,
    ReadQuery,
    ReadRequest,
    ResponseType,
    write_request,
)
from tapewatch.wire.remote_write.messages import SERIES_1

EXTERNAL = "metrics: {global: {external_labels: {desk: equities}}, scrape_configs: [{job_name: n}]}"


def asked(desk, *matchers, kind=ResponseType.SAMPLES):
    query = ReadQuery(desk.start_ms, desk.end_ms, tuple(matchers))
    body = snappy.compress(write_request(ReadRequest((query,), kind)))
    headers = {"content-encoding": "snappy"}
    return desk.post("/api/v1/read", body, "application/x-protobuf", headers)


def series_of(body):
    (result,) = decode(RESPONSE, snappy.decompress(body, 10**9))["results"]
    return [decode(SERIES_1, each) for each in result["series"]]


def labels_of(series):
    return {each["name"]: each["value"] for each in series["labels"]}


def test_another_store_reads_samples_and_histograms(desk):
    status, headers, body = asked(desk, Matcher(MatchKind.REGEX, "__name__", "order.*"))
    assert (status, headers["content-encoding"]) == (200, "snappy")
    latency, *rest = series_of(body)
    assert labels_of(latency)["__name__"] == "order_latency_seconds"
    assert len(latency["histograms"]) == 40
    assert [labels_of(each)["venue"] for each in rest] == ["binance", "cme", "lse"]
    assert [sample["timestamp_ms"] for sample in rest[0]["samples"]] == desk.times


def test_another_store_reads_a_stream_of_chunks(desk):
    named = Matcher(MatchKind.EQUAL, "__name__", "orders_sent_total")
    status, headers, body = asked(desk, named, kind=ResponseType.STREAMED_XOR_CHUNKS)
    assert (status, headers["content-type"]) == (200, FRAMES_TYPE)
    assert body.count(b"orders_sent_total") == 3


def test_our_external_labels_go_out_and_may_be_matched(own_desk):
    from tests.server.prometheus.conftest import orders

    desk = own_desk(EXTERNAL)
    desk.push(list(orders(desk)))
    ours = Matcher(MatchKind.EQUAL, "desk", "equities")
    named = Matcher(MatchKind.EQUAL, "venue", "cme")
    (found,) = series_of(asked(desk, ours, named)[2])
    assert labels_of(found)["desk"] == "equities"
    other = Matcher(MatchKind.EQUAL, "desk", "rates")
    assert series_of(asked(desk, other, named)[2]) == []


def test_a_request_that_is_no_request_is_refused(desk):
    headers = {"content-encoding": "snappy"}
    for body in (b"x", snappy.compress(b"\x0a\xff")):
        assert desk.post("/api/v1/read", body, "application/x-protobuf", headers)[0] == 400


def test_the_newest_samples_are_federated(desk):
    _, headers, body = desk.ask("/federate", match__=['orders_sent_total{venue!="lse"}'])
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    assert body.decode().splitlines() == [
        "# TYPE orders_sent_total untyped",
        f'orders_sent_total{{instance="",job="desk",venue="binance"}} 390 {desk.end_ms}',
        f'orders_sent_total{{instance="",job="desk",venue="cme"}} 780 {desk.end_ms}',
    ]


def test_federation_speaks_what_it_is_asked_for(desk):
    accept = {"accept": "application/openmetrics-text;version=1.0.0"}
    _, headers, body = desk.ask("/federate", headers=accept, match__="orders_sent_total")
    assert headers["content-type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    status, _, _ = desk.ask("/federate", match__="{")
    assert status == 400


def test_a_snapshot_can_be_opened(own_desk):
    from tests.server.prometheus.conftest import SETTINGS, orders

    from tapewatch.metrics.storage.database import Database
    from tapewatch.metrics.storage.settings import StorageSettings
    from tapewatch.model.clock import SystemClock

    desk = own_desk(SETTINGS)
    desk.push(list(orders(desk)))
    _, _, body = desk.ask("/api/v1/admin/tsdb/snapshot", method="POST")
    name = body.decode().split('"')[-2]
    folder = desk.process.data / "metrics" / "snapshots" / name
    copy = Database(folder, StorageSettings(), SystemClock())
    named = [Matcher(MatchKind.EQUAL, "__name__", "orders_sent_total")]
    assert len(copy.find(named, 0, 2**60)) == 3
    copy.close()


def test_deleted_samples_are_gone_at_once(own_desk):
    from tests.server.prometheus.conftest import SETTINGS, orders

    desk = own_desk(SETTINGS)
    desk.push(list(orders(desk)))
    path = "/api/v1/admin/tsdb/delete_series"
    selector = 'orders_sent_total{venue="cme"}'
    assert desk.ask(path, method="POST", match__=selector)[0] == 204
    assert desk.ask("/api/v1/admin/tsdb/clean_tombstones", method="PUT")[0] == 204
    found = desk.data("/query", query="orders_sent_total", time=desk.end)["result"]
    assert [each["metric"]["venue"] for each in found] == ["binance", "lse"]


@pytest.mark.parametrize("name", ["delete_series", "clean_tombstones", "snapshot"])
def test_nothing_is_changed_where_it_is_not_allowed(own_desk, name):
    desk = own_desk()
    status, kind, error = desk.refused(f"/admin/tsdb/{name}", method="POST")
    assert (status, kind) == (503, "unavailable")
    assert "metrics.enable_admin_api" in error
