"""Samples, exemplars and families: numbers at a time, and what is told about a metric."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.model.numbers import STALE_BITS

STALE: Final[float] = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]


def is_stale(value: float) -> bool:
    """Say whether ``value`` is the marker of a series that has gone (one NaN among many)."""
    return math.isnan(value) and struct.pack("<d", value) == struct.pack("<d", STALE)


class MetricType(StrEnum):
    """The metric types of OpenMetrics and Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    GAUGE_HISTOGRAM = "gaugehistogram"
    SUMMARY = "summary"
    INFO = "info"
    STATESET = "stateset"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation that stands for many, with labels that lead to its trace."""

    labels: Labels
    value: float
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series; a time of None means "when it was read"."""

    labels: Labels
    value: float | Histogram
    timestamp_ms: int | None = None
    start_ms: int | None = None
    exemplars: tuple[Exemplar, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a metric says about itself."""

    type: MetricType = MetricType.UNKNOWN
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its metadata and samples, as a component shows its own numbers."""

    name: str
    type: MetricType
    help: str
    samples: Sequence[Sample] = field(default=())
    unit: str = ""


def gauge(name: str, help_text: str, value: float, labels: Labels = EMPTY) -> Family:
    """Build a gauge of one sample."""
    return Family(name, MetricType.GAUGE, help_text, (_sample(name, value, labels),))


def counter(name: str, help_text: str, value: float, labels: Labels = EMPTY) -> Family:
    """Build a counter of one sample; the name carries its ``_total``."""
    return Family(name, MetricType.COUNTER, help_text, (_sample(name, value, labels),))


def family(
    name: str, kind: MetricType, help_text: str, values: Sequence[tuple[Labels, float]]
) -> Family:
    """Build a family of several samples that share the family's name."""
    return Family(name, kind, help_text, tuple(_sample(name, v, labels) for labels, v in values))


def _sample(name: str, value: float, labels: Labels) -> Sample:
    return Sample(labels.replace(__name__=name), float(value))
