"""CPU per scraped sample: the same targets, scraped by each server at the same time."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import servers
from bench.harness import Outcome, Row, Scale, version_of
from bench.servers import OURS, PROMETHEUS, VICTORIA, Server
from bench.targets import CHECK, Targets, serving

QUESTION = "What CPU does a scraped sample cost, with log and commit, at 200,000 samples/s?"
SHARE = 0.2
"""Of what Prometheus needs."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    targets: int
    series: int
    warm_up_seconds: float
    windows: int
    window_seconds: float


FULL = Size(targets=4, series=50_000, warm_up_seconds=15, windows=9, window_seconds=10)
TINY = Size(targets=2, series=200, warm_up_seconds=0.5, windows=2, window_seconds=0.5)


@dataclass
class Meter:
    """CPU and samples of one server, read now and then."""

    server: Server
    targets: Targets
    cpu_seconds: list[float] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)

    def read(self) -> None:
        """Note where the server stands."""
        self.cpu_seconds.append(self.server.cpu_seconds())
        self.samples.append(len(self.targets.served(self.server.name)) * self.targets.series)

    @property
    def cost(self) -> float:
        """CPU seconds of a sample from the first reading to the last."""
        samples = self.samples[-1] - self.samples[0]
        assert samples, f"{self.server.name} scraped nothing"
        return (self.cpu_seconds[-1] - self.cpu_seconds[0]) / samples

    @property
    def costs(self) -> list[float]:
        """The same between neighbouring readings."""
        pairs = zip(self.samples, self.samples[1:], strict=False)
        times = zip(self.cpu_seconds, self.cpu_seconds[1:], strict=False)
        return [
            (after - before) / (count - former)
            for (before, after), (former, count) in zip(times, pairs, strict=True)
            if count > former
        ]


def run(scale: Scale) -> Outcome:
    """Let every server scrape the same targets for a while."""
    size = FULL if scale is Scale.FULL else TINY
    with tempfile.TemporaryDirectory() as folder, serving(size.targets, size.series) as targets:
        all_servers = scrapers(Path(folder), targets, scale)
        with servers.running(*all_servers):
            meters = measure(all_servers, targets, size)
            for server in all_servers:
                check(server, targets)
    return Outcome(rows(meters), notes(meters), peer="Prometheus")


def scrapers(folder: Path, targets: Targets, scale: Scale) -> list[Server]:
    """Build every server that is installed, each with a job for the targets."""
    interval = "1s" if scale is Scale.FULL else "200ms"
    config = {
        name: targets.config(folder / name / "prometheus.yml", name, interval)
        for name in (OURS, PROMETHEUS, VICTORIA)
    }
    built = [servers.ours(folder / OURS, {"config_file": str(config[OURS])})]
    if scale is Scale.FULL and servers.has(PROMETHEUS):
        built.append(servers.prometheus(folder / PROMETHEUS, config[PROMETHEUS]))
    if scale is Scale.FULL and servers.has(VICTORIA):
        built.append(servers.victoria(folder / VICTORIA, config[VICTORIA]))
    return built


def measure(all_servers: Sequence[Server], targets: Targets, size: Size) -> list[Meter]:
    """Read every meter at the ends of equal windows."""
    meters = [Meter(server, targets) for server in all_servers]
    time.sleep(size.warm_up_seconds)
    for window in range(size.windows + 1):
        time.sleep(size.window_seconds if window else 0)
        for meter in meters:
            meter.read()
    return meters


def check(server: Server, targets: Targets) -> None:
    """Compare what is stored with what the targets say of themselves."""
    # VictoriaMetrics shows a scrape bit by bit, and whole after some seconds.
    at = time.time() - (5 if server.name == VICTORIA else 0.3)
    facts = {
        "targets that are up": 'up{job="bench"} == 1',
        "whole scrapes": f"scrape_samples_scraped == {targets.series}",
        "sums as served": f"sum by (instance) (orders_sent_total) == on (instance) {CHECK}",
    }
    for name, expression in facts.items():
        found = server.number(f"count({expression})", at)
        told = f"{server.name}: {name}: {found:.0f} of {len(targets.ports)}"
        assert found == len(targets.ports), f"{told}; the end of its log: {server.log_end()}"


def rows(meters: Sequence[Meter]) -> list[Row]:
    """Write the figures beside Prometheus'."""
    by_name = {meter.server.name: meter for meter in meters}
    mine, peer, other = by_name[OURS], by_name.get(PROMETHEUS), by_name.get(VICTORIA)
    beside = peer.cost * 1e6 if peer else None
    others = {"VictoriaMetrics": other.cost * 1e6} if other else {}
    spread = min(mine.costs) * 1e6, max(mine.costs) * 1e6
    must = beside * SHARE if beside else None
    return [
        Row("CPU of a sample", mine.cost * 1e6, "us", beside, must, spread=spread, others=others)
    ]


def notes(meters: Sequence[Meter]) -> list[str]:
    """Say what the figures are made of."""
    mine = meters[0]
    told = [
        f"{mine.samples[-1] - mine.samples[0]:,} samples; all servers scrape the same targets at "
        f"the same time; medians of the windows: "
        + ", ".join(f"{m.server.name} {statistics.median(m.costs) * 1e6:.3f} us" for m in meters)
    ]
    return told + [version_of(m.server.name) for m in meters[1:] if m.server.name == PROMETHEUS]
