"""The page of the desk in a real browser, over a real trading process."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.console.test_browser import WEB, needs_browser
from tests.running import Process

from tapewatch.sdk.region.file import SHARED_MEMORY

TRADER = Path(__file__).parent / "trader.py"


@pytest.fixture(scope="module")
def folder():
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def trader(folder):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TAPEWATCH_")}
    told = {
        "TAPEWATCH_SERVICE": "trader",
        "TAPEWATCH_INSTANCE": "ld4-7",
        "TAPEWATCH_REGION_FOLDER": str(folder),
        "TAPEWATCH_REGION_ON_DISK": "1",
    }
    process = subprocess.Popen(
        [sys.executable, str(TRADER)], stdout=subprocess.PIPE, env={**clean, **told}
    )
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def told(tmp_path_factory, folder, trader):
    needs_browser()
    server = Process(
        tmp_path_factory.mktemp("server"),
        "--set",
        "watch.calendars=[XNYS]",
        TAPEWATCH_REGIONS_ENABLED="true",
        TAPEWATCH_REGIONS_FOLDERS=json.dumps([str(folder)]),
    )
    try:
        script = ["node", str(WEB / "e2e" / "desk.mjs"), server.url]
        ran = subprocess.run(script, capture_output=True, text=True, timeout=600)
    finally:
        server.stop()
        server._log.close()
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_the_desk_is_seen_as_it_is(told):
    failed = [f"{each['name']}: {each['fault']}" for each in told if each["fault"]]
    assert not failed, "\n\n".join(failed)
    assert len(told) >= 5
