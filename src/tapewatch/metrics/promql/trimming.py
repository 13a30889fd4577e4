"""
Cutting the observations above or below a value out of a native histogram (``</`` and ``>/``).

Buckets on the kept side stay, the one that holds the value is split by interpolation, and the sum
is estimated anew from the middles of what is left.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tapewatch.model.histograms import Bucket, Histogram


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is left of a bucket, and the value that stands for it."""

    count: float
    middle: float


def trim(histogram: Histogram, value: float, *, upper: bool) -> Histogram:
    """Keep what lies below ``value`` (``upper``) or above it."""
    positive = _trim_side(histogram, value, upper=upper, positive=True)
    negative = _trim_side(histogram, value, upper=upper, positive=False)
    zero = _trim_zero(histogram, value, upper=upper)
    if _untouched(histogram, positive, negative, zero):
        return histogram.compact()
    kept = [*positive.values(), *negative.values(), zero]
    return replace(
        histogram,
        positive={index: part.count for index, part in positive.items()},
        negative={index: part.count for index, part in negative.items()},
        zero_count=zero.count,
        count=sum(part.count for part in kept),
        sum=_estimate(kept),
    ).compact()


def _estimate(kept: Iterable[_Kept]) -> float:
    return sum(part.count * part.middle for part in kept if part.count)


def _untouched(
    histogram: Histogram, positive: dict[int, _Kept], negative: dict[int, _Kept], zero: _Kept
) -> bool:
    return (
        zero.count == histogram.zero_count
        and all(part.count == histogram.positive[index] for index, part in positive.items())
        and all(part.count == histogram.negative[index] for index, part in negative.items())
    )


def _trim_side(
    histogram: Histogram, value: float, *, upper: bool, positive: bool
) -> dict[int, _Kept]:
    source = histogram.positive if positive else histogram.negative
    return {
        index: _trim_bucket(
            _bucket(histogram, index, positive=positive),
            value,
            upper=upper,
            linear=histogram.custom,
        )
        for index in sorted(source)
        if source[index]
    }


def _bucket(histogram: Histogram, index: int, *, positive: bool) -> Bucket:
    outer = histogram.bound(index)
    first = histogram.custom and index == 0
    inner = -math.inf if first else histogram.bound(index - 1)
    if positive:
        return Bucket(inner, outer, False, True, histogram.positive[index])
    return Bucket(-outer, -inner, True, False, histogram.negative[index])


def _trim_bucket(bucket: Bucket, value: float, *, upper: bool, linear: bool) -> _Kept:
    whole = bucket.upper <= value if upper else bucket.lower >= value
    if whole:
        return _Kept(bucket.count, _middle(bucket.lower, bucket.upper, linear=linear))
    gone = bucket.lower >= value if upper else bucket.upper <= value
    if gone:
        return _Kept(0.0, 0.0)
    if math.isinf(bucket.lower) or math.isinf(bucket.upper):
        return _trim_endless(bucket, value, upper=upper)
    below = _count_below(bucket, value, linear=linear)
    if upper:
        return _Kept(below, _middle(bucket.lower, value, linear=linear))
    return _Kept(bucket.count - below, _middle(value, bucket.upper, linear=linear))


def _trim_endless(bucket: Bucket, value: float, *, upper: bool) -> _Kept:
    """Trim a bucket without an end, of which nobody knows where its observations lie."""
    if math.isinf(bucket.lower):
        return _trim_lowest(bucket, value, upper=upper)
    # Towards infinity: all of it may be below the value, or above it.
    return _Kept(0.0, 0.0) if upper else _Kept(bucket.count, value)


def _trim_lowest(bucket: Bucket, value: float, *, upper: bool) -> _Kept:
    """Trim the first custom bucket; it is taken to begin at zero if it ends above."""
    ends_above_zero = 0 < bucket.upper < math.inf
    if upper and value > 0 and ends_above_zero:
        return _Kept(bucket.count * value / bucket.upper, value / 2)
    if upper and bucket.upper <= 0:
        return _Kept(bucket.count, value)
    if not upper and value >= 0 and ends_above_zero:
        return _Kept(bucket.count * (1 - value / bucket.upper), (value + bucket.upper) / 2)
    return _Kept(0.0, 0.0)


def _count_below(bucket: Bucket, value: float, *, linear: bool) -> float:
    """Interpolate how much of a bucket lies below a value inside it."""
    if linear:
        return bucket.count * ((value - bucket.lower) / (bucket.upper - bucket.lower))
    low, high = math.log2(abs(bucket.lower)), math.log2(abs(bucket.upper))
    place = math.log2(abs(value))
    if bucket.lower > 0:
        return bucket.count * ((place - low) / (high - low))
    return bucket.count * (1 - (place - high) / (low - high))


def _middle(lower: float, upper: float, *, linear: bool) -> float:
    """Return the value that stands for what lies between two bounds."""
    if math.isinf(lower):
        if math.isinf(upper):
            return 0.0
        return upper / 2 if upper > 0 else upper
    if math.isinf(upper):
        return lower
    if linear:
        return (lower + upper) / 2
    middle = math.sqrt(abs(lower * upper))
    return middle if upper > 0 else -middle


def _trim_zero(histogram: Histogram, value: float, *, upper: bool) -> _Kept:
    if histogram.zero_count <= 0:
        return _Kept(histogram.zero_count, 0.0)
    edge = histogram.zero_threshold
    has_positive, has_negative = any(histogram.positive.values()), any(histogram.negative.values())
    lower = 0.0 if has_positive and not has_negative else -edge
    higher = 0.0 if has_negative and not has_positive else edge
    begin, end = (lower, min(value, higher)) if upper else (max(value, lower), higher)
    if end <= begin:
        whole = lower == higher and (value >= higher if upper else value <= lower)
        return _Kept(histogram.zero_count if whole else 0.0, 0.0)
    share = (end - begin) / (higher - lower)
    return _Kept(histogram.zero_count * share, (begin + end) / 2)
