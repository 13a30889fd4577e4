from tests.agent.seen import one

from tapewatch.agent.export import otlp_request, remote_write_request
from tapewatch.model.histograms import Histogram
from tapewatch.sdk import instruments
from tapewatch.wire import snappy
from tapewatch.wire.otlp.metrics import read_export
from tapewatch.wire.remote_write.decode import WriteDecoder


def written(home):
    instruments.Counter("orders_total", "Orders", registry=home).bind().inc(3)
    instruments.State("session", "S", states=("shut", "open"), registry=home).bind().set("open")
    took = instruments.Histogram(
        "slip_bps", "S", unit="bps", low=0.5, high=64, signed=True, registry=home
    ).bind()
    for value in (0.1, 2.0, 40.0, -3.0):
        took.observe(value)


def readings(regions, count=2):
    taken = []
    for number in range(count):
        read = one(regions)
        object.__setattr__(read.reading, "timestamp_ms", 1_700_000_000_000 + 100 * number)
        taken.append((read.process, read.reading))
    return taken


def test_remote_write_has_each_series_once_with_all_its_samples(make, regions):
    written(make())
    body = snappy.decompress(remote_write_request(readings(regions)), 1 << 20)
    decoder = WriteDecoder()
    request = decoder.decode_2(body)
    names = {decoder.labels[series].name: run for series, run in request.runs()}
    assert request.values[names["orders_total"]].tolist() == [3, 3]
    assert request.timestamps_ms[names["orders_total"]].tolist() == [
        1_700_000_000_000,
        1_700_000_000_100,
    ]
    assert request.metadata["orders_total"].help == "Orders"
    assert {each.histogram.count for each in request.histograms} == {4}
    assert request.values[names["region_up"]].tolist() == [1, 1]


def test_otlp_comes_back_as_the_same_numbers(make, regions):
    written(make())
    taken = readings(regions, 1)
    export = read_export(otlp_request(taken), "application/x-protobuf")
    assert export.refused == ()
    found = {sample.labels.drop("job", "instance"): sample.value for sample in export.samples}
    told = {str(labels): value for labels, value in found.items()}
    assert told["orders_total"] == 3
    assert told['session{session="open"}'] == 1
    assert told["region_up"] == 1
    (histogram,) = [each for each in found.values() if isinstance(each, Histogram)]
    (ours,) = taken[0][1].histograms.values()
    assert (histogram.positive, histogram.negative) == (ours.positive, ours.negative)
    assert (histogram.count, histogram.sum, histogram.zero_count) == (4, ours.sum, 1)
    assert {sample.labels.get("job") for sample in export.samples} == {"desk"}
