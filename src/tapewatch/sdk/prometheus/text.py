"""
The text of a registry: Prometheus' format and OpenMetrics'.

Both are what prometheus_client writes for the same metrics, to the letter, so that nobody who
reads them sees the difference.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from tapewatch.model.labels import is_plain_label_name, is_plain_metric_name
from tapewatch.sdk.prometheus.families import Exemplar, Metric, Sample
from tapewatch.sdk.prometheus.numbers import number_text
from tapewatch.sdk.prometheus.registry import REGISTRY

CONTENT_TYPE_PLAIN_0_0_4: Final = "text/plain; version=0.0.4; charset=utf-8"
CONTENT_TYPE_PLAIN_1_0_0: Final = "text/plain; version=1.0.0; charset=utf-8"
CONTENT_TYPE_LATEST: Final = CONTENT_TYPE_PLAIN_1_0_0
CONTENT_TYPE_OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

UNDERSCORES: Final = "underscores"
ALLOW_UTF8: Final = "allow-utf-8"

_OLD_TYPES: Final = {
    "info": "gauge",
    "stateset": "gauge",
    "gaugehistogram": "histogram",
    "unknown": "untyped",
}
_OLD_ENDINGS: Final = {"counter": "_total", "info": "_info"}
_NEW_SUFFIXES: Final = ("_created", "_gcount", "_gsum")
"""Samples that only OpenMetrics knows; the old format has them as gauges of their own."""

Encoder = Callable[[Any], bytes]


def generate_latest(registry: Any = REGISTRY, escaping: str = UNDERSCORES) -> bytes:
    """Write what ``registry`` collects in Prometheus' text format."""
    lines = [line for metric in registry.collect() for line in _plain(metric, escaping)]
    return "".join(lines).encode()


def generate_openmetrics(registry: Any = REGISTRY, escaping: str = UNDERSCORES) -> bytes:
    """Write what ``registry`` collects in OpenMetrics' text format, with exemplars."""
    lines = [line for metric in registry.collect() for line in _open(metric, escaping)]
    return "".join([*lines, "# EOF\n"]).encode()


def chosen_encoder(accept: str | None) -> tuple[Encoder, str]:
    """The format that a reader asks for by its ``Accept`` header, and its content type."""
    for choice in (accept or "").split(","):
        kind, *parameters = (part.strip() for part in choice.split(";"))
        told = dict(each.split("=", 1) for each in parameters if "=" in each)
        escaping = ALLOW_UTF8 if told.get("escaping") == ALLOW_UTF8 else UNDERSCORES
        version = told.get("version", "")
        tail = f"; escaping={escaping}" if version else ""
        if kind == "application/openmetrics-text" and not version.startswith("0."):
            return _with(generate_openmetrics, escaping), CONTENT_TYPE_OPENMETRICS + tail
        if kind == "text/plain" and version == "1.0.0":
            return _with(generate_latest, escaping), CONTENT_TYPE_LATEST + tail
    return generate_latest, CONTENT_TYPE_PLAIN_0_0_4


def _with(encoder: Callable[[Any, str], bytes], escaping: str) -> Encoder:
    return lambda registry: encoder(registry, escaping)


def _plain(metric: Metric, escaping: str) -> Iterator[str]:
    name = metric.name + _OLD_ENDINGS.get(metric.type, "")
    help_text = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    yield from _head(_escaped(name, escaping), help_text, _OLD_TYPES.get(metric.type, metric.type))
    later: dict[str, list[Sample]] = {}
    for sample in metric.samples:
        suffix = sample.name.removeprefix(metric.name)
        if suffix in _NEW_SUFFIXES:
            later.setdefault(suffix, []).append(sample)
        else:
            yield _line(sample, escaping, _milliseconds(sample))
    for suffix, samples in sorted(later.items()):
        yield from _head(_escaped(metric.name + suffix, escaping), help_text, "gauge")
        for sample in samples:
            yield _line(sample, escaping, _milliseconds(sample))


def _open(metric: Metric, escaping: str) -> Iterator[str]:
    name = _escaped(metric.name, escaping)
    yield from _head(name, _text(metric.documentation), metric.type)
    if metric.unit:
        yield f"# UNIT {name} {metric.unit}\n"
    for sample in metric.samples:
        at = "" if sample.timestamp is None else f" {sample.timestamp}"
        yield _line(sample, escaping, at + _exemplar(sample.exemplar))


def _head(name: str, help_text: str, kind: str) -> Iterable[str]:
    return f"# HELP {name} {help_text}\n", f"# TYPE {name} {kind}\n"


def _line(sample: Sample, escaping: str, tail: str) -> str:
    name, labels = _escaped(sample.name, escaping), _labels(sample.labels, escaping)
    value = number_text(sample.value)
    if name.startswith('"'):
        return f"{{{name}{',' if labels else ''}{labels}}} {value}{tail}\n"
    return f"{name}{f'{{{labels}}}' if labels else ''} {value}{tail}\n"


def _labels(labels: Mapping[str, str], escaping: str) -> str:
    told = sorted(labels.items())
    return ",".join(f'{_label(name, escaping)}="{_text(value)}"' for name, value in told)


def _label(name: str, escaping: str) -> str:
    return name if is_plain_label_name(name) else _other(name, escaping)


def _escaped(name: str, escaping: str) -> str:
    return name if is_plain_metric_name(name) else _other(name, escaping)


def _other(name: str, escaping: str) -> str:
    if escaping == ALLOW_UTF8:
        return f'"{_text(name)}"'
    kept = (letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
    text = "".join(kept)
    return f"_{text[1:]}" if text[:1].isdigit() else text


def _text(text: str) -> str:
    return str(text).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _milliseconds(sample: Sample) -> str:
    return "" if sample.timestamp is None else f" {int(float(sample.timestamp) * 1000):d}"


def _exemplar(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    labels = ",".join(f'{name}="{_text(value)}"' for name, value in sorted(exemplar.labels.items()))
    at = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {{{labels}}} {number_text(exemplar.value)}{at}"
