import json
import os
import signal
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tapewatch.cli.floor import floor


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def test_the_faults_are_listed_with_their_alerts():
    told = CliRunner().invoke(floor, ["faults", "--json"])
    (stall,) = [each for each in json.loads(told.stdout) if each["name"] == "feed_stall"]
    assert "FeedStale" in stall["fires"]


@pytest.mark.parametrize("words", [["fault", "feed_stall"], ["end", "feed_stall"]])
def test_a_fault_without_a_floor_says_how_to_start_one(words):
    told = CliRunner().invoke(floor, [*words, "--port", str(free_port())])
    assert told.exit_code == 3
    assert "start one with `tapewatch floor`" in told.stderr


def test_a_pack_without_a_desk_is_told_with_those_that_have_one():
    told = CliRunner().invoke(floor, ["example"])
    assert told.exit_code == 1
    assert "no desk for the pack 'example': take hft" in told.stderr


def test_trouble_takes_a_duration():
    told = CliRunner().invoke(floor, ["equities", "--trouble", "soon"])
    assert told.exit_code == 2
    assert "--trouble" in told.stderr


def test_a_floor_opens_takes_a_fault_and_closes_without_a_trace(tmp_path):
    port = free_port()
    environment = {**os.environ, "TAPEWATCH_REGION_FOLDER": str(tmp_path / "regions")}
    words = [sys.executable, "-m", "tapewatch", "floor", "equities"]
    opened = subprocess.Popen(
        [*words, "--seed", "5", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    told = ""
    for line in opened.stderr:
        told += line
        if "is open" in line or "cannot listen" in line:
            break
    if "cannot listen" in told:
        opened.wait()
        pytest.skip("somebody else listens where the pack's services are scraped")
    runner = CliRunner()
    begun = runner.invoke(floor, ["fault", "feed_stall", "--for", "1m", "--port", str(port)])
    unknown = runner.invoke(floor, ["fault", "feed_stal", "--port", str(port)])
    ended = runner.invoke(floor, ["end", "feed_stall", "--port", str(port)])
    opened.send_signal(signal.SIGTERM)
    opened.stderr.read()
    assert opened.wait(timeout=30) == 0
    opened.stderr.close()
    assert "orchestrator: http://127.0.0.1:8003/metrics" in told
    assert "seed 5" in told
    assert "feed_stall holds for 1m; it must set off FeedStale" in begun.stderr
    assert (unknown.exit_code, "feed_stall" in unknown.stderr) == (2, True)
    assert "feed_stall is over" in ended.stderr
