"""
From a fault to the page.

A value goes bad at a random time. It is pushed every 100 ms, or scraped every second; a rule judges
it, and a webhook is told. What counts is the time from the fault to the webhook's request.
"""

import contextlib
import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cramjam
import numpy as np

from bench import servers
from bench.harness import Outcome, Row, Scale, installed, version_of
from bench.remote_write import HEADERS
from bench.servers import PROMETHEUS, Server
from bench.startup import free_port
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample
from tapewatch.wire.remote_write.encode import encode_1

QUESTION = "How long from a fault until a webhook is told of it?"
PUSHED, SCRAPED = "fault_pushed", "fault_scraped"
PUSHED_P50_MS, PUSHED_P99_MS, SCRAPED_P99_MS = 150.0, 400.0, 1_200.0
PUSH_SECONDS = 0.1
PATIENCE_SECONDS = 15.0
ALERTMANAGER = "prometheus-alertmanager"


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    faults: int
    gap_seconds: float
    """The mean time between two faults."""


FULL = Size(160, 0.2)
TINY = Size(3, 0.05)


@dataclass
class Faults:
    """What went bad when, and when the webhook heard of it, by the fault's name."""

    began: dict[str, float] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    complete: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    def hear(self, body: Mapping[str, Any]) -> None:
        """Note what a webhook was told."""
        now = time.time()
        for alert in body["alerts"]:
            self.told.setdefault(alert["labels"]["n"], now)
        if len(self.told) >= self.count:
            self.complete.set()

    def lines(self) -> str:
        """Show the state of every fault as an exposition."""
        return "".join(f'{SCRAPED}{{n="{n}"}} {int(n in self.began)}\n' for n in self.names)

    @property
    def names(self) -> Sequence[str]:
        """The names of all faults."""
        return [str(number) for number in range(self.count)]

    def delays_ms(self) -> np.ndarray:
        """Return the delay of every fault."""
        assert self.told.keys() == self.began.keys(), "not every fault was told"
        return np.array([(self.told[n] - at) * 1000 for n, at in self.began.items()])


def run(scale: Scale) -> Outcome:
    """Time pushed and scraped faults, and scraped ones with the peers."""
    size = FULL if scale is Scale.FULL else TINY
    with tempfile.TemporaryDirectory() as folder:
        pushed = time_ours(Path(folder) / "pushed", size, push=True)
        scraped = time_ours(Path(folder) / "scraped", size, push=False)
        peer = None
        if scale is Scale.FULL and servers.has(PROMETHEUS) and installed(ALERTMANAGER):
            peer = time_peers(Path(folder) / "peer", size)
    beside = (None, None) if peer is None else tuple(np.percentile(peer, [50, 99]).tolist())
    rows = [
        *_rows("pushed every 100 ms", pushed, (None, None), (PUSHED_P50_MS, PUSHED_P99_MS)),
        *_rows("scraped every 1 s", scraped, beside, (None, SCRAPED_P99_MS)),
    ]
    notes = [version_of(PROMETHEUS), version_of(ALERTMANAGER)] if peer is not None else []
    return Outcome(rows, notes, peer="Prometheus and Alertmanager at 1 s")


def _rows(
    name: str,
    delays_ms: np.ndarray,
    peer: Sequence[float | None],
    must: Sequence[float | None],
) -> Iterator[Row]:
    for place, percent in enumerate((50, 99)):
        value = float(np.percentile(delays_ms, percent))
        yield Row(f"{name}, p{percent}", value, "ms", peer[place], must[place])


def time_ours(folder: Path, size: Size, *, push: bool) -> np.ndarray:
    """Time our server."""
    with watching(size) as (faults, target, hook):
        folder.mkdir(parents=True)
        (folder / "rules.yml").write_text(json.dumps(rules("1s")), encoding="utf-8")
        receiver = {"name": "hook", "webhook_configs": [{"url": f"http://{hook}/"}]}
        route = {"receiver": "hook", "group_by": ["n"], "group_wait": "0s"}
        jobs = [] if push else [job(target)]
        server = servers.ours(
            folder,
            {"scrape_configs": jobs},
            watch={"rule_files": [str(folder / "rules.yml")]},
            alerting={"route": route, "receivers": [receiver]},
        )
        with servers.running(server):
            return inject(faults, size, server if push else None)


def time_peers(folder: Path, size: Size) -> np.ndarray:
    """Time Prometheus with Alertmanager, both as fast as their settings allow in earnest."""
    with watching(size) as (faults, target, hook):
        folder.mkdir(parents=True)
        receiver = {"name": "hook", "webhook_configs": [{"url": f"http://{hook}/"}]}
        route = {"receiver": "hook", "group_by": ["n"], "group_wait": "0s", "group_interval": "1s"}
        manager_port = free_port()
        files = {
            "am.yml": {"route": route, "receivers": [receiver]},
            "rules.yml": rules("1s"),
            "p.yml": {
                "global": {"evaluation_interval": "1s"},
                "scrape_configs": [job(target)],
                "rule_files": [str(folder / "rules.yml")],
                "alerting": {
                    "alertmanagers": [
                        {"static_configs": [{"targets": [f"127.0.0.1:{manager_port}"]}]}
                    ]
                },
            },
        }
        for name, content in files.items():
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
        flags = [f"--config.file={folder}/am.yml", f"--storage.path={folder}/am"]
        flags += [f"--web.listen-address=127.0.0.1:{manager_port}", "--cluster.listen-address="]
        manager = Server(ALERTMANAGER, [ALERTMANAGER, *flags], manager_port, folder)
        with servers.running(manager, servers.prometheus(folder, folder / "p.yml")):
            return inject(faults, size, None)


def rules(interval: str) -> dict[str, Any]:
    """Write the rule for each way that a value comes by."""
    alerts = [{"alert": name, "expr": f"{name} > 0"} for name in (PUSHED, SCRAPED)]
    return {
        "groups": [
            {"name": name["alert"], "interval": interval, "rules": [name]} for name in alerts
        ]
    }


def job(target: str) -> dict[str, Any]:
    """Write the job that scrapes the faults."""
    settings = {"job_name": "faults", "scrape_interval": "1s", "scrape_timeout": "1s"}
    return {**settings, "static_configs": [{"targets": [target]}]}


def inject(faults: Faults, size: Size, pushed_to: Server | None) -> np.ndarray:
    """Let things go bad at random times, and wait until everything was told."""
    random_source = random.Random(7)
    begin = time.time() + 2.5
    times = np.cumsum([random_source.expovariate(1 / size.gap_seconds) for _ in faults.names])
    schedule = dict(zip(faults.names, (begin + times).tolist(), strict=True))
    end = begin + float(times[-1]) + PATIENCE_SECONDS
    while time.time() < end and not faults.complete.is_set():
        now = time.time()
        faults.began.update({n: at for n, at in schedule.items() if at <= now})
        if pushed_to is not None:
            push(pushed_to, faults)
        # Pushes keep their rhythm; a scraped target only has to show what is so.
        faults.complete.wait(PUSH_SECONDS if pushed_to is not None else 0.005)
    return faults.delays_ms()


def push(server: Server, faults: Faults) -> None:
    """Push the state of every fault."""
    at_ms = int(time.time() * 1000)
    samples = [
        Sample(Labels.of(__name__=PUSHED, n=n), float(n in faults.began), at_ms)
        for n in faults.names
    ]
    body = bytes(cramjam.snappy.compress_raw(encode_1(samples)))
    server.ask("/api/v1/write", body, headers=HEADERS)


@contextlib.contextmanager
def watching(size: Size) -> Iterator[tuple[Faults, str, str]]:
    """Serve a target that shows the faults and a webhook that hears of them."""
    faults = Faults(count=size.faults)
    port = _Port(("127.0.0.1", 0), _handler(faults))
    thread = threading.Thread(target=port.serve_forever, args=(0.01,))
    thread.start()
    try:
        address = f"127.0.0.1:{port.server_port}"
        yield faults, address, address
    finally:
        port.shutdown()
        thread.join()
        port.server_close()


class _Port(ThreadingHTTPServer):
    request_queue_size = 128
    """Where only five connections wait, the sixth at one moment comes a second later."""


def _handler(faults: Faults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(faults.lines().encode())

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            faults.hear(json.loads(self.rfile.read(length)))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
