"""
What a collector gives: metrics and their samples, under prometheus_client's names.

Custom collectors of existing code build these; the text is made from them in ``text.py``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple

_TYPES: Final = {
    "counter",
    "gauge",
    "summary",
    "histogram",
    "gaugehistogram",
    "unknown",
    "info",
    "stateset",
}


class Timestamp:
    """A time in seconds and nanoseconds."""

    def __init__(self, sec: float, nsec: float) -> None:
        if not 0 <= nsec < 1e9:
            raise ValueError(f"{nsec} nanoseconds: they are from 0 to 999999999")
        self.sec = int(sec)
        self.nsec = int(nsec if sec >= 0 else -nsec)

    def __str__(self) -> str:
        return f"{self.sec}.{self.nsec:09d}"

    def __float__(self) -> float:
        return self.sec + self.nsec / 1e9


class Exemplar(NamedTuple):
    """One observation with labels of its own, mostly a trace id."""

    labels: Mapping[str, str]
    value: float
    timestamp: float | Timestamp | None = None


class Sample(NamedTuple):
    """One line of an exposition."""

    name: str
    labels: Mapping[str, str]
    value: float
    timestamp: float | Timestamp | None = None
    exemplar: Exemplar | None = None


class Metric:
    """A metric with its samples."""

    def __init__(self, name: str, documentation: str, typ: str, unit: str = "") -> None:
        if typ == "untyped":
            typ = "unknown"
        if typ not in _TYPES:
            raise ValueError(f"{name!r} has the type {typ!r}: take one of {sorted(_TYPES)}")
        self.name = name if not unit or name.endswith(f"_{unit}") else f"{name}_{unit}"
        self.documentation = documentation
        self.unit = unit
        self.type = typ
        self.samples: list[Sample] = []

    def add_sample(
        self,
        name: str,
        labels: Mapping[str, str],
        value: float,
        timestamp: float | Timestamp | None = None,
        exemplar: Exemplar | None = None,
    ) -> None:
        """Add one sample under its full name."""
        self.samples.append(Sample(name, dict(labels), value, timestamp, exemplar))

    def named(self, names: frozenset[str]) -> "Metric | None":
        """The same metric with these samples alone; None where it has none of them."""
        kept = Metric(self.name, self.documentation, self.type, self.unit)
        kept.samples = [sample for sample in self.samples if sample.name in names]
        return kept if kept.samples else None

    def __repr__(self) -> str:
        return f"Metric({self.name}, {self.documentation}, {self.type}, {self.unit})"


class _Family(Metric):
    """A metric of one type, whose samples are added by their label values."""

    kind: ClassVar[str]

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] | None, unit: str = ""
    ) -> None:
        super().__init__(name, documentation, self.kind, unit)
        self._labelnames = tuple(labels or ())

    def _add(
        self,
        suffix: str,
        values: Sequence[str],
        value: float,
        timestamp: float | Timestamp | None = None,
        exemplar: Exemplar | None = None,
        further: Mapping[str, str] | None = None,
    ) -> None:
        labels = dict(zip(self._labelnames, values, strict=False)) | dict(further or {})
        self.add_sample(self.name + suffix, labels, value, timestamp, exemplar)


def _refuse_both(first: object, labels: object) -> None:
    if first is not None and labels is not None:
        raise ValueError("a family has either a value or labels: give the value to add_metric")


class UnknownMetricFamily(_Family):
    """Numbers of which nothing is known."""

    kind = "unknown"

    def __init__(
        self,
        name: str,
        documentation: str,
        value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        _refuse_both(value, labels)
        super().__init__(name, documentation, labels, unit)
        if value is not None:
            self.add_metric((), value)

    def add_metric(
        self, labels: Sequence[str], value: float, timestamp: float | Timestamp | None = None
    ) -> None:
        """Add the value of one series."""
        self._add("", labels, value, timestamp)


UntypedMetricFamily = UnknownMetricFamily


class GaugeMetricFamily(UnknownMetricFamily):
    """Numbers that rise and fall."""

    kind = "gauge"


class CounterMetricFamily(_Family):
    """Numbers that only rise."""

    kind = "counter"

    def __init__(
        self,
        name: str,
        documentation: str,
        value: float | None = None,
        labels: Sequence[str] | None = None,
        created: float | None = None,
        unit: str = "",
        exemplar: Exemplar | None = None,
    ) -> None:
        _refuse_both(value, labels)
        super().__init__(name.removesuffix("_total"), documentation, labels, unit)
        if value is not None:
            self.add_metric((), value, created, exemplar=exemplar)

    def add_metric(
        self,
        labels: Sequence[str],
        value: float,
        created: float | None = None,
        timestamp: float | Timestamp | None = None,
        exemplar: Exemplar | None = None,
    ) -> None:
        """Add the value of one series, and since when it counts."""
        self._add("_total", labels, value, timestamp, exemplar)
        if created is not None:
            self._add("_created", labels, created, timestamp)


class SummaryMetricFamily(_Family):
    """Counts and sums."""

    kind = "summary"

    def __init__(
        self,
        name: str,
        documentation: str,
        count_value: int | None = None,
        sum_value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        if (count_value is None) != (sum_value is None):
            raise ValueError("a summary has a count and a sum: give count_value and sum_value")
        _refuse_both(count_value, labels)
        super().__init__(name, documentation, labels, unit)
        if count_value is not None and sum_value is not None:
            self.add_metric((), count_value, sum_value)

    def add_metric(
        self,
        labels: Sequence[str],
        count_value: int,
        sum_value: float,
        timestamp: float | Timestamp | None = None,
    ) -> None:
        """Add the count and the sum of one series."""
        self._add("_count", labels, count_value, timestamp)
        self._add("_sum", labels, sum_value, timestamp)


Bounds = Sequence[Sequence[Any]]
"""Pairs of a bound as text and the count up to it; a third is the bucket's exemplar."""


class HistogramMetricFamily(_Family):
    """Counts up to bounds, and sums."""

    kind = "histogram"

    def __init__(
        self,
        name: str,
        documentation: str,
        buckets: Bounds | None = None,
        sum_value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        _refuse_both(buckets, labels)
        if sum_value is not None and buckets is None:
            raise ValueError("a histogram with a sum has buckets: give them with sum_value")
        super().__init__(name, documentation, labels, unit)
        if buckets is not None:
            self.add_metric((), buckets, sum_value)

    def add_metric(
        self,
        labels: Sequence[str],
        buckets: Bounds,
        sum_value: float | None,
        timestamp: float | Timestamp | None = None,
    ) -> None:
        """Add the buckets of one series, the last one +Inf."""
        for bound, value, *rest in buckets:
            exemplar = rest[0] if rest else None
            self._add("_bucket", labels, value, timestamp, exemplar, {"le": bound})
        # A sum of values below zero may fall, which readers take for a restart.
        if sum_value is not None and float(buckets[0][0]) >= 0:
            self._add("_count", labels, buckets[-1][1], timestamp)
            self._add("_sum", labels, sum_value, timestamp)


class GaugeHistogramMetricFamily(_Family):
    """Buckets of what is there now, which may fall."""

    kind = "gaugehistogram"

    def __init__(
        self,
        name: str,
        documentation: str,
        buckets: Bounds | None = None,
        gsum_value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        _refuse_both(buckets, labels)
        super().__init__(name, documentation, labels, unit)
        if buckets is not None:
            self.add_metric((), buckets, gsum_value)

    def add_metric(
        self,
        labels: Sequence[str],
        buckets: Bounds,
        gsum_value: float | None,
        timestamp: float | Timestamp | None = None,
    ) -> None:
        """Add the buckets of one series, the last one +Inf."""
        for bound, value, *_ in buckets:
            self._add("_bucket", labels, value, timestamp, further={"le": bound})
        self._add("_gcount", labels, buckets[-1][1], timestamp)
        if gsum_value is not None:
            self._add("_gsum", labels, gsum_value, timestamp)


class InfoMetricFamily(_Family):
    """Texts."""

    kind = "info"

    def __init__(
        self,
        name: str,
        documentation: str,
        value: Mapping[str, str] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        _refuse_both(value, labels)
        super().__init__(name.removesuffix("_info"), documentation, labels)
        if value is not None:
            self.add_metric((), value)

    def add_metric(
        self,
        labels: Sequence[str],
        value: Mapping[str, str],
        timestamp: float | Timestamp | None = None,
    ) -> None:
        """Add the texts of one series."""
        self._add("_info", labels, 1, timestamp, further=value)


class StateSetMetricFamily(_Family):
    """Which of a few states are true."""

    kind = "stateset"

    def __init__(
        self,
        name: str,
        documentation: str,
        value: Mapping[str, bool] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        _refuse_both(value, labels)
        super().__init__(name, documentation, labels)
        if value is not None:
            self.add_metric((), value)

    def add_metric(
        self,
        labels: Sequence[str],
        value: Mapping[str, bool],
        timestamp: float | Timestamp | None = None,
    ) -> None:
        """Add the states of one series."""
        for state, held in sorted(value.items()):
            self._add("", labels, 1 if held else 0, timestamp, further={self.name: state})
