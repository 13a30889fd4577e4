"""Alerts that a server takes in a second, and how long until 20,000 groups are told."""

import asyncio
import contextlib
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.harness import Outcome, Row, Scale, installed, version_of
from bench.servers import OURS, Server
from bench.startup import free_port

QUESTION = "How fast are alerts taken over the API, grouped, and delivered to a webhook?"
PEER = "prometheus-alertmanager"
ALERTS_PER_SECOND = 20_000.0
DELIVERED_SECONDS = 10.0
STORM_MEMORY_MIB = 600.0
PUT_OFF_SECONDS = 1.5
GROUP_INTERVAL = "20s"
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SLOW = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
CLIENTS = 4
BATCH = 64


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    alerts: int
    groups: int
    storm: int
    rounds: int


FULL = Size(alerts=20_000, groups=20_000, storm=50_000, rounds=3)
TINY = Size(alerts=256, groups=64, storm=256, rounds=1)


class Sink(asyncio.Protocol):
    """Takes every webhook and counts, with as little work as can be."""

    def __init__(self, counter: "Hook") -> None:
        self._counter = counter
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._data += data
        while True:
            head, mark, rest = self._data.partition(b"\r\n\r\n")
            if not mark:
                return
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self._data = rest[length:]
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(self._counter.answer())


class Hook:
    """A webhook on a thread of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.count = 0
        self.last_seconds = self.refused_seconds = 0.0
        self.refusals = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def answer(self) -> bytes:
        """Take a message, or put it off as long as refusals are wanted."""
        if self.refusals:
            self.refusals -= 1
            self.refused_seconds = time.perf_counter()
            return SLOW
        self.count += 1
        self.last_seconds = time.perf_counter()
        return TAKEN

    def wait_for(self, count: int, seconds: float) -> float:
        """Wait until so many messages have come; returns when the last one came."""
        deadline = time.perf_counter() + seconds
        while self.count < count:
            if time.perf_counter() > deadline:
                raise AssertionError(f"{self.count} of {count} messages came in {seconds} s")
            time.sleep(0.01)
        return self.last_seconds

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        coroutine = self._loop.create_server(lambda: Sink(self), "127.0.0.1", self.port)
        server = self._loop.run_until_complete(coroutine)
        self._loop.run_forever()
        server.close()
        self._loop.close()


def run(scale: Scale) -> Outcome:
    """Take alerts, deliver groups, and bear a storm; the first two beside the peer."""
    size = FULL if scale is Scale.FULL else TINY
    rates: dict[str, list[float]] = {}
    delivered: dict[str, float] = {}
    put_off: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Hook()) as hook:
        for name in peers(scale):
            for turn in range(size.rounds):
                with started(Path(folder) / f"{name}-{turn}", name, "nobody", hook) as server:
                    rates.setdefault(name, []).append(take(server, size.alerts))
            with started(Path(folder) / f"{name}-groups", name, "hook", hook) as server:
                delivered[name] = deliver(server, hook, size.groups)
            with started(Path(folder) / f"{name}-slow", name, "hook", hook) as server:
                put_off[name] = put_off_once(server, hook)
        with started(Path(folder) / "storm", OURS, "hook", hook, grouped=True) as server:
            memory_mib = storm(server, hook, size.storm)
    return Outcome(
        rows_of(rates, delivered, put_off, memory_mib), notes_of(size), peer="Alertmanager"
    )


def peers(scale: Scale) -> list[str]:
    """Name the servers to measure."""
    return [OURS, PEER] if scale is Scale.FULL and installed(PEER) else [OURS]


def rows_of(
    rates: dict[str, list[float]],
    delivered: dict[str, float],
    put_off: dict[str, float],
    memory_mib: float,
) -> list[Row]:
    """Write the figures."""
    told = {name: statistics.median(each) for name, each in rates.items()}
    return [
        Row(
            f"POST /api/v2/alerts, {BATCH} a request",
            told[OURS],
            "alerts/s",
            told.get(PEER),
            ALERTS_PER_SECOND,
            larger_is_better=True,
            spread=(min(rates[OURS]), max(rates[OURS])),
        ),
        Row(
            "separate groups, first alert to last webhook",
            delivered[OURS],
            "s",
            delivered.get(PEER),
            DELIVERED_SECONDS,
        ),
        Row(
            "429 with Retry-After: 1, until it is delivered",
            put_off[OURS],
            "s",
            put_off.get(PEER),
            PUT_OFF_SECONDS,
        ),
        Row("memory after a storm", memory_mib, "MiB", must=STORM_MEMORY_MIB),
    ]


def notes_of(size: Size) -> list[str]:
    """Say what the figures are of."""
    told = [f"{size.alerts} alerts, {size.groups} groups, a storm of {size.storm} alerts"]
    told.append("ours answers when the alerts are on disk, the peer when they are in memory")
    return [*told, version_of(PEER)] if installed(PEER) else told


@contextlib.contextmanager
def started(
    folder: Path, name: str, receiver: str, hook: Hook, *, grouped: bool = False
) -> Iterator[Server]:
    """Run one server with the same routing."""
    config = {
        "route": {
            "receiver": receiver,
            "group_by": ["alertname"] if grouped else ["..."],
            "group_wait": "1s",
            "group_interval": GROUP_INTERVAL,
        },
        "receivers": [
            {"name": "nobody"},
            {
                "name": "hook",
                "webhook_configs": [
                    {"url": f"http://127.0.0.1:{hook.port}/"}
                    | ({"tapewatch": {"per_second": 100000, "burst": 1000}} if name == OURS else {})
                ],
            },
        ],
    }
    hook.count = 0
    folder.mkdir(parents=True)
    server = servers.ours(folder, alerting=config) if name == OURS else peer(folder, config)
    try:
        yield server.start()
    finally:
        server.stop()


def peer(folder: Path, config: dict[str, object]) -> Server:
    """Build Debian's Alertmanager."""
    port = free_port()
    (folder / "am.yml").write_text(json.dumps(config), encoding="utf-8")
    flags = [
        f"--config.file={folder}/am.yml",
        f"--storage.path={folder}/data",
        "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    return Server(PEER, [PEER, *flags], port, folder)


def bodies(count: int) -> list[bytes]:
    """Write the requests."""
    alerts = [
        {
            "labels": {
                "alertname": f"FeedStale{number % 7}",
                "venue": f"V{number % 50}",
                "symbol": f"S{number}",
                "severity": "critical" if number % 100 == 0 else "warning",
            },
            "annotations": {"summary": f"no ticks of S{number} for 5 s"},
            "generatorURL": "http://127.0.0.1:7600/graph",
        }
        for number in range(count)
    ]
    return [json.dumps(alerts[at : at + BATCH]).encode() for at in range(0, count, BATCH)]


def post_all(port: int, requests: Sequence[bytes]) -> float:
    """Send requests over several connections; returns the seconds it took."""

    def send(part: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body in part:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v2/alerts", body, headers)
            answer = connection.getresponse()
            told = answer.read()
            assert answer.status == 200, told[:300]
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send, [requests[n::CLIENTS] for n in range(CLIENTS)]))
    return time.perf_counter() - began


def take(server: Server, count: int) -> float:
    """Post alerts; returns how many were taken in a second."""
    seconds = post_all(server.port, bodies(count))
    found = json.loads(server.ask("/api/v2/alerts"))
    assert len(found) == count, f"{server.name} has {len(found)} of {count} alerts"
    return count / seconds


def deliver(server: Server, hook: Hook, count: int) -> float:
    """Post alerts of so many groups; returns the seconds until the last one was told."""
    began = time.perf_counter()
    post_all(server.port, bodies(count))
    return hook.wait_for(count, 120) - began


def put_off_once(server: Server, hook: Hook) -> float:
    """Answer the first message with 429; returns the seconds until it is there all the same."""
    hook.refusals = 1
    post_all(server.port, bodies(1))
    return hook.wait_for(1, 60) - hook.refused_seconds


def storm(server: Server, hook: Hook, count: int) -> float:
    """Post many alerts of few groups at once; returns the memory that is held after it."""
    post_all(server.port, bodies(count))
    hook.wait_for(7, 60)
    return server.memory_bytes() / 2**20
