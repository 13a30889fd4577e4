"""
Reading regions: what it costs to take all numbers of a process, and to keep them.

The process is this one, so that between two readings exactly what the row says has moved. The CPU
of a sample counts reading, decoding, the log and the head: everything until it can be queried.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness import Outcome, Row, Scale, time_each
from tapewatch.agent.exposition import families
from tapewatch.agent.frame import Reading
from tapewatch.agent.process import Process
from tapewatch.agent.regions import Regions
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import SystemClock
from tapewatch.sdk import instruments
from tapewatch.sdk.region.file import SHARED_MEMORY, Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start
from tapewatch.server.region_lanes import ProcessLane
from tapewatch.wire.exposition import Form, write
from tapewatch.wire.exposition.form import FormKind

QUESTION = "What does reading a process from outside cost, and what does keeping it?"


def run(scale: Scale) -> Outcome:
    """Read plain numbers, histograms, and many processes; keep what was read."""
    full = scale is Scale.FULL
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-bench-", dir=SHARED_MEMORY))
    try:
        rows = reading(folder / "one", 5200 if full else 20, 400 if full else 2, full=full)
        rows += many(folder / "many", 1000 if full else 3, full=full)
        rows += keeping(folder / "kept", 5200 if full else 20, full=full)
    finally:
        shutil.rmtree(folder)
    notes = ["plain numbers are half counters and half gauges; histograms have 320 buckets"]
    return Outcome(rows, notes=notes)


def made(folder: Path, series: int, histograms: int) -> tuple[Registry, list[Any]]:
    """A process with so many series."""
    home = Registry({})
    sections = Sections(directory_bytes=4 << 20, values_bytes=8 << 20)
    home.start(Start("bench", "one", Place(folder), sections))
    told: dict[str, Any] = {"labels": ("symbol",), "series_max": 10_000, "registry": home}
    orders = instruments.Counter("orders_total", "Orders", **told)
    depth = instruments.Gauge("depth", "Depth", **told)
    for number in range(series // 2):
        orders.bind(symbol=f"S{number}").inc()
        depth.bind(symbol=f"S{number}").set(number)
    took = instruments.Histogram("took_us", "Time", unit="us", **told)
    handles = [took.bind(symbol=f"S{number}") for number in range(histograms)]
    for number, handle in enumerate(handles):
        for value in range(1, 20):
            handle.observe(value * 3.7 + number)
    return home, handles


def reader(folder: Path) -> tuple[Regions, Process]:
    """What reads the one process of a folder."""
    regions = Regions(lambda: [folder], SystemClock())
    regions.look()
    (process,) = regions.running
    return regions, process


def taken(process: Process) -> Reading:
    """Read once; a fault would be no figure."""
    got = process.read()
    assert got is not None, process.fault
    return got


def reading(folder: Path, series: int, histograms: int, *, full: bool) -> list[Row]:
    """The time of one reading, by what has moved since the last one."""
    home, _ = made(folder / "plain", series, 0)
    other, handles = made(folder / "histograms", 0, histograms)
    seen = [reader(folder / name) for name in ("plain", "histograms")]
    plain, native = (process for _, process in seen)
    first = -time.perf_counter()
    assert taken(plain).plan.width >= series
    first += time.perf_counter()
    assert len(taken(native).histograms) == histograms

    def moved() -> Reading:
        for handle in handles:
            handle.observe(50.0)
        return taken(native)

    def moving() -> None:
        for handle in handles:
            handle.observe(50.0)

    # What rests is read right after what has moved, so that nothing is left to be seen.
    works: tuple[Callable[[], object], ...] = (
        lambda: taken(plain),
        moving,
        moved,
        lambda: taken(native),
        plain.snapshot,
    )
    repeats = 200 if full else 2
    numbers, observing, all_moved, rest, slow = time_each(*works, repeats=repeats, warm_ups=2)
    _close(seen, home, other)
    us = 1e6
    return [
        Row(f"{series} plain series", numbers.median * us, "µs", must=1000.0),
        Row(f"{series} plain series, the first time", first * us, "µs"),
        Row(f"{series} plain series, copied by the simple reader", slow.median * us, "µs"),
        Row(f"{histograms} histograms at rest", rest.median * us, "µs", must=1000.0),
        Row(
            f"{histograms} histograms that have all moved",
            (all_moved.median - observing.median) * us,
            "µs",
        ),
    ]


def many(folder: Path, count: int, *, full: bool) -> list[Row]:
    """The time of one round over many small processes."""
    home = Registry({})
    home.start(Start("bench", "one", Place(folder), Sections(8192, 8192, 1, 1, 1)))
    instruments.Counter("orders_total", "Orders", registry=home).bind().inc()
    path = home.status().path
    assert path is not None
    whole = path.read_bytes()
    for number in range(count - 1):
        (folder / f"copy-{number}.region").write_bytes(whole)
    regions = Regions(lambda: [folder], SystemClock())
    regions.look()
    assert len(list(regions.read())) == count
    looks, reads = time_each(regions.look, lambda: list(regions.read()), repeats=5 if full else 1)
    _close([(regions, None)], home)
    return [
        Row(f"{count} processes: one look, once a second", looks.median * 1e3, "ms"),
        Row(f"{count} processes: one reading", reads.median * 1e3, "ms"),
    ]


def keeping(folder: Path, series: int, *, full: bool) -> list[Row]:
    """The processor time of one sample, from the region to the head."""
    home, _ = made(folder, series, 0)
    regions, process = reader(folder)
    data = Path(tempfile.mkdtemp(prefix="tapewatch-bench-"))
    database = Database(data, StorageSettings(), SystemClock())
    lane = ProcessLane(database, process)
    rounds, samples = (300 if full else 3), 0
    lane.take(taken(process), [])
    began = time.process_time_ns()
    for number in range(rounds):
        got = taken(process)
        timed = Reading(got.timestamp_ms + 100 * number, got.plan, got.values, got.histograms)
        samples += lane.take(timed, [])
    cpu_ns = time.process_time_ns() - began
    text = Form(FormKind.TEXT)
    began = time.process_time_ns()
    body = write(families([(process, taken(process))], FormKind.TEXT)[0], text)
    written_ns = time.process_time_ns() - began
    assert body.count(b"\n") > series
    database.close()
    shutil.rmtree(data)
    _close([(regions, process)], home)
    return [
        Row("one sample, read and kept: CPU", cpu_ns / samples, "ns"),
        Row("one sample, read and written as text: CPU", written_ns / series, "ns"),
    ]


def _close(seen: Any, *homes: Registry) -> None:
    for regions, _ in seen:
        regions.close()
    for home in homes:
        home.stop()
