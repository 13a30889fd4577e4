"""Native histograms and floats through a real Prometheus: written to it, read from its blocks."""

import contextlib
import json
import subprocess
import time
import urllib.request

import numpy as np
import pytest
from tests.metrics.prometheus_peer import _wait, free_port, installed

import tapewatch
from tapewatch.metrics.imports.batch import join_batches
from tapewatch.metrics.imports.tsdb.block import TsdbReader
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample
from tapewatch.wire.remote_write.encode import encode_1
from tapewatch.wire.snappy import compress

COUNT = 60


def shape(step, *, fraction):
    counts = {-3: 1.0 + step, 0: 2.0, 1: 3.0 * step, 7: float(step // 10)}
    counts = {index: count + fraction for index, count in counts.items()}
    negative = {2: 4.0 + step}
    zero_count = 5.0 + step + fraction
    total = zero_count + sum(counts.values()) + sum(negative.values())
    return Histogram(3, total, 1.25 * step, 0.001, zero_count, counts, negative)


def samples(start_ms):
    for step in range(COUNT):
        at_ms = start_ms + step * 1000 + step % 7
        yield Sample(Labels.of(__name__="price"), 100 + np.sin(step), at_ms)
    for name, fraction in (("whole", 0.0), ("fractional", 0.25)):
        for step in range(COUNT):
            value = shape(step, fraction=fraction)
            yield Sample(Labels.of(__name__=name, job="a"), value, start_ms + step * 1000)


@contextlib.contextmanager
def prometheus(folder):
    (folder / "p.yml").write_text("scrape_configs: []\n")
    port = free_port()
    flags = [
        "--config.file=p.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-admin-api",
        "--web.enable-remote-write-receiver",
        "--enable-feature=native-histograms",
    ]
    process = subprocess.Popen(
        ["prometheus", *flags], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.slow
def test_what_a_prometheus_was_told_is_found_in_its_blocks(tmp_path):
    if not installed():
        pytest.skip("Debian's prometheus is not installed: apt-get install prometheus")
    start_ms = int(time.time() * 1000) - COUNT * 1000
    told = list(samples(start_ms))
    with prometheus(tmp_path) as url:
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        body = compress(encode_1(told))
        urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/write", body, headers)).close()
        at = start_ms / 1000 + COUNT - 1
        assert (
            tapewatch.query("whole", at=at, source=url).value.count == told[-COUNT - 1].value.count
        )
        asked = urllib.request.Request(f"{url}/api/v1/admin/tsdb/snapshot", b"")
        with urllib.request.urlopen(asked) as answer:
            name = json.load(answer)["data"]["name"]
    reader = TsdbReader(tmp_path / "data" / "snapshots" / name)
    batch = join_batches(list(reader.batches()))
    assert batch.faults == []
    found = {
        (reader.labels[series], at): value if held is None else held
        for series, at, value, held in zip(
            batch.series, batch.timestamps_ms, batch.values, batch.histograms, strict=True
        )
    }
    assert len(found) == len(told)
    for sample in told:
        own = found[sample.labels, sample.timestamp_ms]
        if isinstance(own, Histogram):
            wanted = sample.value.compact()
            for part in ("schema", "count", "sum", "zero_count", "positive", "negative"):
                assert getattr(own, part) == getattr(wanted, part), (sample, own)
        else:
            assert own == sample.value
