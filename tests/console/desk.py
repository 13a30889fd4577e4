"""A made-up trading desk with a past, for looking at the console: its history and its server."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from tests.running import Process

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample
from tapewatch.wire import snappy
from tapewatch.wire.remote_write.encode import encode_1

STEP_S = 15
HOURS = 3
SEED = 7600
AHEAD_S = 600
"""How far the history goes on, so that nothing stops while somebody looks."""
VENUES = {"binance": 9.0, "okx": 6.0, "cme": 4.0, "lse": 2.5}
STRATEGIES = ("market_maker", "momentum", "basis")
QUANTILES = {"0.5": 180e-6, "0.95": 420e-6, "0.99": 900e-6, "0.999": 2.4e-3}
HOSTILE = {
    "script": "<script>document.title='owned'</script>",
    "image": '"><img src=x onerror=document.title="owned">',
    "right_to_left": "\u202emalice\u202c שלום",
    "long": "x" * 10_000,
    "spread_sheet": "=cmd|'/c calc'!A1",
}

PACK = Path(__file__).parent / "pack"

SETTINGS = """
catalog:
  packs: ["%(pack)s"]
alerting:
  actions: {arm_by: [Ada]}
metrics:
  enable_admin_api: true
  scrape_configs:
    - job_name: tapewatch
      scrape_interval: 5s
      static_configs: [{targets: ["%(address)s"]}]
    - job_name: execution
      scrape_interval: 5s
      static_configs:
        - {targets: ["127.0.0.1:1"], labels: {desk: equities, __meta_zone: ld4, host: ld4-exec-01}}
        - {targets: ["127.0.0.1:2"], labels: {desk: test, __meta_zone: ny5, host: ny5-exec-09}}
      relabel_configs:
        - {source_labels: [desk], regex: test, action: drop}
        - {source_labels: [__meta_zone], target_label: zone}
        - {source_labels: [host], target_label: instance}
        - {regex: host, action: labeldrop}
"""


class History:
    """Series on one grid of times that ends now."""

    def __init__(self, end_s, hours=HOURS):
        count = int(hours * 3600 / STEP_S)
        self.times = end_s - STEP_S * np.arange(count)[::-1]
        self.random = np.random.default_rng(SEED)
        self.day = 1 + 0.35 * np.sin(self.times / 2_700) + 0.15 * np.sin(self.times / 610)
        self._blocks = []

    def add(self, name, labels, values):
        pairs = ",".join(f'{key}="{escape(value)}"' for key, value in labels.items())
        head = f"{name}{{{pairs}}}"
        lines = zip(self.times.tolist(), values.tolist(), strict=True)
        self._blocks.append("\n".join(f"{head} {value:.10g} {at}" for at, value in lines))

    def counter(self, name, labels, rates):
        noisy = self.random.poisson(np.maximum(rates, 0) * STEP_S)
        self.add(name, labels, np.cumsum(noisy).astype(float))

    def wander(self, start, size):
        return start + np.cumsum(self.random.normal(0, size, len(self.times)))

    def text(self):
        return "\n".join([*self._blocks, "# EOF", ""])


def escape(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def desk_history(end_s, hours=HOURS):
    """What a desk would have seen: flow, latencies, profit, feeds, and a fault on one venue."""
    history = History(end_s + AHEAD_S, hours)
    fault = np.exp(-(((history.times - (end_s - 1_500)) / 260.0) ** 2))
    for venue, rate in VENUES.items():
        hurt = fault * (venue == "okx")
        for strategy, share in zip(STRATEGIES, (0.6, 0.3, 0.1), strict=True):
            labels = {"venue": venue, "strategy": strategy}
            flow = rate * share * history.day
            history.counter("orders_sent_total", labels, flow * (1 - 0.8 * hurt))
            history.counter("orders_filled_total", labels, flow * 0.62 * (1 - 0.9 * hurt))
            history.counter("orders_rejected_total", labels, flow * (0.004 + 0.4 * hurt))
        scale = 0.9 + 0.1 * rate
        for quantile, base in QUANTILES.items():
            noise = history.random.lognormal(0, 0.09, len(history.times))
            values = base * scale * noise * (1 + 14 * hurt)
            history.add("order_latency_seconds", {"venue": venue, "quantile": quantile}, values)
        history.add("feed_connected", {"venue": venue}, (hurt < 0.55).astype(float))
        history.add("feed_age_seconds", {"venue": venue}, 0.04 + 3.2 * hurt)
        used = 40 + 22 * history.day + 20 * hurt
        history.add("rate_limit_used_percent", {"venue": venue}, np.clip(used, 0, 100))
    for strategy, start in zip(STRATEGIES, (4_200.0, 1_150.0, -320.0), strict=True):
        history.add(
            "strategy_pnl", {"strategy": strategy, "currency": "USD"}, history.wander(start, 46)
        )
        history.add("open_positions", {"strategy": strategy}, np.round(history.wander(12, 0.3)))
    for name, value in HOSTILE.items():
        history.add("hostile_labels", {"kind": name, "text": value}, np.ones(len(history.times)))
    return history


def latency_histograms(end_s, count=380):
    """A native histogram that grows and, for a while, gets slow."""
    random = np.random.default_rng(SEED)
    labels = Labels.of(__name__="order_ack_seconds", venue="okx")
    buckets = dict.fromkeys(range(-110, -50), 0.0)
    for step in range(count):
        at_s = end_s + AHEAD_S - (count - 1 - step) * STEP_S
        slow = 1 + 9 * np.exp(-(((at_s - (end_s - 1_500)) / 260.0) ** 2))
        drawn = np.log2(random.lognormal(np.log(300e-6 * slow), 0.45, 400)) * 8
        for index, seen in zip(
            *np.unique(np.ceil(drawn).astype(int), return_counts=True), strict=True
        ):
            buckets[int(index)] = buckets.get(int(index), 0.0) + float(seen)
        filled = {index: seen for index, seen in sorted(buckets.items()) if seen}
        total = sum(filled.values())
        yield Sample(labels, Histogram(3, total, total * 4e-4, 1e-9, 0.0, filled), at_s * 1000)


class Showcase:
    """A server with the desk's past; scrapes itself, a target that is down, and drops one."""

    def __init__(self, folder, *arguments, port=0, hours=HOURS, **environment):
        self.end_s = int(time.time()) // STEP_S * STEP_S
        archive = folder / "desk.om"
        archive.write_text(desk_history(self.end_s, hours).text())
        take_in(archive, folder / "data")
        from bench.startup import free_port

        address = f"127.0.0.1:{port or free_port()}"
        settings = folder / "tapewatch.yaml"
        settings.write_text(SETTINGS % {"address": address, "pack": PACK})
        self.process = Process(
            folder, "--config", str(settings), "--listen", address, *arguments, **environment
        )
        self.url = self.process.url
        if self.url is None:
            told = self.process.log()
            self.stop()
            raise RuntimeError(f"the server did not start:\n{told}")
        body = snappy.compress(encode_1(list(latency_histograms(self.end_s)), None))
        headers = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
        status, _, told = self.process.get("/api/v1/write", method="POST", body=body, **headers)
        assert status == 204, told

    def stop(self):
        self.process.stop()
        self.process._log.close()


def take_in(archive, data):
    """Import an archive into a directory at rest."""
    command = [
        sys.executable,
        "-m",
        "tapewatch",
        "metrics",
        "import",
        str(archive),
        "--data",
        str(data),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
