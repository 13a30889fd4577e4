"""Write requests of both versions: round trips, repeated series, and what is refused."""

import importlib
import math
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE, Exemplar, Metadata, MetricType, Sample, is_stale
from tapewatch.wire.errors import BadMessage, UnsupportedContent
from tapewatch.wire.protobuf import encode
from tapewatch.wire.remote_write import decode_pure
from tapewatch.wire.remote_write.content import Version, version_of
from tapewatch.wire.remote_write.encode import encode_1, encode_2
from tapewatch.wire.remote_write.messages import REQUEST_1, REQUEST_2
from tapewatch.wire.remote_write.request import WriteRequest


def _twins() -> list[ModuleType]:
    try:
        return [decode_pure, importlib.import_module("tapewatch.wire.remote_write.decode_fast")]
    except ModuleNotFoundError:
        return [decode_pure]


TWINS = _twins()
both = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__.rpartition("_")[2])
versions = pytest.mark.parametrize("version", [1, 2])

ORDERS = Labels.of(__name__="orders_total", venue="cme")
DEPTH = Labels.of(__name__="depth", symbol="BTC")
HISTOGRAM = Histogram(
    2, 10.0, -3.5, 1e-9, 1.0, {-3: 2.0, 7: 4.0}, {0: 3.0}, reset_hint=ResetHint.NOT_RESET
)
CUSTOM = Histogram(-53, 2.5, 1.0, positive={0: 1.5, 2: 1.0}, custom_bounds=(0.5, 1.0))
SAMPLES = [
    Sample(ORDERS, 1.5, 1_000),
    Sample(ORDERS, STALE, 2_000, exemplars=(Exemplar(Labels.of(trace_id="ab"), 2.0, 1_500),)),
    Sample(DEPTH, HISTOGRAM, 1_000),
    Sample(DEPTH, CUSTOM, 2_000),
    Sample(Labels.of({"__name__": "ünï.code"}), -7.0, -5),
]
METADATA = {"orders_total": Metadata(MetricType.COUNTER, "Orders.", "orders")}


@both
@versions
def test_what_was_encoded_is_decoded(twin: ModuleType, version: int) -> None:
    decoder = twin.WriteDecoder()
    request = _decode(decoder, version, _encode(version, SAMPLES, METADATA))
    assert [decoder.labels[series] for series, _ in request.runs()] == [
        ORDERS,
        DEPTH,
        SAMPLES[4].labels,
    ]
    assert [place for _, place in request.runs()] == [slice(0, 2), slice(2, 2), slice(2, 3)]
    assert request.timestamps_ms.tolist() == [1_000, 2_000, -5]
    assert (request.values[0], request.values[2]) == (1.5, -7.0)
    assert is_stale(request.values[1])
    assert [(one.timestamp_ms, one.histogram) for one in request.histograms] == [
        (1_000, HISTOGRAM),
        (2_000, CUSTOM),
    ]
    assert request.exemplars == ((0, SAMPLES[1].exemplars[0]),)
    assert request.metadata == METADATA
    assert request.fault is None
    assert request.offered.headers()["X-Prometheus-Remote-Write-Histograms-Written"] == "2"


@both
@versions
def test_a_series_keeps_its_index_from_request_to_request(twin: ModuleType, version: int) -> None:
    decoder = twin.WriteDecoder()
    _decode(decoder, version, _encode(version, SAMPLES[:3]))
    request = _decode(decoder, version, _encode(version, [SAMPLES[4], SAMPLES[0]]))
    assert request.series.tolist() == [2, 0]
    assert request.generation == 0


@both
def test_labels_in_another_order_are_the_same_series(twin: ModuleType) -> None:
    decoder = twin.WriteDecoder()
    for names in (["__name__", "a", "b"], ["b", "__name__", "a"]):
        labels = [{"name": name, "value": name} for name in names]
        data = encode(REQUEST_1, {"series": [{"labels": labels, "samples": [{"value": 1.0}]}]})
        assert decoder.decode_1(data).series.tolist() == [0]


@both
def test_labels_behind_their_samples_are_found(twin: ModuleType) -> None:
    decoder = twin.WriteDecoder()
    name = encode(REQUEST_1, {"series": [{"labels": [{"name": "__name__", "value": "a"}]}]})[2:]
    label = encode(REQUEST_1, {"series": [{"labels": [{"name": "b", "value": "c"}]}]})[2:]
    sample = encode(REQUEST_1, {"series": [{"samples": [{"value": 2.0}]}]})[2:]
    body = name + sample + label
    request = decoder.decode_1(bytes([0x0A, len(body)]) + body)
    assert decoder.labels[0] == Labels.of(__name__="a", b="c")
    assert request.values.tolist() == [2.0]


@both
def test_start_times_come_with_a_sample_or_with_its_series(twin: ModuleType) -> None:
    samples = [{"value": 1.0, "timestamp_ms": 5, "start_ms": 3}, {"value": 2.0, "timestamp_ms": 6}]
    message = {
        "symbols": ["", "__name__", "a"],
        "series": [{"labels": [1, 2], "samples": samples, "start_ms": 4}],
    }
    request = twin.WriteDecoder().decode_2(encode(REQUEST_2, message))
    assert request.starts_ms.tolist() == [3, 4]
    plain = encode_2([Sample(ORDERS, 1.0, 5)])
    assert twin.WriteDecoder().decode_2(plain).starts_ms is None


@both
@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([("a", "b")], "series {a='b'}: it has no metric name"),
        ([("__name__", "x"), ("a", "1"), ("a", "2")], "series x{.*}: .*occurs twice"),
        ([("__name__", "x"), ("", "1")], "series x{='1'}: a label has no name"),
    ],
)
def test_a_series_that_is_not_allowed_is_left_out_and_named(
    twin: ModuleType, labels: list[tuple[str, str]], reason: str
) -> None:
    bad = {
        "labels": [{"name": name, "value": value} for name, value in labels],
        "samples": [{"value": 1.0}, {"value": 2.0}],
    }
    good = {
        "labels": [{"name": "__name__", "value": "good"}],
        "samples": [{"value": 3.0, "timestamp_ms": 1}],
    }
    request = twin.WriteDecoder().decode_1(encode(REQUEST_1, {"series": [bad, good, bad]}))
    assert request.values.tolist() == [3.0]
    assert request.refused == 4
    with pytest.raises(type(request.fault), match=reason):
        raise request.fault


@both
@versions
def test_a_series_with_samples_and_histograms_is_refused(twin: ModuleType, version: int) -> None:
    samples = [Sample(ORDERS, 1.0, 1), Sample(ORDERS, HISTOGRAM, 2)]
    request = _decode(twin.WriteDecoder(), version, _encode(version, samples))
    assert (len(request.values), len(request.histograms), request.refused) == (0, 0, 2)
    assert "it has both samples and histograms" in str(request.fault)


@both
def test_a_full_cache_begins_a_new_generation(twin: ModuleType) -> None:
    decoder = twin.WriteDecoder(series_max=1)
    assert decoder.decode_1(encode_1(SAMPLES[:3])).generation == 0
    request = decoder.decode_1(encode_1(SAMPLES[4:]))
    assert (request.generation, request.series.tolist()) == (1, [0])


@both
@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            {"symbols": [""], "series": [{"labels": [1, 2]}]},
            "symbol 2 is referenced, and there are 1",
        ),
        ({"symbols": ["", "a"], "series": [{"labels": [1]}]}, "1 references are no names"),
    ],
)
def test_wrong_references_break_the_request(
    twin: ModuleType, message: dict[str, object], reason: str
) -> None:
    with pytest.raises(BadMessage, match=reason):
        twin.WriteDecoder().decode_2(encode(REQUEST_2, message))


@both
@versions
def test_a_request_that_ends_early_is_refused(twin: ModuleType, version: int) -> None:
    with pytest.raises(BadMessage, match="the bytes end"):
        _decode(twin.WriteDecoder(), version, _encode(version, SAMPLES)[:-1])


@settings(max_examples=300)
@given(st.integers(0, 400), st.binary(max_size=6), st.sampled_from([1, 2]))
def test_the_twins_agree_on_damaged_requests(place: int, noise: bytes, version: int) -> None:
    data = _encode(version, SAMPLES, METADATA)
    data = data[:place] + noise + data[place + len(noise) :]
    assert len({_outcome(twin.WriteDecoder(), version, data) for twin in TWINS}) == 1


@pytest.mark.parametrize(
    ("content_type", "version"),
    [
        ("application/x-protobuf", Version.V1),
        ("application/x-protobuf;proto=prometheus.WriteRequest", Version.V1),
        ('Application/X-Protobuf; proto="io.prometheus.write.v2.Request"', Version.V2),
    ],
)
def test_the_version_stands_in_the_content_type(content_type: str, version: Version) -> None:
    assert version_of(content_type, "snappy") is version


@pytest.mark.parametrize(
    ("content_type", "encoding", "remedy"),
    [
        ("application/json", "snappy", "send application/x-protobuf"),
        ("", "snappy", "send application/x-protobuf"),
        ("application/x-protobuf;proto=other", "snappy", "the message has to be prometheus"),
        ("application/x-protobuf", "zstd", "send snappy blocks"),
    ],
)
def test_other_content_is_not_supported(content_type: str, encoding: str, remedy: str) -> None:
    with pytest.raises(UnsupportedContent, match=remedy):
        version_of(content_type, encoding)


def _encode(
    version: int, samples: list[Sample], metadata: dict[str, Metadata] | None = None
) -> bytes:
    return (encode_1 if version == 1 else encode_2)(samples, metadata)


def _decode(decoder: decode_pure.WriteDecoder, version: int, data: bytes) -> WriteRequest:
    return decoder.decode_1(data) if version == 1 else decoder.decode_2(data)


def _outcome(decoder: decode_pure.WriteDecoder, version: int, data: bytes) -> str:
    try:
        request = _decode(decoder, version, data)
    except BadMessage:
        return "bad message"
    starts = [] if request.starts_ms is None else request.starts_ms.tolist()
    values = ["NaN" if math.isnan(value) else value for value in request.values.tolist()]
    runs = [(decoder.labels[series], place) for series, place in request.runs()]
    times = request.timestamps_ms.tolist()
    rest = (request.histograms, request.exemplars, request.metadata, request.refused)
    return repr((runs, times, values, starts, rest, str(request.fault)))


@both
@given(st.lists(st.lists(st.integers(0, 5), max_size=8), max_size=6))
@settings(max_examples=60, deadline=None)
def test_series_are_known_again_in_any_order(twin: ModuleType, rounds: list[list[int]]) -> None:
    decoder = twin.WriteDecoder()
    for order in rounds:
        own = [Labels.of(__name__="orders_total", number=str(number)) for number in order]
        samples = [Sample(labels, float(i), i) for i, labels in enumerate(own)]
        request = decoder.decode_1(b"".join(encode_1([sample]) for sample in samples))
        assert [decoder.labels[series] for series, _ in request.runs()] == own
        assert request.values.tolist() == [float(i) for i in range(len(own))]
