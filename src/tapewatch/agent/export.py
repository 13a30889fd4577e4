"""Readings in the forms in which other stores take them: remote write 2.0 and OTLP."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tapewatch.agent.frame import Reading
from tapewatch.agent.plan import Plan, PlannedFamily
from tapewatch.agent.process import Process
from tapewatch.agent.vitals import METADATA, vital_samples
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Metadata, MetricType, Sample
from tapewatch.version import VERSION
from tapewatch.wire import snappy
from tapewatch.wire.otlp.messages import EXPORT_METRICS, KEY_VALUE
from tapewatch.wire.protobuf import encode
from tapewatch.wire.remote_write.encode import encode_2

Taken = tuple[Process, Reading]

_CUMULATIVE: Final = 2
_SCOPE: Final = {"name": "tapewatch", "version": VERSION}
_MS: Final = 1_000_000


def remote_write_request(taken: Sequence[Taken]) -> bytes:
    """Write readings as a request of remote write 2.0, each series once with all its samples."""
    metadata: dict[str, Metadata] = dict(METADATA)
    for _, reading in taken:
        metadata |= _metadata(reading.plan)
    samples = [sample for group in _by_series(taken).values() for sample in group]
    return snappy.compress(encode_2(samples, metadata))


def _by_series(taken: Sequence[Taken]) -> dict[Labels, list[Sample]]:
    series: dict[Labels, list[Sample]] = defaultdict(list)
    for process, reading in taken:
        for sample in samples_of(process, reading):
            series[sample.labels].append(sample)
    return series


def samples_of(process: Process, reading: Reading) -> Iterator[Sample]:
    """Yield a reading as samples, and what there is to say of the process."""
    plan, time_ms = reading.plan, reading.timestamp_ms
    native = plan.histogram_columns
    for column, (labels, value) in enumerate(
        zip(plan.labels, reading.values.tolist(), strict=True)
    ):
        histogram = reading.histograms.get(column)
        if histogram is not None:
            yield Sample(labels, histogram, time_ms, plan.starts_ms[column])
        elif column not in native:
            yield Sample(labels, value, time_ms, plan.starts_ms[column])
    for labels, value in vital_samples(process):
        yield Sample(labels, value, time_ms)


def _metadata(plan: Plan) -> dict[str, Metadata]:
    told = plan.metadata()
    for family in plan.families:
        names = {plan.labels[column].name for column in family.classic}
        told |= dict.fromkeys(names, family.told)
    return told


def otlp_request(taken: Sequence[Taken]) -> bytes:
    """Write readings as an export of OpenTelemetry: one resource for each process."""
    by_process: dict[int, list[Taken]] = defaultdict(list)
    for each in taken:
        by_process[id(each[0])].append(each)
    resources = [_resource(group) for group in by_process.values()]
    return encode(EXPORT_METRICS, {"resource_metrics": resources})


def _resource(taken: Sequence[Taken]) -> dict[str, Any]:
    process = taken[0][0]
    identity = {"service.name": process.service, "service.instance.id": process.instance}
    metrics: dict[str, dict[str, Any]] = {}
    for _, reading in taken:
        for family in reading.plan.families:
            points = list(_points(family, reading, process.identity))
            _add(metrics, family, points)
    _add_vitals(metrics, process, taken[-1][1].timestamp_ms)
    scope = {"scope": _SCOPE, "metrics": list(metrics.values())}
    return {"resource": {"attributes": _attributes(identity)}, "scope_metrics": [scope]}


def _add(
    metrics: dict[str, dict[str, Any]], family: PlannedFamily, points: Sequence[dict[str, Any]]
) -> None:
    name, kind = family.name, family.told.type
    if not points:
        return
    if name not in metrics:
        body: dict[str, Any] = {"data_points": []}
        form = "gauge"
        if kind is MetricType.COUNTER:
            form, body = "sum", body | {"is_monotonic": True}
        elif "scale" in points[0]:
            form = "exponential_histogram"
        elif "bucket_counts" in points[0]:
            form = "histogram"
        if form != "gauge":
            body |= {"aggregation_temporality": _CUMULATIVE}
        told = {"name": name.removesuffix("_total") if form == "sum" else name}
        metrics[name] = {**told, "description": family.told.help, form: body}
    (body,) = (each for each in metrics[name].values() if isinstance(each, dict))
    body["data_points"] += points


def _add_vitals(metrics: dict[str, dict[str, Any]], process: Process, time_ms: int) -> None:
    for labels, value in vital_samples(process):
        name, told = labels.name, METADATA[labels.name]
        pairs = _without(labels, process.identity)
        point = {"attributes": _attributes(pairs), "time_unix_nano": time_ms * _MS}
        metric = {"name": name, "description": told.help, "gauge": {"data_points": []}}
        metrics.setdefault(name, metric)["gauge"]["data_points"].append(
            point | {"as_double": value}
        )


def _points(
    family: PlannedFamily, reading: Reading, identity: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    plan = reading.plan
    for column in family.columns:
        point = {
            "attributes": _attributes(_without(plan.labels[column], identity)),
            "time_unix_nano": reading.timestamp_ms * _MS,
            "start_time_unix_nano": plan.starts_ms[column] * _MS,
        }
        histogram = reading.histograms.get(column)
        if histogram is not None:
            yield point | _exponential(histogram)
        elif family.told.type is not MetricType.HISTOGRAM:
            yield point | {"as_double": float(reading.values[column])}
    if not family.columns:
        yield from _own_bounds(family, reading, identity)


def _own_bounds(
    family: PlannedFamily, reading: Reading, identity: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Put the classic series of a histogram together again; a summary has no bounds at all."""
    plan = reading.plan
    bounds: list[float] = []
    counts: list[int] = []
    amount = 0.0
    for column in family.classic:
        labels, value = plan.labels[column], float(reading.values[column])
        if labels.name.endswith("_bucket"):
            counts.append(int(value) - sum(counts))
            bounds.append(float(labels.get("le")))
        elif labels.name.endswith("_sum"):
            amount = value
        else:
            yield {
                "attributes": _attributes(_without(labels, identity)),
                "time_unix_nano": reading.timestamp_ms * _MS,
                "start_time_unix_nano": plan.starts_ms[column] * _MS,
                "count": int(value),
                "sum": amount,
                "bucket_counts": counts or [int(value)],
                "explicit_bounds": bounds[:-1],
            }
            bounds, counts = [], []


def _exponential(histogram: Histogram) -> dict[str, Any]:
    return {
        "count": int(histogram.count),
        "sum": histogram.sum,
        "scale": histogram.schema,
        "zero_count": int(histogram.zero_count),
        "zero_threshold": histogram.zero_threshold,
        "positive": _dense(histogram.positive),
        "negative": _dense(histogram.negative),
    }


def _dense(buckets: Mapping[int, float]) -> dict[str, Any] | None:
    if not buckets:
        return None
    # Our buckets are named by their upper bound, OpenTelemetry's by their lower one.
    first, last = min(buckets), max(buckets)
    counts = [int(buckets.get(index, 0)) for index in range(first, last + 1)]
    return {"offset": first - 1, "bucket_counts": counts}


def _without(labels: Labels, identity: Mapping[str, str]) -> dict[str, str]:
    """What a series says beside what its resource says already."""
    return {
        name: value for name, value in labels if name != METRIC_NAME and identity.get(name) != value
    }


def _attributes(pairs: Mapping[str, str]) -> list[bytes]:
    return [
        encode(KEY_VALUE, {"key": name, "value": {"string_value": value}})
        for name, value in pairs.items()
    ]
