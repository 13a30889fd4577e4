"""Samples that a server takes in by remote write 1.0 for a second of its processor time."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cramjam

from bench import servers
from bench.harness import Outcome, Row, Scale, version_of
from bench.servers import OURS, PROMETHEUS, VICTORIA, Server
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample
from tapewatch.wire.remote_write.encode import encode_1

QUESTION = "How many samples of 100,000 series does remote write take per CPU-second?"
TIMES_PROMETHEUS = 4.0
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
NAMES = ("orders_sent_total", "orders_filled_total", "market_data_messages_total", "quote_price")


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    series: int
    samples: int
    """Samples of a request."""
    rounds: int
    warm_ups: int = 2


FULL = Size(series=100_000, samples=2_000, rounds=24)
TINY = Size(series=200, samples=100, rounds=2)


def run(scale: Scale) -> Outcome:
    """Send the same rounds, a sample of every series each, to every server in turn."""
    size = FULL if scale is Scale.FULL else TINY
    series = [labels_of(number) for number in range(size.series)]
    with tempfile.TemporaryDirectory() as folder:
        asked = built(Path(folder), scale)
        with servers.running(*asked):
            rates, end_seconds = send_rounds(asked, series, size)
            for server in asked:
                check(server, size, end_seconds)
    told = {name: statistics.median(each) for name, each in rates.items()}
    peer = told.get(PROMETHEUS)
    row = Row(
        f"samples per CPU-second, {size.samples} a request",
        told[OURS],
        "1/s",
        peer,
        TIMES_PROMETHEUS * peer if peer else None,
        larger_is_better=True,
        spread=(min(rates[OURS]), max(rates[OURS])),
        others={"VictoriaMetrics": told[VICTORIA]} if VICTORIA in told else {},
    )
    return Outcome([row], [version_of(PROMETHEUS)] if peer else [], peer="Prometheus")


def built(folder: Path, scale: Scale) -> list[Server]:
    """Build every server that is installed."""
    made = [servers.ours(folder / OURS)]
    if scale is Scale.FULL and servers.has(PROMETHEUS):
        made.append(servers.prometheus(folder / PROMETHEUS))
    if scale is Scale.FULL and servers.has(VICTORIA):
        made.append(servers.victoria(folder / VICTORIA))
    return made


def labels_of(number: int) -> Labels:
    """Name a series by eight labels."""
    return Labels.of(
        __name__=NAMES[number % 4],
        job="trading",
        instance=f"10.0.{number // 1000 % 250}.{number % 250}:9100",
        strategy=f"mm_{number // 400:04d}",
        symbol=f"S{number // 4 % 100:03d}USDT",
        venue=("binance", "bybit", "lmax", "nasdaq", "cme")[number % 5],
        side=("buy", "sell")[number // 4 % 2],
        region="eu-west-1",
    )


def send_rounds(
    asked: Sequence[Server], series: Sequence[Labels], size: Size
) -> tuple[dict[str, list[float]], float]:
    """Send every round to every server; returns samples per CPU-second, and the last time."""
    rates: dict[str, list[float]] = {server.name: [] for server in asked}
    begin_ms = int(time.time() * 1000) - (size.warm_ups + size.rounds) * 1000
    # The clock of /proc ticks a hundred times a second: two rounds are one reading.
    for turn in range(0, size.warm_ups + size.rounds, 2):
        moments = [begin_ms + (turn + each) * 1000 for each in range(2)]
        bodies = [body for at_ms in moments for body in bodies_of(series, at_ms, size)]
        for server in asked:
            used = server.cpu_seconds()
            for body in bodies:
                server.ask("/api/v1/write", body, headers=HEADERS)
            time.sleep(0.05)  # What a server does after its answer counts too.
            if turn >= size.warm_ups:
                spent = max(server.cpu_seconds() - used, 0.01)
                rates[server.name].append(2 * len(series) / spent)
    return rates, moments[-1] / 1000


def bodies_of(series: Sequence[Labels], at_ms: int, size: Size) -> list[bytes]:
    """Write the requests of one round."""
    value = at_ms % 1_000_000_000 / 1000
    samples = [Sample(labels, value + i, at_ms) for i, labels in enumerate(series)]
    parts = [samples[i : i + size.samples] for i in range(0, len(samples), size.samples)]
    return [bytes(cramjam.snappy.compress_raw(encode_1(part))) for part in parts]


def check(server: Server, size: Size, end_seconds: float) -> None:
    """Count what has arrived, and look at the sum of the last round."""
    if server.name == VICTORIA:
        server.ask("/internal/force_flush")
    rounds, each = size.warm_ups + size.rounds, size.series // len(NAMES)
    for place, name in enumerate(NAMES):
        whole = server.number(f"sum(count_over_time({name}[1h]))", end_seconds)
        assert whole == rounds * each, f"{server.name} has {whole} samples of {name}"
        value = end_seconds * 1000 % 1_000_000_000 / 1000
        expected = each * value + sum(range(place, size.series, len(NAMES)))
        found = server.number(f"sum({name})", end_seconds)
        assert abs(found / expected - 1) < 1e-9, f"{server.name}: the sum of {name} is {found}"
