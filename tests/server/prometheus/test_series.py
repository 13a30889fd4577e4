"""Labels, series, metadata, targets and rules over HTTP."""

import json

import pytest


def test_names_and_values_of_labels_are_sorted(desk):
    assert desk.data("/labels", match__="orders_sent_total") == ["__name__", "job", "venue"]
    assert desk.data("/label/venue/values") == ["binance", "cme", "lse"]
    assert desk.data("/label/__name__/values", match__='{venue="cme"}') == [
        "order_latency_seconds",
        "orders_sent_total",
    ]


def test_several_selectors_are_put_together(desk):
    selectors = ['orders_sent_total{venue="cme"}', 'order_latency_seconds{venue="cme"}']
    assert [each["__name__"] for each in desk.data("/series", match__=selectors)] == [
        "order_latency_seconds",
        "orders_sent_total",
    ]
    twice = ['{venue="cme"}', '{__name__="orders_sent_total"}']
    assert len(desk.data("/series", match__=twice)) == 4


def test_a_limit_cuts_and_says_so(desk):
    _, _, body = desk.ask("/api/v1/label/venue/values", limit=2)
    assert json.loads(body) == {
        "status": "success",
        "data": ["binance", "cme"],
        "warnings": ["results truncated due to limit"],
    }


def test_series_outside_of_the_range_are_not_listed(desk):
    assert desk.data("/series", match__="orders_sent_total", end=desk.start - 3600) == []
    assert desk.data("/label/venue/values", start=desk.end + 3600) == []


def test_a_label_with_any_letters_is_asked_for_by_its_escaped_name(own_desk):
    from tapewatch.model.labels import Labels
    from tapewatch.model.samples import Sample

    desk = own_desk()
    labels = Labels.of({"__name__": "fills", "desk.näme": "fx/spot"})
    assert desk.push([Sample(labels, 1.0, desk.end_ms)])[0] == 204
    assert desk.data("/label/U__desk_2e_n_e4_me/values") == ["fx/spot"]
    assert desk.data("/label/desk.n%C3%A4me/values") == ["fx/spot"]


@pytest.mark.parametrize(
    ("path", "parameters", "words"),
    [
        ("/series", {}, "no match[] parameter provided"),
        ("/series", {"match__": "{"}, 'invalid parameter "match[]"'),
        ("/series", {"match__": '{a=""}'}, "at least one non-empty matcher"),
        ("/labels", {"start": "x"}, 'invalid parameter "start"'),
        ("/metadata", {"limit": "x"}, "limit must be a number"),
        ("/targets/relabel_steps", {"scrapePool": "quiet", "labels": "[]"}, "must be a JSON"),
        ("/targets/relabel_steps", {"scrapePool": "quiet"}, "no labels parameter provided"),
        ("/rules", {"type": "x"}, 'invalid parameter "type"'),
        ("/rules", {"group_next_token": "x"}, "group_limit needs to be present"),
        ("/status/self_metrics", {"metric_name_pattern": "("}, "error parsing regexp"),
    ],
)
def test_a_bad_parameter_is_named(desk, path, parameters, words):
    status, kind, error = desk.refused(path, **parameters)
    assert (status, kind) == (400, "bad_data")
    assert words in error


def test_metrics_say_what_they_are(desk):
    assert desk.data("/metadata", metric="orders_sent_total") == {
        "orders_sent_total": [{"type": "counter", "help": "Orders sent.", "unit": ""}]
    }
    assert len(desk.data("/metadata", limit=1)) == 1
    assert desk.data("/metadata", metric="nope") == {}


def test_targets_show_how_scraping_goes(desk):
    data = desk.data("/targets")
    (target,) = data["activeTargets"]
    assert target["labels"] == {
        "desk": "equities",
        "instance": "127.0.0.1:1",
        "job": "quiet",
        "team": "equities",
    }
    assert target["scrapeUrl"] == "http://127.0.0.1:1/metrics"
    assert target["globalUrl"] != target["scrapeUrl"]
    assert (target["scrapeInterval"], target["scrapeTimeout"]) == ("1h", "10s")
    assert target["health"] in ("unknown", "down")  # Nobody listens there, whenever it is asked.
    assert data["droppedTargetCounts"] == {"quiet": 0}
    assert desk.data("/targets", state="dropped")["activeTargets"] == []
    assert desk.data("/scrape_pools") == {"scrapePools": ["quiet"]}
    assert "job_name: quiet" in desk.data("/scrape_pools/config", scrapePool="quiet")["yaml"]


def test_relabelling_is_shown_rule_by_rule(desk):
    kept = desk.data("/targets/relabel_steps", scrapePool="quiet", labels='{"desk":"rates"}')
    assert [step["keep"] for step in kept["steps"]] == [True, True]
    assert kept["steps"][1]["output"]["team"] == "rates"
    assert kept["steps"][1]["rule"]["target_label"] == "team"
    gone = desk.data("/targets/relabel_steps", scrapePool="quiet", labels='{"desk":"fx"}')
    assert gone["steps"][-1]["keep"] is False


def test_there_are_no_rules_yet(desk):
    assert desk.data("/rules") == {"groups": []}
    assert desk.data("/alerts") == {"alerts": []}
    assert desk.data("/alertmanagers") == {"activeAlertmanagers": [], "droppedAlertmanagers": []}


def test_the_head_is_counted(desk):
    data = desk.data("/status/tsdb", limit=2)
    assert data["headStats"]["numSeries"] >= 4
    assert {"name": "orders_sent_total", "value": 3} in data["seriesCountByMetricName"]
    assert len(data["seriesCountByLabelValuePair"]) == 2


def test_an_empty_head_is_counted_too(own_desk):
    desk = own_desk("metrics: {scrape_configs: [{job_name: nothing}]}")
    assert desk.data("/status/tsdb")["headStats"]["numSeries"] == 0
    assert desk.data("/labels") == []
    assert desk.data("/query", query="up")["result"] == []
