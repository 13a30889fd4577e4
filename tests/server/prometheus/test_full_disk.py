"""A disk that is really full: a small file system, filled over HTTP until it refuses."""

import os
import subprocess
import time

import pytest
from tests.server.prometheus.conftest import Desk

from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample

SIZE = "4m"


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def start(tmp_path, small_disk):  # the disk goes last
    started = []

    def begin():
        started.append(Desk(tmp_path))
        return started[-1]

    yield begin
    for desk in started:
        desk.stop()


def noise(desk, number):
    """Numbers that do not compress, at one time."""
    return [
        Sample(Labels.of(__name__="noise", i=str(i)), hash((number, i)) / 7.0, desk.end_ms + number)
        for i in range(2000)
    ]


def push(desk, number):
    status, headers, body = desk.push(noise(desk, number))
    return status, headers, body


def count(desk):
    query = {"query": "sum(count_over_time(noise[1h]))", "time": desk.end + 600}
    found = desk.data("/query", **query)["result"]
    return int(found[0]["value"][1]) if found else 0


def until(desk, number, wanted):
    """Push until the status is the wanted one; return how many were taken on the way."""
    taken = 0
    for attempt in range(2000):
        status, headers, body = push(desk, number + attempt)
        if status == wanted:
            return taken + (wanted == 204), headers, body
        if status == 204:
            taken += 1
        else:
            time.sleep(0.05)
    raise AssertionError(f"never answered {wanted}")


def test_a_full_disk_refuses_goes_on_reading_heals_and_loses_nothing(start, small_disk):
    desk = start()
    taken, headers, body = until(desk, 0, 503)
    assert b"full" in body
    assert headers["retry-after"] == "5"
    assert count(desk) == 2000 * taken, "reading goes on"
    assert b"tapewatch_metrics_read_only{" in desk.ask("/metrics")[2]
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    more, _, _ = until(desk, 5000, 204)
    assert count(desk) == 2000 * (taken + more)
    desk.process.stop(9)
    again = start()
    assert count(again) == 2000 * (taken + more), "what was acknowledged is there"
