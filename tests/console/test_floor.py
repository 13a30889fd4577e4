"""An alert from its cause to its end, in a real browser, over a sample floor."""

import json
import subprocess

import pytest
from tests.console.floor import NoFloor, sample_floor
from tests.console.test_browser import WEB, needs_browser


@pytest.fixture
def server(tmp_path):
    needs_browser()
    try:
        with sample_floor(tmp_path) as server:
            yield server
    except NoFloor as fault:
        pytest.skip(f"a floor is open already: {fault}")


def test_an_alert_is_followed_from_chart_to_runbook_to_silence_to_its_end(server):
    script = ["node", str(WEB / "e2e" / "floor.mjs"), server.url]
    ran = subprocess.run(script, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    failed = [f"{each['name']}: {each['fault']}" for each in told if each["fault"]]
    assert not failed, "\n\n".join(failed)
    assert len(told) == 7
