"""Memory of a server that holds 200,000 active series, scraped every second."""

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.harness import Outcome, Row, Scale, version_of
from bench.scrape import check, scrapers
from bench.servers import OURS, PROMETHEUS, VICTORIA, Server
from bench.targets import serving

QUESTION = "How much memory does an active series take, at 200,000 of them and a sample a second?"
MUST_BYTES = 1_000.0


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    targets: int
    series: int
    seconds: float
    readings: int


FULL = Size(targets=4, series=50_000, seconds=200, readings=20)
TINY = Size(targets=2, series=200, seconds=1, readings=2)


def run(scale: Scale) -> Outcome:
    """Scrape for a while; the median of the last readings counts, the highest is told."""
    size = FULL if scale is Scale.FULL else TINY
    with tempfile.TemporaryDirectory() as folder, serving(size.targets, size.series) as targets:
        all_servers = scrapers(Path(folder), targets, scale)
        with servers.running(*all_servers):
            empty = {server.name: server.memory_bytes() for server in all_servers}
            time.sleep(size.seconds * 0.9)
            readings = read(all_servers, size)
            for server in all_servers:
                check(server, targets)
    series = size.targets * size.series
    told = {name: statistics.median(each) / series for name, each in readings.items()}
    mine = readings[OURS]
    rows = [
        Row(
            f"resident memory of a series after {size.seconds:.0f} s",
            told[OURS],
            "B",
            told.get(PROMETHEUS),
            MUST_BYTES if scale is Scale.FULL else None,
            spread=(min(mine) / series, max(mine) / series),
            others={"VictoriaMetrics": told[VICTORIA]} if VICTORIA in told else {},
        )
    ]
    notes = [
        "before the first scrape: "
        + ", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in empty.items())
    ]
    return Outcome(
        rows, notes + ([version_of(PROMETHEUS)] if PROMETHEUS in told else []), "Prometheus"
    )


def read(all_servers: list[Server], size: Size) -> dict[str, list[int]]:
    """Read the memory of every server now and then during the last tenth of the run."""
    readings: dict[str, list[int]] = {server.name: [] for server in all_servers}
    for _ in range(size.readings):
        time.sleep(size.seconds * 0.1 / size.readings)
        for server in all_servers:
            readings[server.name].append(server.memory_bytes())
    return readings
