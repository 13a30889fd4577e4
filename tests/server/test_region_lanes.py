"""Readings of a process that this test owns, in a database that it asks."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tapewatch.agent.frame import Reading
from tapewatch.agent.regions import Regions
from tapewatch.client.answers import from_answer, to_json
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.sdk import instruments
from tapewatch.sdk.region.file import SHARED_MEMORY, Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start
from tapewatch.server.region_lanes import ProcessLane

BEGIN_MS = 1_700_000_000_000
SMALL = Sections(64 << 10, 256 << 10, 8, 64, 64)


class Desk:
    """A process, its lane, and the questions about it."""

    def __init__(self, folder, data):
        self.home = Registry({})
        self.home.start(Start("desk", "one", Place(folder, on_disk=True), SMALL))
        self.database = Database(data, StorageSettings(), ManualClock(BEGIN_MS * 1_000_000))
        self.regions = Regions(lambda: [folder], ManualClock())
        self.lane = None

    def read(self, at_ms):
        self.regions.look()
        (read,) = self.regions.read()
        self.lane = self.lane or ProcessLane(self.database, read.process)
        got = read.reading
        timed = Reading(BEGIN_MS + at_ms, got.plan, got.values, got.histograms)
        self.lane.take(timed, [])

    def ask(self, query, at_ms):
        answer = Engine().instant(self.database, query, BEGIN_MS + at_ms)
        found = to_json(from_answer(query, answer))["result"]
        return [float(each["value"][1]) if "value" in each else each for each in found]


@pytest.fixture
def desk(tmp_path):
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    made = Desk(folder, tmp_path)
    yield made
    made.regions.close()
    made.database.close()
    made.home.stop()
    shutil.rmtree(folder)


def test_a_histogram_at_rest_is_written_once_a_second(desk):
    took = instruments.Histogram("took_us", "T", unit="us", registry=desk.home).bind()
    for at_ms in range(0, 2000, 100):
        desk.read(at_ms)
    assert desk.ask("count_over_time(took_us[10s])", 2000) == [2]
    took.observe(3.0)
    desk.read(2050)
    assert desk.ask("histogram_count(took_us)", 2050) == [1]


def test_at_the_end_even_a_histogram_at_rest_is_stale(desk):
    instruments.Histogram("took_us", "T", unit="us", registry=desk.home).bind()
    for at_ms in (0, 100):
        desk.read(at_ms)
    desk.lane.end()
    assert len(desk.ask("took_us", 100)) == 1
    assert desk.ask("took_us", 200) == []


def test_a_series_that_comes_back_goes_on_in_its_column(desk):
    orders = instruments.Counter("orders_total", "O", labels=("v",), registry=desk.home)
    orders.bind(v="a").inc(1)
    desk.read(0)
    orders.remove(v="a")
    orders.bind(v="b").inc(5)
    desk.read(60_000)
    assert desk.ask("orders_total", 60_000) == [5]
    orders.bind(v="a").inc(2)
    desk.read(120_000)
    assert sorted(desk.ask("orders_total", 120_000)) == [2, 5]


def test_a_clock_that_was_set_back_ends_nothing(desk):
    orders = instruments.Counter("orders_total", "O", registry=desk.home).bind()
    orders.inc()
    desk.read(10_000)
    desk.read(5_000)
    orders.inc()
    desk.read(11_000)
    assert desk.ask("orders_total", 11_000) == [2]
    assert desk.ask("count_over_time(orders_total[20s])", 11_000) == [3]
