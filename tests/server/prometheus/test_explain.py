"""What a query means, what queries cost, live points and dashboards, over HTTP."""

import json
import urllib.request

import pytest


def test_every_node_has_its_place_and_a_sentence(desk):
    told = desk.data("/explain_query", query="sum by (venue) (rate(orders_sent_total[5m]))")
    tree = told["tree"]
    assert tree["sentence"] == "The sum of them, one result for each venue."
    (rate,) = tree["children"]
    assert (rate["text"], rate["start"], rate["end"]) == ("rate(orders_sent_total[5m])", 16, 43)
    assert "a fall is a restart from zero" in rate["sentence"]
    assert "- sum by (venue)" in told["plan"]


def test_a_slip_is_refused_with_its_place(desk):
    assert desk.refused("/explain_query", query="sum(") == (
        400,
        "bad_data",
        'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    )


def test_the_slowest_queries_are_kept_with_what_they_cost(desk):
    desk.data("/query_range", query="orders_sent_total", start=desk.start, end=desk.end, step=15)
    told = desk.data("/status/queries")
    (own,) = [each for each in told["slowest"] if each["query"] == "orders_sent_total"]
    assert (own["kind"], own["steps"], own["outcome"]) == ("range", 40, "success")
    assert own["samplesRead"] > 0
    assert told["running"] == []


def test_a_query_that_failed_is_kept_with_its_words(desk):
    desk.refused("/query", query="orders_sent_total * on () orders_sent_total")
    told = desk.data("/status/queries")["slowest"]
    assert any("many-to-many" in each["outcome"] or "multiple" in each["outcome"] for each in told)


def test_dashboards_are_listed_and_shown(desk):
    (own,) = [each for each in desk.data("/dashboards") if each["name"] == "server"]
    assert own["title"] == "Tapewatch itself"
    assert desk.data("/dashboards/server")["rows"][0]["panels"][0]["kind"] == "stat"
    assert desk.refused("/dashboards/nope")[:2] == (404, "not_found")


def test_a_stream_begins_with_the_names_of_its_questions(desk):
    url = f"{desk.process.url}/api/v1/stream?query=up&query=1%2B1&query=up"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        first = json.loads(answer.readline())
        told = [json.loads(answer.readline()) for _ in range(4)]
    one, two, three = first["questions"]
    assert one == three != two
    assert any(each.get("values") == [[0, "2"]] for each in told if each["question"] == two)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "no query parameter provided"),
        ({"query": ["up"] * 101}, "101 questions in one stream, at most 100 are"),
        ({"query": "up", "interval": "10ms"}, "10 ms is not between 1 s and 1 m"),
    ],
)
def test_what_a_stream_cannot_serve_is_refused_with_words(desk, parameters, words):
    status, kind, told = desk.refused("/stream", **parameters)
    assert (status, kind) == (400, "bad_data")
    assert words in told
