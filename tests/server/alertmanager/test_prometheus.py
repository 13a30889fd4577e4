"""A real Prometheus sends its alerts here, as it would to Alertmanager."""

import json
import shutil
import subprocess
import time

import pytest

RULES = """
groups:
  - name: desk
    interval: 1s
    rules:
      - alert: FeedStale
        expr: vector(7) > 5
        labels: {severity: critical, sender: prometheus}
        annotations: {summary: "stale for {{ $value }} s"}
"""


@pytest.fixture
def prometheus(api, tmp_path):
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("Debian's prometheus is not installed: apt-get install prometheus")
    (tmp_path / "rules.yml").write_text(RULES)
    target = api.url.removeprefix("http://")
    alertmanagers = [{"api_version": "v2", "static_configs": [{"targets": [target]}]}]
    config = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": alertmanagers},
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    command = [
        program,
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--rules.alert.resend-delay=1s",
    ]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
        yield process
        process.kill()
        process.wait()


def test_its_alerts_arrive_with_their_words_and_reach_the_channel(api, prometheus):
    until = time.monotonic() + 30
    found = []
    while not found and time.monotonic() < until:
        _, found = api.ask("/api/v2/alerts?filter=sender=prometheus")
        time.sleep(0.1)
    (alert,) = found
    assert alert["labels"]["alertname"] == "FeedStale"
    assert alert["annotations"] == {"summary": "stale for 7 s"}
    assert alert["generatorURL"].endswith("&g0.tab=1")
    while time.monotonic() < until:
        told = [b for _, path, b in api.hooks.seen if path == "/desk" and "stale for 7" in str(b)]
        if told:
            return
        time.sleep(0.1)
    raise AssertionError("the channel heard nothing")
