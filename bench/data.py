"""
Data for benchmarks, and the ways by which each server gets it.

A ``Sheet`` is series with common times. ``store`` brings sheets into our data directory by the way
of a scrape: row by row into a lane, then sealed and compacted. The peers' files take a while to
make and are kept in ``bench/data/`` for the next run.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from bench.servers import PROMETHEUS, VICTORIA, Server, running, victoria
from tapewatch.metrics.intake import Row
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.model.numbers import format_float
from tapewatch.store.directory import DataDirectory

CACHE = Path(__file__).parent / "data"
BASE_MS = 1_704_067_200_000
"""Midnight of 2024-01-01, where all data begins."""
AT_REST = {
    "retention": "100y",
    "downsample_5m_after": 0,
    "downsample_1h_after": 0,
    "summary_retention": "100y",
}
"""Settings of storage under which nothing happens to the data of 2024."""


@dataclass(frozen=True)
class Sheet:
    """Series with the same times; ``values`` has a line for each series."""

    labels: Sequence[Labels]
    times_ms: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def samples(self) -> int:
        """How many samples it has."""
        return self.values.size


# What the data is.


def named(name: str, **labels: str) -> Labels:
    """Write the labels of a series."""
    return Labels.of(labels, __name__=name)


def linear_sheets(points: int, interval_ms: int = 10_000) -> list[Sheet]:
    """
    Build the data of Prometheus' own benchmark of range queries.

    1,443 series that grow by one at every point, each a little above the one before, and a series
    that changes its label fifty times.
    """
    labels = list(_linear_labels())
    place = np.arange(points)
    times_ms = BASE_MS + place * interval_ms
    values = place + np.arange(len(labels))[:, None] / len(labels)
    together = Sheet(labels, times_ms, values)
    return [together, *_sparse_sheets(times_ms, place / len(labels))]


def _linear_labels() -> Iterator[Labels]:
    bounds = [*map(str, range(10)), "+Inf"]
    yield from (named("a_one"), named("b_one"))
    yield from (named("h_one", le=bound) for bound in bounds)
    for suffix, count in (("ten", 10), ("hundred", 100)):
        members = [str(number) for number in range(count)]
        yield from (named(f"a_{suffix}", l=each) for each in members)
        yield from (named(f"b_{suffix}", l=each) for each in members)
        yield from (named(f"h_{suffix}", l=each, le=le) for each in members for le in bounds)


def _sparse_sheets(times_ms: NDArray[np.int64], values: NDArray[np.float64]) -> Iterator[Sheet]:
    each = max(len(times_ms) // 50, 1)
    for number, begin in enumerate(range(0, len(times_ms), each)):
        part = slice(begin, begin + each)
        yield Sheet([named("sparse", l=str(number))], times_ms[part], values[None, part])


def counters(series: int, points: int, interval_ms: int, *, mean: float = 3.0) -> Sheet:
    """Build counters of Poisson events, as orders are: twenty to a symbol, over five venues."""
    rng = np.random.default_rng(1)
    labels = [
        named(
            "orders_total",
            job="bench",
            symbol=f"S{i // 20:04d}",
            venue=f"venue-{i % 5}",
            side=("buy", "sell")[i // 5 % 2],
            type=("limit", "market")[i // 10 % 2],
        )
        for i in range(series)
    ]
    rates = rng.gamma(1.0, mean, (series, 1))
    values = rng.poisson(rates, (series, points)).cumsum(axis=1).astype(np.float64)
    return Sheet(labels, _times(points, interval_ms), values)


def prices(series: int, points: int, interval_ms: int) -> Sheet:
    """Build gauges that walk as quotes do: by some ticks, and often not at all."""
    rng = np.random.default_rng(2)
    labels = [
        named("quote_price", symbol=f"S{i:04d}", side=("bid", "ask")[i % 2], job="bench")
        for i in range(series)
    ]
    tick = 10.0 ** -rng.integers(1, 5, (series, 1))
    moves = rng.integers(-3, 4, (series, points)) * (rng.random((series, points)) < 0.6)
    ticks = rng.integers(10_000, 900_000, (series, 1)) + moves.cumsum(axis=1)
    return Sheet(labels, _times(points, interval_ms), np.round(ticks * tick, 5))


def latencies(histograms: int, points: int, interval_ms: int) -> Sheet:
    """Build classic histograms of latency: ten buckets, a sum and a count each."""
    rng = np.random.default_rng(3)
    bounds = np.array([5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 1e-1, np.inf])
    share = np.diff(np.concatenate(([0.0], _normal_share(np.log(bounds / 4e-4) / 0.9))))
    labels, lines = [], []
    for number in range(histograms):
        own = {"strategy": f"mm_{number % 40:03d}", "venue": f"venue-{number // 40}"}
        labels += [
            named("latency_seconds_bucket", le=format_float(le), **own) for le in bounds.tolist()
        ]
        labels += [named("latency_seconds_sum", **own), named("latency_seconds_count", **own)]
        events = rng.poisson(rng.gamma(2.0, 8.0) * share, (points, len(bounds)))
        counts = events.cumsum(axis=0).cumsum(axis=1)
        spent = (events * rng.gamma(4.0, 1e-4, events.shape)).sum(axis=1).cumsum()
        lines += [*counts.T, np.round(spent, 9), counts[:, -1]]
    return Sheet(labels, _times(points, interval_ms), np.array(lines, dtype=np.float64))


def _normal_share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # The logistic curve stands for the normal one; it needs no further library.
    return np.asarray(1 / (1 + np.exp(-1.702 * values)))


def _times(points: int, interval_ms: int) -> NDArray[np.int64]:
    return BASE_MS + np.arange(points) * interval_ms


# How it gets in.


def store(folder: Path, sheets: Sequence[Sheet]) -> None:
    """Bring sheets into our data directory by lanes, and leave sealed blocks."""
    clock = ManualClock(BASE_MS * 1_000_000)
    settings = StorageSettings(
        block_span=10_000, commit_interval=10_000, downsample_5m_after=0, downsample_1h_after=0
    )
    with DataDirectory.open(folder, now_ns=clock.now_ns(), writer="bench") as directory:
        database = Database(directory.folder("metrics"), settings, clock)
        for sheet in sheets:
            _store_rows(database, sheet)
        database.seal()
        Compactor(database).run_all()
        assert not database.head.segments, "something is not in a block"
        database.close()


def _store_rows(database: Database, sheet: Sheet) -> None:
    lane = database.lane("bench")
    lane.extend(sheet.labels)
    for at_ms, values in zip(
        sheet.times_ms.tolist(), np.ascontiguousarray(sheet.values.T), strict=True
    ):
        lane.append(Row(at_ms, values))
        if database.needs_seal():
            database.seal()
    lane.close()


def load_prometheus(folder: Path, sheets: Sequence[Sheet]) -> None:
    """Make a Prometheus' blocks in ``folder/data``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "data.om").open("w", encoding="utf-8") as text:
        for sheet in sheets:
            text.writelines(_openmetrics(sheet))
        text.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "data.om", "data"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "data.om").unlink()


def _openmetrics(sheet: Sheet) -> Iterator[str]:
    moments = [f"{at_ms / 1000:.3f}\n" for at_ms in sheet.times_ms.tolist()]
    for labels, line in zip(sheet.labels, sheet.values, strict=True):
        # 2.42 takes no blank between labels.
        head = str(labels).replace('", ', '",')
        values = line.tolist()
        yield "".join([f"{head} {v!r} {at}" for v, at in zip(values, moments, strict=True)])


def load_victoria(server: Server, sheets: Sequence[Sheet]) -> None:
    """Import sheets into a running VictoriaMetrics, and wait until they can be asked for."""
    for sheet in sheets:
        times = sheet.times_ms.tolist()
        for labels, line in zip(sheet.labels, sheet.values, strict=True):
            told = {"metric": dict(labels), "values": line.tolist(), "timestamps": times}
            server.ask("/api/v1/import", orjson.dumps(told))
    server.ask("/internal/force_flush")


def kept(name: str, key: dict[str, object], make: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of the cache, made anew unless it was made from the same key."""
    folder, told = CACHE / name, json.dumps(key, sort_keys=True)
    note = folder / "made_from.json"
    if not note.exists() or note.read_text(encoding="utf-8") != told:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        note.write_text(told, encoding="utf-8")
    return folder


def kept_prometheus(name: str, key: dict[str, object], sheets: Sequence[Sheet], into: Path) -> None:
    """Give ``into`` a copy of a Prometheus' folder that holds the sheets."""
    made = kept(f"{name}-{PROMETHEUS}", key, lambda folder: load_prometheus(folder, sheets))
    shutil.copytree(made, into, dirs_exist_ok=True)


def kept_victoria(name: str, key: dict[str, object], sheets: Sequence[Sheet], into: Path) -> None:
    """The same for a VictoriaMetrics."""

    def make(folder: Path) -> None:
        server = victoria(folder)
        with running(server):
            load_victoria(server, sheets)

    made = kept(f"{name}-{VICTORIA}", key, make)
    shutil.copytree(made, into, dirs_exist_ok=True)
