"""
Native histograms: sparse buckets whose bounds follow from a schema.

A standard schema ``n`` (-4 to 8) puts the upper bound of bucket ``i`` at ``2 ** (i * 2**-n)``;
schema -53 takes its upper bounds from ``custom_bounds`` instead. Values near zero are counted in
one zero bucket. Buckets are kept as absolute counts by index, without empty ones.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

CUSTOM_SCHEMA: Final = -53
SCHEMA_MIN: Final = -4
SCHEMA_MAX: Final = 8
_EXPONENT_MAX: Final = 1024
_FLOAT_MAX: Final = math.ldexp(1 - 2**-53, _EXPONENT_MAX)

Buckets = Mapping[int, float]


class ResetHint(IntEnum):
    """What a histogram says of the one before it."""

    UNKNOWN = 0
    RESET = 1
    NOT_RESET = 2
    GAUGE = 3


class Span(NamedTuple):
    """A run of ``length`` buckets that begins ``offset`` after the end of the run before."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with its bounds and which of them belong to it."""

    lower: float
    upper: float
    lower_inclusive: bool
    upper_inclusive: bool
    count: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """One native histogram; ``count`` includes what fell into no bucket (NaN)."""

    schema: int = 0
    count: float = 0.0
    sum: float = 0.0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    positive: Buckets = field(default_factory=dict)
    negative: Buckets = field(default_factory=dict)
    custom_bounds: tuple[float, ...] = ()
    reset_hint: ResetHint = ResetHint.UNKNOWN

    @property
    def custom(self) -> bool:
        """Whether the bounds are the histogram's own."""
        return self.schema == CUSTOM_SCHEMA

    def compact(self) -> "Histogram":
        """Drop buckets that count nothing, and order the rest."""
        return replace(
            self, positive=without_empty(self.positive), negative=without_empty(self.negative)
        )

    def buckets(self) -> Iterator[Bucket]:
        """Yield the filled buckets from the lowest bound to the highest, zero bucket included."""
        for index in sorted(self.negative, reverse=True):
            lower, upper = -self.bound(index), -self.bound(index - 1)
            yield Bucket(lower, upper, True, False, self.negative[index])
        if self.zero_count:
            edge = self.zero_threshold
            yield Bucket(-edge, edge, True, True, self.zero_count)
        for index in sorted(self.positive):
            lower, upper = self._lower(index), self.bound(index)
            # A custom histogram's first bucket starts at -Inf, and includes it.
            yield Bucket(lower, upper, lower == -math.inf, True, self.positive[index])

    def bound(self, index: int) -> float:
        """Return the upper bound of positive bucket ``index``."""
        if not self.custom:
            return standard_bound(index, self.schema)
        return self.custom_bounds[index] if index < len(self.custom_bounds) else math.inf

    def _lower(self, index: int) -> float:
        if self.custom and index == 0:
            return -math.inf
        return self.bound(index - 1)

    def faults(self) -> list[str]:
        """Say everything that makes this histogram impossible; empty for a sound one."""
        return [*self._shape_faults(), *self._count_faults()]

    def _shape_faults(self) -> list[str]:
        if self.custom:
            return self._custom_faults()
        if not SCHEMA_MIN <= self.schema <= SCHEMA_MAX:
            return [f"schema {self.schema} is not between {SCHEMA_MIN} and {SCHEMA_MAX}, nor -53"]
        if self.custom_bounds:
            return [f"custom bounds with schema {self.schema}; they need schema {CUSTOM_SCHEMA}"]
        return []

    def _custom_faults(self) -> list[str]:
        bounds = self.custom_bounds
        found = []
        if any(not low < high for low, high in pairwise(bounds)):
            found.append("custom bounds must rise")
        if any(math.isnan(bound) or math.isinf(bound) for bound in bounds):
            found.append("custom bounds must be finite; the last bucket reaches +Inf by itself")
        if self.negative or self.zero_count or self.zero_threshold:
            found.append("a histogram with custom bounds has no zero bucket and no negative ones")
        if any(not 0 <= index <= len(bounds) for index in self.positive):
            found.append(f"a bucket index lies outside of the {len(bounds) + 1} custom buckets")
        return found

    def _count_faults(self) -> list[str]:
        if self.reset_hint is ResetHint.GAUGE:
            return []
        parts = [self.zero_count, *self.positive.values(), *self.negative.values()]
        if any(part < 0 for part in parts) or self.count < 0:
            return ["a bucket or the count is below zero"]
        return []


def standard_bound(index: int, schema: int) -> float:
    """Return the upper bound of bucket ``index`` of a standard schema."""
    if schema < 0:
        exponent, fraction = index << -schema, 0.0
    else:
        exponent, step = index >> schema, index & ((1 << schema) - 1)
        fraction = step / (1 << schema)
    if exponent >= _EXPONENT_MAX:
        # The bucket that holds the largest finite number ends there, the one after at infinity.
        return _FLOAT_MAX if exponent == _EXPONENT_MAX and not fraction else math.inf
    return math.ldexp(2.0**fraction, exponent)


def bucket_index(value: float, schema: int) -> int:
    """Return the index of the standard bucket that counts ``abs(value)`` (not 0, finite)."""
    fraction, exponent = math.frexp(abs(value))  # abs(value) == fraction * 2**exponent, from 0.5
    if schema <= 0:
        rounded = exponent - 1 if fraction == 0.5 else exponent
        return (rounded - 1 >> -schema) + 1 if schema else rounded
    position = (math.log2(fraction) + exponent) * (1 << schema)
    index = math.ceil(position)
    # log2 may land a hair beside a bound; the bounds themselves decide.
    while standard_bound(index - 1, schema) >= abs(value):
        index -= 1
    while standard_bound(index, schema) < abs(value):
        index += 1
    return index


def without_empty(buckets: Buckets) -> dict[int, float]:
    """Copy ``buckets`` in order of index, leaving out the ones that count nothing."""
    return {index: buckets[index] for index in sorted(buckets) if buckets[index] != 0}


def to_spans(buckets: Buckets) -> tuple[list[Span], list[float]]:
    """Write buckets as the wire formats do: runs with offsets, and the counts in order."""
    spans: list[Span] = []
    end = 0
    for index in sorted(buckets):
        if spans and index == end:
            spans[-1] = Span(spans[-1].offset, spans[-1].length + 1)
        else:
            spans.append(Span(index - end, 1))
        end = index + 1
    return spans, [buckets[index] for index in sorted(buckets)]


def from_spans(spans: Sequence[tuple[int, int]], counts: Sequence[float]) -> dict[int, float]:
    """Read runs and counts back into buckets by index; empty ones are left out."""
    buckets: dict[int, float] = {}
    index = position = 0
    for offset, length in spans:
        index += offset
        for count in counts[position : position + length]:
            if count:
                buckets[index] = float(count)
            index += 1
        position += length
    return buckets
