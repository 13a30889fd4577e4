"""
What one service tells: the instruments of the SDK, as its pack declares them.

A service can only tell what the pack declares, by the labels and with the bounds written there; a
name or a label that is not declared is an error of ours, found by the first step.
"""

from collections.abc import Mapping
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.metric import Metric, type_of
from tapewatch.floor.changes import AnyValue, Changes, Flow
from tapewatch.sdk.instruments import Counter, Gauge, Histogram, Instrument, State
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start

SERIES_MAX: Final = 20_000
HEARTBEAT_NS: Final = 1_000_000_000
"""Every service promises to beat so often, so that one that hangs is told from a quiet one."""

UNITS: Final[Mapping[str, tuple[float, float]]] = {
    "seconds": (1e-6, 1024.0),
    "us": (0.1, 1e8),
    "ms": (0.01, 1e6),
    "bps": (0.01, 10_000.0),
    "usd": (0.01, 1e9),
}
"""The endings of histograms' names with the values that can come; fewer octaves, less memory."""


class Numbers:
    """The instruments of one service, in a region of its own."""

    def __init__(
        self,
        catalog: Catalog,
        start: Start | None,
        changes: Changes,
        registry: Registry | None = None,
    ) -> None:
        self._catalog = catalog
        self._changes = changes
        self._instruments: dict[str, Instrument[Any]] = {}
        self._handles: dict[tuple[Any, ...], Any] = {}
        self._series: dict[str, list[tuple[dict[str, str], Any]]] = {}
        self.now_s = 0.0
        self.registry = registry or Registry({"TAPEWATCH_REGION": "off"})
        if start is not None:
            self.registry.start(start).promise(HEARTBEAT_NS)

    @property
    def told(self) -> tuple[str, ...]:
        """The metrics of the pack that have been told so far, also by the objects of the SDK."""
        return tuple(name for name in self._catalog.metrics if self.registry.find(name))

    def add(self, metric: str, amount: float, **labels: str) -> None:
        """Let a counter grow."""
        told = self._changed(metric, amount, labels)
        if told is not None:
            self._handle(metric, labels).inc(told)

    def put(self, metric: str, value: AnyValue, **labels: str) -> None:
        """Set a gauge or a state."""
        told = self._changed(metric, value, labels)
        # The series is there even while a fault keeps it from being told.
        handle = self._handle(metric, labels)
        if told is not None:
            handle.set(told)

    def see(self, metric: str, value: float, **labels: str) -> None:
        """Count a value in a histogram."""
        told = self._changed(metric, value, labels)
        handle = self._handle(metric, labels)
        if told is not None:
            handle.observe(told)

    def flow(self, seconds: float) -> None:
        """Let grow what faults let grow, of the series that this service tells."""
        for active in self._changes.flows():
            flow = active.change
            assert isinstance(flow, Flow)
            for labels, handle in self._series.get(flow.metric, ()):
                if not active.concerns(labels):
                    continue
                if flow.seen is None:
                    handle.inc(flow.per_second * seconds)
                else:
                    for _ in range(max(round(flow.per_second * seconds), 1)):
                        handle.observe(flow.seen)

    def _changed(self, metric: str, value: AnyValue, labels: Mapping[str, str]) -> AnyValue | None:
        told: AnyValue | None = value
        for active in self._changes.of(metric):
            if told is not None and active.concerns(labels):
                told = active.change.value(told, active.began_s, self.now_s)
        return told

    def _handle(self, metric: str, labels: dict[str, str]) -> Any:
        key = (metric, *labels.items())
        handle = self._handles.get(key)
        if handle is None:
            handle = self._handles[key] = self._instrument(metric).bind(**labels)
            self._series.setdefault(metric, []).append((labels, handle))
        return handle

    def _instrument(self, metric: str) -> Instrument[Any]:
        known = self._instruments.get(metric)
        if known is None:
            declared = self._catalog.metrics[metric]
            known = self._instruments[metric] = self._declared(metric, declared)
        return known

    def _declared(self, name: str, metric: Metric) -> Instrument[Any]:
        labels = tuple(metric.labels.own)
        kind, home = type_of(name, metric), self.registry
        if name in labels:
            own = tuple(label for label in labels if label != name)
            states = self._catalog.label_of(name, name).values
            return State(name, metric.help, states=states, labels=own, registry=home)
        if kind == "counter":
            return Counter(name, metric.help, labels=labels, series_max=SERIES_MAX, registry=home)
        if kind == "histogram":
            return self._histogram(name, metric, labels)
        return Gauge(name, metric.help, labels=labels, series_max=SERIES_MAX, registry=home)

    def _histogram(self, name: str, metric: Metric, labels: tuple[str, ...]) -> Histogram:
        unit = name.rpartition("_")[2]
        low, high = UNITS.get(unit, (None, None))
        return Histogram(
            name,
            metric.help,
            labels=labels,
            unit=unit if unit in UNITS else "",
            low=low,
            high=high,
            signed=metric.signed,
            cuts=metric.buckets.bounds,
            series_max=SERIES_MAX,
            registry=self.registry,
        )


def sections(feed_count: int) -> Sections:
    """How large a region is for a service that tells of so many feeds."""
    return Sections(
        directory_bytes=(1 << 19) + feed_count * 4096,
        values_bytes=(1 << 20) + feed_count * 6144,
        errors_slots=8,
        exemplars_slots=64,
        ring_slots=1024,
    )
