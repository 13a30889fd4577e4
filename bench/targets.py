"""
Targets to scrape: one process that serves many ports, and remembers what it served.

Every body is made anew, as an exporter's is: counters grow, prices walk, histograms fill, and no
body comes twice. Making one costs 10 ms for 50,000 series, in this process and not in the server
that is measured. Each server that scrapes names itself (``?for=NAME``) and is served its own
sequence, the same for all. ``python -m bench.targets TARGETS SERIES`` runs it.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTERS = ("orders_sent_total", "orders_filled_total", "market_data_messages_total")
GAUGES = ("position_quantity", "quote_price")
HISTOGRAM = "order_latency_seconds"
BOUNDS = ("5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.1")
BUCKETS = (*BOUNDS, "+Inf")
CHECK = "bench_orders_sent_sum"
"""A series that holds the sum of all ``orders_sent_total`` of the same body."""
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "EURUSD", "USDJPY", "AAPL", "MSFT", "ESZ6")
VENUES = ("binance", "bybit", "lmax", "nasdaq", "cme")


def labels_of(number: int) -> str:
    """Write the labels of one instrument of one strategy, as a desk has them."""
    symbol, venue = SYMBOLS[number % 8], VENUES[number // 8 % 5]
    side, strategy = ("buy", "sell")[number // 40 % 2], number // 80
    return f'strategy="mm_{strategy:04d}",symbol="{symbol}",venue="{venue}",side="{side}"'


class Exposition:
    """
    The series of one target.

    A quarter each of order counters, message counters, gauges, and series of histograms.
    """

    def __init__(self, series: int) -> None:
        # An instrument has 3 counters and 2 gauges; every third has a histogram of 12 series too.
        parts = [self._instrument(number) for number in range(series // 9 + 1)]
        lines = [line for part in parts for line in part][: series - 1]
        self.series = len(lines) + 1
        self.names = [line.partition("{")[0] for line in lines]
        self.template = b"".join(
            f"{line} {'%.2f' if name == 'quote_price' else '%.9g'}\n".encode()
            for line, name in zip(lines, self.names, strict=True)
        )
        self.template += CHECK.encode() + b" %d\n"

    @staticmethod
    def _instrument(number: int) -> list[str]:
        labels = labels_of(number)
        lines = [f"{name}{{{labels}}}" for name in (*COUNTERS, *GAUGES)]
        if number % 3 == 0:
            lines += [f'{HISTOGRAM}_bucket{{{labels},le="{bound}"}}' for bound in BUCKETS]
            lines += [f"{HISTOGRAM}_sum{{{labels}}}", f"{HISTOGRAM}_count{{{labels}}}"]
        return lines


class Bodies:
    """The bodies that one server gets from one target, one after the other."""

    def __init__(self, exposition: Exposition, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._template = exposition.template
        names = np.array(exposition.names)
        count = len(names)
        self._orders = names == "orders_sent_total"
        self._gauges = np.isin(names, GAUGES)
        # Half of what counts is busy; the others move once in a while.
        self._busy = np.where(self._rng.random(count) < 0.5, 6.0, 0.05)
        buckets = np.flatnonzero(names == f"{HISTOGRAM}_bucket")
        whole = len(buckets) // len(BUCKETS) * len(BUCKETS)
        self._buckets = buckets[:whole].reshape(-1, len(BUCKETS))
        self._values = self._cumulative(np.floor(10 ** self._rng.uniform(0, 6, count)))

    def next_body(self) -> bytes:
        """Move every value on, and write them."""
        moved = self._cumulative(self._rng.poisson(self._busy).astype(np.float64))
        walk = np.round(self._rng.normal(0, 0.05, len(moved)), 2)
        self._values += np.where(self._gauges, walk, moved)
        return self._template % (*self._values.tolist(), float(self._values[self._orders].sum()))

    def _cumulative(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        values[self._buckets] = values[self._buckets].cumsum(axis=1)
        return values


@dataclass(frozen=True, slots=True)
class Served:
    """One scrape that was answered: who asked, which target, how many before, when it was done."""

    reader: str
    target: int
    number: int
    at_seconds: float


class Floor:
    """All targets of the process."""

    def __init__(self, exposition: Exposition) -> None:
        self.exposition = exposition
        self.served: list[Served] = []
        self._lock = threading.Lock()
        self._sequences: dict[tuple[str, int], Bodies] = {}
        self._counts: dict[tuple[str, int], int] = {}

    def body(self, reader: str, target: int) -> bytes:
        """Make the next body for a reader."""
        with self._lock:
            key = reader, target
            if key not in self._sequences:
                self._sequences[key] = Bodies(self.exposition, seed=target)
            return self._sequences[key].next_body()

    def note(self, reader: str, target: int) -> None:
        """Remember that a body has gone out whole."""
        with self._lock:
            number = self._counts.get((reader, target), 0)
            self._counts[reader, target] = number + 1
            self.served.append(Served(reader, target, number, time.time()))


def handler_of(floor: Floor, target: int) -> type[BaseHTTPRequestHandler]:
    """Build the handler of one port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urllib.parse.urlsplit(self.path)
            if address.path == "/served":
                told = [[s.reader, s.target, s.number, s.at_seconds] for s in floor.served]
                self._send("application/json", json.dumps(told).encode())
                return
            (reader,) = urllib.parse.parse_qs(address.query).get("for", ["someone"])
            self._send(CONTENT_TYPE, floor.body(reader, target))
            floor.note(reader, target)

        def _send(self, content_type: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class Port(ThreadingHTTPServer):
    """One port; a server that is stopped in the middle of a scrape is nothing to report."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main(targets: int, series: int) -> None:
    """Serve until the input ends; the first line written names the ports."""
    floor = Floor(Exposition(series))
    servers = [Port(("127.0.0.1", 0), handler_of(floor, target)) for target in range(targets)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = [server.server_port for server in servers]
    print(json.dumps({"ports": ports, "series": floor.exposition.series}), flush=True)
    sys.stdin.read()


class Targets:
    """The process, from outside."""

    def __init__(self, ports: Sequence[int], series: int) -> None:
        self.ports = ports
        self.series = series
        """Series of one target, without those that a scraper adds."""

    def served(self, reader: str) -> list[Served]:
        """Return what one server was served so far."""
        address = f"http://127.0.0.1:{self.ports[0]}/served"
        with urllib.request.urlopen(address, timeout=30) as told:
            everything = [Served(*each) for each in json.load(told)]
        return [each for each in everything if each.reader == reader]

    def config(self, path: Path, reader: str, interval: str = "1s") -> Path:
        """Write the ``prometheus.yml`` of a server that scrapes all targets."""
        job: dict[str, Any] = {"job_name": "bench", "params": {"for": [reader]}}
        addresses = [f"127.0.0.1:{port}" for port in self.ports]
        job["static_configs"] = [{"targets": addresses}]
        scraping = {"scrape_interval": interval, "scrape_timeout": interval}
        text = json.dumps({"global": scraping, "scrape_configs": [job]})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@contextlib.contextmanager
def serving(targets: int, series: int) -> Iterator[Targets]:
    """Run the process for as long as the block lasts."""
    command = [sys.executable, "-m", "bench.targets", str(targets), str(series)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            yield Targets(told["ports"], told["series"])
        finally:
            process.stdin.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
