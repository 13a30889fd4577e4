"""Debian's amtool and our own command line as clients."""

import json
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from tapewatch.cli.main import tapewatch


@pytest.fixture
def amtool(api):
    if shutil.which("amtool") is None:
        pytest.skip("Debian's amtool is not installed: apt-get install prometheus-alertmanager")

    def call(*words, text=None):
        command = ["amtool", f"--alertmanager.url={api.url}", *words]
        told = subprocess.run(command, capture_output=True, text=True, input=text)
        assert told.returncode == 0, told.stderr
        return told.stdout

    return call


@pytest.fixture
def ours(api):
    def call(*words):
        told = CliRunner().invoke(tapewatch, ["alerts", *words, "--url", api.url])
        assert told.exit_code == 0, told.output
        return told.output

    return call


def test_amtool_adds_and_queries_alerts(amtool):
    amtool("alert", "add", "FromTool", "venue=Z", "--annotation=summary=hello")
    found = json.loads(amtool("alert", "query", "venue=Z", "-o", "json"))
    assert found[0]["annotations"] == {"summary": "hello"}


def test_amtool_makes_changes_exports_imports_and_ends_silences(amtool, tmp_path):
    made = amtool("silence", "add", "venue=Q", "-c", "why", "-a", "ann", "-d", "1h").strip()
    amtool("silence", "update", "-d", "2h", made)
    exported = amtool("silence", "query", "venue=Q", "-o", "json")
    assert [each["id"] for each in json.loads(exported)] == [made]
    amtool("silence", "expire", made)
    assert amtool("silence", "query", "-q", "venue=Q").strip() == ""
    amtool("silence", "import", text=exported)
    (again,) = amtool("silence", "query", "-q", "venue=Q").split()
    assert again != made
    amtool("silence", "expire", again)


def test_amtool_shows_routes_configuration_and_cluster(amtool):
    assert "receiver: exec" in amtool("config", "routes", "show")
    assert amtool("config", "routes", "test", "team=exec").strip() == "exec"
    assert "route:" in amtool("config", "show")
    assert "ready" in amtool("cluster", "show")


def test_our_command_line_does_the_same_and_explains(api, ours):
    api.ask("/api/v2/alerts", [{"labels": {"alertname": "Line", "venue": "L"}}])
    fingerprint = ours("list", "venue=L").split("\t")[0]
    assert "FromTool" not in ours("list", "venue=L")
    ours("acknowledge", fingerprint, "--by", "ann", "--for", "1h")
    ours("assign", fingerprint, "bob")
    ours("comment", fingerprint, "on it")
    made = ours("silence", "venue=L", "--for", "1h", "--comment", "why", "--by", "ann").strip()
    assert "\talertname=Line\n" in ours("route", "venue=L", "alertname=Line")
    told = ours("explain", fingerprint)
    assert f"silenced by {made}" in told
    assert "acknowledged by ann" in told
    ours("unsilence", made)
    ours("release", fingerprint)
    assert "desk webhook/0" in ours("explain", "venue=L")
    assert "on it" in ours("history", "--text", "on it")
    assert ours("history", "venue=L", "--format", "csv", "--kind", "commented").count("\n") == 2
    assert "exec\twebhook/0" in ours("route", "team=exec")
    assert "webhook/0" in ours("channels")
