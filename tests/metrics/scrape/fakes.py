"""Doubles at our own seams: a storage that remembers, and a server that says what it is told."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tapewatch.document.reading import read_text
from tapewatch.metrics.intake import REFUSED, Taken
from tapewatch.metrics.scrape.settings import ScrapeSettings
from tapewatch.model.samples import is_stale


@dataclass
class FakeLane:
    name: str
    series_max: int = 1_000_000
    labels: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    closed: list = field(default_factory=list)

    def extend(self, labels):
        numbers = []
        for each in labels:
            if len(self.labels) >= self.series_max:
                numbers.append(REFUSED)
            else:
                numbers.append(len(self.labels))
                self.labels.append(each)
        return np.array(numbers, np.int32)

    def labels_of(self, columns):
        return [self.labels[column] for column in columns.tolist()]

    def append(self, row):
        assert len(row.values) == len(self.labels)
        assert row.present is None or len(row.present) == len(self.labels)
        if self.rows:
            assert row.timestamp_ms > self.rows[-1].timestamp_ms
        self.rows.append(row)
        count = len(row.values) if row.present is None else int(row.present.sum())
        return Taken(count)

    def close(self, timestamp_ms=None):
        self.closed.append(timestamp_ms)


class FakeIntake:
    """Keeps lanes and loose samples."""

    def __init__(self, series_max=1_000_000):
        self.lanes = []
        self.loose = []
        self.told = {}
        self._series_max = series_max
        self._series = []

    def lane(self, name):
        self.lanes.append(FakeLane(name, self._series_max))
        return self.lanes[-1]

    def knows(self, series):
        return series >= 0

    def series(self, labels):
        for each in labels:
            if each not in self._series:
                self._series.append(each)
        return np.array([self._series.index(each) for each in labels], np.int64)

    def append(self, batch, *, durable=False):
        for series, time_ms, value in zip(
            batch.series, batch.timestamps_ms, batch.values, strict=True
        ):
            self.loose.append((str(self._series[series]), int(time_ms), shown(value)))
        return Taken(len(batch.series))

    def describe(self, metadata, *, source):
        self.told.update(metadata)

    @property
    def lane_now(self):
        return self.lanes[-1]

    def row(self, number=-1, *, own=False):
        """Show a row as a mapping from series to value; our own series only where asked for."""
        lane = self.lane_now
        row = lane.rows[number]
        found = {}
        for column, labels in enumerate(lane.labels[: len(row.values)]):
            if labels.name in OWN and not own:
                continue
            if column in row.histograms:
                found[str(labels)] = row.histograms[column]
            elif row.present is None or row.present[column]:
                found[str(labels)] = shown(row.values[column])
        return found

    def own(self, name, number=-1):
        """Show the value of one of our own series in a row."""
        lane = self.lane_now
        column = next(i for i, labels in enumerate(lane.labels) if labels.name == name)
        return float(lane.rows[number].values[column])

    def times(self):
        return [row.timestamp_ms for lane in self.lanes for row in lane.rows]

    def gaps(self):
        return [after - before for before, after in pairwise(self.times())]


OWN = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
}


def shown(value):
    return "stale" if is_stale(float(value)) else float(value)


def job(text="", *, shared="", type_and_unit_labels=False):
    """Read one job named ``bots`` from lines of YAML."""
    head = f"global: {{{shared}}}\nscrape_configs:\n  - job_name: bots\n"
    body = "\n".join(f"    {line}" for line in text.strip("\n").splitlines())
    settings = read_text(head + body, ScrapeSettings)
    return settings.jobs(type_and_unit_labels=type_and_unit_labels)[0]


def answer(body=b"", *, status="200 OK", headers=(), length=True):
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def exposition(body, content_type="text/plain; version=0.0.4"):
    return answer(body, headers=[f"Content-Type: {content_type}"])


class FakeServer:
    """Answers every request by calling ``handler(request_head)``; None closes the connection."""

    def __init__(self, handler, ssl=None):
        self.requests = []
        self.connections = 0
        self._handler = handler
        self._ssl = ssl
        self._writers = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._ssl, limit=1 << 20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def url(self, path="/metrics", scheme="http"):
        return f"{scheme}://{self.address}{path}"

    def header(self, name, number=-1):
        """Show a header of a request."""
        for line in self.requests[number].split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(head)
                said = self._handler(head)
                if asyncio.iscoroutine(said):
                    said = await said
                if said is None:
                    break
                if callable(said):
                    await said(reader, writer)
                    break
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


async def until(condition, seconds=5.0):
    """Let the loop turn until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # whatever is waited for knows no event of ours
            await asyncio.sleep(0.001)
