"""kill -9 of the whole process, wherever it happens to be."""

import json
import time

import pytest
from tests.alerting.timelines import Hooks
from tests.running import Process

CONFIG = """
alerting:
  route: {receiver: desk, group_by: ['...'], group_wait: 0s}
  receivers:
    - name: desk
      webhook_configs: [{url: "%s/desk"}]
"""
COUNT = 40


def fingerprints(hooks):
    return [alert["fingerprint"] for *_, body in hooks.seen for alert in body["alerts"]]


@pytest.mark.parametrize("after_seconds", [0.0, 0.02, 0.1])
def test_what_was_taken_arrives_once_and_at_most_once_more(tmp_path, after_seconds):
    hooks = Hooks()
    (tmp_path / "tapewatch.yaml").write_text(CONFIG % hooks.url)
    arguments = ("--config", str(tmp_path / "tapewatch.yaml"))
    alerts = [{"labels": {"alertname": "A", "n": str(n)}} for n in range(COUNT)]
    try:
        first = Process(tmp_path, *arguments)
        body, kind = json.dumps(alerts).encode(), "application/json"
        assert first.get("/api/v2/alerts", method="POST", body=body, Content_Type=kind)[0] == 200
        time.sleep(after_seconds)
        first.stop(9)
        first._log.close()
        second = Process(tmp_path, *arguments)
        deadline = time.monotonic() + 20
        while len(set(fingerprints(hooks))) < COUNT and time.monotonic() < deadline:
            time.sleep(0.02)
        second.stop()
        second._log.close()
    finally:
        hooks.close()
    told = fingerprints(hooks)
    assert len(set(told)) == COUNT
    assert max(told.count(each) for each in told) <= 2
