"""Real clients: the requests that Grafana sends, Prometheus' ``promtool``, and ``vmalert``."""

import json
import shutil
import subprocess
import time

import pytest

from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample

FORM = "application/x-www-form-urlencoded"


def test_grafana_finds_the_source_healthy(desk):
    _, _, body = desk.ask("/api/v1/query", method="POST", form={"query": "1+1", "time": "4"})
    assert json.loads(body)["data"] == {"resultType": "scalar", "result": [4, "2"]}
    told = desk.data("/status/buildinfo")
    # A map of features here would make Grafana take us for Mimir.
    assert "features" not in told
    assert told["version"].startswith("3.")


def test_grafana_draws_a_panel(desk):
    form = {
        "query": "sum by (venue) (rate(orders_sent_total[1m]))",
        "start": f"{desk.start + 60}",
        "end": f"{desk.end:.3f}",
        "step": "15",
        "timeout": "60s",
    }
    _, _, body = desk.ask("/api/v1/query_range", method="POST", form=form)
    series = json.loads(body)["data"]["result"]
    assert [len(each["values"]) for each in series] == [36, 36, 36]
    assert series[0]["values"][0] == [desk.start + 60, "0.6666666666666666"]


def test_grafana_draws_exemplars(desk):
    form = {"query": "orders_sent_total", "start": f"{desk.start}", "end": f"{desk.end}"}
    _, _, body = desk.ask("/api/v1/query_exemplars", method="POST", form=form)
    assert len(json.loads(body)["data"]) == 3


def test_grafana_fills_its_pickers(desk):
    span = {"start": f"{desk.start:.3f}", "end": f"{desk.end:.3f}"}
    assert "orders_sent_total" in desk.data("/label/__name__/values", **span, limit=40000)
    names = desk.ask("/api/v1/labels", method="POST", form={**span, "match[]": "orders_sent_total"})
    assert json.loads(names[2])["data"] == ["__name__", "job", "venue"]
    found = desk.ask(
        "/api/v1/series",
        method="POST",
        form={**span, "match[]": 'orders_sent_total{venue=~"c.*"}', "limit": "40000"},
    )
    assert [each["venue"] for each in json.loads(found[2])["data"]] == ["cme"]
    assert desk.data("/metadata")["order_latency_seconds"][0]["unit"] == "seconds"
    assert desk.data("/rules")["groups"] == []


@pytest.fixture
def promtool(desk):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")

    def run(*arguments, **options):
        command = [program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)

    return run


def test_promtool_asks_at_one_time(desk, promtool):
    told = promtool(
        "query", "instant", f"--time={desk.end}", desk.process.url, 'orders_sent_total{venue="cme"}'
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith('orders_sent_total{job="desk", venue="cme"} => 780 @[')


def test_promtool_asks_for_a_range(desk, promtool):
    span = [f"--start={desk.end - 30}", f"--end={desk.end}", "--step=15s"]
    query = "sum(increase(orders_sent_total[1m]))"
    told = promtool("query", "range", *span, desk.process.url, query)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("240 @[") == 3


def test_promtool_lists_series_and_labels(desk, promtool):
    told = promtool("query", "series", "--match=orders_sent_total", desk.process.url)
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.splitlines()) == 3
    told = promtool("query", "labels", desk.process.url, "venue")
    assert told.stdout.split() == ["binance", "cme", "lse"]


def test_promtool_finds_nothing_wrong_with_our_own_metrics(desk, promtool):
    _, _, body = desk.ask("/metrics")
    told = promtool("check", "metrics", input=body.decode())
    assert told.returncode == 0, told.stdout + told.stderr


RULES = """
groups:
  - name: desk
    interval: 1s
    rules:
      - record: venue:orders:sum
        expr: sum by (venue) (orders_sent_total)
      - alert: OrdersSeen
        expr: venue:orders:sum > 0
        labels: {severity: info}
"""


def test_vmalert_reads_its_rules_from_us_and_writes_their_series_back(own_desk, tmp_path):
    program = shutil.which("vmalert")
    if program is None:
        pytest.skip("vmalert is not installed (apt-get install victoria-metrics)")
    desk = own_desk()
    (tmp_path / "rules.yml").write_text(RULES)
    now = Sample(Labels.of(__name__="orders_sent_total", venue="cme"), 5.0, int(1000 * time.time()))
    desk.push([now])
    url = desk.process.url
    command = [program, f"-rule={tmp_path}/rules.yml", f"-datasource.url={url}"]
    command += [f"-remoteWrite.url={url}", f"-remoteRead.url={url}", f"-notifier.url={url}"]
    command += ["-httpListenAddr=127.0.0.1:0", "-remoteWrite.flushInterval=100ms"]
    with (tmp_path / "vmalert.log").open("w") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told)
    try:
        for query in ("venue:orders:sum", 'ALERTS{alertname="OrdersSeen",alertstate="firing"}'):
            found = until(lambda query=query: desk.data("/query", query=query)["result"])
            assert found[0]["metric"]["venue"] == "cme"
    finally:
        process.terminate()
        process.wait(timeout=10)


def until(ask):
    """Ask until there is an answer."""
    for _ in range(200):
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("no answer came")
