"""Writing families as text: the answer of our own ``/metrics``."""

from collections.abc import Iterable, Iterator
from typing import Final

from tapewatch.model.digits import format_double
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import METRIC_NAME, Labels, is_plain_label_name, is_plain_metric_name
from tapewatch.model.samples import Exemplar, Family, MetricType, Sample
from tapewatch.wire.exposition.escape import Escaping, escape_name
from tapewatch.wire.exposition.form import Form, FormKind
from tapewatch.wire.exposition.protobuf import write_protobuf
from tapewatch.wire.exposition.series import normal_number

_TEXT_TYPES: Final = {
    MetricType.COUNTER: "counter",
    MetricType.GAUGE: "gauge",
    MetricType.HISTOGRAM: "histogram",
    MetricType.SUMMARY: "summary",
    MetricType.INFO: "gauge",
    MetricType.STATESET: "gauge",
}
_OWN_SUFFIX: Final = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}
_VALUE_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n"})


def write(families: Iterable[Family], form: Form) -> bytes:
    """Write ``families`` in the form that was negotiated."""
    if form.kind is FormKind.PROTOBUF:
        return write_protobuf(families, form.escaping)
    if form.kind is FormKind.OPENMETRICS:
        return write_openmetrics(families, form.escaping)
    return write_text(families, form.escaping)


def write_text(families: Iterable[Family], escaping: Escaping = Escaping.UNDERSCORES) -> bytes:
    """Write the text format; a native histogram shows its count and its sum alone."""
    lines: list[str] = []
    for family in families:
        name = _quoted(escape_name(_text_name(family), escaping))
        if family.help:
            lines.append(f"# HELP {name} {family.help.translate(_HELP_ESCAPES)}")
        lines.append(f"# TYPE {name} {_TEXT_TYPES.get(family.type, 'untyped')}")
        for sample in _plain_samples(family):
            time = "" if sample.timestamp_ms is None else f" {sample.timestamp_ms}"
            lines.append(f"{_series(sample.labels, escaping)} {_value(sample)}{time}")
    return "".join(f"{line}\n" for line in lines).encode()


def write_openmetrics(
    families: Iterable[Family], escaping: Escaping = Escaping.UNDERSCORES
) -> bytes:
    """Write OpenMetrics, with exemplars, units and the times since when counters count."""
    lines: list[str] = []
    for family in families:
        base = family.name.removesuffix(_OWN_SUFFIX.get(family.type, ""))
        name = _quoted(escape_name(base, escaping))
        lines.append(f"# TYPE {name} {family.type}")
        if family.unit and base.endswith(f"_{family.unit}"):
            lines.append(f"# UNIT {name} {family.unit}")
        if family.help:
            lines.append(f"# HELP {name} {family.help.translate(_VALUE_ESCAPES)}")
        for sample in _plain_samples(family):
            lines.extend(_openmetrics_lines(family, base, sample, escaping))
    return "".join(f"{line}\n" for line in (*lines, "# EOF")).encode()


def _openmetrics_lines(
    family: Family, base: str, sample: Sample, escaping: Escaping
) -> Iterator[str]:
    labels = sample.labels
    if family.type is MetricType.COUNTER and labels.name == base:
        labels = labels.replace({METRIC_NAME: f"{base}_total"})
    time = "" if sample.timestamp_ms is None else f" {_seconds(sample.timestamp_ms)}"
    exemplar = "".join(_exemplar(one) for one in sample.exemplars[:1])
    yield f"{_series(labels, escaping)} {_value(sample)}{time}{exemplar}"
    if sample.start_ms is not None and labels.name in (f"{base}_total", f"{base}_count"):
        created = labels.replace({METRIC_NAME: f"{base}_created"})
        yield f"{_series(created, escaping)} {_seconds(sample.start_ms)}"


def _text_name(family: Family) -> str:
    # The text format names a family as its samples are named; OpenMetrics drops the suffix.
    suffix = _OWN_SUFFIX.get(family.type)
    names = {sample.labels.name for sample in family.samples}
    return f"{family.name}{suffix}" if suffix and f"{family.name}{suffix}" in names else family.name


def _plain_samples(family: Family) -> Iterator[Sample]:
    for sample in family.samples:
        if isinstance(sample.value, Histogram):
            yield from _classic(sample, sample.value)
        else:
            yield sample


def _classic(sample: Sample, histogram: Histogram) -> Iterator[Sample]:
    # What a native histogram can say in a form without native ones, as other exporters do it.
    name, time_ms = sample.labels.name, sample.timestamp_ms
    bucket = sample.labels.replace({METRIC_NAME: f"{name}_bucket", "le": "+Inf"})
    yield Sample(bucket, histogram.count, time_ms)
    total = sample.labels.replace({METRIC_NAME: f"{name}_sum"})
    yield Sample(total, histogram.sum, time_ms)
    count = sample.labels.replace({METRIC_NAME: f"{name}_count"})
    yield Sample(count, histogram.count, time_ms, sample.start_ms)


def _series(labels: Labels, escaping: Escaping) -> str:
    name = escape_name(labels.name, escaping)
    pairs = [
        f"{_label_name(escape_name(label, escaping))}={_label_value(label, value)}"
        for label, value in labels
        if label != METRIC_NAME
    ]
    if is_plain_metric_name(name):
        return f"{name}{{{','.join(pairs)}}}" if pairs else name
    return f"{{{','.join([_quoted(name), *pairs])}}}"


def _label_value(label: str, value: str) -> str:
    text = normal_number(value) if label in ("le", "quantile") else value
    return f'"{text.translate(_VALUE_ESCAPES)}"'


def _label_name(name: str) -> str:
    return name if is_plain_label_name(name) else f'"{name.translate(_VALUE_ESCAPES)}"'


def _quoted(name: str) -> str:
    return name if is_plain_metric_name(name) else f'"{name.translate(_VALUE_ESCAPES)}"'


def _value(sample: Sample) -> str:
    assert not isinstance(sample.value, Histogram)  # _plain_samples leaves none
    return format_double(sample.value)


def _exemplar(exemplar: Exemplar) -> str:
    pairs = ",".join(f"{_label_name(name)}={_label_value('', v)}" for name, v in exemplar.labels)
    time = "" if exemplar.timestamp_ms is None else f" {_seconds(exemplar.timestamp_ms)}"
    return f" # {{{pairs}}} {format_double(exemplar.value)}{time}"


def _seconds(time_ms: int) -> str:
    whole, rest = divmod(abs(time_ms), 1000)
    return f"{'-' if time_ms < 0 else ''}{whole}{f'.{rest:03d}' if rest else ''}"
