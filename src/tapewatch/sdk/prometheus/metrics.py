"""
Counter, Gauge, Summary, Histogram, Info and Enum with prometheus_client's face, over the region.

A declaration raises what prometheus_client raises (``ValueError``). What is called later raises
nothing: labels that the metric does not have, a counter that is to fall, text for a number are
counted by their reason in the region, as with every instrument.
"""

import os
import time
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from threading import RLock
from typing import Any, ClassVar, Final, NamedTuple, Self

from tapewatch.sdk import classic, instruments
from tapewatch.sdk.errors import BadDeclaration, SdkError
from tapewatch.sdk.process import REGISTRY as PROCESS
from tapewatch.sdk.prometheus.blocks import ErrorTypes, ExceptionCounter, InprogressTracker, Timer
from tapewatch.sdk.prometheus.families import Exemplar, Metric, Sample
from tapewatch.sdk.prometheus.numbers import number_text
from tapewatch.sdk.prometheus.registry import REGISTRY, CollectorRegistry
from tapewatch.sdk.region.layout import Drop
from tapewatch.sdk.registry import Registry

INF: Final = inf
SERIES_MAX: Final = 10_000
"""prometheus_client has no limit; here one metric must not fill the region."""

_DEFAULT_BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, INF
)  # fmt: skip
_EXEMPLAR_CHARACTERS_MAX: Final = 128
_TRACE_LETTERS: Final = 32
_SPAN_LETTERS: Final = 16
_YES: Final = {"true", "1", "t"}


class _Created:
    """Whether series tell since when they count."""

    shown = os.environ.get("PROMETHEUS_DISABLE_CREATED_SERIES", "").lower() not in _YES


def disable_created_metrics() -> None:
    """Leave ``_created`` out from now on."""
    _Created.shown = False


def enable_created_metrics() -> None:
    """Give ``_created`` from now on."""
    _Created.shown = True


class Part(NamedTuple):
    """A sample without what all samples of a series share."""

    suffix: str
    value: float
    labels: Mapping[str, str] = {}
    exemplar: Exemplar | None = None


class _Unlabelled:
    """What stands for a handle where labels are missing: it counts that they are."""

    def __init__(self, instrument: Any) -> None:
        def refuse(*_: object) -> None:
            instrument.refuse()

        self.inc = self.dec = self.set = self.observe = self.set_to_current_time = refuse
        self.value, self.sum, self.state = 0.0, 0.0, ""
        self.counts: list[int] = []


class LabelledMetric:
    """
    One metric, or one of its series: ``labels`` gives the series as objects of the same class.

    A metric without labels is its only series.
    """

    _type: ClassVar[str]
    _ending: ClassVar[str] = ""

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
    ) -> None:
        self._name = _full_name(self._type, name, namespace, subsystem, unit)
        self._documentation = documentation
        self._labelnames = tuple(labelnames)
        self._labelvalues: tuple[str, ...] = ()
        self._unit = unit
        self._children: dict[tuple[str, ...], Self] = {}
        self._overflow: Self | None = None
        self._lock = RLock()
        self._instrument: Any = None
        if registry is not None:
            registry.register(self)
        try:
            self._instrument = self._declare(self._name + self._ending, self._home(registry))
        except SdkError:
            if registry is not None:
                registry.unregister(self)
            raise
        labelled = bool(self._labelnames)
        self.take(_Unlabelled(self._instrument) if labelled else self._instrument.find(()))

    def _home(self, registry: CollectorRegistry | None) -> Registry:
        name = self._name + self._ending
        if PROCESS.find(name) is None:
            return PROCESS
        if registry is REGISTRY:
            warnings.warn(
                f"{name} is not in the region: another instrument has its name", stacklevel=4
            )
        return Registry({"TAPEWATCH_REGION": "off"}) if registry is None else registry.private

    @abstractmethod
    def _declare(self, name: str, home: Registry) -> Any: ...

    def take(self, handle: Any) -> None:
        """Write to this cell from now on."""
        self._handle = handle
        self._created = time.time()

    def labels(self, *labelvalues: object, **labelkwargs: object) -> Self:
        """Give the series of these label values, in the order declared or by name; never raises."""
        if not labelkwargs:
            try:
                return self._children[labelvalues]  # type: ignore[index] # Others are not found.
            except Exception:  # noqa: BLE001, S110 - not found, or a hash that raises: both go on
                pass
        return self._labelled(labelvalues, labelkwargs)

    def _labelled(self, values: tuple[object, ...], named: Mapping[str, object]) -> Self:
        try:
            if named and not values and named.keys() == set(self._labelnames):
                values = tuple(named[name] for name in self._labelnames)
            elif named:
                return self._refused()
            texts = tuple(str(value) for value in values)
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            return self._refused()
        known = self._children.get(texts)
        return self._child(texts) if known is None else known

    def _child(self, texts: tuple[str, ...]) -> Self:
        if not self._labelnames or self._labelvalues or len(texts) != len(self._labelnames):
            return self._refused()
        with self._lock:
            known = self._children.get(texts)
            if known is not None:
                return known
            handle = self._instrument.find(texts)
            if handle is self._instrument.overflow:
                self._overflow = self._overflow or self._series(handle, ("true",), ("overflow",))
                return self._overflow
            child = self._series(handle, texts, self._labelnames)
            if texts in self._instrument.children:
                self._children[texts] = child
            return child

    def _series(self, handle: Any, values: tuple[str, ...], names: tuple[str, ...]) -> Self:
        child = type(self).__new__(type(self))
        own = {"_labelnames": names, "_labelvalues": values, "_children": {}}
        child.__dict__.update(self.__dict__ | own)
        child.take(handle)
        return child

    def _refused(self) -> Self:
        return self._series(self._instrument.refuse(), ("",), ("",))

    def remove(self, *labelvalues: object) -> None:
        """Take the series of these label values out of what readers see."""
        if not self._labelnames or len(labelvalues) != len(self._labelnames):
            raise BadDeclaration(
                self._name,
                f"was to lose the series of {len(labelvalues)} label values",
                f"its labels are {self._labelnames}",
            )
        self._leave([tuple(str(value) for value in labelvalues)])

    def remove_by_labels(self, labels: Mapping[str, object]) -> None:
        """Take every series that has these labels out."""
        unknown = sorted(labels.keys() - set(self._labelnames))
        if unknown:
            raise BadDeclaration(
                self._name, f"has no labels {unknown}", f"its labels are {self._labelnames}"
            )
        wanted = {self._labelnames.index(name): str(value) for name, value in labels.items()}
        self._leave(
            [
                values
                for values in list(self._children)
                if wanted and all(values[place] == value for place, value in wanted.items())
            ]
        )

    def clear(self) -> None:
        """Take every series out."""
        self._leave(list(self._children))

    def _leave(self, gone: Iterable[tuple[str, ...]]) -> None:
        with self._lock:
            for values in gone:
                child = self._children.pop(values, None)
                if child is not None:
                    child.vanish()

    def vanish(self) -> None:
        """Take this one series out of what readers see."""
        self._instrument.remove(**self.own_labels)

    @property
    def own_labels(self) -> dict[str, str]:
        """The labels of this series."""
        return dict(zip(self._labelnames, self._labelvalues, strict=False))

    def leave_region(self) -> None:
        """Let another metric take the name: what ``unregister`` does."""
        if self._instrument is None:
            return
        self.clear()
        if not self._labelnames:
            self.vanish()
        self._instrument.registry.forget(self._instrument.name)

    def describe(self) -> list[Metric]:
        """The metric without samples."""
        return [Metric(self._name, self._documentation, self._type, self._unit)]

    def collect(self) -> list[Metric]:
        """The metric with the samples of now."""
        (metric,) = self.describe()
        for series in self._present():
            own = series.own_labels
            for suffix, value, labels, exemplar in series.parts():
                told = Sample(self._name + suffix, {**own, **labels}, value, None, exemplar)
                metric.samples.append(told)
        return [metric]

    def _present(self) -> "list[LabelledMetric]":
        if not self._labelnames or self._labelvalues:
            return [self]
        children: list[LabelledMetric] = list(self._children.values())
        return [*children, *([self._overflow] if self._overflow is not None else [])]

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""

    def _since(self) -> Iterator[Part]:
        if _Created.shown:
            yield Part("_created", self._created)

    def _kept(self, labels: Any, value: float) -> Exemplar | None:
        try:
            if not labels:
                return None
            size = sum(len(name + text) for name, text in labels.items())
            if size <= _EXEMPLAR_CHARACTERS_MAX:
                return Exemplar(dict(labels), float(value), time.time())
        except Exception:  # noqa: BLE001, S110 - whatever it raises, it is no exemplar
            pass
        self._instrument.registry.region.memory.drop(Drop.BAD_EXEMPLAR)
        return None

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}({self._name})"


class Counter(LabelledMetric):
    """What only rises; ``_total`` is added to its name where it is missing."""

    _type = "counter"
    _ending = "_total"
    _exemplar: Exemplar | None = None

    def _declare(self, name: str, home: Registry) -> instruments.Counter:
        return instruments.Counter(
            name,
            self._documentation,
            labels=self._labelnames,
            unit=self._unit,
            series_max=SERIES_MAX,
            registry=home,
        )

    def take(self, handle: Any) -> None:
        """Write to this cell from now on."""
        super().take(handle)
        self._inc = handle.inc

    def inc(self, amount: float = 1, exemplar: Mapping[str, str] | None = None) -> None:
        """Add ``amount``, which must not be below zero."""
        self._inc(amount)
        if exemplar is not None:
            self._exemplar = self._kept(exemplar, amount) or self._exemplar

    def reset(self) -> None:
        """Begin at zero again, as a process that restarts would."""
        with self._lock:
            self.vanish()
            self.take(self._instrument.find(self._labelvalues))

    def count_exceptions(self, exception: ErrorTypes = Exception) -> ExceptionCounter:
        """Count the errors that leave a block or a function."""
        return ExceptionCounter(self, exception)

    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""
        yield Part("_total", self._handle.value, exemplar=self._exemplar)
        yield from self._since()


class Gauge(LabelledMetric):
    """What rises and falls."""

    _type = "gauge"
    _function: Callable[[], float] | None = None

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
        *,
        multiprocess_mode: str = "all",  # noqa: ARG002 # Each process has a region of its own.
    ) -> None:
        super().__init__(name, documentation, labelnames, namespace, subsystem, unit, registry)

    def _declare(self, name: str, home: Registry) -> instruments.Gauge:
        return instruments.Gauge(
            name,
            self._documentation,
            labels=self._labelnames,
            unit=self._unit,
            series_max=SERIES_MAX,
            registry=home,
        )

    def take(self, handle: Any) -> None:
        """Write to this cell from now on."""
        super().take(handle)
        self._inc, self._dec, self._set = handle.inc, handle.dec, handle.set

    def inc(self, amount: float = 1) -> None:
        """Add ``amount``."""
        self._inc(amount)

    def dec(self, amount: float = 1) -> None:
        """Take ``amount`` away."""
        self._dec(amount)

    def set(self, value: float) -> None:
        """Put ``value`` in the place of the one before."""
        self._set(value)

    def set_to_current_time(self) -> None:
        """Put the time of now in, in seconds of Unix time."""
        self._handle.set_to_current_time()

    def set_function(self, f: Callable[[], float]) -> None:
        """
        Take the value from ``f`` whenever the metric is read.

        Readers of the region call nothing, so they see the value of the last reading in this
        process: ``tapewatch.sdk.prometheus.refresh()`` is one.
        """
        self._function = f

    def track_inprogress(self) -> InprogressTracker:
        """Count the blocks or calls that are being run."""
        return InprogressTracker(self)

    def time(self) -> Timer:
        """Set the gauge to how long a block or a function took, in seconds."""
        return Timer(self, "set")

    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""
        if self._function is not None:
            self._handle.set(float(self._function()))
        yield Part("", self._handle.value)


class Summary(LabelledMetric):
    """How many values there were, and their sum."""

    _type = "summary"

    def _declare(self, name: str, home: Registry) -> classic.Summary:
        return classic.Summary(
            name,
            self._documentation,
            labels=self._labelnames,
            unit=self._unit,
            series_max=SERIES_MAX,
            registry=home,
        )

    def take(self, handle: Any) -> None:
        """Write to this cell from now on."""
        super().take(handle)
        self._observe = handle.observe

    def observe(self, amount: float) -> None:
        """Count ``amount``."""
        self._observe(amount)

    def time(self) -> Timer:
        """Count how long a block or a function took, in seconds."""
        return Timer(self, "observe")

    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""
        yield Part("_count", float(sum(self._handle.counts)))
        yield Part("_sum", self._handle.sum)
        yield from self._since()


class Histogram(LabelledMetric):
    """How many values lie up to each of a few bounds."""

    _type = "histogram"
    DEFAULT_BUCKETS: ClassVar[tuple[float, ...]] = _DEFAULT_BUCKETS

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
        *,
        buckets: Sequence[float | str] = DEFAULT_BUCKETS,
    ) -> None:
        self._bounds = _bounds(name, buckets)
        super().__init__(name, documentation, labelnames, namespace, subsystem, unit, registry)

    def _declare(self, name: str, home: Registry) -> classic.ClassicHistogram:
        return classic.ClassicHistogram(
            name,
            self._documentation,
            bounds=self._bounds,
            labels=self._labelnames,
            unit=self._unit,
            series_max=SERIES_MAX,
            registry=home,
        )

    def take(self, handle: Any) -> None:
        """Write to this cell from now on."""
        super().take(handle)
        self._observe = handle.observe
        self._exemplars: dict[int, Exemplar | None] = {}

    def observe(self, amount: float, exemplar: Mapping[str, str] | None = None) -> None:
        """Count ``amount``; an exemplar with a ``trace_id`` goes into the region too."""
        if exemplar is None:
            self._observe(amount)
        else:
            self._observe_traced(amount, exemplar)

    def _observe_traced(self, amount: float, labels: Mapping[str, str]) -> None:
        from bisect import bisect_left

        told = self._kept(labels, amount)
        trace = None if told is None else _trace(told.labels)
        self._observe(amount) if trace is None else self._observe(amount, trace)
        if told is not None:
            self._exemplars[bisect_left(self._bounds, told.value)] = told

    def time(self) -> Timer:
        """Count how long a block or a function took, in seconds."""
        return Timer(self, "observe")

    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""
        total = 0
        for place, count in enumerate(self._handle.counts):
            total += count
            bound = self._bounds[place] if place < len(self._bounds) else INF
            exemplar = self._exemplars.get(place)
            yield Part("_bucket", float(total), {"le": number_text(bound)}, exemplar)
        yield Part("_count", float(total))
        # A sum of values below zero may fall, which readers take for a restart.
        if self._bounds[0] >= 0:
            yield Part("_sum", self._handle.sum)
        yield from self._since()


class Info(LabelledMetric):
    """Texts that say what runs."""

    _type = "info"
    _ending = "_info"

    def _declare(self, name: str, home: Registry) -> instruments.Info:
        return instruments.Info(
            name,
            self._documentation,
            labels=self._labelnames,
            series_max=SERIES_MAX,
            registry=home,
        )

    def take(self, handle: Any) -> None:
        """Write to this cell from now on."""
        super().take(handle)
        self._texts: dict[str, str] = {}

    def info(self, val: Mapping[str, str]) -> None:
        """Say these texts instead of those before."""
        if any(text is None for text in val.values()) or val.keys() & set(self._labelnames):
            self._instrument.refuse()
            return
        self._texts = {str(name): str(text) for name, text in val.items()}
        self._handle.set(**self._texts)

    def vanish(self) -> None:
        """Take this one series out of what readers see."""
        self._handle.clear()

    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""
        yield Part("_info", 1.0, self._texts)


class Enum(LabelledMetric):
    """Which of a few states is the present one; the first one to begin with."""

    _type = "stateset"

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Sequence[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
        *,
        states: Sequence[str] = (),
    ) -> None:
        self._states = tuple(states)
        if name in labelnames:
            raise BadDeclaration(name, "is its own label", "give the label another name")
        super().__init__(name, documentation, labelnames, namespace, subsystem, unit, registry)

    def _declare(self, name: str, home: Registry) -> instruments.State:
        return instruments.State(
            name,
            self._documentation,
            states=self._states,
            labels=self._labelnames,
            series_max=SERIES_MAX,
            registry=home,
        )

    def state(self, state: str) -> None:
        """Say which state it is now; one that was not declared is dropped and counted."""
        self._handle.set(state)

    def parts(self) -> Iterator[Part]:
        """The samples of this one series."""
        present = self._handle.state
        for state in self._states:
            yield Part("", 1 if state == present else 0, {self._name: state})


def _full_name(kind: str, name: str, namespace: str, subsystem: str, unit: str) -> str:
    if not name:
        raise BadDeclaration(name, "is no name", "call it by what it counts")
    full = "_".join(part for part in (namespace, subsystem, name) if part)
    if kind == "counter":
        full = full.removesuffix("_total")
    if unit and kind in ("info", "stateset"):
        raise BadDeclaration(full, f"has the unit {unit!r}", "texts and states have none")
    return f"{full}_{unit}" if unit and not full.endswith(f"_{unit}") else full


def _bounds(name: str, buckets: Sequence[float | str]) -> tuple[float, ...]:
    bounds = [float(bound) for bound in buckets]
    if bounds != sorted(bounds):
        raise BadDeclaration(name, f"has the buckets {bounds}", "sort them")
    kept = tuple(bound for bound in bounds if bound != INF)
    if not kept:
        raise BadDeclaration(name, f"has the buckets {bounds}", "give one below +Inf at least")
    return kept


def _trace(labels: Mapping[str, str]) -> bytes | None:
    trace, span = labels.get("trace_id", ""), labels.get("span_id", "")
    if len(trace) != _TRACE_LETTERS:
        return None
    try:
        return bytes.fromhex(trace + (span if len(span) == _SPAN_LETTERS else ""))
    except ValueError:
        return None
