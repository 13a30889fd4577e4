import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

from tapewatch.agent.exposition import families
from tapewatch.model.histograms import Histogram
from tapewatch.sdk import instruments
from tapewatch.sdk.classic import ClassicHistogram
from tapewatch.wire.exposition import Form, write
from tapewatch.wire.exposition.form import FormKind
from tapewatch.wire.exposition.grammar import OPENMETRICS
from tapewatch.wire.exposition.protobuf import read_protobuf
from tapewatch.wire.exposition.reader import read_exposition

TRACE = bytes(range(16)) + bytes(range(8))


def read_all(regions):
    regions.look()
    return [(each.process, each.reading) for each in regions.read()]


def written(regions, kind, version="1.0.0"):
    told, left_out = families(read_all(regions), kind)
    return write(told, Form(kind, version)), left_out


def counted(home, value=3):
    orders = instruments.Counter("orders_total", "Orders", labels=("venue",), registry=home)
    orders.bind(venue="x").inc(value)


def found(metrics, name):
    return [sample for metric in metrics for sample in metric.samples if sample.name == name]


def test_text_has_the_declared_bounds(make, regions):
    home = make()
    took = instruments.Histogram("took_us", "T", unit="us", cuts=(10, 100), registry=home).bind()
    took.observe(50.0)
    body, _ = written(regions, FormKind.TEXT)
    buckets = found(text(body.decode()), "took_us_bucket")
    assert {each.labels["le"]: each.value for each in buckets} == {"10.0": 0, "100.0": 1, "+Inf": 1}


def test_openmetrics_has_the_exemplar_in_its_bucket(make, regions):
    home = make()
    took = instruments.Histogram("took_us", "T", unit="us", cuts=(10, 100), registry=home).bind()
    took.observe(50.0, TRACE)
    body, _ = written(regions, FormKind.OPENMETRICS)
    buckets = found(openmetrics(body.decode()), "took_us_bucket")
    (marked,) = [each for each in buckets if each.exemplar]
    assert marked.labels["le"] == "100.0"
    assert marked.exemplar.labels["trace_id"] == TRACE[:16].hex()
    assert marked.exemplar.value == 50


@pytest.mark.parametrize("kind", [FormKind.OPENMETRICS, FormKind.PROTOBUF])
def test_a_classic_histogram_has_the_newest_exemplar_in_its_bucket(make, regions, kind):
    home = make()
    took = ClassicHistogram("took_us", "T", unit="us", bounds=(10, 100), registry=home).bind()
    took.observe(50.0, TRACE)
    took.observe(60.0, TRACE[::-1])
    took.observe(5.0)
    body, _ = written(regions, kind)
    if kind is FormKind.PROTOBUF:
        samples = [sample for family in read_protobuf(body) for sample in family.samples]
    else:
        samples = read_exposition(body, OPENMETRICS)
    marked = [(s.labels.get("le"), e.value) for s in samples for e in s.exemplars]
    assert marked == [("100.0", 60.0)]


def test_protobuf_has_the_native_histogram(make, regions):
    home = make()
    took = instruments.Histogram("took_us", "T", unit="us", cuts=(10,), registry=home).bind()
    took.observe(50.0, TRACE)
    body, _ = written(regions, FormKind.PROTOBUF)
    (family,) = [each for each in read_protobuf(body) if each.name == "took_us"]
    (sample,) = family.samples
    assert isinstance(sample.value, Histogram)
    assert (sample.value.schema, sample.value.count, sample.value.sum) == (3, 1, 50)
    assert sample.exemplars[0].labels.get("span_id") == TRACE[16:].hex()


def test_one_metric_of_two_processes_is_one_family(make, regions):
    counted(make(instance="a"), 1)
    counted(make(instance="b"), 2)
    body, left_out = written(regions, FormKind.TEXT)
    assert body.count(b"# TYPE orders_total counter") == 1
    told = {
        each.labels["instance"]: each.value for each in found(text(body.decode()), "orders_total")
    }
    assert told == {"a": 1, "b": 2}
    assert left_out == 0


def test_a_series_that_two_processes_claim_stands_there_once(make, regions):
    for instance in ("a", "b"):
        home = make(instance=instance)
        gauge = instruments.Gauge("depth", "D", labels=("instance",), registry=home)
        gauge.bind(instance="mine").set(1)
    body, left_out = written(regions, FormKind.TEXT)
    assert body.count(b'depth{instance="mine"') == 1
    assert left_out == 1


def test_a_name_with_two_meanings_keeps_the_first(make, regions):
    instruments.Gauge("depth_total", "D", registry=make(instance="a")).bind().set(1)
    instruments.Counter("depth_total", "D", registry=make(instance="b")).bind().inc()
    body, left_out = written(regions, FormKind.OPENMETRICS)
    list(openmetrics(body.decode()))
    assert left_out == 1


def test_hostile_labels_are_written_so_that_readers_take_them(make, regions):
    home = make()
    gauge = instruments.Gauge("depth", "D", labels=("what",), registry=home)
    for value in ('"}\n# EOF', "\\", "\x00\u2028é", " "):
        gauge.bind(what=value).set(1)
    body, _ = written(regions, FormKind.OPENMETRICS)
    assert len(found(openmetrics(body.decode()), "depth")) == 4
