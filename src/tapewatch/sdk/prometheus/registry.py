"""
Collectors by the names that they give.

The metrics of the first registry that takes a name are in the process's region, where the agent
reads them. A second registry with the same name (one made for a test, say) keeps its numbers in
private memory, seen by its own ``generate_latest`` alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from threading import RLock
from typing import Any, Final, Protocol

from tapewatch.sdk.errors import DuplicateTimeseries
from tapewatch.sdk.prometheus.families import InfoMetricFamily, Metric
from tapewatch.sdk.registry import Registry

_SUFFIXES: Final[dict[str, tuple[str, ...]]] = {
    "counter": ("_total", "_created"),
    "summary": ("_sum", "_count", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
}
_TARGET: Final = "target_info"


class Collector(Protocol):
    """Whatever gives metrics when it is asked."""

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""


class CollectorRegistry:
    """The collectors whose metrics are read together."""

    def __init__(
        self,
        auto_describe: bool = False,
        target_info: Mapping[str, str] | None = None,
        support_collectors_without_names: bool = False,
    ) -> None:
        self._lock = RLock()
        self._auto_describe = auto_describe
        self._nameless = support_collectors_without_names
        self._names: dict[Any, list[str]] = {}
        self._collectors: dict[str, Any] = {}
        self._target_info: Mapping[str, str] | None = None
        self._private: Registry | None = None
        self.set_target_info(target_info)

    @property
    def private(self) -> Registry:
        """Where the numbers lie whose names another registry has in the process's region."""
        if self._private is None:
            self._private = Registry({"TAPEWATCH_REGION": "off"})
        return self._private

    def register(self, collector: Any) -> None:
        """Add a collector; two that give the same name cannot be told apart."""
        with self._lock:
            names = self._described(collector)
            taken = sorted(set(names) & self._collectors.keys())
            if taken:
                raise DuplicateTimeseries(taken)
            self._collectors |= dict.fromkeys(names, collector)
            self._names[collector] = names

    def unregister(self, collector: Any) -> None:
        """Take a collector out; its series leave the region too."""
        with self._lock:
            for name in self._names.pop(collector):
                del self._collectors[name]
        leave = getattr(collector, "leave_region", None)
        if leave is not None:
            leave()

    def _described(self, collector: Any) -> list[str]:
        describe = getattr(collector, "describe", None)
        if describe is None and self._auto_describe:
            describe = collector.collect
        told = describe() if describe is not None else ()
        return [
            metric.name + suffix
            for metric in told
            for suffix in ("", *_SUFFIXES.get(metric.type, ()))
        ]

    def collect(self) -> Iterator[Metric]:
        """The metrics of every collector, in the order in which they came."""
        with self._lock:
            collectors = list(self._names)
        if self._target_info:
            yield InfoMetricFamily("target", "Target metadata", self._target_info)
        for collector in collectors:
            yield from collector.collect()

    def restricted_registry(self, names: Iterable[str]) -> "RestrictedRegistry":
        """The samples of these names alone."""
        return RestrictedRegistry(frozenset(names), self)

    def chosen(self, names: frozenset[str]) -> list[Any]:
        """The collectors that give one of these names, and those that do not tell theirs."""
        with self._lock:
            return [
                collector
                for collector, own in self._names.items()
                if names & set(own) or (self._nameless and not own)
            ]

    def set_target_info(self, labels: Mapping[str, str] | None) -> None:
        """Say what this process is, as labels of ``target_info``."""
        with self._lock:
            if labels and not self._target_info and _TARGET in self._collectors:
                raise DuplicateTimeseries([_TARGET])
            if labels:
                self._collectors[_TARGET] = self
            elif self._target_info:
                del self._collectors[_TARGET]
            self._target_info = dict(labels) if labels else None

    def get_target_info(self) -> Mapping[str, str] | None:
        """What this process is said to be."""
        return self._target_info

    def get_sample_value(self, name: str, labels: Mapping[str, str] | None = None) -> float | None:
        """The value of one sample, None where there is none: for tests."""
        wanted = dict(labels or {})
        for metric in self.collect():
            for sample in metric.samples:
                if sample.name == name and sample.labels == wanted:
                    return sample.value
        return None


class RestrictedRegistry:
    """Some samples of a registry."""

    def __init__(self, names: frozenset[str], registry: CollectorRegistry) -> None:
        self._names = names
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """The metrics that have one of the names, with those samples alone."""
        target = self._registry.get_target_info()
        if target and _TARGET in self._names:
            yield InfoMetricFamily("target", "Target metadata", target)
        for collector in self._registry.chosen(self._names):
            for metric in collector.collect():
                kept = metric.named(self._names)
                if kept is not None:
                    yield kept


REGISTRY: Final = CollectorRegistry(auto_describe=True)
