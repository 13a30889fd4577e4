"""A server with an alerting configuration, and a hook that takes everything."""

import json

import pytest
from tests.alerting.timelines import Hooks
from tests.running import Process

CONFIG = """
alerting:
  route:
    receiver: desk
    group_by: [alertname]
    group_wait: 0s
    update: in_place
    update_interval: 100ms
    routes:
      - {matchers: ['team="exec"'], receiver: exec}
      - {matchers: ['quiet="yes"'], receiver: exec, mute_time_intervals: [always]}
  receivers:
    - name: desk
      webhook_configs: [{url: "%s/desk"}]
    - name: exec
      labels: {owner: exec}
      webhook_configs: [{url: "%s/exec"}]
  inhibit_rules:
    - {source_matchers: [alertname=Cause], target_matchers: [alertname=Effect], equal: [venue]}
  time_intervals: [{name: always, time_intervals: [{}]}]
"""


class Api:
    """Asks the server under test."""

    def __init__(self, process, hooks):
        self.process, self.hooks, self.url = process, hooks, process.url

    def ask(self, path, value=None, *, method=None, raw=None):
        body = raw if raw is not None else None if value is None else json.dumps(value).encode()
        method = method or ("GET" if body is None else "POST")
        answer = self.process.get(path, method=method, body=body, Content_Type="application/json")
        return answer[0], json.loads(answer[2]) if answer[2].strip() else None


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alerting")
    hooks = Hooks()
    (folder / "tapewatch.yaml").write_text(CONFIG % (hooks.url, hooks.url))
    process = Process(folder, "--config", str(folder / "tapewatch.yaml"))
    yield Api(process, hooks)
    process.stop()
    process._log.close()
    hooks.close()
