"""
Arithmetic on native histograms.

Histograms are frozen, so every function returns a new one. Where two histograms have different
resolutions the finer one is merged down; where their zero buckets differ the wider one wins; where
custom bounds differ only the common ones stay. What had to be given up on the way is told by
``Combined``.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from tapewatch.model.histograms import (
    Bucket,
    Buckets,
    Histogram,
    ResetHint,
    standard_bound,
    without_empty,
)

EMPTY: Final = Histogram()


class IncompatibleSchemas(Exception):  # a signal between modules, never shown
    """Exponential and custom buckets have nothing in common."""


class Combined(NamedTuple):
    """A sum or difference, and what did not fit."""

    histogram: Histogram
    reset_collision: bool = False
    bounds_reconciled: bool = False


class Compensated(NamedTuple):
    """A running sum with the rounding errors that it lost (Neumaier's summation)."""

    sum: Histogram
    lost: Histogram | None = None
    bounds_reconciled: bool = False


def add(left: Histogram, right: Histogram) -> Combined:
    """Add two histograms."""
    return _combine(left, right, lambda one, other: one + other)


def subtract(left: Histogram, right: Histogram) -> Combined:
    """Subtract ``right``; whoever shows the result has to mark it as a gauge."""
    return _combine(left, right, lambda one, other: one - other)


def add_compensated(running: Compensated, term: Histogram) -> Compensated:
    """Add a term to a running sum without losing its low digits."""
    left, right, reconciled = _aligned(running.sum, term)
    lost = EMPTY if running.lost is None else running.lost
    if running.lost is not None:
        lost = _aligned(lost, left)[0]
    total = _merge(left, right, lambda one, other: one + other)
    hint, _ = _joint_hint(running.sum.reset_hint, term.reset_hint)
    return Compensated(replace(total, reset_hint=hint), _lost(left, right, total, lost), reconciled)


def settle(running: Compensated) -> Histogram:
    """Return the sum with what it had lost."""
    if running.lost is None:
        return running.sum
    total = _merge(running.sum, running.lost, lambda one, other: one + other)
    return replace(total, reset_hint=running.sum.reset_hint)


class Folded(NamedTuple):
    """Many histograms in one; None where they have nothing in common with number ``culprit``."""

    histogram: Histogram | None
    reset_collision: bool = False
    bounds_reconciled: bool = False
    culprit: int = 0


def total(histograms: Sequence[Histogram]) -> Folded:
    """Sum many histograms."""
    running, reconciled = Compensated(histograms[0]), False
    for index, histogram in enumerate(histograms[1:], start=1):
        try:
            running = add_compensated(running, histogram)
        except IncompatibleSchemas:
            return Folded(None, culprit=index)
        reconciled |= running.bounds_reconciled
    return Folded(settle(running), _hints_collide(histograms), reconciled)


def mean(histograms: Sequence[Histogram]) -> Folded:
    """Average many histograms; a sum that would overflow is never formed."""
    running, reconciled, incremental = Compensated(histograms[0]), False, False
    for index, histogram in enumerate(histograms[1:], start=1):
        try:
            if not incremental:
                following = add_compensated(running, histogram)
                incremental = has_overflow(following.sum)
                if not incremental:
                    running = following
                    reconciled |= following.bounds_reconciled
                    continue
                running = _share(running, 1 / index)
            shrunk = _share(running, index / (index + 1))
            running = add_compensated(shrunk, divide(histogram, index + 1))
        except IncompatibleSchemas:
            return Folded(None, culprit=index)
        reconciled |= running.bounds_reconciled
    if not incremental:
        running = _share(running, 1 / len(histograms), divisor=len(histograms))
    return Folded(settle(running), _hints_collide(histograms), reconciled)


def _share(running: Compensated, factor: float, *, divisor: int = 0) -> Compensated:
    def change(histogram: Histogram) -> Histogram:
        return divide(histogram, divisor) if divisor else scale(histogram, factor)

    lost = None if running.lost is None else change(running.lost)
    return Compensated(change(running.sum), lost)


def _hints_collide(histograms: Sequence[Histogram]) -> bool:
    hints = {histogram.reset_hint for histogram in histograms}
    return {ResetHint.RESET, ResetHint.NOT_RESET} <= hints


def scale(histogram: Histogram, factor: float) -> Histogram:
    """Multiply everything that counts; a negative factor makes a gauge."""
    hint = ResetHint.GAUGE if factor < 0 else histogram.reset_hint
    return _map(histogram, lambda number: number * factor, hint)


def divide(histogram: Histogram, divisor: float) -> Histogram:
    """Divide everything that counts; a divisor of zero leaves no buckets."""
    hint = ResetHint.GAUGE if divisor < 0 else histogram.reset_hint
    if divisor == 0:
        bare = replace(histogram, positive={}, negative={})
        return _map(bare, lambda number: _divide_by_zero(number, divisor), hint)
    return _map(histogram, lambda number: number / divisor, hint)


def as_gauge(histogram: Histogram) -> Histogram:
    """Mark a histogram that no longer counts up."""
    return replace(histogram.compact(), reset_hint=ResetHint.GAUGE)


def forget_resets(histogram: Histogram) -> Histogram:
    """Take back what a histogram says of the one before it, which may no longer stand there."""
    if histogram.reset_hint in (ResetHint.RESET, ResetHint.NOT_RESET):
        return replace(histogram, reset_hint=ResetHint.UNKNOWN)
    return histogram


def has_overflow(histogram: Histogram) -> bool:
    """Say whether any number has left the range of floats."""
    return any(math.isinf(number) for number in _numbers(histogram))


def equal(left: Histogram, right: Histogram) -> bool:
    """Compare all numbers exactly (NaN equals NaN), and leave the reset hint out."""
    return (
        left.schema == right.schema
        and left.zero_threshold == right.zero_threshold
        and left.custom_bounds == right.custom_bounds
        and _same(left.count, right.count)
        and _same(left.sum, right.sum)
        and _same(left.zero_count, right.zero_count)
        and _same_buckets(left.positive, right.positive)
        and _same_buckets(left.negative, right.negative)
    )


def to_schema(histogram: Histogram, schema: int) -> Histogram:
    """Merge buckets down to a coarser standard schema."""
    if schema == histogram.schema:
        return histogram
    return replace(
        histogram,
        schema=schema,
        positive=_coarser(histogram.positive, histogram.schema - schema),
        negative=_coarser(histogram.negative, histogram.schema - schema),
        reset_hint=ResetHint.UNKNOWN,
    )


def is_reset(current: Histogram, previous: Histogram) -> bool:
    """Say whether ``current`` can only follow ``previous`` after a restart."""
    if current.reset_hint is ResetHint.RESET:
        return True
    if current.reset_hint is ResetHint.NOT_RESET:
        return False
    if current.count < previous.count:
        return True
    if current.custom:
        return not previous.custom or _custom_fell(current, previous)
    if previous.custom or current.schema > previous.schema:
        return True
    return _standard_fell(current, previous)


def all_buckets(histogram: Histogram) -> Iterator[Bucket]:
    """Yield the buckets upwards; none of them reaches into the zero bucket."""
    threshold = histogram.zero_threshold
    for bucket in histogram.buckets():
        lower, upper = bucket.lower, bucket.upper
        if 0 < lower < threshold:
            yield replace(bucket, lower=threshold)
        elif -threshold < upper < 0:
            yield replace(bucket, upper=-threshold)
        else:
            yield bucket


def ratio(part: float, whole: float) -> float:
    """Divide as floats do: by zero too."""
    return part / whole if whole else _divide_by_zero(part, whole)


def square_root(number: float) -> float:
    """Take the root as floats do: NaN of what has none."""
    return math.sqrt(number) if number >= 0 else math.nan


def sample_weight(histogram: Histogram) -> int:
    """Return how many samples a histogram counts as against a query's budget."""
    return (bucket_bytes(histogram) + 8) // 16


def bucket_bytes(histogram: Histogram) -> int:
    """Estimate the memory of a histogram as the budget reckons it."""
    buckets = len(histogram.positive) + len(histogram.negative)
    return 168 + 8 * (buckets + len(histogram.custom_bounds)) + 8 * bool(buckets)


def _combine(left: Histogram, right: Histogram, join: Callable[[float, float], float]) -> Combined:
    one, other, reconciled = _aligned(left, right)
    hint, collision = _joint_hint(left.reset_hint, right.reset_hint)
    return Combined(replace(_merge(one, other, join), reset_hint=hint), collision, reconciled)


def _aligned(left: Histogram, right: Histogram) -> tuple[Histogram, Histogram, bool]:
    """Bring two histograms to the same bounds; the last value tells of custom ones given up."""
    if left.custom != right.custom:
        raise IncompatibleSchemas
    if left.custom:
        return _aligned_custom(left, right)
    one, other = _same_zero_bucket(left, right)
    schema = min(one.schema, other.schema)
    return to_schema(one, schema), to_schema(other, schema), False


def _aligned_custom(left: Histogram, right: Histogram) -> tuple[Histogram, Histogram, bool]:
    if left.custom_bounds == right.custom_bounds:
        return left, right, False
    common = set(right.custom_bounds)
    bounds = tuple(bound for bound in left.custom_bounds if bound in common)
    return _to_bounds(left, bounds), _to_bounds(right, bounds), True


def _to_bounds(histogram: Histogram, bounds: tuple[float, ...]) -> Histogram:
    merged: dict[int, float] = {}
    for index, count in histogram.positive.items():
        upper = histogram.bound(index)
        target = sum(1 for bound in bounds if bound < upper)
        merged[target] = merged.get(target, 0.0) + count
    return replace(histogram, positive=merged, custom_bounds=bounds)


def _same_zero_bucket(left: Histogram, right: Histogram) -> tuple[Histogram, Histogram]:
    while left.zero_threshold != right.zero_threshold:
        if left.zero_threshold > right.zero_threshold:
            right = widen_zero_bucket(right, left.zero_threshold)
        else:
            left = widen_zero_bucket(left, right.zero_threshold)
    return left, right


def widen_zero_bucket(histogram: Histogram, threshold: float) -> Histogram:
    """Let the zero bucket swallow what lies below ``threshold``, and whole buckets only."""
    if threshold == histogram.zero_threshold:
        return histogram
    while True:
        cut = _highest_cut(histogram, threshold)
        if cut == threshold:
            break
        threshold = cut
    positive, swallowed_above = _split(histogram, histogram.positive, threshold)
    negative, swallowed_below = _split(histogram, histogram.negative, threshold)
    return replace(
        histogram,
        zero_threshold=threshold,
        zero_count=histogram.zero_count + swallowed_above + swallowed_below,
        positive=positive,
        negative=negative,
    )


def _highest_cut(histogram: Histogram, threshold: float) -> float:
    """Return the upper bound of the filled bucket that ``threshold`` would cut, or itself."""
    for index in {*histogram.positive, *histogram.negative}:
        filled = histogram.positive.get(index, 0) or histogram.negative.get(index, 0)
        upper = standard_bound(index, histogram.schema)
        if filled and standard_bound(index - 1, histogram.schema) < threshold < upper:
            threshold = upper
    return threshold


def _split(
    histogram: Histogram, buckets: Buckets, threshold: float
) -> tuple[dict[int, float], float]:
    kept: dict[int, float] = {}
    swallowed = 0.0
    for index in sorted(buckets):
        if standard_bound(index, histogram.schema) <= threshold:
            swallowed += buckets[index]
        else:
            kept[index] = buckets[index]
    return kept, swallowed


def _coarser(buckets: Buckets, levels: int) -> dict[int, float]:
    merged: dict[int, float] = {}
    for index in sorted(buckets):
        target = ((index - 1) >> levels) + 1
        merged[target] = merged.get(target, 0.0) + buckets[index]
    return merged


def _joint_hint(left: ResetHint, right: ResetHint) -> tuple[ResetHint, bool]:
    """Return the hint of a combination, and whether one says reset where the other denies it."""
    if left is right:
        return left, False
    if ResetHint.GAUGE in (left, right):
        return ResetHint.GAUGE, False
    return ResetHint.UNKNOWN, ResetHint.UNKNOWN not in (left, right)


def _merge(left: Histogram, right: Histogram, join: Callable[[float, float], float]) -> Histogram:
    """Join two aligned histograms number by number."""
    return replace(
        left,
        count=join(left.count, right.count),
        sum=join(left.sum, right.sum),
        zero_count=join(left.zero_count, right.zero_count),
        positive=_merge_buckets(left.positive, right.positive, join),
        negative=_merge_buckets(left.negative, right.negative, join),
    )


def _merge_buckets(
    left: Buckets, right: Buckets, join: Callable[[float, float], float]
) -> dict[int, float]:
    if left.keys() == right.keys():
        return {index: join(count, right[index]) for index, count in left.items()}
    indices = sorted({*left, *right})
    return {index: join(left.get(index, 0.0), right.get(index, 0.0)) for index in indices}


def _lost(left: Histogram, right: Histogram, total: Histogram, lost: Histogram) -> Histogram:
    """Update the compensation of every number for one more term."""

    def update(one: float, other: float, together: float, before: float) -> float:
        if math.isinf(together):
            return 0.0
        if abs(one) >= abs(other):
            return before + ((one - together) + other)
        return before + ((other - together) + one)

    def update_buckets(one: Buckets, other: Buckets, both: Buckets, old: Buckets) -> Buckets:
        return {
            index: update(one.get(index, 0.0), other.get(index, 0.0), sum_, old.get(index, 0.0))
            for index, sum_ in both.items()
        }

    return replace(
        total,
        count=update(left.count, right.count, total.count, lost.count),
        sum=update(left.sum, right.sum, total.sum, lost.sum),
        zero_count=update(left.zero_count, right.zero_count, total.zero_count, lost.zero_count),
        positive=update_buckets(left.positive, right.positive, total.positive, lost.positive),
        negative=update_buckets(left.negative, right.negative, total.negative, lost.negative),
        reset_hint=ResetHint.UNKNOWN,
    )


def _map(histogram: Histogram, change: Callable[[float], float], hint: ResetHint) -> Histogram:
    return replace(
        histogram,
        count=change(histogram.count),
        sum=change(histogram.sum),
        zero_count=change(histogram.zero_count),
        positive={index: change(count) for index, count in histogram.positive.items()},
        negative={index: change(count) for index, count in histogram.negative.items()},
        reset_hint=hint,
    )


def _divide_by_zero(number: float, zero: float) -> float:
    if number == 0 or math.isnan(number):
        return math.nan
    return math.copysign(math.inf, number) * math.copysign(1.0, zero)


def _numbers(histogram: Histogram) -> Iterable[float]:
    yield histogram.count
    yield histogram.sum
    yield histogram.zero_count
    yield from histogram.positive.values()
    yield from histogram.negative.values()


def _same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def _same_buckets(left: Buckets, right: Buckets) -> bool:
    one, other = without_empty(left), without_empty(right)
    return one.keys() == other.keys() and all(_same(one[index], other[index]) for index in one)


def _standard_fell(current: Histogram, previous: Histogram) -> bool:
    if current.zero_threshold < previous.zero_threshold:
        return True
    before = widen_zero_bucket(previous, current.zero_threshold)
    if before.zero_threshold != current.zero_threshold:
        return True
    before = to_schema(before, current.schema)
    return (
        current.zero_count < before.zero_count
        or _any_fell(current.positive, before.positive)
        or _any_fell(current.negative, before.negative)
    )


def _custom_fell(current: Histogram, previous: Histogram) -> bool:
    one, other, _ = _aligned_custom(current, previous)
    return _any_fell(one.positive, other.positive)


def _any_fell(current: Buckets, previous: Buckets) -> bool:
    return any(current.get(index, 0.0) < count for index, count in previous.items())
