"""Debian's Prometheus on the same samples, as a second opinion."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tapewatch.model.numbers import format_float


def installed():
    return shutil.which("prometheus") and shutil.which("promtool")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def openmetrics(series):
    """Write samples as OpenMetrics text with times; one family a metric."""
    by_name = {}
    for labels, samples in series.items():
        by_name.setdefault(labels.name, []).append((labels, samples))
    for name, members in sorted(by_name.items()):
        yield f"# TYPE {name} unknown\n"
        for labels, samples in members:
            # 2.42 takes no blank between labels.
            head = str(labels).replace('", ', '",')
            for at_ms, value in samples:
                yield f"{head} {format_float(value)} {at_ms / 1000:.3f}\n"
    yield "# EOF\n"


@contextlib.contextmanager
def prometheus(folder, series):
    """Run a Prometheus that holds ``series``; yields a function that asks it for a range."""
    if not installed():
        pytest.skip("Debian's prometheus is not installed: apt-get install prometheus")
    (folder / "data.om").write_text("".join(openmetrics(series)))
    (folder / "p.yml").write_text("scrape_configs: []\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "data.om", "data"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    port = free_port()
    flags = [
        "--config.file=p.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=promql-negative-offset,promql-at-modifier",
    ]
    process = subprocess.Popen(
        ["prometheus", *flags], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)

        def ask(text, start_ms, end_ms, step_ms):
            form = {"query": text, "start": start_ms / 1000, "end": end_ms / 1000}
            body = urllib.parse.urlencode({**form, "step": step_ms / 1000}).encode()
            try:
                with urllib.request.urlopen(f"{url}/api/v1/query_range", body, timeout=30) as told:
                    return json.load(told)
            except urllib.error.HTTPError as fault:
                with fault:
                    return json.load(fault)

        yield ask
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(url, process):
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/-/ready", timeout=1).read()
            return
        assert process.poll() is None, "prometheus ended"
        assert time.monotonic() < deadline, "prometheus did not become ready"
        time.sleep(0.05)
