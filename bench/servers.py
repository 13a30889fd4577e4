"""
The servers that benchmarks compare: ours and its peers, each on a free port with a folder.

``ours``, ``prometheus`` and ``victoria`` build a ``Server``; ``running`` starts several and stops
them. What a server costs is read from ``/proc``, so nothing of the caller's work counts.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from bench.harness import installed
from bench.startup import free_port

OURS = "tapewatch"
PROMETHEUS = "prometheus"
VICTORIA = "victoria-metrics"
START_SECONDS = 120.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

Answers = dict[frozenset[tuple[str, str]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Times in seconds and values by labels."""


class NotReady(RuntimeError):
    """A server did not come up, or ended by itself."""


@dataclass
class Server:
    """A server process; ``start`` returns when it is ready to answer."""

    name: str
    command: Sequence[str]
    port: int
    folder: Path
    ready_path: str = "/-/ready"
    range_extras: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _connection: http.client.HTTPConnection | None = None

    def start(self) -> Self:
        """Start, and wait until it is ready."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd=self.folder, env=_environment()
            )
        deadline = time.perf_counter() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.perf_counter() > deadline:
                raise NotReady(f"{self.name} is not ready; the end of its log: {self.log_end()}")
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Stop as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop without a warning."""
        self._end(signal.SIGKILL)

    def log_end(self) -> str:
        """Return the last lines that the server wrote."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-600:]

    @property
    def pid(self) -> int:
        """The process while it runs."""
        assert self._process is not None
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Return how much processor time the server has used, in all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / TICKS_PER_SECOND

    def memory_bytes(self) -> int:
        """Return the memory that the server keeps resident."""
        return memory_of(self.pid, "VmRSS")

    def own_memory_bytes(self) -> int:
        """Return the same without what is only mapped from files."""
        return memory_of(self.pid, "RssAnon")

    # Talking to it.

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send one request over the connection that is kept, and return a good answer's body."""
        status, told = self.exchange(path, body, headers=headers)
        if status >= 300:
            raise AssertionError(f"{self.name} answers {path} with {status}: {told[:300]!r}")
        return told

    def exchange(
        self,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send one request, and return the status and the body whatever they are."""
        method = "GET" if body is None else "POST"
        try:
            return self._exchange(method, path, body, dict(headers or {}))
        except http.client.RemoteDisconnected:
            # The server has closed a connection on which nothing was said for long.
            self._hang_up()
            return self._exchange(method, path, body, dict(headers or {}))

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def query(self, expression: str, at_seconds: float | None = None) -> bytes:
        """Ask for one moment."""
        form = {"query": expression} | ({} if at_seconds is None else {"time": str(at_seconds)})
        return self.ask("/api/v1/query?" + urllib.parse.urlencode(form))

    def query_range(self, expression: str, start: float, end: float, step: float) -> bytes:
        """Ask for a range; the times are seconds."""
        form = {"query": expression, "start": str(start), "end": str(end), "step": str(step)}
        extras = dict(self.range_extras)
        return self.ask("/api/v1/query_range?" + urllib.parse.urlencode({**form, **extras}))

    def number(self, expression: str, at_seconds: float | None = None) -> float:
        """Ask for a single number; an empty answer is 0."""
        result = orjson.loads(self.query(expression, at_seconds))["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.exchange(self.ready_path)[0] == 200
        self._hang_up()
        return False

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end(self, number: int) -> None:
        self._hang_up()
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=60)
            self._process = None


def ours(
    folder: Path, metrics: Mapping[str, Any] | None = None, **sections: Mapping[str, Any]
) -> Server:
    """Build our server; ``metrics`` and ``sections`` are its settings under those keys."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"log": {"level": "warning"}, "metrics": dict(metrics or {}), **sections}
    (folder / "tapewatch.yaml").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "tapewatch", "up", "--config", f"{folder}/tapewatch.yaml"]
    command += ["--data", str(folder / "data"), "--listen", f"127.0.0.1:{port}"]
    return Server(OURS, command, port, folder)


def prometheus(folder: Path, config: Path | None = None) -> Server:
    """Build a Prometheus over ``folder/data``."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    flags = [
        f"--config.file={config or _no_jobs(folder)}",
        f"--storage.tsdb.path={folder}/data",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--query.max-samples=2000000000",
    ]
    return Server(PROMETHEUS, [PROMETHEUS, *flags], port, folder)


def victoria(folder: Path, config: Path | None = None) -> Server:
    """Build a VictoriaMetrics over ``folder/data``, with its cache of answers left aside."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    flags = [
        f"-storageDataPath={folder}/data",
        "-retentionPeriod=100y",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-search.latencyOffset=1ms",
        "-search.maxUniqueTimeseries=2000000",
        "-search.maxPointsPerTimeseries=50000",
    ]
    flags += [f"-promscrape.config={config}"] if config else []
    extras = {"nocache": "1"}
    return Server(VICTORIA, [VICTORIA, *flags], port, folder, "/health", range_extras=extras)


def has(name: str) -> bool:
    """Say whether a peer, and what it needs to be filled, is installed here."""
    needed = [name, "promtool"] if name == PROMETHEUS else [name]
    return all(installed(each) for each in needed)


@contextlib.contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Keep servers running for as long as the block lasts."""
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.start()
        yield


def read_answer(body: bytes) -> Answers:
    """Read an answer of the API into arrays."""
    answer: Answers = {}
    for each in orjson.loads(body)["data"]["result"]:
        points = each.get("values") or [each["value"]]
        times = np.array([at for at, _ in points], dtype=np.float64)
        values = np.array([float(value) for _, value in points])
        answer[frozenset(each["metric"].items())] = times, values
    return answer


def difference(one: Answers, other: Answers) -> str:
    """Say where two answers differ by more than a millionth; empty where they do not."""
    if one.keys() != other.keys():
        return f"{len(one)} series and {len(other)}, {len(one.keys() & other.keys())} are common"
    for labels, (times, values) in one.items():
        other_times, other_values = other[labels]
        if not np.array_equal(times, other_times):
            return f"{dict(labels)} has {len(times)} points and {len(other_times)}"
        if not np.allclose(values, other_values, rtol=1e-6, atol=1e-12, equal_nan=True):
            return f"{dict(labels)} has values that differ: {values[:3]} and {other_values[:3]}"
    return ""


def size_bytes(folder: Path) -> int:
    """Return how much a folder holds on disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _no_jobs(folder: Path) -> Path:
    path = folder / "no_jobs.yml"
    path.write_text("scrape_configs: []\n", encoding="utf-8")
    return path


def _environment() -> dict[str, str]:
    # Bytecode is written as on a user's machine, or every start would compile anew.
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}


def memory_of(pid: int, field_name: str = "VmRSS") -> int:
    """Read a figure of a process's memory."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == field_name:
            return int(rest.split()[0]) * 1024
    return 0
