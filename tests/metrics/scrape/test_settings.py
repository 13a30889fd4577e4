import pytest
from tests.metrics.scrape.fakes import job

from tapewatch.document.errors import DocumentError
from tapewatch.document.printing import json_schema, to_yaml
from tapewatch.document.reading import read_text
from tapewatch.metrics.scrape.protocols import Protocol
from tapewatch.metrics.scrape.settings import ScrapeSettings

WHOLE = """
global:
  scrape_interval: 15s
  sample_limit: 1000
  external_labels: {desk: delta1}
scrape_configs:
  - job_name: gateway
    scrape_interval: 1s
    honor_labels: true
    params: {module: [http_2xx]}
    basic_auth: {username: prom, password: hunter2}
    tls_config: {insecure_skip_verify: true, min_version: TLS12}
    proxy_url: http://user:pass@proxy:3128
    static_configs:
      - targets: ["localhost:9100", "localhost:9101"]
        labels: {env: prod}
    file_sd_configs: [{files: [targets/*.json]}]
    http_sd_configs: [{url: "http://registry/targets", bearer_token: t0ken}]
    dns_sd_configs: [{names: [_metrics._tcp.desk.local]}]
    kubernetes_sd_configs:
      - role: pod
        api_server: https://kube:6443
        authorization: {credentials: s3cret}
        namespaces: {names: [trading]}
    relabel_configs:
      - {source_labels: [__address__], target_label: host, regex: "([^:]+):.*"}
    metric_relabel_configs:
      - {action: drop, source_labels: [__name__], regex: go_.*}
"""


def test_a_whole_configuration_is_read():
    (gateway,) = read_text(WHOLE, ScrapeSettings).jobs()
    assert gateway.name == "gateway"
    assert (gateway.interval_ms, gateway.timeout_ms) == (1_000, 1_000)
    assert gateway.limits.samples == 1_000
    assert gateway.config.static_configs[0].targets == ("localhost:9100", "localhost:9101")
    assert gateway.config.params == {"module": ("http_2xx",)}


def test_no_secret_is_printed():
    text = to_yaml(read_text(WHOLE, ScrapeSettings))
    for secret in ("hunter2", "t0ken", "s3cret", "user:pass"):
        assert secret not in text


def test_the_shape_is_published():
    schema = json_schema(ScrapeSettings, title="scraping")
    assert "scrape_configs" in schema["$defs"]["ScrapeSettings"]["properties"]
    assert "replace" in schema["$defs"]["RelabelRule"]["properties"]["action"]["enum"]


def test_defaults_are_those_of_prometheus():
    found = job()
    assert (found.interval_ms, found.timeout_ms) == (60_000, 10_000)
    assert (found.config.metrics_path, found.config.scheme) == ("/metrics", "http")
    assert found.config.honor_timestamps
    assert found.config.follow_redirects
    assert found.protocols[0] is Protocol.OPENMETRICS_1


def test_a_global_timeout_is_cut_to_a_shorter_interval():
    found = job("scrape_interval: 5s", shared="scrape_timeout: 20s")
    assert found.timeout_ms == 5_000


def test_native_histograms_ask_for_the_binary_form_first():
    assert job("scrape_native_histograms: true").protocols[0] is Protocol.PROTOBUF


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scrape_interval: 50ms", "50ms is below 100ms"),
        ("scrape_interval: 1s\nscrape_timeout: 2s", "no longer than scrape_interval"),
        ("scrape_timeout: 2m", "no longer than scrape_interval"),
        ("scrape_intervall: 1s", "did you mean scrape_interval"),
        ("scheme: ftp", "http, https"),
        ("basic_auth: {}\nbearer_token: t", "excludes basic_auth"),
        ("basic_auth: {password: a, password_file: b}", "exclude each other"),
        ("authorization: {type: Basic}", "use basic_auth"),
        ("proxy_url: socks5://p", "must begin with http"),
        ("tls_config: {cert_file: c}", "given together"),
        ("http_headers: {Host: {values: [x]}}", "set by the client itself"),
        ("static_configs: [{targets: ['http://x/y']}]", "is not HOST:PORT"),
        ("file_sd_configs: [{files: [x.txt]}]", "must end in"),
        ("dns_sd_configs: [{names: [x], type: A}]", "A records name none"),
        ("kubernetes_sd_configs: [{role: pod, selectors: [{role: service}]}]", "not service"),
        ("scrape_protocols: [PrometheusText0.0.4, PrometheusText0.0.4]", "twice"),
    ],
)
def test_what_cannot_work_is_refused(text, words):
    with pytest.raises(DocumentError, match=words):
        job(text)


def test_two_jobs_of_one_name_are_refused():
    with pytest.raises(DocumentError, match="another job is called 'a' too"):
        read_text("scrape_configs: [{job_name: a}, {job_name: a}]", ScrapeSettings)


def test_more_jobs_come_from_files(tmp_path):
    more = tmp_path / "more.yml"
    more.write_text("scrape_configs: [{job_name: b}]")
    settings = read_text(
        f"scrape_configs: [{{job_name: a}}]\nscrape_config_files: ['{tmp_path}/*.yml']",
        ScrapeSettings,
    )
    assert [each.name for each in settings.jobs()] == ["a", "b"]
    more.write_text("scrape_configs: [{job_name: a}]")
    with pytest.raises(DocumentError, match="another job is called 'a' too"):
        settings.jobs()
