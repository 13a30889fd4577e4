import pytest
from tests.metrics.scrape.fakes import job

from tapewatch.metrics.scrape.discovery.groups import TargetGroup
from tapewatch.metrics.scrape.errors import TargetRefused
from tapewatch.metrics.scrape.relabel import Relabeler
from tapewatch.metrics.scrape.target import Dropped, build_target, build_targets
from tapewatch.model.labels import Labels


def built(labels, text=""):
    found = job(text)
    return build_target(labels, found, Relabeler(found.config.relabel_configs))


def test_a_target_has_job_and_instance():
    target = built({"__address__": "localhost:9100", "env": "prod"})
    assert target.labels == Labels.of(job="bots", instance="localhost:9100", env="prod")
    assert target.url == "http://localhost:9100/metrics"
    assert (target.interval_ms, target.timeout_ms) == (60_000, 10_000)


def test_discovered_labels_show_what_rules_saw():
    target = built({"__address__": "a:1", "__meta_zone": "x"})
    assert target.discovered.as_dict() == {
        "__address__": "a:1",
        "__meta_zone": "x",
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "__scrape_interval__": "1m",
        "__scrape_timeout__": "10s",
        "job": "bots",
    }


def test_labels_steer_the_url():
    labels = {
        "__address__": "probe:9115",
        "__scheme__": "https",
        "__metrics_path__": "/probe",
        "__param_target": "venue.example",
    }
    text = "params: {module: [http_2xx], target: [x, y]}"
    text += "\nrelabel_configs: [{target_label: __param_module, replacement: tcp}]"
    target = built(labels, text)
    # What the job says of a parameter wins over what was discovered, and rules win over both.
    assert target.url == "https://probe:9115/probe?module=tcp&target=x&target=y"


def test_labels_steer_the_times():
    target = built(
        {"__address__": "a:1", "__scrape_interval__": "1s", "__scrape_timeout__": "500ms"}
    )
    assert (target.interval_ms, target.timeout_ms) == (1_000, 500)


def test_rules_may_drop_a_target():
    text = "relabel_configs: [{action: drop, source_labels: [env], regex: test}]"
    found = built({"__address__": "a:1", "env": "test"}, text)
    assert isinstance(found, Dropped)
    assert found.discovered.get("env") == "test"


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"env": "x"}, "no address"),
        ({"__address__": "http://a:1/x"}, "is not HOST:PORT"),
        ({"__address__": "a:1", "__scheme__": "gopher"}, "neither http nor https"),
        ({"__address__": "a:1", "__scrape_interval__": "soon"}, "'soon' is not a duration"),
        ({"__address__": "a:1", "__scrape_interval__": "10ms"}, "shorter than 100ms"),
        ({"__address__": "a:1", "__scrape_timeout__": "2m"}, "at most __scrape_interval__ 1m"),
    ],
)
def test_labels_that_make_no_target_are_refused(labels, words):
    with pytest.raises(TargetRefused, match=words):
        built(labels)


def test_one_bad_target_does_not_hide_the_others():
    group = TargetGroup("0", ({"__address__": "a:1"}, {"__address__": "b/1"}), {"env": "prod"})
    good, bad = build_targets(group, job(), Relabeler([]))
    assert good.labels.get("env") == "prod"
    assert "target 1 of group 0" in str(bad)


def test_the_phase_is_the_same_after_a_restart():
    assert built({"__address__": "a:1"}).phase == built({"__address__": "a:1"}).phase
    assert built({"__address__": "a:1"}).phase != built({"__address__": "a:2"}).phase
