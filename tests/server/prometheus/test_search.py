"""Names while somebody types them."""

import json

import pytest


def lines(desk, path, **parameters):
    status, headers, body = desk.ask(f"/api/v1/search{path}", **parameters)
    assert (status, headers["content-type"]) == (200, "application/x-ndjson; charset=utf-8")
    *batches, trailer = map(json.loads, body.splitlines())
    return [hit for batch in batches for hit in batch["results"]], trailer, len(batches)


def test_metrics_are_found_by_some_of_their_letters(desk):
    hits, trailer, _ = lines(
        desk,
        "/metric_names",
        search__="osent",
        sort_by="score",
        include_score="true",
        start=desk.start,
    )
    assert [hit["name"] for hit in hits] == ["orders_sent_total"]
    assert 0 < hits[0]["score"] < 1
    assert trailer == {"status": "success", "has_more": False}


def test_metrics_may_be_described(desk):
    hits, _, _ = lines(desk, "/metric_names", include_metadata="1", start=desk.start)
    assert {"name": "orders_sent_total", "type": "counter", "help": "Orders sent."} in hits


def test_results_come_in_batches_up_to_a_limit(desk):
    asked = {"label": "venue", "start": desk.start}
    hits, trailer, batches = lines(desk, "/label_values", limit=2, batch_size=1, **asked)
    assert ([hit["name"] for hit in hits], batches) == (["binance", "cme"], 2)
    assert trailer["has_more"] is True
    hits, _, _ = lines(desk, "/label_values", sort_by="alpha", sort_dir="dsc", **asked)
    assert [hit["name"] for hit in hits] == ["lse", "cme", "binance"]


def test_nothing_found_is_one_empty_batch(desk):
    assert lines(desk, "/label_names", search__="zzz", start=desk.start) == (
        [],
        {"status": "success", "has_more": False},
        1,
    )


def test_what_is_searched_can_be_narrowed(desk):
    hits, _, _ = lines(
        desk, "/label_values", label="__name__", match__='{venue="lse"}', start=desk.start
    )
    assert [hit["name"] for hit in hits] == ["orders_sent_total"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"fuzz_threshold": 101}, 'invalid fuzz_threshold "101": must be 0-100'),
        ({"fuzz_alg": "x"}, "must be one of [subsequence jarowinkler]"),
        ({"case_sensitive": "x"}, 'invalid case_sensitive "x": must be boolean'),
        ({"sort_dir": "asc"}, "sort_dir is only valid when sort_by is set"),
        ({"sort_by": "score"}, "sort_by=score requires search[] to be set"),
        ({"sort_by": "alpha", "sort_dir": "up"}, 'must be "asc" or "dsc"'),
        ({"limit": "-1"}, "must be non-negative integer"),
        ({}, 'missing required parameter "label"'),
    ],
)
def test_a_bad_parameter_is_named(desk, parameters, words):
    status, kind, error = desk.refused("/search/label_values", **parameters)
    assert (status, kind) == (400, "bad_data")
    assert words in error
