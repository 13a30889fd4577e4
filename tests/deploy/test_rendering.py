"""What is rendered is taken by the real tools, and is the same each time."""

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tapewatch.catalog.loading import PACKS, find_pack, load_catalog
from tapewatch.deploy import alertmanager, loki, pages, prometheus
from tapewatch.deploy.errors import BrokenDashboard, UnknownTarget
from tapewatch.deploy.grafana import files as grafana
from tapewatch.deploy.grafana.dashboard import dashboard, widths
from tapewatch.deploy.grafana.lint import lint
from tapewatch.deploy.rendering import render
from tapewatch.document.printing import to_yaml

PLATFORMS = ("hft", "crypto_desk", "low_latency", "forex", "equities")
SCHEMA = Path("../shared/conformance/grafana-dashboard.jsonschema.json")
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request):
    return load_catalog(find_pack(request.param))


@pytest.fixture(scope="module")
def example():
    return load_catalog(PACKS / "example")


def write(files, folder):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def run(*command, folder=None):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return found.returncode, found.stdout + found.stderr


def test_prometheus_takes_its_configuration_and_the_rules(platform, tmp_path):
    files = {"rules.yaml": to_yaml(prometheus.rule_file(platform))}
    write({**files, "prometheus.yml": to_yaml(prometheus.config(platform))}, tmp_path)
    status, told = run("promtool", "check", "config", str(tmp_path / "prometheus.yml"))
    assert status == 0, told
    assert "rules found" in told


def test_promtool_gives_the_same_verdict_on_the_tests(example, tmp_path):
    write(prometheus.render(example), tmp_path)
    status, told = run("promtool", "test", "rules", "tests/alerts.yaml", folder=tmp_path)
    assert status == 0, told
    broken = (tmp_path / "rules.yaml").read_text().replace("> 0.05", "> 0.5")
    (tmp_path / "rules.yaml").write_text(broken)
    assert run("promtool", "test", "rules", "tests/alerts.yaml", folder=tmp_path)[0] == 1


def test_alertmanager_takes_its_configuration(platform, tmp_path):
    write(alertmanager.render(platform), tmp_path)
    status, told = run("amtool", "check-config", str(tmp_path / "alertmanager.yml"))
    if "webhook_url_file" in told:
        pytest.skip("this amtool is older than the setting webhook_url_file")
    assert status == 0, told


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=VenueDisconnected priority=P0 venue=a", "action/pause_venue,pager,slack"),
        ("alertname=HostCpuHigh priority=P2", "slack"),
        ("alertname=Unknown", "nowhere"),
    ],
)
def test_alertmanager_routes_as_the_catalog_says(labels, receivers, tmp_path):
    write(alertmanager.render(load_catalog(find_pack("hft"))), tmp_path)
    config = f"--config.file={tmp_path / 'alertmanager.yml'}"
    status, told = run("amtool", "config", "routes", "test", config, *labels.split())
    assert status == 0, told
    assert told.splitlines()[0] == receivers


def test_grafana_gets_dashboards_that_its_schema_knows(platform):
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA} is missing")
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    files = grafana.render(platform)
    pages = [text for path, text in files.items() if path.endswith(".json")]
    assert len(pages) == len(platform.dashboards)
    for text in pages:
        assert [fault.message for fault in validator.iter_errors(json.loads(text))] == []


def test_the_same_catalog_gives_the_same_bytes(platform):
    again = load_catalog(platform.folder)
    for target in ("alertmanager", "grafana", "loki", "docs"):
        assert render(platform, target) == render(again, target)


@pytest.mark.parametrize("target", ["prometheus", "alertmanager", "grafana", "loki", "docs"])
def test_the_example_is_rendered_as_it_was_reviewed(example, target):
    """Write them anew by ``tapewatch render all example --out tests/deploy/golden``, and read."""
    files = render(example, target)
    folder = GOLDEN / target
    kept = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert set(files) == kept
    for path, text in files.items():
        assert text == (folder / path).read_text(), path


def test_secrets_are_named_and_never_written(platform):
    text = alertmanager.render(platform)["alertmanager.yml"]
    for channel in platform.channels.values():
        if channel.secret:
            assert f"{alertmanager.SECRETS}/{channel.secret}" in text


def test_what_a_reader_completes_is_not_counted_in_loki():
    rules = loki.render(load_catalog(find_pack("hft")))["rules/fake/rules.yaml"]
    assert "by-severity" in rules
    assert "by-venue" not in rules


def test_every_runbook_becomes_a_page_and_is_linked(platform):
    files = pages.render(platform)
    for name in platform.runbooks:
        assert f"(runbooks/{name}.md)" in files["README.md"]
        assert files[f"runbooks/{name}.md"].startswith("# ")


@pytest.mark.parametrize("shares", [[1], [1, 1, 1], [2, 1], [1] * 7, [1, 2, 4]])
def test_a_row_is_filled_to_its_edge(shares):
    assert sum(widths(shares)) == 24
    assert min(widths(shares)) > 0


class TestLint:
    @pytest.fixture
    def page(self, example):
        return dashboard(example, "desk", example.dashboards["desk"])

    def test_what_was_generated_has_nothing_wrong(self, page, example):
        assert lint(page, example) == []

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda p: p["panels"][1]["targets"][0].update(expr="sum(gone_total)"), "no metric"),
            (lambda p: p["panels"][1]["targets"][0].update(expr="sum("), "parse error"),
            (
                lambda p: p["panels"][1]["targets"][0].update(
                    expr='bot_orders_total{colour="red", venue=~"$venue"}'
                ),
                "bot_orders_total has no label colour",
            ),
            (lambda p: p["panels"][1]["targets"][0].update(expr="$who"), "$who is used"),
            (lambda p: p["templating"]["list"].append({"name": "x"}), "$x is defined and not used"),
            (lambda p: p["panels"][1].update(id=1), "2 panels have the id 1"),
            (lambda p: p["panels"][1]["gridPos"].update(w=30), "beyond the 24 columns"),
            (lambda p: p["panels"][2]["gridPos"].update(x=0), "lie on each other"),
            (lambda p: p["panels"][1].update(type="graph"), "'graph' is no kind of panel"),
            (
                lambda p: p["panels"][1]["fieldConfig"]["defaults"].update(unit="bananas"),
                "'bananas' is no unit",
            ),
        ],
    )
    def test_what_a_schema_does_not_see_is_found(self, page, example, change, words):
        page = json.loads(json.dumps(page))
        change(page)
        assert any(words in fault for fault in lint(page, example))


def test_an_engine_that_nobody_knows_is_refused(example):
    with pytest.raises(UnknownTarget, match="choose prometheus, alertmanager, grafana, loki, docs"):
        render(example, "grafanna")


def test_a_dashboard_that_would_show_nothing_is_not_written(example, monkeypatch):
    monkeypatch.setattr(grafana, "lint", lambda *_: ["panel 'x': no metric is called y"])
    with pytest.raises(BrokenDashboard, match="dashboard example/desk: panel 'x'"):
        grafana.render(example)
