"""
Deltas added up: what happened since the last export, as the counter that it would have been.

A sum or histogram with delta temporality says only what is new. Here every series keeps its running
total, so that it is stored as a counter like any other and ``rate`` reads it. After a restart the
totals begin anew, which queries see as a counter's reset and take in their stride.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from tapewatch.metrics import algebra
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample, is_stale

QUIET_MS: Final = 3_600_000
"""A series that said nothing for this long begins anew."""
TOTALS_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Total:
    """What a series has come to, since when, and when it last grew."""

    value: float | Histogram
    start_ms: int | None
    last_ms: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Deltas as counters, and what could not be added; nothing is kept until ``Deltas.keep``."""

    samples: tuple[Sample, ...] = ()
    faults: tuple[str, ...] = ()
    refused: int = 0
    totals: dict[Labels, Total] = field(default_factory=dict)


class Deltas:
    """The totals of every series that comes as deltas."""

    def __init__(self) -> None:
        self._totals: dict[Labels, Total] = {}

    def add(self, samples: Iterable[Sample]) -> Sums:
        """Add samples to their series' totals, without keeping them yet."""
        totals: dict[Labels, Total] = {}
        sums: list[Sample] = []
        faults: dict[str, str] = {}
        refused = 0
        for sample in samples:
            at_ms = sample.timestamp_ms or 0
            before = totals.get(sample.labels) or self._total(sample.labels, at_ms)
            fault = _fault(sample, at_ms, before)
            if fault:
                faults.setdefault(sample.labels.name, fault)
                refused += 1
            elif isinstance(sample.value, float) and is_stale(sample.value):
                sums.append(sample)
            else:
                total = _grown(before, sample, at_ms)
                totals[sample.labels] = total
                sums.append(replace(sample, value=total.value, start_ms=total.start_ms))
        told = tuple(f"metric {name!r}: {fault}" for name, fault in faults.items())
        return Sums(tuple(sums), told, refused, totals)

    def keep(self, sums: Sums) -> None:
        """Remember the totals of samples that were stored."""
        for labels, total in sums.totals.items():
            # The series that grew last stands at the end, so the first is the quietest.
            self._totals.pop(labels, None)
            self._totals[labels] = total
        while len(self._totals) > TOTALS_MAX:
            del self._totals[next(iter(self._totals))]

    def _total(self, labels: Labels, at_ms: int) -> Total | None:
        total = self._totals.get(labels)
        if total is None or at_ms - total.last_ms > QUIET_MS:
            return None
        return total


def _fault(sample: Sample, at_ms: int, before: Total | None) -> str:
    if before is None:
        return ""
    if at_ms <= before.last_ms:
        return f"a delta up to {at_ms} ms, when {before.last_ms} ms was added up already"
    if isinstance(sample.value, Histogram) != isinstance(before.value, Histogram):
        return "a float among native histograms, or the reverse"
    return ""


def _grown(before: Total | None, sample: Sample, at_ms: int) -> Total:
    if before is None:
        return Total(sample.value, sample.start_ms, at_ms)
    try:
        return Total(_sum(before.value, sample.value), before.start_ms, at_ms)
    except algebra.IncompatibleSchemas:
        return Total(sample.value, sample.start_ms, at_ms)


def _sum(total: float | Histogram, delta: float | Histogram) -> float | Histogram:
    """Add two of a kind; ``_fault`` saw to that."""
    if isinstance(total, Histogram):
        assert isinstance(delta, Histogram)
        return algebra.add(total, delta).histogram
    assert isinstance(delta, float)
    return total + delta
