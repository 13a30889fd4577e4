"""
OTLP metrics as samples.

Gauges and sums become one sample a point, classic histograms and summaries their well-known
series, exponential histograms native ones. Resources become ``job``, ``instance`` and the metric
``target_info``. Points with delta temporality are handed over
apart from the others, for the caller to add up.
"""

import base64
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tapewatch.model.digits import format_double
from tapewatch.model.histograms import CUSTOM_SCHEMA, SCHEMA_MAX, SCHEMA_MIN, Histogram
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import STALE, Exemplar, Metadata, MetricType, Sample
from tapewatch.wire.errors import UnsupportedContent
from tapewatch.wire.otlp.json_form import decode_json
from tapewatch.wire.otlp.messages import EXPORT_METRICS, attributes_of
from tapewatch.wire.otlp.names import Instrument, Strategy, label_name, metric_name, unit_name
from tapewatch.wire.protobuf import decode

_DELTA, _CUMULATIVE = 1, 2
_NO_VALUE: Final = 1  # a flag of a point: there is nothing to record
_EXEMPLAR_LENGTH_MAX: Final = 128
_ZERO_THRESHOLD: Final = 1e-128  # stands for "only zero itself", which other systems cannot say
_TARGET_STEP_MS: Final = 150_000  # half of the time that queries look back
_TARGET_SAMPLES_MAX: Final = 1000
LABELS_MAX: Final = 1_000_000  # of which a reader knows the bytes
_IDENTIFYING: Final = ("service.namespace", "service.name", "service.instance.id")

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Translation:
    """How exports are turned into samples."""

    strategy: Strategy = Strategy.UnderscoreEscapingWithSuffixes
    promoted: frozenset[str] = frozenset()
    promote_all: bool = False
    promote_scope: bool = False
    keep_identifying: bool = False
    custom_buckets: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """What an export holds; ``refused`` says, metric by metric, what could not be taken."""

    samples: tuple[Sample, ...] = ()
    deltas: tuple[Sample, ...] = ()
    metadata: dict[str, Metadata] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


class MetricsReader:
    """Reads exports, and knows again the attributes of earlier ones by their bytes."""

    def __init__(self, translation: Translation | None = None) -> None:
        self._translation = translation or Translation()
        self._known: dict[Hashable, Labels] = {}

    def read(self, body: bytes, content_type: str) -> Export:
        """Read a body; raises ``BadMessage``, or ``UnsupportedContent`` for other types."""
        message = _decoded(body, content_type)
        if len(self._known) > LABELS_MAX:
            self._known.clear()
        reading = _Reading(self._translation, self._known)
        for resource_metrics in message["resource_metrics"]:
            reading.resource(resource_metrics)
        samples, deltas = tuple(reading.samples), tuple(reading.deltas)
        return Export(samples, deltas, reading.metadata, tuple(reading.refused))


def read_export(body: bytes, content_type: str, translation: Translation | None = None) -> Export:
    """Read one body by itself."""
    return MetricsReader(translation).read(body, content_type)


def _decoded(body: bytes, content_type: str) -> Message:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/x-protobuf":
        return decode(EXPORT_METRICS, body)
    if media_type == "application/json":
        return decode_json(EXPORT_METRICS, body)
    remedy = "send application/x-protobuf or application/json"
    raise UnsupportedContent("Content-Type", content_type, remedy)


class _Refused(Exception):
    """A metric cannot be taken."""


class _Reading:
    """One export, while its metrics come in."""

    def __init__(self, translation: Translation, known: dict[Hashable, Labels]) -> None:
        self.samples: list[Sample] = []
        self.deltas: list[Sample] = []
        self.metadata: dict[str, Metadata] = {}
        self.refused: list[str] = []
        self._translation = translation
        self._known = known

    def resource(self, message: Message) -> None:
        attributes = attributes_of(message["resource"]["attributes"] if message["resource"] else ())
        target = _Target(attributes, self._translation)
        first = len(self.samples), len(self.deltas)
        for scope_metrics in message["scope_metrics"]:
            shared = {**target.promoted, **self._scope(scope_metrics), **target.identity}
            for metric in scope_metrics["metrics"]:
                self._metric(metric, shared)
        times = [sample.timestamp_ms for sample in self.samples[first[0] :]]
        times += [sample.timestamp_ms for sample in self.deltas[first[1] :]]
        self.samples.extend(target.info([time for time in times if time is not None]))

    def _scope(self, message: Message) -> dict[str, str]:
        scope = message["scope"]
        if not self._translation.promote_scope or scope is None or not scope["name"]:
            return {}
        named = {f"otel_scope_{key}": text for key, text in _texts(scope["attributes"]).items()}
        own = {label_name(key, self._translation.strategy): text for key, text in named.items()}
        return own | {
            "otel_scope_name": scope["name"],
            "otel_scope_version": scope["version"],
            "otel_scope_schema_url": message["schema_url"],
        }

    def _metric(self, metric: Message, shared: Mapping[str, str]) -> None:
        try:
            data = _data(metric)
            name = metric_name(data.instrument, self._translation.strategy)
            if not name:
                raise _Refused("its name has no letter that Prometheus knows")
            unit = unit_name(metric["unit"], self._translation.strategy)
            points = _Points(name, shared, self._translation, self._known)
            samples = list(points.read(data))
        except _Refused as fault:
            self.refused.append(f"metric {metric['name']!r}: {fault}")
            return
        self.metadata[name] = Metadata(data.type, metric["description"], unit)
        (self.deltas if data.delta else self.samples).extend(samples)


class _Target:
    """Where metrics come from: what a resource says of it."""

    def __init__(self, attributes: Mapping[str, Any], translation: Translation) -> None:
        self.identity = _identity(attributes)
        self._attributes = attributes
        self._translation = translation
        chosen = attributes if translation.promote_all else translation.promoted & set(attributes)
        strategy = translation.strategy
        self.promoted = {
            label_name(key, strategy): _text(attributes[key]) for key in sorted(chosen)
        }

    def info(self, times_ms: Sequence[int]) -> Iterator[Sample]:
        """Yield ``target_info`` often enough to be found beside every sample."""
        kept = self._translation.keep_identifying
        described = {
            key: value for key, value in self._attributes.items() if key not in _IDENTIFYING
        }
        if not described or not self.identity or not times_ms:
            return
        shown = self._attributes if kept else described
        merged = _merged(shown.items(), self._translation.strategy)
        labels = Labels.of({**merged, **self.identity, METRIC_NAME: "target_info"})
        first_ms, last_ms = min(times_ms), max(times_ms)
        # A point with a wild time must not become a million samples.
        step_ms = max(_TARGET_STEP_MS, (last_ms - first_ms) // _TARGET_SAMPLES_MAX)
        for time_ms in (*range(first_ms, last_ms, step_ms), last_ms):
            yield Sample(labels, 1.0, time_ms)


@dataclass(frozen=True, slots=True)
class _Data:
    """A metric's points with what its kind says of them."""

    kind: str
    instrument: Instrument
    type: MetricType
    points: Sequence[Message]
    delta: bool


def _data(metric: Message) -> _Data:
    kind = next((kind for kind in _TYPES if metric[kind] is not None), None)
    if kind is None:
        raise _Refused("it has no points of a known kind")
    body = metric[kind]
    temporality = body.get("aggregation_temporality", _CUMULATIVE)
    if temporality not in (_DELTA, _CUMULATIVE):
        raise _Refused("its temporality is neither cumulative nor delta")
    monotonic = bool(body.get("is_monotonic"))
    gauge = kind == "gauge" or (kind == "sum" and not monotonic)
    instrument = Instrument(
        metric["name"], metric["unit"], counter=kind == "sum" and monotonic, gauge=kind == "gauge"
    )
    delta = temporality == _DELTA
    known = MetricType.GAUGE if gauge else _TYPES[kind]
    return _Data(kind, instrument, known, body["data_points"], delta)


_TYPES: Final = {
    "gauge": MetricType.GAUGE,
    "sum": MetricType.COUNTER,
    "histogram": MetricType.HISTOGRAM,
    "exponential_histogram": MetricType.HISTOGRAM,
    "summary": MetricType.SUMMARY,
}


class _Points:
    """The points of one metric as samples."""

    def __init__(
        self,
        name: str,
        shared: Mapping[str, str],
        translation: Translation,
        known: dict[Hashable, Labels],
    ) -> None:
        self._name = name
        self._known = known
        self._origin = (name, *shared.items())
        self._shared = shared
        self._identity = {name: shared[name] for name in ("job", "instance") if name in shared}
        self._translation = translation

    def read(self, data: _Data) -> Iterator[Sample]:
        if data.kind == "histogram" and self._translation.custom_buckets:
            read = self._custom
        else:
            read = {
                "gauge": self._gauge,
                "sum": self._sum,
                "histogram": self._classic,
                "exponential_histogram": self._exponential,
                "summary": self._summary,
            }[data.kind]
        for point in data.points:
            yield from read(point)

    def _labels(self, point: Message, suffix: str = "", **more: str) -> Labels:
        key = (self._origin, suffix, *more.values(), *point["attributes"])
        labels = self._known.get(key)
        if labels is None:
            labels = self._known[key] = self._new_labels(point["attributes"], suffix, more)
        return labels

    def _new_labels(
        self, attributes: Sequence[bytes], suffix: str, more: Mapping[str, str]
    ) -> Labels:
        # A point's own attributes win over promoted ones, job and instance over everything.
        own = _merged(attributes_of(attributes).items(), self._translation.strategy)
        named = {METRIC_NAME: self._name + suffix}
        return Labels.of({**self._shared, **own, **self._identity, **more, **named})

    def _gauge(self, point: Message) -> Iterator[Sample]:
        yield Sample(self._labels(point), _number(point), _time_ms(point))

    def _sum(self, point: Message) -> Iterator[Sample]:
        exemplars = tuple(_exemplars(point, self._translation.strategy))
        times = _time_ms(point), _start_ms(point)
        yield Sample(self._labels(point), _number(point), *times, exemplars)

    def _summary(self, point: Message) -> Iterator[Sample]:
        yield self._part(point, self._labels(point, "_sum"), point["sum"])
        yield self._part(point, self._labels(point, "_count"), float(point["count"]))
        for quantile in point["quantile_values"]:
            own = self._labels(point, quantile=format_double(quantile["quantile"]))
            yield self._part(point, own, quantile["value"])

    def _classic(self, point: Message) -> Iterator[Sample]:
        if point["sum"] is not None:
            yield self._part(point, self._labels(point, "_sum"), point["sum"])
        yield self._part(point, self._labels(point, "_count"), float(point["count"]))
        exemplars = sorted(
            _exemplars(point, self._translation.strategy), key=lambda exemplar: exemplar.value
        )
        total = 0
        pairs = zip(point["explicit_bounds"], point["bucket_counts"], strict=False)
        for bound, count in pairs:
            total += count
            own = self._labels(point, "_bucket", le=format_double(bound))
            below = [exemplar for exemplar in exemplars if exemplar.value <= bound]
            exemplars = exemplars[len(below) :]
            yield self._part(point, own, float(total), below)
        last = self._labels(point, "_bucket", le="+Inf")
        yield self._part(point, last, float(point["count"]), exemplars)

    def _part(
        self, point: Message, labels: Labels, value: float, exemplars: Iterable[Exemplar] = ()
    ) -> Sample:
        times = _time_ms(point), _start_ms(point)
        return Sample(labels, _recorded(point, value), *times, tuple(exemplars))

    def _custom(self, point: Message) -> Iterator[Sample]:
        counts = enumerate(point["bucket_counts"])
        histogram = Histogram(
            schema=CUSTOM_SCHEMA,
            count=_recorded(point, float(point["count"])),
            sum=_recorded(point, point["sum"] or 0.0),
            positive={index: float(count) for index, count in counts if count},
            custom_bounds=tuple(point["explicit_bounds"]),
        )
        yield self._native(point, histogram)

    def _exponential(self, point: Message) -> Iterator[Sample]:
        scale = point["scale"]
        if scale < SCHEMA_MIN:
            raise _Refused(f"its scale {scale} is coarser than {SCHEMA_MIN}")
        merged = max(scale - SCHEMA_MAX, 0)
        histogram = Histogram(
            schema=scale - merged,
            count=_recorded(point, float(point["count"])),
            sum=_recorded(point, point["sum"] or 0.0),
            zero_threshold=point["zero_threshold"] or _ZERO_THRESHOLD,
            zero_count=float(point["zero_count"]),
            positive=_buckets(point["positive"], merged),
            negative=_buckets(point["negative"], merged),
        )
        yield self._native(point, histogram)

    def _native(self, point: Message, histogram: Histogram) -> Sample:
        exemplars = tuple(_exemplars(point, self._translation.strategy))
        times = _time_ms(point), _start_ms(point)
        return Sample(self._labels(point), histogram, *times, exemplars)


def _buckets(message: Message | None, merged: int) -> dict[int, float]:
    # OTLP's bucket 0 begins at 1, ours ends there; each step of ``merged`` joins two to one.
    buckets: dict[int, float] = {}
    if message is not None:
        for index, count in enumerate(message["bucket_counts"], message["offset"]):
            if count:
                ours = (index >> merged) + 1
                buckets[ours] = buckets.get(ours, 0.0) + count
    return buckets


def _identity(attributes: Mapping[str, Any]) -> dict[str, str]:
    identity = {}
    if "service.name" in attributes:
        names = [attributes[key] for key in _IDENTIFYING[:2] if key in attributes]
        identity["job"] = "/".join(map(_text, names))
    if "service.instance.id" in attributes:
        identity["instance"] = _text(attributes["service.instance.id"])
    return identity


def _merged(attributes: Iterable[tuple[str, Any]], strategy: Strategy) -> dict[str, str]:
    # Attributes whose names become alike are joined, in the order of their own names.
    merged: dict[str, str] = {}
    for key, value in sorted(attributes, key=lambda pair: pair[0]):
        name, text = label_name(key, strategy), _text(value)
        if name:
            merged[name] = f"{merged[name]};{text}" if name in merged else text
    return merged


def _exemplars(point: Message, strategy: Strategy) -> Iterator[Exemplar]:
    for message in point["exemplars"]:
        labels = {}
        if any(message["trace_id"]):
            labels["trace_id"] = message["trace_id"].hex()
        if any(message["span_id"]):
            labels["span_id"] = message["span_id"].hex()
        texts = _texts(message["filtered_attributes"])
        more = {label_name(key, strategy): text for key, text in texts.items()} | labels
        length = sum(len(name) + len(text) for name, text in more.items())
        # Attributes give way where they would make the exemplar too long to be kept.
        kept = more if length <= _EXEMPLAR_LENGTH_MAX else labels
        time_ms = message["time_unix_nano"] // 1_000_000
        yield Exemplar(Labels.of(kept), _point_number(message), time_ms or None)


def _number(point: Message) -> float:
    return STALE if point["flags"] & _NO_VALUE else _point_number(point)


def _point_number(point: Message) -> float:
    return point["as_double"] or 0.0 if point["as_int"] is None else float(point["as_int"])


def _recorded(point: Message, value: float) -> float:
    return STALE if point["flags"] & _NO_VALUE else value


def _time_ms(point: Message) -> int:
    return int(point["time_unix_nano"]) // 1_000_000


def _start_ms(point: Message) -> int | None:
    return int(point["start_time_unix_nano"]) // 1_000_000 or None


def _texts(pairs: Sequence[bytes]) -> dict[str, str]:
    return {key: _text(value) for key, value in attributes_of(pairs).items()}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_double(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return json.dumps(
        value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, default=_text
    )
