"""A writer that is killed leaves numbers that are off by the operation in flight, and no more."""

import os
import random
import signal
import time

import pytest

from tapewatch.sdk import instruments
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.region.reader import Reader, Standing
from tapewatch.sdk.registry import Registry, Start

KILLS = 200
SEED = 20261121


def write_until_killed(registry, told):
    first = instruments.Counter("first_total", "F", registry=registry).bind()
    middle = instruments.Histogram("middle", "M", registry=registry).bind()
    last = instruments.Counter("last_total", "L", registry=registry).bind()
    os.write(told, str(registry.status().path).encode() + b"\n")
    while True:
        first.inc()
        middle.observe(2.0)
        last.inc()


def kill_one(registry, delay_seconds):
    reading, told = os.pipe()
    child = os.fork()
    if child == 0:
        write_until_killed(registry, told)
    os.close(told)
    with os.fdopen(reading) as pipe:
        path = pipe.readline().strip()
    until = time.perf_counter() + delay_seconds
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return path


def check(path):
    with Reader(path) as reader:
        seen = reader.snapshot()
    first, middle, last = seen.series
    before, after = seen.number(first), seen.number(last)
    histogram = seen.histogram(middle)
    assert before - after in (0, 1)
    assert before >= histogram.count >= after
    assert histogram.sum in (2 * histogram.count, 2 * (histogram.count - 1))
    assert seen.head.standing() is Standing.DEAD
    return before


def test_200_kills_leave_no_more_than_the_operation_in_flight(shared_folder):
    from pathlib import Path

    from tapewatch.sdk.region.file import Place

    registry = Registry({})
    sections = Sections(8192, 16384, 1, 1, 16)
    registry.start(Start("kill", "one", Place(shared_folder, on_disk=True), sections))
    draw = random.Random(SEED)
    counted = []
    try:
        for number in range(KILLS):
            path = Path(kill_one(registry, draw.uniform(0, 0.002)))
            try:
                counted.append(check(path))
            except AssertionError:
                pytest.fail(f"kill {number} of seed {SEED} left {path.name} inconsistent")
            path.unlink()
    finally:
        registry.stop()
    assert sum(counted) > KILLS
