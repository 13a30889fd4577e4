"""Every endpoint's answer is what Prometheus' OpenAPI description promises."""

import json

import pytest
import yaml

ASKED = [
    ("/query", {"query": "orders_sent_total"}),
    ("/query", {"query": "order_latency_seconds"}),
    ("/query", {"query": "orders_sent_total[2m]"}),
    ("/query", {"query": "order_latency_seconds[1m]"}),
    ("/query", {"query": "1 + 1"}),
    ("/query", {"query": "orders_sent_total", "stats": "all"}),
    ("/query", {"query": "nothing_here"}),
    ("/query", {"query": "sum(rate(order_latency_seconds[1m])) + 1"}),
    ("/query", {"query": "sum("}),
    ("/query_range", {"query": "rate(orders_sent_total[1m])", "step": "15"}),
    ("/query_range", {"query": "order_latency_seconds", "step": "15", "stats": "true"}),
    ("/query_range", {"query": "time()", "step": "1m"}),
    ("/query_range", {"query": "orders_sent_total[1m]", "step": "1m"}),
    ("/query_exemplars", {"query": "rate(orders_sent_total[1m])"}),
    ("/format_query", {"query": "sum(x)by(y)"}),
    ("/parse_query", {"query": "sum by (venue) (rate(x[5m] offset 1m)) > bool 2"}),
    ("/labels", {}),
    ("/labels", {"match[]": "orders_sent_total", "limit": "1"}),
    ("/label/{name}/values", {}),
    ("/series", {"match[]": "orders_sent_total"}),
    ("/series", {}),
    ("/metadata", {}),
    ("/scrape_pools", {}),
    ("/scrape_pools/config", {"scrapePool": "quiet"}),
    ("/scrape_pools/config", {"scrapePool": "nope"}),
    ("/targets", {}),
    ("/targets/metadata", {}),
    ("/targets/relabel_steps", {"scrapePool": "quiet", "labels": '{"desk":"fx"}'}),
    ("/rules", {}),
    ("/rules", {"type": "nope"}),
    ("/alerts", {}),
    ("/alertmanagers", {}),
    ("/status/config", {}),
    ("/status/runtimeinfo", {}),
    ("/status/buildinfo", {}),
    ("/status/flags", {}),
    ("/status/tsdb", {"limit": "3"}),
    ("/status/tsdb/blocks", {}),
    ("/status/walreplay", {}),
    ("/status/self_metrics", {"metric_name_pattern": "process_.*"}),
    ("/notifications", {}),
    ("/features", {}),
    ("/search/metric_names", {"sort_by": "nope"}),
]


@pytest.mark.parametrize(("path", "parameters"), ASKED)
def test_an_answer_keeps_the_contract(desk, contract, path, parameters):
    times = {"/query": {"time": desk.end}, "/query_range": {"start": desk.start, "end": desk.end}}
    given = {**times.get(path, {}), **parameters}
    for method in contract.paths[path]:
        form = given if method == "post" else None
        asked = {} if form else {name.replace("[]", "__"): each for name, each in given.items()}
        real = f"/api/v1{path.format(name='venue')}"
        status, headers, body = desk.ask(real, method=method.upper(), form=form, **asked)
        assert headers["content-type"] == "application/json"
        contract.check(path, method, status, body)


def test_there_is_an_endpoint_for_every_path_of_the_contract(desk, contract):
    _, _, body = desk.ask("/api/v1/openapi.yaml")
    ours = yaml.safe_load(body)["paths"]
    theirs = {path: set(methods) for path, methods in contract.paths.items()}
    assert {path: set(ours.get(path, ())) for path in theirs} == theirs
    for path, methods in ours.items():
        for method in methods:
            status, _, _ = desk.ask(
                f"/api/v1{path.format(name='venue')}",
                method="OPTIONS" if "live" in path else method.upper(),
            )
            assert status not in (404, 405, 500), (method, path, status)


@pytest.mark.parametrize("path", ["/nope", "/query/more", "/label//values"])
def test_an_unknown_path_is_told_in_the_same_shape(desk, path):
    status, kind, _ = desk.refused(path)
    assert (status, kind) in ((404, "not_found"), (400, "bad_data"))


def test_a_wrong_method_is_told_so(desk):
    status, _, body = desk.ask("/api/v1/query", method="DELETE")
    assert (status, json.loads(body)["errorType"]) == (405, "not_allowed")


def test_openapi_is_written_in_both_versions(desk):
    _, _, body = desk.ask("/api/v1/openapi.yaml", openapi_version="3.2")
    assert yaml.safe_load(body)["openapi"] == "3.2.0"
    assert desk.refused("/openapi.yaml", openapi_version="2")[2].startswith("no OpenAPI version")
