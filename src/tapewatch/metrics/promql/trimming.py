"""Cutting the observations above or below a value out of a native histogram (``</`` and ``>/``)."""

import math
from dataclasses import replace
from typing import NamedTuple

from tapewatch.model.histograms import Bucket, Histogram


class _Kept(NamedTuple):
    """What a bucket keeps, and the middle of what it loses."""

    count: float
    lost_middle: float


def trim(histogram: Histogram, value: float, *, upper: bool) -> Histogram:
    """Keep what lies below ``value`` (``upper``) or above it; sum and count are estimated anew."""
    positive, lost_above = _trim_side(histogram, value, upper=upper, positive=True)
    negative, lost_below = _trim_side(histogram, value, upper=upper, positive=False)
    zero_count = _trim_zero(histogram, value, upper=upper)
    count = sum(positive.values()) + sum(negative.values()) + zero_count
    total = histogram.sum - (lost_above + lost_below) if count else 0.0
    return replace(
        histogram,
        positive=positive,
        negative=negative,
        zero_count=zero_count,
        count=count,
        sum=_plausible(total, histogram),
    ).compact()


def _trim_side(
    histogram: Histogram, value: float, *, upper: bool, positive: bool
) -> tuple[dict[int, float], float]:
    kept: dict[int, float] = {}
    lost = 0.0
    source = histogram.positive if positive else histogram.negative
    for index in sorted(source):
        if source[index]:
            bucket = _bounds(histogram, index, positive=positive)
            part = _trim_bucket(bucket, value, upper=upper, custom=histogram.custom)
            kept[index] = part.count
            if part.count != bucket.count:
                lost += (bucket.count - part.count) * part.lost_middle
    return kept, lost


def _bounds(histogram: Histogram, index: int, *, positive: bool) -> Bucket:
    outer, inner = histogram.bound(index), histogram.bound(index - 1)
    if not positive:
        return Bucket(-outer, -inner, True, False, histogram.negative[index])
    if histogram.custom and index == 0:
        inner = -math.inf
    return Bucket(inner, outer, False, True, histogram.positive[index])


def _trim_bucket(bucket: Bucket, value: float, *, upper: bool, custom: bool) -> _Kept:
    if (bucket.upper <= value) if upper else (bucket.lower >= value):
        return _Kept(bucket.count, 0.0)
    if math.isinf(bucket.lower) or math.isinf(bucket.upper):
        return _trim_infinite(bucket, value, upper=upper)
    if (bucket.lower >= value) if upper else (bucket.upper <= value):
        return _Kept(0.0, _middle(bucket.lower, bucket.upper, custom=custom, whole=True))
    below = split_count(bucket, value, linear=custom)
    if upper:
        return _Kept(below, _middle(bucket.lower, value, custom=custom, bucket=bucket))
    return _Kept(bucket.count - below, _middle(value, bucket.upper, custom=custom, bucket=bucket))


def _middle(
    lower: float,
    upper: float,
    *,
    custom: bool,
    whole: bool = False,
    bucket: Bucket | None = None,
) -> float:
    if custom:
        own = bucket or Bucket(lower, upper, False, True, 0.0)
        return (own.lower + own.upper) / 2
    if whole:
        return math.sqrt(lower * upper)
    assert bucket is not None
    middle = math.sqrt(abs(lower) * abs(upper))
    return middle if bucket.lower >= 0 else -middle


def _trim_infinite(bucket: Bucket, value: float, *, upper: bool) -> _Kept:
    """Trim a bucket without an end: what cannot be interpolated goes."""
    if math.isinf(bucket.upper):
        return _Kept(0.0, bucket.lower)
    if 0 <= value < bucket.upper:
        # The bucket is taken to begin at zero, although it reaches further down.
        if upper:
            return _Kept(bucket.count * value / bucket.upper, (value + bucket.upper) / 2)
        return _Kept(bucket.count * (1 - value / bucket.upper), value / 2)
    return _Kept(0.0, bucket.upper)


def split_count(bucket: Bucket, value: float, *, linear: bool) -> float:
    """Interpolate how much of a bucket lies below ``value``."""
    if value <= bucket.lower:
        return 0.0
    if value >= bucket.upper:
        return bucket.count
    if linear:
        return bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower)
    low, high = math.log2(abs(bucket.lower)), math.log2(abs(bucket.upper))
    place = math.log2(abs(value))
    if bucket.lower >= 0:
        return bucket.count * (place - low) / (high - low)
    return bucket.count * (1 - (place - high) / (low - high))


def _trim_zero(histogram: Histogram, value: float, *, upper: bool) -> float:
    if histogram.zero_count <= 0:
        return histogram.zero_count
    edge = histogram.zero_threshold
    zero = Bucket(-edge, edge, True, True, histogram.zero_count)
    below = split_count(zero, value, linear=True)
    return below if upper else histogram.zero_count - below


def _plausible(total: float, histogram: Histogram) -> float:
    """Keep a sum from having a sign that none of the buckets has."""
    if total < 0 and not _has_negative(histogram):
        return 0.0
    if total > 0 and not _has_positive(histogram):
        return 0.0
    return total


def _has_negative(histogram: Histogram) -> bool:
    if not histogram.custom:
        return any(histogram.negative.values())
    filled = (index for index, count in histogram.positive.items() if count)
    return any(index == 0 or histogram.bound(index - 1) < 0 for index in filled)


def _has_positive(histogram: Histogram) -> bool:
    filled = (index for index, count in histogram.positive.items() if count)
    return any(not histogram.custom or histogram.bound(index) > 0 for index in filled)
