"""The console in a real browser, against a real server with a desk's past."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.console.desk import Showcase
from tests.running import Process

ROOT = Path(__file__).parent.parent.parent
WEB = ROOT / "web"
TOKEN = "a-token-of-some-length"
GUARDED = ("--set", "server.auth_token={env: TAPEWATCH_TOKEN}")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def needs_browser():
    if not (ROOT / "src" / "tapewatch" / "console" / "index.html").exists():
        pytest.skip("the console is not built: run `make console`")
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    if not (WEB / "node_modules" / "playwright-core").is_dir():
        pytest.skip("the console's tools are not installed: run `make console`")
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium is installed")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    needs_browser()
    desk = Showcase(tmp_path_factory.mktemp("desk"))
    guarded = Process(tmp_path_factory.mktemp("guarded"), *GUARDED, TAPEWATCH_TOKEN=TOKEN)
    try:
        script = ["node", str(WEB / "e2e" / "check.mjs"), desk.url, guarded.url, TOKEN]
        ran = subprocess.run(script, capture_output=True, text=True, timeout=900)
    finally:
        desk.stop()
        guarded.stop()
        guarded._log.close()
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_everything_a_user_does_works_and_no_page_complains(told):
    failed = [f"{each['name']}: {each['fault']}" for each in told if each["fault"]]
    assert not failed, "\n\n".join(failed)
    assert len(told) >= 25
