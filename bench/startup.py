"""From the command to the first answer, beside Prometheus on an empty directory."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.harness import Outcome, Row, Scale, Timing, installed, version_of

QUESTION = "How long from the command until /-/ready says yes?"


def run(scale: Scale) -> Outcome:
    """Start each server on a new directory, and ours once more on the same one."""
    repeats = 7 if scale is Scale.FULL else 1
    first, again, peer = [], [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            first.append(seconds_to_ready(_ours(folder)))
            again.append(seconds_to_ready(_ours(folder)))
        if scale is Scale.FULL and installed("prometheus"):
            with tempfile.TemporaryDirectory() as folder:
                peer.append(seconds_to_ready(_prometheus(folder)))
    beside = Timing(peer).median if peer else None
    return Outcome(
        [
            _row("first start", Timing(first), beside, None),
            _row("second start", Timing(again), beside, 3.0),
        ],
        notes=[version_of("prometheus")] if peer else ["prometheus is not installed here"],
        peer="Prometheus",
    )


def _row(name: str, ours: Timing, peer: float | None, must: float | None) -> Row:
    return Row(name, ours.median, "s", peer, must, spread=ours.spread)


def _ours(folder: str) -> tuple[Sequence[str], int]:
    port = free_port()
    command = [sys.executable, "-m", "tapewatch", "up", "--data", f"{folder}/data"]
    return [*command, "--listen", f"127.0.0.1:{port}", "--log-level", "error"], port


def _prometheus(folder: str) -> tuple[Sequence[str], int]:
    port = free_port()
    (Path(folder) / "p.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    flags = [f"--config.file={folder}/p.yml", f"--storage.tsdb.path={folder}/data"]
    return ["prometheus", *flags, f"--web.listen-address=127.0.0.1:{port}"], port


def seconds_to_ready(started: tuple[Sequence[str], int]) -> float:
    """Start a server, wait until it is ready, stop it."""
    command, port = started
    began = time.perf_counter()
    with running(command):
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1).read()
                return time.perf_counter() - began
            assert time.perf_counter() - began < 60, f"{command[0]} did not become ready"
            time.sleep(0.005)


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for as long as the block lasts."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
