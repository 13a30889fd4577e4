"""Bytes that a sample takes on disk, its share of the index included, once it is sealed."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.data import (
    AT_REST,
    BASE_MS,
    Sheet,
    counters,
    latencies,
    load_prometheus,
    load_victoria,
    prices,
    store,
)
from bench.harness import Outcome, Row, Scale, version_of
from bench.servers import OURS, PROMETHEUS, VICTORIA, Server, size_bytes

QUESTION = "How many bytes does a sample of counters, prices and latencies take on disk?"
MUST_BYTES = 0.75
INTERVAL_MS = 1_000


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    series: int
    histograms: int
    points: int


FULL = Size(series=500, histograms=40, points=7_200)
TINY = Size(series=20, histograms=2, points=300)


def run(scale: Scale) -> Outcome:
    """Store each kind of data in each server, and look at the files."""
    size = FULL if scale is Scale.FULL else TINY
    kinds = {
        "Poisson counters": counters(size.series, size.points, INTERVAL_MS),
        "price gauges": prices(size.series, size.points, INTERVAL_MS),
        "latency histograms": latencies(size.histograms, size.points, INTERVAL_MS),
    }
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row_of(name, sheet, Path(folder) / name.replace(" ", "_"), scale)
            for name, sheet in kinds.items()
        ]
    known = scale is Scale.FULL and servers.has(PROMETHEUS)
    notes = [f"{size.points} points each, {INTERVAL_MS / 1000:g} s apart"]
    return Outcome(rows, notes + ([version_of(PROMETHEUS)] if known else []), peer="Prometheus")


def row_of(name: str, sheet: Sheet, folder: Path, scale: Scale) -> Row:
    """Measure one kind of data."""
    mine = our_bytes(folder / OURS, sheet) / sheet.samples
    peer, others = None, {}
    if scale is Scale.FULL and servers.has(PROMETHEUS):
        load_prometheus(folder / PROMETHEUS, [sheet])
        check(servers.prometheus(folder / PROMETHEUS), sheet)
        peer = blocks_bytes(folder / PROMETHEUS) / sheet.samples
    if scale is Scale.FULL and servers.has(VICTORIA):
        others["VictoriaMetrics"] = victoria_bytes(folder / VICTORIA, sheet) / sheet.samples
    must = MUST_BYTES if scale is Scale.FULL else None
    return Row(name, mine, "B/sample", peer, must, others=others)


def our_bytes(folder: Path, sheet: Sheet) -> int:
    """Store a sheet with us, and return what blocks and the file of series take."""
    store(folder / "data", [sheet])
    check(servers.ours(folder, {"storage": AT_REST}), sheet)
    return sum(path.stat().st_size for path in folder.rglob("*.tape"))


def blocks_bytes(folder: Path) -> int:
    """Return what the blocks of a Prometheus take."""
    return sum(size_bytes(block.parent) for block in folder.rglob("meta.json"))


def victoria_bytes(folder: Path, sheet: Sheet) -> int:
    """Store a sheet in a VictoriaMetrics, and return what data and index take after merging."""
    server = servers.victoria(folder)
    with servers.running(server):
        load_victoria(server, [sheet])
        server.ask("/internal/force_merge")
        wait_for_merges(server)
    return sum(size_bytes(folder / "data" / part) for part in ("data", "indexdb"))


def wait_for_merges(server: Server) -> None:
    """Wait until a VictoriaMetrics has been merging nothing for a second."""
    quiet = 0
    while quiet < 10:
        time.sleep(0.1)
        lines = server.ask("/metrics").decode().splitlines()
        active = [line for line in lines if line.startswith("vm_active_merges")]
        quiet = 0 if any(not line.endswith(" 0") for line in active) else quiet + 1


def check(server: Server, sheet: Sheet) -> None:
    """Ask a server for the last value of every series, and for their count."""
    at = float(sheet.times_ms[-1]) / 1000
    with servers.running(server):
        for name in dict.fromkeys(labels.name for labels in sheet.labels):
            expected = values_of(sheet, name)
            assert server.number(f"count({name})", at) == len(expected)
            found = server.number(f"sum({name})", at)
            assert abs(found / sum(expected) - 1) < 1e-9, f"{server.name}: {name} is {found}"
            first = BASE_MS / 1000 - 1
            whole = server.number(f"sum(count_over_time({name}[{int(at - first) + 1}s]))", at)
            assert whole == len(expected) * len(sheet.times_ms), f"{server.name} has {whole}"


def values_of(sheet: Sheet, name: str) -> Sequence[float]:
    """Return the last values of a metric's series."""
    lines = zip(sheet.labels, sheet.values, strict=True)
    return [float(line[-1]) for labels, line in lines if labels.name == name]
