"""What a server says of its packs: the catalog whole, its pages and its runbooks."""

import json

import pytest
from tests.running import Process


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Process(tmp_path_factory.mktemp("desk"), "--pack", "example", "--pack", "equities")
    yield server
    server.stop()
    server._log.close()


def data(server, path, status=200):
    told, _, body = server.get(f"/api/v1/{path}")
    assert told == status, body
    answer = json.loads(body)
    return answer["data"] if status == 200 else answer["error"]


def test_platforms_are_listed_with_how_much_they_declare(server):
    found = {each["name"]: each["counts"] for each in data(server, "catalog")}
    assert found["example"]["alerts"] == 3
    assert found["equities"]["dashboards"] == 3


def test_a_platform_is_shown_whole(server):
    found = data(server, "catalog/example")
    assert found["platform"]["calendar"] == "24/7"
    assert found["metrics"]["bot_orders_total"]["type"] == "counter"
    assert found["metrics"]["bot_order_latency_us"]["unit"] == "microseconds"
    alert = found["alerts"]["LossLimitReached"]
    assert (alert["owner"], alert["runbook"]) == ("desk", "loss-limit-reached")
    assert alert["channels"] == ["pager", "chat"]
    assert found["findings"] == []


def test_a_runbook_is_shown_as_it_was_written(server):
    found = data(server, "catalog/example/runbooks/feed-stale")
    assert found["text"].startswith("# ")
    assert "## First steps" in found["text"]


def test_what_is_not_there_is_said(server):
    assert data(server, "catalog/gone", 404) == "this server runs no pack 'gone'"
    assert data(server, "catalog/example/runbooks/gone", 404) == "there is no runbook 'gone'"


def test_the_pages_of_packs_are_dashboards_of_the_console(server):
    names = [each["name"] for each in data(server, "dashboards")]
    assert names == [
        "example-desk",
        *(f"equities-{n}" for n in ("trading", "health", "performance")),
        "server",
        "example-service-bot",
        *(
            f"equities-service-{n}"
            for n in ("execution_gateway", "signal_service", "orchestrator", "market_data_service")
        ),
    ]
    page = data(server, "dashboards/example-desk")
    kinds = {panel["kind"] for row in page["rows"] for panel in row["panels"]}
    assert {"stat", "timeseries", "heatmap", "table", "text"} <= kinds
    assert page["variables"][0]["label"] == "venue"
    panels = [panel for row in page["rows"] for panel in row["panels"]]
    age = next(panel for panel in panels if panel["title"] == "Feed age")
    assert (age["unit"], age["thresholds"]) == ("s", [{"value": 10.0, "tone": "bad"}])


def test_every_question_of_a_page_can_be_answered(server):
    for name in ("equities-trading", "equities-health", "equities-performance", "example-desk"):
        for row in data(server, f"dashboards/{name}")["rows"]:
            for panel in row["panels"]:
                for query in panel["queries"]:
                    expr = query["expr"].replace("$venue", ".*").replace("$symbol", ".*")
                    told, _, body = server.get(
                        "/api/v1/query",
                        method="POST",
                        body=f"query={_escape(expr)}".encode(),
                        content_type="application/x-www-form-urlencoded",
                    )
                    assert told == 200, (expr, body)


def _escape(text):
    from urllib.parse import quote

    return quote(text, safe="")
