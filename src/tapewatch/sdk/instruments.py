"""
Instruments: declared once, bound once, then called.

    orders = Counter("orders_submitted_total", "Orders sent to a venue", labels=("venue",))
    sent = orders.bind(venue="binance")
    sent.inc()

``bind`` checks its labels and belongs to the start of a process. ``labels`` looks a series up by
values in the trading path, and never raises. An instrument has a limit of series; what is over it
goes to one series with the label ``overflow="true"``, and is counted.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self, TypeVar

from tapewatch.sdk.declaration import (
    OVERFLOW,
    SERIES_MAX,
    declared,
    is_time,
    refuse_conflict,
    unit_ns,
)
from tapewatch.sdk.errors import BadDeclaration, BadLabels
from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.region.cells import (
    Bindable,
    CounterHandle,
    GaugeHandle,
    HistogramHandle,
    StateHandle,
)
from tapewatch.sdk.region.layout import NOTE, Drop, Kind, histogram_bytes
from tapewatch.sdk.region.region import FamilyEntry, Pairs, Region, SeriesPlace
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.texts import InfoHandle, NoteHandle

HandleT = TypeVar("HandleT")

_VALUE_CHARACTERS_MAX = 512


class Instrument(Bindable[HandleT]):
    """What every instrument has: a declaration, and series by their labels."""

    kind: ClassVar[Kind]
    value_bytes: int = 8

    told: FamilyEntry
    registry: Registry
    _family: tuple[int, int] | None
    _places: dict[tuple[str, ...], SeriesPlace]
    _overflow: HandleT | None

    @classmethod
    def _declare(cls, told: FamilyEntry, registry: Registry | None) -> Self:
        home = REGISTRY if registry is None else registry
        with home.lock:
            known = home.find(told.name)
            if known is not None:
                refuse_conflict(known.told, told)
                assert isinstance(known, Instrument)
                return known  # type: ignore[return-value] # the same kind, so the same class
            return cls._first(told, home)

    @classmethod
    def _first(cls, told: FamilyEntry, home: Registry) -> Self:
        self = Bindable.__new__(cls)
        self.children = {}
        self.told, self.registry = told, home
        self._family, self._overflow, self._places = None, None, {}
        home.add(self)
        return self

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.told.name

    def of(self, registry: Registry | None) -> Self:
        """Give the same instrument as another registry has it; None means its own."""
        if registry is None:
            return self
        made = self._declare(self.told, registry)
        made.value_bytes = self.value_bytes
        return made

    def bind(self, **labels: object) -> HandleT:
        """Give the handle of one series; every label declared must be given, and no other."""
        names = self.told.labels
        if labels.keys() != set(names):
            raise BadLabels(self.name, tuple(labels), names)
        return self._find(tuple(str(labels[name]) for name in names))

    def find(self, values: tuple[Any, ...]) -> HandleT:
        """Make a series that ``labels`` did not find; never raises."""
        try:
            texts = tuple(str(value) for value in values)
            if len(texts) != len(self.told.labels):
                return self._refused(Drop.BAD_LABELS)
            handle = self._find(texts)
            if texts in self._places:
                self.children[values] = handle
            return handle
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            return self._refused(Drop.BAD_LABELS)

    def refuse(self) -> HandleT:
        """Count labels that are none of its series'; what the handle counts, nobody reads."""
        return self._refused(Drop.BAD_LABELS)

    @property
    def overflow(self) -> HandleT | None:
        """The series that stands for all over the limit, None while there are none."""
        return self._overflow

    def remove(self, **labels: object) -> None:
        """Take a series out of what readers see; binding it again starts it at zero."""
        values = tuple(str(labels.get(name, "")) for name in self.told.labels)
        with self.registry.lock:
            place = self._places.get(values)
            if place is not None:
                self.registry.region.remove(place)
                handle = self.children.get(values)
                self.children = {k: v for k, v in self.children.items() if v is not handle}

    def _find(self, values: tuple[str, ...]) -> HandleT:
        known = self.children.get(values)
        return self._make(values) if known is None else known

    def _make(self, values: tuple[str, ...]) -> HandleT:
        with self.registry.lock:
            known = self.children.get(values)
            if known is not None:
                return known
            place = self._places.get(values)
            if place is not None:
                self.registry.region.restore(place)
            elif len(self._places) >= self.told.series_max:
                return self._over_limit()
            else:
                place = self._add(self._pairs(values))
            if place is None:
                return self._refused_handle()
            return self._keep(values, place)

    def _keep(self, values: tuple[str, ...], place: SeriesPlace) -> HandleT:
        handle = self._handle(self.registry.region, place.value)
        self._places[values] = place
        self.children[values] = handle
        return handle

    def _pairs(self, values: Sequence[str]) -> Pairs:
        if any(len(value) > _VALUE_CHARACTERS_MAX for value in values):
            self.registry.region.memory.drop(Drop.TOO_LONG)
        cut = (value[:_VALUE_CHARACTERS_MAX] for value in values)
        return tuple(zip(self.told.labels, cut, strict=True))

    def _add(self, pairs: Pairs) -> SeriesPlace | None:
        region = self.registry.region
        if self._family is None:
            self._family = region.family(self.told)
        if self._family is None:
            return None
        return region.series(self._family[0], pairs, self.value_bytes)

    def _over_limit(self) -> HandleT:
        memory = self.registry.region.memory
        memory.drop(Drop.SERIES_OVER_LIMIT)
        assert self._family is not None
        memory.store_double(self._family[1], memory.load_double(self._family[1]) + 1)
        if self._overflow is None:
            place = self._add(((OVERFLOW, "true"),))
            if place is None:
                return self._refused_handle()
            self._overflow = self._handle(self.registry.region, place.value)
        return self._overflow

    def _refused(self, reason: Drop) -> HandleT:
        self.registry.region.memory.drop(reason)
        return self._refused_handle()

    def _refused_handle(self) -> HandleT:
        region = self.registry.region
        return self._handle(region, region.place_of_refused)

    @abstractmethod
    def _handle(self, region: Region, offset: int) -> HandleT: ...


class Counter(Instrument[CounterHandle]):
    """What only rises: orders, fills, errors. Its name ends in ``_total``."""

    kind = Kind.COUNTER

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        unit: str = "",
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a counter; the same declaration again gives the same instrument."""
        told = declared(
            Kind.COUNTER, name, help_text, labels=labels, unit=unit, series_max=series_max
        )
        return cls._declare(told, registry)

    def _handle(self, region: Region, offset: int) -> CounterHandle:
        return CounterHandle(region.memory, offset)


class Gauge(Instrument[GaugeHandle]):
    """What rises and falls: positions, balances, queue lengths."""

    kind = Kind.GAUGE

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        unit: str = "",
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a gauge; the same declaration again gives the same instrument."""
        told = declared(
            Kind.GAUGE, name, help_text, labels=labels, unit=unit, series_max=series_max
        )
        return cls._declare(told, registry)

    def _handle(self, region: Region, offset: int) -> GaugeHandle:
        return GaugeHandle(region.memory, offset)


class Histogram(Instrument[HistogramHandle]):
    """
    How often values of each size were seen: Prometheus' native histogram of schema 3.

    Buckets are 9 % wide, from ``low`` to ``high``; values nearer to zero count as zero, those
    beyond count as just beyond. ``signed`` adds buckets below zero. ``cuts`` are classic bounds
    for readers that know no native histograms; they cost nothing here.
    """

    kind = Kind.HISTOGRAM

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        unit: str = "",
        low: float | None = None,
        high: float | None = None,
        signed: bool = False,
        cuts: Sequence[float] = (),
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a histogram; the same declaration again gives the same instrument."""
        told = declared(
            Kind.HISTOGRAM,
            name,
            help_text,
            labels=labels,
            unit=unit,
            low=low,
            high=high,
            signed=signed,
            cuts=cuts,
            series_max=series_max,
        )
        self = cls._declare(told, registry)
        self.value_bytes = histogram_bytes(told.bucket_count, signed=signed)
        return self

    def _handle(self, region: Region, offset: int) -> HistogramHandle:
        told = self.told
        if offset == region.place_of_refused:
            return HistogramHandle(region.memory, offset, told.index_low, 0, True, 1.0)
        return HistogramHandle(
            region.memory,
            offset,
            told.index_low,
            told.bucket_count,
            told.signed,
            unit_ns(told.unit),
        )


class Timer(Histogram):
    """A histogram of durations, in seconds unless its unit says otherwise."""

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        unit: str = "seconds",
        low: float | None = None,
        high: float | None = None,
        signed: bool = False,
        cuts: Sequence[float] = (),
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a timer; the same declaration again gives the same instrument."""
        if not is_time(unit):
            raise BadDeclaration(
                name, f"has the unit {unit!r}", "a timer's is seconds, ms, us or ns"
            )
        return super().__new__(
            cls,
            name,
            help_text,
            labels=labels,
            unit=unit,
            low=low,
            high=high,
            signed=signed,
            cuts=cuts,
            series_max=series_max,
            registry=registry,
        )


class State(Instrument[StateHandle]):
    """Which of a few named states something is in: a session, a circuit breaker."""

    kind = Kind.STATE

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        states: Sequence[str],
        labels: Sequence[str] = (),
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a state; it begins in the first one."""
        told = declared(
            Kind.STATE, name, help_text, labels=labels, states=states, series_max=series_max
        )
        return cls._declare(told, registry)

    def _handle(self, region: Region, offset: int) -> StateHandle:
        return StateHandle(region.memory, offset, self.told.states)


class Info(Instrument[InfoHandle]):
    """Texts that say what runs: a version, a strategy's parameters. Its name ends in ``_info``."""

    kind = Kind.INFO

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare an info; the same declaration again gives the same instrument."""
        told = declared(Kind.INFO, name, help_text, labels=labels, series_max=series_max)
        return cls._declare(told, registry)

    def _make(self, values: tuple[str, ...]) -> InfoHandle:
        # There is nothing to read before ``set`` says something, so no series either.
        with self.registry.lock:
            handle = self.children.get(values)
            if handle is None:
                handle = InfoHandle(self.registry, self._pairs(values), self._add_limited)
                self.children[values] = handle
            return handle

    def _handle(self, region: Region, offset: int) -> InfoHandle:  # noqa: ARG002 # One shape.
        return InfoHandle(self.registry, (), lambda pairs: None)  # noqa: ARG005 # As above.

    def _add_limited(self, pairs: Pairs) -> SeriesPlace | None:
        if len(self._places) >= self.told.series_max:
            self.registry.region.memory.drop(Drop.SERIES_OVER_LIMIT)
            return None
        place = self._add(pairs)
        if place is not None:
            self._places[tuple(text for pair in pairs for text in pair)] = place
        return place


class Note(Instrument[NoteHandle]):
    """A text that is replaced now and then: who tripped a switch, and why."""

    kind = Kind.NOTE
    value_bytes = NOTE.size

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a note; the same declaration again gives the same instrument."""
        told = declared(Kind.NOTE, name, help_text, labels=labels, series_max=series_max)
        return cls._declare(told, registry)

    def _handle(self, region: Region, offset: int) -> NoteHandle:
        return NoteHandle(region.memory, offset)
