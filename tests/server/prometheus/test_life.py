"""What happens around requests: clients that leave, queries of death, reloads, notices."""

import http.client
import json
import threading
import time
import urllib.parse

import pytest
from tests.server.prometheus.conftest import VERSION_1

from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample


def sum_of(parts):
    """Add many parts without nesting deeply."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({sum_of(parts[:half])} + {sum_of(parts[half:])})"


SLOW = sum_of([f"wide * {number}" for number in range(1, 1500)])
"""A query that would keep a thread for half a minute, in many small parts."""


def until(condition, seconds=10.0):
    """Wait for something that must come to pass."""
    deadline = time.perf_counter() + seconds
    while not (found := condition()):
        assert time.perf_counter() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return found


def wide(desk, count=300):
    samples = [
        Sample(Labels.of(__name__="wide", number=str(i)), float(i), at_ms)
        for i in range(count)
        for at_ms in desk.times[-4:]
    ]
    assert desk.push(samples, None, VERSION_1)[0] == 204


def outcome(desk, name):
    for line in desk.ask("/metrics")[2].decode().splitlines():
        if line.startswith(f'tapewatch_queries_total{{outcome="{name}"}}'):
            return int(line.split()[-1])
    return 0


def address(desk):
    host, port = urllib.parse.urlsplit(desk.process.url).netloc.split(":")
    return host, int(port)


def slow(desk):
    return {"query": SLOW, "start": desk.end - 10_000, "end": desk.end, "step": 1}


def send_slow(desk):
    """Send the query, and leave it running."""
    client = http.client.HTTPConnection(*address(desk), timeout=60)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    client.request("POST", "/api/v1/query_range", urllib.parse.urlencode(slow(desk)), kind)
    until(lambda: b"tapewatch_queries_running 1" in desk.ask("/metrics")[2])
    return client


def test_a_client_that_leaves_cancels_its_query(own_desk):
    desk = own_desk()
    wide(desk)
    send_slow(desk).close()
    until(lambda: outcome(desk, "canceled") == 1)
    assert b"tapewatch_queries_running 0" in desk.ask("/metrics")[2]


def test_a_query_of_death_ends_within_its_budget_and_leaves_the_others_running(own_desk):
    desk = own_desk("metrics: {query: {samples_max: 20000000, timeout: 2s}}")
    wide(desk)
    answers = []

    def die():
        answers.append(desk.ask("/api/v1/query_range", method="POST", form=slow(desk)))
        year = {"query": '{__name__=~".+"}[365d:1s]', "time": desk.end}
        answers.append(desk.ask("/api/v1/query", **year))

    dying = threading.Thread(target=die)
    dying.start()
    while dying.is_alive():
        begun = time.perf_counter()
        assert desk.data("/query", query="wide", time=desk.end)["result"]
        assert time.perf_counter() - begun < 2
    kinds = [json.loads(body)["errorType"] for _, _, body in answers]
    assert kinds == ["timeout", "execution"]


def test_the_server_stops_while_queries_run_and_streams_are_open(own_desk):
    desk = own_desk("server: {drain_timeout: 1s}")
    wide(desk)
    stream = http.client.HTTPConnection(*address(desk), timeout=10)
    stream.request("GET", "/api/v1/notifications/live")
    query = send_slow(desk)
    begun = time.perf_counter()
    assert desk.process.stop() == 0
    assert time.perf_counter() - begun < 8
    stream.close()
    query.close()


def test_the_server_scrapes_itself_while_nothing_else_is_configured(own_desk):
    desk = own_desk()
    (target,) = desk.data("/targets")["activeTargets"]
    assert target["labels"]["job"] == "tapewatch"
    assert desk.process.url in target["scrapeUrl"]


@pytest.mark.slow
def test_its_own_scrape_carries_the_token(own_desk):
    desk = own_desk("server: {auth_token: {env: TOKEN}}", TOKEN="secret")
    bearer = {"authorization": "Bearer secret"}
    assert desk.ask("/api/v1/query", query="1")[0] == 401

    def up():
        _, _, body = desk.ask("/api/v1/targets", headers=bearer)
        (target,) = json.loads(body)["data"]["activeTargets"]
        return target["health"] == "up"

    until(up, 40)


def test_an_existing_prometheus_file_is_used_as_it_is(own_desk, tmp_path):
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 30s, external_labels: {desk: fx}}\n"
        "rule_files: [rules/*.yml]\n"
        "alerting: {alertmanagers: []}\n"
        "scrape_configs:\n"
        "  - job_name: gateway\n"
        "    static_configs: [{targets: ['127.0.0.1:1']}]\n"
    )
    desk = own_desk("metrics: {config_file: prometheus.yml}")
    (target,) = desk.data("/targets")["activeTargets"]
    assert (target["scrapePool"], target["scrapeInterval"]) == ("gateway", "30s")


def test_a_reload_changes_jobs_and_limits(own_desk, tmp_path):
    desk = own_desk("metrics: {scrape_configs: [{job_name: one}]}")
    assert desk.data("/scrape_pools") == {"scrapePools": ["one"]}
    (tmp_path / "tapewatch.yaml").write_text(
        "metrics: {scrape_configs: [{job_name: two}], query: {samples_max: 5, concurrency: 3}}"
    )
    assert desk.ask("/-/reload", method="POST")[0] == 200
    assert desk.data("/scrape_pools") == {"scrapePools": ["two"]}
    wide(desk)
    assert desk.refused("/query", query="wide", time=desk.end)[:2] == (422, "execution")


def test_a_bad_reload_is_a_notice_until_it_is_mended(own_desk, tmp_path):
    desk = own_desk()
    assert desk.data("/notifications") == []
    settings = tmp_path / "tapewatch.yaml"
    settings.write_text("metrics: {query: {features: [nope]}}")
    status, _, body = desk.ask("/-/reload", method="POST")
    assert status == 400
    assert "'nope' is not one of" in body.decode()
    (notice,) = desk.data("/notifications")
    assert (notice["text"], notice["active"]) == ("Configuration reload has failed.", True)
    stream = http.client.HTTPConnection(*address(desk), timeout=10)
    stream.request("GET", "/api/v1/notifications/live")
    answer = stream.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert json.loads(answer.readline().removeprefix(b"data: "))["active"] is True
    answer.readline()
    settings.write_text("")
    assert desk.ask("/-/reload", method="POST")[0] == 200
    assert json.loads(answer.readline().removeprefix(b"data: "))["active"] is False
    stream.close()


def test_features_are_switched_on_by_their_names(own_desk):
    desk = own_desk("metrics: {query: {features: [promql-experimental-functions]}}")
    wide(desk)
    assert desk.data("/query", query="limitk(2, wide)", time=desk.end)["result"]
    features = desk.data("/features")
    assert features["promql"]["promql_experimental_functions"] is True
    assert features["promql_functions"]["info"] is True
