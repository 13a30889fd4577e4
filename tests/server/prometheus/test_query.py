"""Queries over HTTP: words, numbers, times, limits."""

import gzip
import json
import zlib

import cramjam
import pytest


def test_an_instant_query_answers_with_the_labels_and_the_value(desk):
    data = desk.data("/query", query='orders_sent_total{venue="cme"}', time=desk.end)
    assert data["resultType"] == "vector"
    assert data["result"] == [
        {
            "metric": {"__name__": "orders_sent_total", "job": "desk", "venue": "cme"},
            "value": [desk.end, "780"],
        }
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("1 / 3", "0.3333333333333333"),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("1e-7", "1e-07"),
        ("0.000001", "0.000001"),
        ("-0", "-0"),
        ("1/0", "+Inf"),
        ("-1/0", "-Inf"),
        ("0/0", "NaN"),
    ],
)
def test_a_number_is_written_as_prometheus_writes_it(desk, query, text):
    assert desk.data("/query", query=query, time="4") == {
        "resultType": "scalar",
        "result": [4, text],
    }


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("1435781451.781", "1435781451.781"),
        ("1435781451", "1435781451"),
        ("1435781451.5", "1435781451.500"),
        ("2015-07-01T20:10:51.781Z", "1435781451.781"),
        ("2015-07-01T22:10:51+02:00", "1435781451"),
        ("-1.5", "-1.500"),
    ],
)
def test_a_time_is_read_in_both_forms_and_written_in_seconds(desk, given, shown):
    _, _, body = desk.ask("/api/v1/query", query="1", time=given)
    assert f'"result":[{shown},"1"]'.encode() in body


def test_a_range_query_gives_a_point_for_every_step(desk):
    data = desk.data(
        "/query_range",
        query="sum by (venue) (increase(orders_sent_total[1m]))",
        start=desk.end - 60,
        end=desk.end,
        step="15s",
    )
    assert [series["metric"] for series in data["result"]] == [
        {"venue": venue} for venue in ("binance", "cme", "lse")
    ]
    points = data["result"][0]["values"]
    assert [at for at, _ in points] == [desk.end - 60 + 15 * i for i in range(5)]
    assert {value for _, value in points} == {"40"}


def test_a_form_counts_before_the_address(desk):
    _, _, body = desk.ask("/api/v1/query?query=2", method="POST", form={"query": "3"})
    assert json.loads(body)["data"]["result"][1] == "3"


def test_a_native_histogram_shows_its_buckets_and_their_borders(desk):
    data = desk.data("/query", query="order_latency_seconds", time=desk.start)
    assert data["result"][0]["histogram"] == [
        desk.start,
        {
            "count": "3",
            "sum": "0",
            "buckets": [[3, "-0.001", "0.001", "1"], [0, "0.5", "1", "1"], [0, "1", "2", "1"]],
        },
    ]


def test_a_range_of_histograms_stands_apart_from_floats(desk):
    data = desk.data(
        "/query_range",
        query='{__name__=~"order_latency_seconds|orders_sent_total",venue="cme"}',
        start=desk.start,
        end=desk.start + 15,
        step=15,
    )
    by_name = {each["metric"]["__name__"]: set(each) for each in data["result"]}
    assert by_name == {
        "order_latency_seconds": {"metric", "histograms"},
        "orders_sent_total": {"metric", "values"},
    }


def test_annotations_stand_beside_the_data(desk):
    _, _, body = desk.ask("/api/v1/query", query="rate(order_latency_seconds[1m]) > 1")
    told = json.loads(body)
    assert told["status"] == "success"
    assert "warnings" in told or "infos" in told


def test_a_limit_cuts_series_and_says_so(desk):
    _, _, body = desk.ask("/api/v1/query", query="orders_sent_total", time=desk.end, limit=2)
    told = json.loads(body)
    assert len(told["data"]["result"]) == 2
    assert told["warnings"] == ["results truncated due to limit"]


def test_statistics_are_given_where_they_are_asked_for(desk):
    data = desk.data("/query", query="orders_sent_total[1m]", time=desk.end, stats="all")
    assert data["stats"]["samples"]["totalQueryableSamples"] == 12
    assert set(data["stats"]["timings"]) >= {"evalTotalTime", "execQueueTime", "execTotalTime"}
    assert "stats" not in desk.data("/query", query="1")


def test_how_far_back_is_looked_can_be_said_in_the_request(desk):
    later = desk.end + 200
    assert desk.data("/query", query="orders_sent_total", time=later)["result"]
    short = desk.data("/query", query="orders_sent_total", time=later, lookback_delta="1m")
    assert short["result"] == []


REFUSED = [
    ("/query", {"query": "up("}, 'invalid parameter "query": 1:4: parse error'),
    ("/query", {"query": ""}, "no expression found in input"),
    ("/query", {"query": "1", "time": "noon"}, 'invalid parameter "time": cannot parse "noon"'),
    ("/query", {"query": "1", "timeout": "x"}, 'cannot parse "x" to a valid duration'),
    ("/query", {"query": "1", "limit": "-1"}, "limit must be non-negative"),
    ("/query_range", {"query": "1", "start": "2", "end": "1", "step": "1"}, "must not be before"),
    ("/query_range", {"query": "1", "start": "1", "end": "2", "step": "0"}, "zero or negative"),
    ("/query_range", {"query": "1", "start": "1", "end": "2", "step": "1e30"}, "overflows int64"),
    (
        "/query_range",
        {"query": "1", "start": "0", "end": "11001", "step": "1"},
        "11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ),
    ("/query_range", {"query": "x[1m]", "start": "0", "end": "1", "step": "1"}, "range query"),
    ("/query_exemplars", {"query": "x", "start": "2", "end": "1"}, "must not be before"),
    ("/format_query", {"query": "sum("}, "parse error"),
]


@pytest.mark.parametrize(("path", "parameters", "words"), REFUSED)
def test_a_bad_parameter_is_named(desk, path, parameters, words):
    status, kind, error = desk.refused(path, **parameters)
    assert (status, kind) == (400, "bad_data")
    assert words in error


def test_a_query_that_fails_half_way_is_no_bad_request(desk):
    query = "orders_sent_total * on (job) orders_sent_total"
    status, kind, error = desk.refused("/query", query=query, time=desk.end)
    assert (status, kind) == (422, "execution")
    assert "many-to-many" in error


def test_a_query_may_ask_for_less_time_than_it_gets(desk):
    status, kind, error = desk.refused("/query", query="orders_sent_total", timeout="0.0001")
    assert (status, kind) == (503, "timeout")
    assert error.startswith("query timed out in")


def test_exactly_eleven_thousand_steps_are_answered(desk):
    data = desk.data("/query_range", query="vector(1)", start=0, end=11_000, step=1)
    assert len(data["result"][0]["values"]) == 11_001


def test_the_ends_of_time_can_be_asked_for(desk):
    first, last = "-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z"
    found = desk.data("/series", match__="orders_sent_total", start=first, end=last)
    assert len(found) == 3
    assert desk.data("/labels", start="-9223309901257974", end="9223309901257974")


@pytest.mark.parametrize(
    ("coding", "unpack"),
    [
        ("gzip", gzip.decompress),
        ("deflate", zlib.decompress),
        ("zstd", lambda body: bytes(cramjam.zstd.decompress(body))),
        ("gzip;q=0, deflate", zlib.decompress),
    ],
)
def test_large_answers_are_compressed_as_asked(desk, coding, unpack):
    asked = {"query": "orders_sent_total", "start": desk.start, "end": desk.end, "step": 1}
    _, headers, body = desk.ask("/api/v1/query_range", headers={"accept-encoding": coding}, **asked)
    assert headers["content-encoding"] in coding
    assert json.loads(unpack(body))["status"] == "success"
    assert "Accept-Encoding" in headers["vary"]


def test_small_answers_are_not(desk):
    _, headers, _ = desk.ask("/api/v1/query", headers={"accept-encoding": "gzip"}, query="1")
    assert "content-encoding" not in headers


def test_pages_of_other_sites_may_read(desk):
    _, headers, _ = desk.ask("/api/v1/query", headers={"origin": "https://desk"}, query="1")
    assert headers["access-control-allow-origin"] == "*"
    _, headers, _ = desk.ask("/api/v1/query", headers={"origin": "https://desk"}, query="(")
    assert headers["access-control-allow-origin"] == "*"
    _, headers, _ = desk.ask("/api/v1/query", query="1")
    assert "access-control-allow-origin" not in headers


def test_exemplars_lead_to_traces(desk):
    found = desk.data("/query_exemplars", query='rate(orders_sent_total{venue="lse"}[1m])')
    assert found == [
        {
            "seriesLabels": {"__name__": "orders_sent_total", "job": "desk", "venue": "lse"},
            "exemplars": [
                {
                    "labels": {"trace_id": "4bf92f3"},
                    "value": "20",
                    "timestamp": desk.start + 20 * 15,
                }
            ],
        }
    ]


def test_a_query_is_written_again_and_taken_apart(desk):
    assert desk.data("/format_query", query="sum(foo)by(bar)") == "sum by (bar) (foo)"
    tree = desk.data("/parse_query", query="foo / on (a) bar")
    assert (tree["type"], tree["matching"]["labels"]) == ("binaryExpr", ["a"])
