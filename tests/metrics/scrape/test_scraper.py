import asyncio
import json

import pytest
from tests.metrics.scrape.fakes import FakeIntake, FakeServer, answer, exposition, job

from tapewatch.metrics.scrape.errors import LimitExceeded
from tapewatch.metrics.scrape.http.client import HttpClient
from tapewatch.metrics.scrape.relabel import Relabeler
from tapewatch.metrics.scrape.scraper import Scraper
from tapewatch.metrics.scrape.tally import Tally
from tapewatch.metrics.scrape.target import TargetHealth, build_target
from tapewatch.model.clock import SystemClock
from tapewatch.model.errors import TapewatchError
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, Metadata, MetricType, Sample
from tapewatch.wire.exposition.protobuf import write_protobuf

PROTOBUF = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)


def scraped(handler, work, text="", intake=None):
    """Run ``work(scraper, intake, server)`` with a scraper of a server."""

    async def run():
        clock, found = SystemClock(), job(text)
        kept = intake or FakeIntake()
        async with FakeServer(handler) as server:
            target = build_target({"__address__": server.address}, found, Relabeler(()))
            client = HttpClient(found.config, clock)
            scraper = Scraper(target, found, client, kept, clock, Tally())
            try:
                await work(scraper, kept, server)
            finally:
                client.close()

    asyncio.run(run())


def names(row):
    return {name.partition("{")[0]: value for name, value in row.items()}


def test_a_good_scrape_is_recorded():
    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        assert names(intake.row()) == {"a_total": 1.0}
        assert intake.own("up") == 1
        assert 0 < intake.own("scrape_duration_seconds") < 1
        assert (scraper.state.health, scraper.state.last_error) == (TargetHealth.UP, "")
        assert scraper.state.last_scrape_ms == 1000
        assert server.header("X-Prometheus-Scrape-Timeout-Seconds") == "10"
        assert server.header("Accept").startswith("application/openmetrics-text;version=1.0.0")

    scraped(lambda head: exposition(b"# TYPE a_total counter\na_total 1\n"), work)


def test_metadata_is_told_once():
    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        told = {"a_total": Metadata(MetricType.COUNTER, "Orders.")}
        assert intake.told == told
        assert scraper.metadata == told
        intake.told = {}
        await scraper.scrape(2000)
        assert intake.told == {}

    body = b"# HELP a_total Orders.\n# TYPE a_total counter\na_total 1\n"
    scraped(lambda head: exposition(body), work)


@pytest.mark.parametrize(
    ("said", "words", "cause"),
    [
        (answer(status="500 Broken"), "server returned HTTP status 500 Broken", "status"),
        (exposition(b"a 1\nb{ 2\n"), "line 2, column ", "exposition"),
        (answer(b"a 1\n"), "the target sent no Content-Type", "content_type"),
        (exposition(b"<html>", "text/html"), "set fallback_scrape_protocol", "content_type"),
        (
            exposition(b"a 1\n", "application/openmetrics-text"),
            "does not end with # EOF",
            "exposition",
        ),
        (b"nonsense\r\n\r\n", "not HTTP/1.1", "http"),
        (None, "closed before the answer was whole", "connection"),
        (exposition(b"a 1\n" * 300), "larger than body_size_limit, 1024 bytes", "body_size"),
    ],
)
def test_a_bad_scrape_says_why(said, words, cause):
    answers = [exposition(b"a 1\n"), said]

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        await scraper.scrape(2000)
        assert names(intake.row()) == {"a": "stale"}
        assert intake.own("up") == 0
        assert scraper.state.health is TargetHealth.DOWN
        assert words in scraper.state.last_error
        assert scraper._tally.failures == {cause: 1}

    scraped(lambda head: answers.pop(0), work, "body_size_limit: 1KB")


def test_a_timeout_is_a_failed_scrape():
    async def slow(head):
        await asyncio.sleep(10)

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        assert "did not answer within 0.05 s" in scraper.state.last_error
        assert intake.own("up") == 0

    scraped(slow, work, "scrape_timeout: 50ms")


def test_a_sample_limit_tells_how_many_there_were():
    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        assert intake.own("up") == 0
        assert intake.own("scrape_samples_scraped") == 2
        assert intake.own("scrape_samples_post_metric_relabeling") == 2
        assert intake.own("scrape_sample_limit") == 1
        assert intake.own("scrape_timeout_seconds") == 10

    text = "sample_limit: 1\nextra_scrape_metrics: true"
    scraped(lambda head: exposition(b"a 1\nb 1\n"), work, text)


def test_a_body_beyond_the_limit_is_told_as_minus_one():
    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        assert intake.own("scrape_body_size_bytes") == -1

    text = "body_size_limit: 1KB\nextra_scrape_metrics: true"
    scraped(lambda head: exposition(b"a 1\n" * 300), work, text)


def test_a_target_may_change_its_form():
    answers = [
        exposition(b"# TYPE a counter\na_total 1\n# EOF\n", "application/openmetrics-text"),
        exposition(b"# TYPE a_total counter\na_total 2\n"),
    ]

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        await scraper.scrape(2000)
        assert names(intake.row()) == {"a_total": 2.0}
        assert len(intake.lanes) == 1

    scraped(lambda head: answers.pop(0), work)


def native(count):
    histogram = Histogram(
        schema=3, count=count, sum=2.5, zero_threshold=0.001, positive={1: 1.0, 2: count - 1}
    )
    labels = Labels.of(__name__="lat", venue="x")
    samples = (Sample(labels, histogram),)
    return write_protobuf([Family("lat", MetricType.HISTOGRAM, "Latency.", samples)])


def test_native_histograms_stand_in_their_columns():
    answers = [native(3.0), native(5.0), b""]

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        await scraper.scrape(2000)
        assert server.header("Accept").startswith("application/vnd.google.protobuf")
        histogram = names(intake.row())["lat"]
        assert (histogram.count, histogram.positive) == (5.0, {1: 1.0, 2: 4.0})
        assert intake.own("scrape_samples_scraped") == 1
        await scraper.scrape(3000)
        assert names(intake.row()) == {"lat": "stale"}

    scraped(
        lambda head: exposition(answers.pop(0), PROTOBUF), work, "scrape_native_histograms: true"
    )


def test_a_native_histogram_is_coarsened_to_its_limit():
    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        histogram = names(intake.row())["lat"]
        assert (histogram.schema, histogram.positive) == (2, {1: 3.0})

    text = "scrape_native_histograms: true\nnative_histogram_bucket_limit: 1"
    scraped(lambda head: exposition(native(3.0), PROTOBUF), work, text)


def test_a_forced_fault_fails_without_asking():
    async def work(scraper, intake, server):
        scraper.forced_fault = LimitExceeded("target_limit", 1, 2)
        await scraper.scrape(1000)
        assert intake.own("up") == 0
        assert server.requests == []
        assert "target_limit exceeded" in scraper.state.last_error

    scraped(lambda head: exposition(b"a 1\n"), work)


def test_a_storage_that_refuses_makes_the_target_down():
    class Full(FakeIntake):
        def lane(self, name):
            raise TapewatchError("the disk is full")

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        assert scraper.state.last_error == "the disk is full"
        assert scraper._tally.failures == {"storage": 1}

    scraped(lambda head: exposition(b"a 1\n"), work, intake=Full())


def test_a_storage_that_refused_for_a_while_gets_everything_afterwards():
    class Moody(FakeIntake):
        full = True

        def lane(self, name):
            lane = super().lane(name)
            extend = lane.extend

            def moody(labels):
                columns = extend(labels)
                if self.full and len(self.lanes[-1].labels) > 5:
                    raise TapewatchError("the disk is full")
                return columns

            lane.extend = moody
            return lane

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        assert scraper.state.last_error == "the disk is full"
        intake.full = False
        await scraper.scrape(2000)
        assert names(intake.row()) == {"a": 1.0}

    scraped(lambda head: exposition(b"a 1\n"), work, intake=Moody())


def test_failures_are_logged_where_the_job_says_so(tmp_path):
    file = tmp_path / "failures.log"

    async def work(scraper, intake, server):
        await scraper.scrape(1_700_000_000_000)
        line = json.loads(file.read_text())
        assert line["time"] == "2023-11-14T22:13:20.000+00:00"
        assert (line["job_name"], line["target"]) == ("bots", server.url())
        assert "HTTP status 500" in line["error"]

    text = f"scrape_failure_log_file: {file}"
    scraped(lambda head: answer(status="500 Broken"), work, text)


def test_a_client_library_is_read_as_it_writes():
    prometheus_client = pytest.importorskip("prometheus_client")
    registry = prometheus_client.CollectorRegistry()
    orders = prometheus_client.Counter("orders", "Orders.", ["venue"], registry=registry)
    latency = prometheus_client.Histogram("latency_seconds", "Latency.", registry=registry)
    orders.labels("binance").inc(3)
    latency.observe(0.02)

    def handler(head):
        accept = next(line for line in head.split("\r\n") if line.startswith("Accept: "))[8:]
        encode, content_type = prometheus_client.exposition.choose_encoder(accept)
        return exposition(encode(registry), content_type)

    async def work(scraper, intake, server):
        await scraper.scrape(1000)
        row = intake.row()
        total = next(value for name, value in row.items() if name.startswith("orders_total"))
        bucket = next(value for name, value in row.items() if 'le="0.025"' in name)
        assert (total, bucket, scraper.state.last_error) == (3.0, 1.0, "")
        assert intake.lane_now.rows[-1].starts_ms.max() > 1_600_000_000_000

    scraped(handler, work)


LARGE = b"".join(b'orders_total{i="%d"} 1\n' % i for i in range(20_000))


def test_the_loop_goes_on_while_a_large_target_is_learned(monkeypatch):
    async def work(scraper, intake, server):
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        draft = scraper._draft
        during = []

        def watched(*args):
            before = turns
            found = draft(*args)
            during.append(turns - before)
            return found

        monkeypatch.setattr(scraper, "_draft", watched)
        counting = asyncio.create_task(count())
        await scraper.scrape(1000)
        counting.cancel()
        assert len(intake.row()) == 20_000
        assert during[0] > 0

    scraped(lambda head: exposition(LARGE), work)


def test_a_target_given_up_while_it_is_learned_is_not_opened_again(monkeypatch):
    async def work(scraper, intake, server):
        async def beside(draft, *args):
            scraper.close(None)
            return draft(*args)

        monkeypatch.setattr(asyncio, "to_thread", beside)
        await scraper.scrape(1000)
        assert scraper.state.last_error == "the target was given up meanwhile"
        assert not scraper.metadata

    scraped(lambda head: exposition(LARGE), work)
