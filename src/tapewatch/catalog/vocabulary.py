"""
The names that expressions may use, and what is known of each.

A series belongs to a metric that is declared (with the suffixes of its type), to a recording rule,
to an objective, or to what every engine adds by itself.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.meaning import carried
from tapewatch.catalog.metric import Metric, type_of, unit_of
from tapewatch.catalog.units import unit_of_name
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.parse import parse

TARGET_LABELS: Final = frozenset(("job", "instance", "service"))
_ENGINES: Final = frozenset(
    (
        *("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"),
        *("scrape_samples_post_metric_relabeling", "scrape_timeout_seconds", "scrape_sample_limit"),
        *("scrape_body_size_bytes", "scrape_samples_limit", "target_info"),
    )
)
_OF_ALERTS: Final = frozenset(("ALERTS", "ALERTS_FOR_STATE"))
CALENDAR_OPEN: Final = "calendar_open"
_OURS: Final = ("tapewatch_", "prometheus_", "alertmanager_", "objective:")


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What is known of the series of one name."""

    name: str
    metric: str
    """The metric or recording rule that it belongs to; empty for what engines add."""
    type: str
    """``counter``, ``gauge``, ``histogram`` (native), ``summary`` or ``info``."""
    unit: str
    labels: frozenset[str] | None
    declared: Metric | None = None

    @property
    def bounds(self) -> tuple[float, ...]:
        """The finite bounds, where it is the bucket series of a classic histogram."""
        return self.declared.buckets.bounds if self.declared else ()


class Vocabulary:
    """What the series of a catalog are."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._records: dict[str, frozenset[str] | None] = {}

    @cached_property
    def target_labels(self) -> frozenset[str]:
        """The labels that every target has."""
        services = self.catalog.services.values()
        own = (name for service in services for name in service.labels)
        return TARGET_LABELS | frozenset(self.catalog.platform.target_labels) | frozenset(own)

    @cached_property
    def series(self) -> dict[str, SeriesFacts]:
        """Everything that is known, by the name of the series."""
        facts: dict[str, SeriesFacts] = {}
        for name, metric in self.catalog.metrics.items():
            facts.update(self._of_metric(name, metric))
        for name, record in self.catalog.records.items():
            unit = record.unit or unit_of_name(name.rpartition(":")[2].partition("_rate")[0])
            facts[name] = SeriesFacts(name, name, "gauge", unit, None)
        for name in _ENGINES:
            facts[name] = SeriesFacts(name, "", "gauge", unit_of_name(name), self.target_labels)
        for name in _OF_ALERTS:
            facts[name] = SeriesFacts(name, "", "gauge", "flag", None)
        facts[CALENDAR_OPEN] = SeriesFacts(
            CALENDAR_OPEN, "", "gauge", "flag", frozenset(("calendar",))
        )
        return facts

    def _of_metric(self, name: str, metric: Metric) -> dict[str, SeriesFacts]:
        kind, unit = type_of(name, metric), unit_of(name, metric)
        labels = frozenset(metric.labels.own) | self.target_labels
        plain = SeriesFacts(name, name, kind, unit, labels, metric)
        if kind not in ("histogram", "summary"):
            return {name: plain}
        count = SeriesFacts(f"{name}_count", name, "counter", "count", labels, metric)
        total = SeriesFacts(f"{name}_sum", name, "counter", unit, labels, metric)
        if kind == "summary":
            quantiles = SeriesFacts(name, name, kind, unit, labels | {"quantile"}, metric)
            return {each.name: each for each in (quantiles, count, total)}
        if metric.buckets.native:
            return {name: plain, count.name: count, total.name: total}
        bucket = SeriesFacts(f"{name}_bucket", name, "counter", "count", labels | {"le"}, metric)
        return {each.name: each for each in (bucket, count, total)}

    def facts(self, name: str) -> SeriesFacts | None:
        """Tell what is known of a series; nothing where nobody declares it."""
        return self.series.get(name)

    def knows(self, name: str) -> bool:
        """Say whether a series is declared, or added by an engine."""
        return name in self.series or name.startswith(_OURS)

    def labels_of(self, name: str) -> frozenset[str] | None:
        """Tell which labels the series of a name can have."""
        facts = self.series.get(name)
        if facts is None:
            return None
        if facts.labels is None and name in self.catalog.records:
            return self._labels_of_record(name)
        return facts.labels

    def _labels_of_record(self, name: str) -> frozenset[str] | None:
        if name not in self._records:
            # A rule that reads itself, through others perhaps, ends here with nothing known.
            self._records[name] = None
            record = self.catalog.records[name]
            try:
                inner = carried(parse(self.catalog.expand(record.expr)), self.labels_of)
            except QuerySyntaxError:
                inner = None
            known = None if inner is None else inner | frozenset(record.labels)
            self._records[name] = known
        return self._records[name]
