"""
Histograms with bounds of their own, and summaries: what code written for prometheus_client counts.

    took = ClassicHistogram("request_seconds", "Requests", bounds=(0.1, 0.5, 1)).bind()
    took.observe(0.3)

The counts are exact at the bounds and say nothing between them. Where the bounds are free to
choose, ``Histogram`` is the better instrument: it has no bounds to choose wrongly, and ``cuts``
for old readers.
"""

from collections.abc import Sequence
from typing import Self

from tapewatch.sdk.declaration import SERIES_MAX, declared
from tapewatch.sdk.instruments import Instrument
from tapewatch.sdk.region.cells import ClassicHandle
from tapewatch.sdk.region.layout import Kind, classic_bytes
from tapewatch.sdk.region.region import Region
from tapewatch.sdk.registry import Registry


class ClassicHistogram(Instrument[ClassicHandle]):
    """How many values lie up to each of a few bounds; +Inf comes by itself."""

    kind = Kind.CLASSIC

    def __new__(
        cls,
        name: str,
        help_text: str,
        *,
        bounds: Sequence[float],
        labels: Sequence[str] = (),
        unit: str = "",
        series_max: int = SERIES_MAX,
        registry: Registry | None = None,
    ) -> Self:
        """Declare a histogram; the same declaration again gives the same instrument."""
        told = declared(
            cls.kind,
            name,
            help_text,
            labels=labels,
            unit=unit,
            cuts=bounds,
            series_max=series_max,
        )
        self = cls._declare(told, registry)
        self.value_bytes = classic_bytes(len(told.cuts))
        return self

    def _handle(self, region: Region, offset: int) -> ClassicHandle:
        bounds = () if offset == region.place_of_refused else self.told.cuts
        return ClassicHandle(region.memory, offset, bounds)


class Summary(Instrument[ClassicHandle]):
    """How many values there were, and their sum."""

    kind = Kind.SUMMARY
    value_bytes = classic_bytes(0)

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
        """Declare a summary; the same declaration again gives the same instrument."""
        told = declared(cls.kind, name, help_text, labels=labels, unit=unit, series_max=series_max)
        return cls._declare(told, registry)

    def _handle(self, region: Region, offset: int) -> ClassicHandle:
        return ClassicHandle(region.memory, offset, ())
