"""
The delimited protobuf exposition: ``io.prometheus.client.MetricFamily``, one after the other.

It is the only form of an exposition that carries native histograms. A histogram that has native
buckets is read as one native sample; its classic series are read beside it only when asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tapewatch.model.errors import BadText
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Exemplar, Family, MetricType, Sample
from tapewatch.wire.buckets import SPAN, read_buckets, write_counts, write_deltas, write_spans
from tapewatch.wire.errors import BadMessage
from tapewatch.wire.exposition.escape import Escaping, escape_name
from tapewatch.wire.exposition.series import normal_number, openmetrics_number
from tapewatch.wire.protobuf import decode, delimited, encode, sized
from tapewatch.wire.schema import Kind, Message, many, maybe, one, part, parts

LABEL: Final = Message("LabelPair", {"name": one(1, Kind.TEXT), "value": one(2, Kind.TEXT)})
TIMESTAMP: Final = Message("Timestamp", {"seconds": one(1, Kind.INT), "nanos": one(2, Kind.INT)})
EXEMPLAR: Final = Message(
    "Exemplar",
    {"label": parts(1, LABEL), "value": one(2, Kind.DOUBLE), "timestamp": part(3, TIMESTAMP)},
)
COUNTER: Final = Message(
    "Counter",
    {
        "value": one(1, Kind.DOUBLE),
        "exemplar": part(2, EXEMPLAR),
        "created": part(3, TIMESTAMP),
    },
)
NUMBER: Final = Message("Gauge", {"value": one(1, Kind.DOUBLE)})
QUANTILE: Final = Message(
    "Quantile", {"quantile": one(1, Kind.DOUBLE), "value": one(2, Kind.DOUBLE)}
)
SUMMARY: Final = Message(
    "Summary",
    {
        "count": one(1, Kind.UINT),
        "sum": one(2, Kind.DOUBLE),
        "quantiles": parts(3, QUANTILE),
        "created": part(4, TIMESTAMP),
    },
)
BUCKET: Final = Message(
    "Bucket",
    {
        "count": one(1, Kind.UINT),
        "bound": one(2, Kind.DOUBLE),
        "exemplar": part(3, EXEMPLAR),
        "count_float": one(4, Kind.DOUBLE),
    },
)
HISTOGRAM: Final = Message(
    "Histogram",
    {
        "count": one(1, Kind.UINT),
        "sum": one(2, Kind.DOUBLE),
        "buckets": parts(3, BUCKET),
        "count_float": one(4, Kind.DOUBLE),
        "schema": maybe(5, Kind.SINT),
        "zero_threshold": one(6, Kind.DOUBLE),
        "zero_count": one(7, Kind.UINT),
        "zero_count_float": one(8, Kind.DOUBLE),
        "negative_spans": parts(9, SPAN),
        "negative_deltas": many(10, Kind.SINT),
        "negative_counts": many(11, Kind.DOUBLE),
        "positive_spans": parts(12, SPAN),
        "positive_deltas": many(13, Kind.SINT),
        "positive_counts": many(14, Kind.DOUBLE),
        "created": part(15, TIMESTAMP),
        "exemplars": parts(16, EXEMPLAR),
    },
)
METRIC: Final = Message(
    "Metric",
    {
        "label": parts(1, LABEL),
        "gauge": part(2, NUMBER),
        "counter": part(3, COUNTER),
        "summary": part(4, SUMMARY),
        "untyped": part(5, NUMBER),
        "timestamp_ms": maybe(6, Kind.INT),
        "histogram": part(7, HISTOGRAM),
    },
)
METRIC_FAMILY: Final = Message(
    "MetricFamily",
    {
        "name": one(1, Kind.TEXT),
        "help": one(2, Kind.TEXT),
        "type": one(3, Kind.INT),
        "metric": parts(4, METRIC),
        "unit": one(5, Kind.TEXT),
    },
)

_TYPES: Final = {
    0: MetricType.COUNTER,
    1: MetricType.GAUGE,
    2: MetricType.SUMMARY,
    3: MetricType.UNKNOWN,
    4: MetricType.HISTOGRAM,
    5: MetricType.GAUGE_HISTOGRAM,
}
_NUMBERS: Final = {kind: number for number, kind in _TYPES.items()}
_NATIVE: Final = (
    "zero_threshold",
    "zero_count",
    "zero_count_float",
    "negative_spans",
    "positive_spans",
)


def read_protobuf(body: bytes, *, classic_too: bool = False) -> list[Family]:
    """Read a whole exposition; raises ``BadMessage`` and yields nothing where it is broken."""
    messages = [decode(METRIC_FAMILY, data) for data in delimited(body, "MetricFamily")]
    try:
        return [_family(message, classic_too=classic_too) for message in messages]
    except BadText as fault:
        raise BadMessage("MetricFamily", str(fault)) from None


def write_protobuf(families: Iterable[Family], escaping: Escaping = Escaping.ALLOW_UTF8) -> bytes:
    """Write families; series that are one histogram or summary are gathered into one metric."""
    written = []
    for family in families:
        message = {
            "name": escape_name(family.name, escaping),
            "help": family.help,
            "type": _NUMBERS.get(family.type, _NUMBERS[MetricType.UNKNOWN]),
            "metric": list(_metrics(family, escaping)),
            "unit": family.unit,
        }
        written.append(sized(encode(METRIC_FAMILY, message)))
    return b"".join(written)


# --- Reading -------------------------------------------------------------------------------------


def _family(message: Mapping[str, Any], *, classic_too: bool) -> Family:
    kind = _TYPES.get(message["type"], MetricType.UNKNOWN)
    samples: list[Sample] = []
    for metric in message["metric"]:
        pairs = [(label["name"], label["value"]) for label in metric["label"]]
        labels = Labels.from_pairs([(METRIC_NAME, message["name"]), *pairs])
        samples.extend(_samples(metric, labels, kind, classic_too=classic_too))
    return Family(message["name"], kind, message["help"], tuple(samples), message["unit"])


def _samples(
    metric: Mapping[str, Any], labels: Labels, kind: MetricType, *, classic_too: bool
) -> Iterator[Sample]:
    time_ms = metric["timestamp_ms"]
    if metric["counter"] is not None:
        counter = metric["counter"]
        exemplars = tuple(_exemplars([counter["exemplar"]]))
        yield Sample(
            labels, counter["value"], time_ms, _milliseconds(counter["created"]), exemplars
        )
    for name in ("gauge", "untyped"):
        if metric[name] is not None:
            yield Sample(labels, metric[name]["value"], time_ms)
    if metric["summary"] is not None:
        yield from _summary(metric["summary"], labels, time_ms)
    if metric["histogram"] is not None:
        histogram = metric["histogram"]
        native = any(histogram[name] for name in _NATIVE)
        if native:
            yield _native(histogram, labels, time_ms, kind)
        if classic_too or not native:
            yield from _classic(histogram, labels, time_ms)


def _summary(summary: Mapping[str, Any], labels: Labels, time_ms: int | None) -> Iterator[Sample]:
    start_ms = _milliseconds(summary["created"])
    yield Sample(_named(labels, "_count"), float(summary["count"]), time_ms, start_ms)
    yield Sample(_named(labels, "_sum"), summary["sum"], time_ms, start_ms)
    for quantile in summary["quantiles"]:
        own = labels.replace(quantile=openmetrics_number(quantile["quantile"]))
        yield Sample(own, quantile["value"], time_ms, start_ms)


def _native(
    message: Mapping[str, Any], labels: Labels, time_ms: int | None, kind: MetricType
) -> Sample:
    gauge = kind is MetricType.GAUGE_HISTOGRAM
    histogram = Histogram(
        schema=message["schema"] or 0,
        count=message["count_float"] or float(message["count"]),
        sum=message["sum"],
        zero_threshold=message["zero_threshold"],
        zero_count=message["zero_count_float"] or float(message["zero_count"]),
        positive=_buckets(message, "positive"),
        negative=_buckets(message, "negative"),
        reset_hint=ResetHint.GAUGE if gauge else ResetHint.UNKNOWN,
    )
    found = message["exemplars"] or [bucket["exemplar"] for bucket in message["buckets"]]
    start_ms = _milliseconds(message["created"])
    return Sample(labels, histogram, time_ms, start_ms, tuple(_exemplars(found)))


def _buckets(message: Mapping[str, Any], sign: str) -> dict[int, float]:
    return read_buckets(
        message[f"{sign}_spans"], message[f"{sign}_deltas"], message[f"{sign}_counts"]
    )


def _classic(message: Mapping[str, Any], labels: Labels, time_ms: int | None) -> Iterator[Sample]:
    count = message["count_float"] or float(message["count"])
    start_ms = _milliseconds(message["created"])
    yield Sample(_named(labels, "_count"), count, time_ms, start_ms)
    yield Sample(_named(labels, "_sum"), message["sum"], time_ms, start_ms)
    bucket_labels = _named(labels, "_bucket")
    for bucket in message["buckets"]:
        own = bucket_labels.replace(le=openmetrics_number(bucket["bound"]))
        amount = bucket["count_float"] or float(bucket["count"])
        yield Sample(own, amount, time_ms, start_ms, tuple(_exemplars([bucket["exemplar"]])))
    if not any(bucket["bound"] == float("inf") for bucket in message["buckets"]):
        yield Sample(bucket_labels.replace(le="+Inf"), count, time_ms, start_ms)


def _exemplars(messages: Iterable[Mapping[str, Any] | None]) -> Iterator[Exemplar]:
    for message in messages:
        if message is not None:
            labels = Labels.from_pairs((one["name"], one["value"]) for one in message["label"])
            yield Exemplar(labels, message["value"], _milliseconds(message["timestamp"]))


def _milliseconds(timestamp: Mapping[str, int] | None) -> int | None:
    if timestamp is None:
        return None
    return timestamp["seconds"] * 1000 + timestamp["nanos"] // 1_000_000


def _named(labels: Labels, suffix: str) -> Labels:
    return labels.replace({METRIC_NAME: labels.name + suffix})


# --- Writing -------------------------------------------------------------------------------------


def _metrics(family: Family, escaping: Escaping) -> Iterator[dict[str, Any]]:
    gathered: defaultdict[Labels, list[Sample]] = defaultdict(list)
    for sample in family.samples:
        gathered[sample.labels.drop(METRIC_NAME, *_own_labels(family.type))].append(sample)
    for labels, samples in gathered.items():
        label = [{"name": escape_name(name, escaping), "value": value} for name, value in labels]
        metric = {"label": label, "timestamp_ms": samples[0].timestamp_ms}
        yield {**metric, **_body(family, samples)}


def _own_labels(kind: MetricType) -> tuple[str, ...]:
    if kind in (MetricType.HISTOGRAM, MetricType.GAUGE_HISTOGRAM):
        return ("le",)
    return ("quantile",) if kind is MetricType.SUMMARY else ()


def _body(family: Family, samples: list[Sample]) -> dict[str, Any]:
    if family.type is MetricType.COUNTER:
        return {"counter": _counter_message(samples[0])}
    if family.type is MetricType.SUMMARY:
        return {"summary": _summary_message(family, samples)}
    if family.type in (MetricType.HISTOGRAM, MetricType.GAUGE_HISTOGRAM):
        return {"histogram": _histogram_message(family, samples)}
    name = "gauge" if family.type is MetricType.GAUGE else "untyped"
    return {name: {"value": samples[0].value}}


def _counter_message(sample: Sample) -> dict[str, Any]:
    exemplar = _exemplar_message(sample.exemplars[0]) if sample.exemplars else None
    return {"value": sample.value, "exemplar": exemplar, "created": _timestamp(sample.start_ms)}


def _summary_message(family: Family, samples: list[Sample]) -> dict[str, Any]:
    message: dict[str, Any] = {"quantiles": [], "created": _timestamp(samples[0].start_ms)}
    for sample in samples:
        if sample.labels.name == f"{family.name}_count":
            message["count"] = int(_plain(sample))
        elif sample.labels.name == f"{family.name}_sum":
            message["sum"] = sample.value
        else:
            quantile = float(sample.labels.get("quantile", "NaN"))
            message["quantiles"].append({"quantile": quantile, "value": sample.value})
    return message


def _histogram_message(family: Family, samples: list[Sample]) -> dict[str, Any]:
    message: dict[str, Any] = {"buckets": [], "created": _timestamp(samples[0].start_ms)}
    for sample in samples:
        suffix = sample.labels.name.removeprefix(family.name)
        if isinstance(sample.value, Histogram):
            message |= _native_message(sample.value)
            message["exemplars"] = [_exemplar_message(one) for one in sample.exemplars]
        elif suffix in ("_count", "_gcount"):
            message["count"] = int(_plain(sample))
        elif suffix in ("_sum", "_gsum"):
            message["sum"] = sample.value
        else:
            message["buckets"].append(_bucket_message(sample))
    message["buckets"].sort(key=lambda bucket: bucket["bound"])
    return message


def _bucket_message(sample: Sample) -> dict[str, Any]:
    exemplar = _exemplar_message(sample.exemplars[0]) if sample.exemplars else None
    bound = float(normal_number(sample.labels.get("le", "+Inf")))
    return {"count": int(_plain(sample)), "bound": bound, "exemplar": exemplar}


def _native_message(histogram: Histogram) -> dict[str, Any]:
    parts_of = [histogram.count, histogram.zero_count]
    parts_of += [*histogram.positive.values(), *histogram.negative.values()]
    whole = all(float(amount).is_integer() for amount in parts_of)
    write = write_deltas if whole else write_counts
    kind = "deltas" if whole else "counts"
    message: dict[str, Any] = {
        "schema": histogram.schema,
        "sum": histogram.sum,
        "zero_threshold": histogram.zero_threshold,
        "positive_spans": write_spans(histogram.positive),
        "negative_spans": write_spans(histogram.negative),
        f"positive_{kind}": write(histogram.positive),
        f"negative_{kind}": write(histogram.negative),
    }
    if not (histogram.positive or histogram.negative or histogram.zero_threshold):
        # An empty run tells readers that this is a native histogram, and an empty one.
        message["positive_spans"] = [{"offset": 0, "length": 0}]
    if whole:
        return {**message, "count": int(histogram.count), "zero_count": int(histogram.zero_count)}
    return {**message, "count_float": histogram.count, "zero_count_float": histogram.zero_count}


def _exemplar_message(exemplar: Exemplar) -> dict[str, Any]:
    label = [{"name": name, "value": value} for name, value in exemplar.labels]
    time = _timestamp(exemplar.timestamp_ms)
    return {"label": label, "value": exemplar.value, "timestamp": time}


def _timestamp(time_ms: int | None) -> dict[str, int] | None:
    if time_ms is None:
        return None
    return {"seconds": time_ms // 1000, "nanos": time_ms % 1000 * 1_000_000}


def _plain(sample: Sample) -> float:
    assert not isinstance(sample.value, Histogram)  # only a family's own name holds those
    return sample.value
