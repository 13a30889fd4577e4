"""``tapewatch agent`` as a user runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tapewatch.sdk import instruments
from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.region.file import SHARED_MEMORY, Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start


@pytest.fixture
def home():
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    made = Registry({})
    sections = Sections(64 << 10, 256 << 10, 8, 64, 64)
    made.start(Start("maker", "one", Place(folder, on_disk=True), sections))
    made.orders = instruments.Counter("orders_total", "O", registry=made).bind()
    made.folder = folder
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def run(home, tmp_path):
    running = []

    def agent(*arguments):
        command = [sys.executable, "-m", "tapewatch", "agent", "--listen", "127.0.0.1:0"]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TAPEWATCH_")}
        process = subprocess.Popen(
            [*command, "--folder", str(home.folder), *arguments],
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=clean,
        )
        running.append(process)
        for line in process.stderr:
            if found := re.search(r"http://\S+/metrics", line):
                return process, found[0]
        raise AssertionError("the agent did not start")

    yield agent
    for process in running:
        process.terminate()
        assert process.wait(timeout=20) == 0
        process.stderr.close()


def scraped(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {sample.name: sample.value for family in families for sample in family.samples}


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_a_scrape_reads_at_that_moment(home, run):
    home.orders.inc(3)
    _, url = run()
    assert scraped(url)["orders_total"] == 3
    home.orders.inc(4)
    told = scraped(url)
    assert told["orders_total"] == 7
    assert told["region_up"] == 1


def test_events_go_to_a_file_and_on_after_a_restart(home, run, tmp_path):
    said = home.region.format(str(EventFormat("INFO", "desk", "number {number}")))
    home.ring.push(said, 1)
    lines = tmp_path / "events.jsonl"

    def numbers():
        text = lines.read_text() if lines.exists() else ""
        return [json.loads(line)["fields"]["number"] for line in text.splitlines()]

    process, _ = run("--events", str(lines))
    assert eventually(lambda: numbers() == [1])
    process.terminate()
    process.wait()
    home.ring.push(said, 2)
    run("--events", str(lines))
    assert eventually(lambda: numbers() == [1, 2])


@pytest.mark.parametrize("path", ["/api/v1/write", "/api/v1/otlp/v1/metrics"])
def test_numbers_are_pushed(home, run, tmp_path, path):
    from tests.running import Process

    server = Process(tmp_path)
    try:
        home.orders.inc(3)
        run("--push", server.url + path)

        def found():
            _, _, body = server.get("/api/v1/query?query=orders_total")
            return [each["value"][1] for each in json.loads(body)["data"]["result"]]

        assert eventually(found) == ["3"]
    finally:
        server.stop()
        server._log.close()


def test_a_public_address_needs_a_token(say):
    done = say("agent", "--listen", "0.0.0.0:0")
    assert done.exit_code == 1
    assert "auth" in done.stderr


def test_slips_are_told(say):
    assert "nothing can be pushed to 'store:9090'" in str(
        say("agent", "--push", "store:9090").exception
    )
    assert "10ms is below 50ms" in say("agent", "--every", "10ms").output
