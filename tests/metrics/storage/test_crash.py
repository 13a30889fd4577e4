"""What was acknowledged is there after a kill, and what was synced after a power cut."""

import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from tests.faults import FaultyDisk, PowerCut
from tests.metrics.storage.test_database import T0, contents, names

from tapewatch.metrics.errors import ReadOnly
from tapewatch.metrics.intake import Loose, Row
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.storage.backfill import Past, write_past
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.store.errors import StoreError

DAY = 86_400_000
T0_DAY = T0 // DAY * DAY
WRITER = Path(__file__).with_name("writer_process.py")


def killed_writer(folder, seed, begin, seconds):
    """Run the writer for a while, kill it, and return the last time it was told is kept."""
    command = [sys.executable, str(WRITER), str(folder), str(seed), str(begin)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "open\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        told = process.stdout.read().split("\n")[:-1]
    return int(told[-1]) if told else begin - 1


def check_after_kills(folder, seed, rounds):
    rng = random.Random(seed)
    begin, acknowledged = 0, []
    for turn in range(rounds):
        last = killed_writer(folder, seed * 100 + turn, begin, rng.uniform(0.02, 0.4))
        acknowledged += range(begin, last + 1)
        database = Database(folder, StorageSettings(), ManualClock(T0 * 1_000_000))
        found = contents(database)
        for i in (0, 17, 49):
            held = found.get(Labels.of(__name__="lane", i=str(i)), {})
            assert [at for at in acknowledged if held.get(at) != at + i] == []
        held = found.get(Labels.of(__name__="loose"), {})
        assert [at for at in acknowledged if held.get(at) != at] == []
        assert not database.tally.damaged_files
        assert not database.tally.damaged_frames
        database.close()
        begin = last + 10
    assert acknowledged


def test_a_kill_loses_nothing_acknowledged(tmp_path):
    check_after_kills(tmp_path, seed=1, rounds=4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_kills_lose_nothing_acknowledged(tmp_path, seed):
    check_after_kills(tmp_path, seed=seed, rounds=10)


def work_until_the_power_fails(database, rng, disk):
    """Write, seal and compact; returns everything written, and how much of it was synced."""
    written, synced = [], 0
    lane = database.lane("t")
    lane.extend(names(3))
    (number,) = database.series(names(1, "loose"))
    compactor = Compactor(database)
    try:
        for at in range(1, 1000):
            lane.append(Row(T0 + at * 10, np.arange(3) + float(at)))
            one = np.array([number])
            database.append(Loose(one, np.array([T0 + at * 10]), np.array([float(at)])))
            written.append(at * 10)
            chance = rng.random()
            if chance < 0.3:
                database.sync()
                synced = len(written)
            elif chance < 0.4:
                database.seal()
            elif chance < 0.45:
                compactor.run_all()
            elif chance < 0.5:
                disk.failing_syncs = rng.randrange(2)
    except (PowerCut, ReadOnly, StoreError):
        pass
    return written, synced


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("seed", range(40))
def test_a_power_cut_loses_nothing_synced(tmp_path, seed):
    rng = random.Random(seed)
    disk = FaultyDisk()
    settings = StorageSettings(block_span=100, commit_interval=1, retention=10**9)
    database = Database(tmp_path, settings, ManualClock(T0 * 1_000_000), disk)
    disk.steps_left = rng.randrange(5, 400)
    written, synced = work_until_the_power_fails(database, rng, disk)
    disk.lose_power()
    again = Database(tmp_path, settings, ManualClock(T0 * 1_000_000))
    found = contents(again)
    assert not again.tally.damaged_files
    for i, labels in enumerate([*names(3), *names(1, "loose")]):
        held = found.get(labels, {})
        offset = i if labels.name == "m" else 0
        missing = [at for at in written[:synced] if held.get(at) != at / 10 + offset]
        invented = set(held) - set(written)
        assert (missing, len(invented) <= 1) == ([], True)
    again.close()


QUERY = "increase(m[1d])", T0_DAY + DAY, T0_DAY + 9 * DAY, DAY


def past_of(database):
    """Write ten days of two counters, a block for each day."""
    for day in range(10):
        times = T0_DAY + day * DAY + np.arange(60_000, DAY + 1, 60_000)
        values = np.arange(len(times), dtype=float) + day * len(times)
        write_past(database, [Past(labels, times, values) for labels in names(2)])


@pytest.mark.parametrize("steps", range(1, 60, 2))
def test_a_power_cut_while_summarising_loses_nothing(tmp_path, steps):
    settings = StorageSettings(retention=4 * DAY, downsample_5m_after=DAY, downsample_1h_after=DAY)
    disk, clock = FaultyDisk(), ManualClock(T0_DAY * 1_000_000)
    database = Database(tmp_path, settings, clock, disk)
    past_of(database)
    expected = Engine().range(database, *QUERY).result
    disk.steps_left = steps
    with suppress(PowerCut):
        Compactor(database).run_all()
    disk.lose_power()
    for _ in range(2):
        again = Database(tmp_path, settings, clock)
        assert not again.tally.damaged_files
        found = Engine().range(again, *QUERY).result
        for one, other in zip(found.series, expected.series, strict=True):
            assert one.labels == other.labels
            assert one.values == pytest.approx(other.values, rel=1e-9)
        Compactor(again).run_all()
        assert {int(path.stem) for path in tmp_path.glob("*.tape")} == again.manifest.files
        again.close()
    assert again.summaries
