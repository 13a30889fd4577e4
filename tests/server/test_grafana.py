"""Dashboards of Grafana: what becomes of them, and what is told to be missing."""

import json

import pytest

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.deploy.grafana.dashboard import dashboard
from tapewatch.server.grafana.dashboard import NotADashboard, read_dashboard
from tapewatch.server.grafana.kept import ImportedDashboards


def panel(kind="timeseries", expr="up", **more):
    return {"type": kind, "title": "Panel", "targets": [{"expr": expr}], **more}


def board(*panels, **more):
    return {"title": "Desk", "panels": list(panels), **more}


def only(told):
    (row,) = told["rows"]
    (found,) = row["panels"]
    return found


def asked(expr, *variables):
    told = read_dashboard(board(panel(expr=expr), templating={"list": list(variables)}))
    return only(told)["queries"][0]["expr"]


def choice(name="venue", query="label_values(up, venue)", **more):
    return {"type": "query", "name": name, "query": query, **more}


def test_every_dashboard_that_we_render_comes_back():
    for name in ("hft", "low_latency", "forex"):
        catalog = load_catalog(find_pack(name))
        for page_name, page in catalog.dashboards.items():
            made = json.loads(json.dumps(dashboard(catalog, page_name, page)))
            told = read_dashboard(made)
            every = [one for each in made["panels"] for one in (each, *each.get("panels", ()))]
            there = sum(each["type"] not in ("row", "logs") for each in every)
            assert sum(len(row["panels"]) for row in told["rows"]) == there, page_name
            assert all("kind logs" in each for each in told["left_out"]), told["left_out"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('up{venue="$venue"}', 'up{venue=~"$venue"}'),
        ('up{venue!="${venue:regex}"}', 'up{venue!~"$venue"}'),
        ('up{venue=~"[[venue]]", job="x"}', 'up{venue=~"$venue", job="x"}'),
        ("rate(up[$__rate_interval])", "rate(up[$__rate_interval])"),
        ("increase(up[$__range])", "increase(up[6h])"),
    ],
)
def test_choices_stand_in_patterns(written, read):
    assert asked(written, choice()) == read


def test_what_cannot_be_chosen_keeps_its_value_and_is_told():
    interval = {"type": "interval", "name": "window", "current": {"value": "10m"}}
    told = read_dashboard(board(panel(expr="rate(up[$window])"), templating={"list": [interval]}))
    assert only(told)["queries"] == [{"expr": "rate(up[10m])"}]
    assert told["left_out"] == ["the choice window: it is always 10m now"]


def test_a_choice_is_by_label_and_by_what_has_it():
    both = [
        choice(label="Where"),
        choice("symbol", {"query": 'label_values(up{venue=~"$venue"}, symbol)', "refId": "A"}),
    ]
    told = read_dashboard(board(panel(), templating={"list": both}))
    assert told["variables"] == [
        {"name": "venue", "title": "Where", "label": "venue", "match": "up"},
        {"name": "symbol", "title": "symbol", "label": "symbol"},
    ]


@pytest.mark.parametrize(
    ("given", "kind", "word"),
    [
        (panel("geomap"), None, "panels of the kind geomap cannot be drawn"),
        (panel("piechart"), "toplist", "it is drawn as a list, not as a pie"),
        (panel(transformations=[{"id": "merge"}]), "timeseries", "the transformation 'merge'"),
        (panel(repeat="venue"), "timeseries", "its repetition for each venue"),
        (panel(fieldConfig={"defaults": {"unit": "bpm"}}), "timeseries", "the unit 'bpm'"),
        (panel(datasource={"type": "loki"}), None, "a question to loki that is no PromQL"),
        (panel(expr="rate(up[$gone])"), None, "nothing is called $gone"),
        (panel(expr="sum(("), None, "which cannot be read"),
    ],
)
def test_what_is_lost_is_told(given, kind, word):
    whole = {**panel(), "title": "Other"}
    told = read_dashboard(board(given, whole))
    assert any(word in each for each in told["left_out"]), told["left_out"]
    kinds = [each["kind"] for row in told["rows"] for each in row["panels"]]
    assert kinds == ([kind] if kind else []) + ["timeseries"]


def test_looks_are_taken_over():
    fields = {
        "unit": "percentunit",
        "thresholds": {
            "steps": [{"value": None, "color": "green"}, {"value": 0.9, "color": "dark-red"}]
        },
        "mappings": [{"type": "value", "options": {"1": {"text": "on", "color": "green"}}}],
    }
    found = only(read_dashboard(board(panel("stat", fieldConfig={"defaults": fields}))))
    assert found["unit"] == "ratio"
    assert found["thresholds"] == [{"value": 0.9, "tone": "bad"}]
    assert found["states"] == [{"value": 1.0, "label": "on", "tone": "good"}]
    custom = {"stacking": {"mode": "normal"}, "scaleDistribution": {"type": "log"}}
    found = only(read_dashboard(board(panel(fieldConfig={"defaults": {"custom": custom}}))))
    assert (found["shape"], found["logarithmic"]) == ("stacked", True)


def test_panels_share_rows_by_their_places():
    def at(x, y, w, h, title):
        return {**panel(), "title": title, "gridPos": {"x": x, "y": y, "w": w, "h": h}}

    told = read_dashboard(
        board(
            at(12, 0, 12, 8, "right"),
            at(0, 0, 12, 8, "left"),
            {"type": "row", "title": "Below", "gridPos": {"y": 8}},
            at(0, 9, 24, 4, "wide"),
            {
                "type": "row",
                "title": "Folded",
                "gridPos": {"y": 13},
                "panels": [at(0, 14, 8, 20, "deep")],
            },
        )
    )
    rows = [
        (
            row.get("title"),
            row["height"],
            [(each["title"], each["width"]) for each in row["panels"]],
        )
        for row in told["rows"]
    ]
    assert rows == [
        (None, "normal", [("left", 6), ("right", 6)]),
        ("Below", "short", [("wide", 12)]),
        ("Folded", "tall", [("deep", 4)]),
    ]


def test_the_form_of_old_files_is_read_too():
    old = {
        "type": "graph",
        "title": "Flow",
        "span": 6,
        "yaxes": [{"format": "bytes"}],
        "stack": True,
    }
    rows = [
        {
            "title": "Net",
            "showTitle": True,
            "height": "250px",
            "panels": [{**old, "targets": [{"expr": "up"}]}],
        }
    ]
    told = read_dashboard({"dashboard": {"title": "Old", "rows": rows}})
    found = only(told)
    assert (told["rows"][0]["title"], found["width"], found["unit"]) == ("Net", 6, "bytes")
    assert (found["kind"], found["shape"]) == ("timeseries", "stacked")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "a dashboard has a title"),
        ({"title": "Empty"}, "has no panels"),
        ({"title": "New", "spec": {"elements": {}}}, "export it in the classic one"),
        (board(panel("geomap")), "nothing can be drawn: Panel: panels of the kind geomap"),
    ],
)
def test_what_is_no_dashboard_is_refused_with_the_reason(given, words):
    with pytest.raises(NotADashboard, match=words):
        read_dashboard(given)


@pytest.mark.parametrize("value", [None, 7, "x", [], [None], {"a": 1}, True])
def test_nonsense_in_a_file_does_not_end_the_reading(value):
    names = ("templating", "annotations", "time", "tags", "links", "description")
    told = read_dashboard(board(panel(), **dict.fromkeys(names, value)))
    assert only(told)["kind"] == "timeseries"
    odd = ("fieldConfig", "options", "gridPos", "transformations", "description", "datasource")
    told = read_dashboard(board(panel(**dict.fromkeys(odd, value))))
    assert only(told)["kind"] == "timeseries"


def test_what_is_kept_is_there_after_a_restart(tmp_path):
    ImportedDashboards(tmp_path).keep(read_dashboard(board(panel())))
    (tmp_path / "broken.json").write_text("{")
    again = ImportedDashboards(tmp_path)
    assert [each["name"] for each in again.dashboards()] == ["grafana-desk"]
    again.remove("grafana-desk")
    assert ImportedDashboards(tmp_path).dashboards() == ()


def send(server, given, kind="application/json"):
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    status, _, told = server.get(
        "/api/v1/dashboards/import", method="POST", body=body, content_type=kind
    )
    return status, json.loads(told)


def test_a_server_imports_lists_and_forgets(up):
    server = up()
    status, told = send(server, board(panel(), panel("geomap")))
    assert status == 200
    assert told["data"] == {
        "name": "grafana-desk",
        "title": "Desk",
        "left_out": ["Panel: panels of the kind geomap cannot be drawn"],
    }
    _, _, body = server.get("/api/v1/dashboards/grafana-desk")
    assert only(json.loads(body)["data"])["queries"] == [{"expr": "up"}]
    _, _, body = server.get("/api/v1/dashboards")
    assert "grafana-desk" in [each["name"] for each in json.loads(body)["data"]]
    assert server.get("/api/v1/dashboards/grafana-desk", method="DELETE")[0] == 200
    assert server.get("/api/v1/dashboards/grafana-desk")[0] == 404
    assert server.get("/api/v1/dashboards/server", method="DELETE")[0] == 404


def test_a_server_says_why_it_does_not_import(up):
    server = up()
    assert send(server, b"{")[0] == 400
    status, told = send(server, {"title": "Empty"})
    assert (status, told["error"]) == (400, "the dashboard 'Empty' has no panels")
    assert send(server, board(panel()), "text/plain")[0] == 415
