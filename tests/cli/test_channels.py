"""``tapewatch alerts test`` and ``alerts preview``."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from tapewatch.cli import channels

CONFIG = """\
route: {receiver: desk}
receivers:
  - name: desk
    slack_configs: [{api_url: 'URL/services/T/B/X', channel: '#desk'}]
    webhook_configs: [{url: 'URL/hook?key=k3y', tapewatch: {destination: outside}}]
  - name: mail
    email_configs: [{to: a@b.example, from: x@y.example, smarthost: 'h:25'}]
"""


@pytest.fixture
def server():
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(404 if "hook" in self.path else 200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    yield serving.server_port, heard
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture
def run(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = CONFIG.replace("URL", f"http://127.0.0.1:{server[0]}")
    (tmp_path / "alertmanager.yml").write_text(text)

    def invoke(command, *arguments):
        given = [*arguments, "--config", "alertmanager.yml"]
        return CliRunner().invoke(getattr(channels, command), given)

    return invoke


def test_a_test_says_what_came_back(run, server):
    result = run("test", "desk", "--json")
    told = {row["channel"]: row for row in json.loads(result.stdout)}
    assert told["desk/slack/0"]["result"] == "delivered"
    assert told["desk/webhook/0"]["result"] == "refused"
    assert told["desk/webhook/0"]["detail"] == "404 Not Found: ok"
    assert result.exit_code == 1
    by_slack = [json.loads(body) for _, body in server[1] if b"attachments" in body]
    assert "TEST" in by_slack[0]["attachments"][0]["title"]


def test_one_channel_alone_can_be_tested(run, server):
    result = run("test", "desk/slack/0")
    assert result.exit_code == 0
    assert result.stdout.startswith("desk/slack/0\tdelivered\t")
    assert len(server[1]) == 1


def test_a_channel_that_is_not_there_is_named_with_those_that_are(run):
    result = run("test", "desc")
    assert result.exit_code == 2
    assert "there is no channel 'desc'; did you mean desk?" in result.stderr
    assert "name a channel, or --all" in run("test").stderr


def test_a_preview_shows_what_leaves_and_sends_nothing(run, server):
    result = run("preview", "desk/webhook/0", "--json")
    told = json.loads(result.stdout)
    text = json.dumps(told["sheets"])
    assert "DU1234567" not in text
    assert "1500000" not in text
    assert "k3y" not in text
    assert {(each["name"], each["how"]) for each in told["changes"]} == {
        ("account", "hashed"),
        ("position_usd", "left out"),
        ("pnl", "left out"),
        ("summary", "cleaned"),
    }
    assert server[1] == []


def test_a_preview_shows_no_password_of_an_address(run, tmp_path):
    text = (tmp_path / "alertmanager.yml").read_text().replace("http://", "http://ann:pa55word@")
    (tmp_path / "alertmanager.yml").write_text(text)
    told = run("preview", "desk/webhook/0").stdout
    assert "POST http://<secret>@127.0.0.1" in told
    assert "pa55word" not in told


def test_links_lead_where_the_configuration_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alertmanager.yml").write_text(CONFIG.replace("URL", "http://127.0.0.1:9"))
    (tmp_path / "tapewatch.yaml").write_text(
        "server: {external_url: 'https://tape.example'}\n"
        "alerting: {config_file: alertmanager.yml}\n"
    )
    told = CliRunner().invoke(channels.preview, ["desk/slack/0"]).stdout
    assert "https://tape.example/alerts?filter=" in told
    assert "7600" not in told


def test_alerts_of_ones_own_can_be_looked_at(run, tmp_path):
    alerts = [{"labels": {"alertname": "Mine", "venue": "Z"}, "startsAt": "2026-01-01T00:00:00Z"}]
    (tmp_path / "mine.json").write_text(json.dumps(alerts))
    result = run("preview", "mail", "--alerts", "mine.json", "--resolved")
    assert "[RESOLVED] Mine · Z" in result.stdout
    (tmp_path / "mine.json").write_text("{}")
    result = run("preview", "mail", "--alerts", "mine.json")
    assert "write a list of alerts" in str(result.exception)
