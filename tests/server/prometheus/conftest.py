"""A server with a small desk's metrics, and the contract that its answers are held against."""

import json
import time
import urllib.parse

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.running import Process

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Metadata, MetricType, Sample
from tapewatch.wire import snappy
from tapewatch.wire.remote_write.encode import encode_1, encode_2

STEP_MS = 15_000
COUNT = 40
VENUES = ("binance", "cme", "lse")
VERSION_1 = "application/x-protobuf"
VERSION_2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
METADATA = {
    "orders_sent_total": Metadata(MetricType.COUNTER, "Orders sent.", ""),
    "order_latency_seconds": Metadata(MetricType.HISTOGRAM, "Time to the ack.", "seconds"),
}


class Desk:
    """A server, asked as a client asks it."""

    def __init__(self, folder, settings="", **environment):
        (folder / "tapewatch.yaml").write_text(settings)
        self.process = Process(folder, "--config", str(folder / "tapewatch.yaml"), **environment)
        self.end_ms = int(time.time()) // 15 * STEP_MS - STEP_MS
        self.start_ms = self.end_ms - (COUNT - 1) * STEP_MS
        self.times = [self.start_ms + STEP_MS * i for i in range(COUNT)]
        self.end, self.start = self.end_ms / 1000, self.start_ms / 1000

    def ask(self, path, method="GET", form=None, headers=None, **parameters):
        """Return status, headers and body; a list is a parameter given several times."""
        query = urllib.parse.urlencode(
            {name.replace("__", "[]"): value for name, value in parameters.items()}, doseq=True
        )
        headers = dict(headers or {})
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form, doseq=True).encode()
            headers["content-type"] = "application/x-www-form-urlencoded"
        whole = f"{path}?{query}" if query else path
        return self.process.get(whole, method=method, body=body, **headers)

    def data(self, path, **parameters):
        """Return the data of an answer that must be a success."""
        status, _, body = self.ask(f"/api/v1{path}", **parameters)
        told = json.loads(body)
        assert (status, told["status"]) == (200, "success"), told
        return told["data"]

    def refused(self, path, **parameters):
        """Return the status, the type and the words of an answer that must be an error."""
        status, _, body = self.ask(f"/api/v1{path}", **parameters)
        told = json.loads(body)
        assert told["status"] == "error", told
        return status, told["errorType"], told["error"]

    def push(self, samples, metadata=None, version=VERSION_1, headers=None):
        """Send samples by remote write."""
        encode = encode_1 if version == VERSION_1 else encode_2
        body = snappy.compress(encode(samples, metadata))
        return self.post("/api/v1/write", body, version, {"content-encoding": "snappy"}, headers)

    def post(self, path, body, content_type, *headers):
        """Send a body."""
        merged = {"content-type": content_type}
        for more in headers:
            merged.update(more or {})
        return self.process.get(path, method="POST", body=body, **merged)

    def stop(self):
        self.process.stop()
        self.process._log.close()


def orders(desk):
    """A counter that rises by 10, 20 and 30 a step."""
    for number, venue in enumerate(VENUES, 1):
        labels = Labels.of(__name__="orders_sent_total", job="desk", venue=venue)
        trace = Labels.of(trace_id=f"4bf92f{number}")
        for i, at_ms in enumerate(desk.times):
            seen = (Exemplar(trace, float(i), at_ms),) if i == COUNT // 2 else ()
            yield Sample(labels, float(10 * number * i), at_ms, None, seen)


def latencies(desk):
    """A native histogram that grows."""
    labels = Labels.of(__name__="order_latency_seconds", job="desk", venue="cme")
    for i, at_ms in enumerate(desk.times):
        buckets = {0: 2.0 * i + 1, 1: 3.0 * i + 1}
        histogram = Histogram(0, 5.0 * i + 3, 1.5 * i, 0.001, 1.0, buckets)
        yield Sample(labels, histogram, at_ms)


SETTINGS = """
metrics:
  enable_admin_api: true
  scrape_configs:
    - job_name: quiet
      scrape_interval: 1h
      static_configs: [{targets: ["127.0.0.1:1"], labels: {desk: equities}}]
      relabel_configs:
        - {source_labels: [desk], regex: fx, action: drop}
        - {source_labels: [desk], target_label: team}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Give the tests of one file a server with data that they only ask."""
    desk = Desk(tmp_path_factory.mktemp("desk"), SETTINGS)
    told = desk.push([*orders(desk), *latencies(desk)], METADATA)
    assert told[0] == 204, told
    yield desk
    desk.stop()


@pytest.fixture
def own_desk(tmp_path):
    """Start servers of the test's own."""
    started = []

    def start(settings="", **environment):
        started.append(Desk(tmp_path, settings, **environment))
        return started[-1]

    yield start
    for each in started:
        each.stop()


class Contract:
    """The OpenAPI description of Prometheus' API."""

    def __init__(self, document):
        self.paths = document["paths"]
        self._components = document["components"]

    def check(self, path, method, status, body):
        """Fail where a JSON answer is not what the contract promises."""
        told = self.paths[path][method.lower()]["responses"]
        schema = told.get(str(status), told["default"])["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**schema, "components": self._components})
        faults = [each.message[:300] for each in validator.iter_errors(json.loads(body))]
        assert not faults, f"{method} {path}: {faults}"


@pytest.fixture(scope="session")
def contract(conformance):
    return Contract(yaml.safe_load((conformance / "prometheus-openapi-3.1.yaml").read_text()))
