"""Quantiles, fractions and variance of one native histogram."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from tapewatch.metrics.algebra import all_buckets, ratio
from tapewatch.metrics.promql.kernels.sums_pure import compensated_sum
from tapewatch.model.histograms import Bucket, Histogram


class Found(NamedTuple):
    """A result, and what NaN observations did to it."""

    value: float
    is_nan: bool = False
    is_skewed: bool = False


def quantile(rank: float, histogram: Histogram) -> Found:
    """Interpolate a quantile: linearly in custom and zero buckets, exponentially in others."""
    if rank < 0:
        return Found(-math.inf)
    if rank > 1:
        return Found(math.inf)
    if histogram.count == 0 or math.isnan(rank):
        return Found(math.nan)
    buckets = list(all_buckets(histogram))
    # NaN observations are counted but stand in no bucket, so the way up is the only sure one.
    upwards = math.isnan(histogram.sum) or rank < 0.5
    wanted = (rank if upwards else 1 - rank) * histogram.count
    bucket, reached = _reach(buckets if upwards else buckets[::-1], wanted)
    settled = _without_infinity(bucket, histogram)
    if isinstance(settled, float):
        return Found(settled)
    reached = min(reached, histogram.count)
    if reached < wanted:
        beyond = math.isnan(histogram.sum)
        return Found(math.nan if beyond else settled.upper, is_nan=beyond)
    inside = wanted - (reached - settled.count) if upwards else reached - wanted
    skewed = math.isnan(histogram.sum) and _counted(buckets) < histogram.count
    return Found(_interpolate(settled, inside / settled.count, histogram), is_skewed=skewed)


def _reach(buckets: Iterable[Bucket], wanted: float) -> tuple[Bucket, float]:
    """Return the bucket in which the count reaches ``wanted``, or the last one."""
    reached, last = 0.0, Bucket(0.0, 0.0, False, False, 0.0)
    for bucket in buckets:
        last = bucket
        if bucket.count == 0:
            continue
        reached += bucket.count
        if reached >= wanted:
            break
    return last, reached


def _without_infinity(bucket: Bucket, histogram: Histogram) -> Bucket | float:
    """Give a bucket finite bounds, or the value that stands for all of it."""
    if not histogram.custom:
        return _one_sided(bucket, histogram)
    if bucket.lower == -math.inf:
        return bucket.upper if bucket.upper <= 0 else replace(bucket, lower=0.0)
    return bucket.lower if bucket.upper == math.inf else bucket


def _one_sided(bucket: Bucket, histogram: Histogram) -> Bucket:
    """Let the zero bucket end at zero where all other buckets are on one side."""
    if not bucket.lower < 0 < bucket.upper:
        return bucket
    if histogram.positive and not histogram.negative:
        return replace(bucket, lower=0.0)
    if histogram.negative and not histogram.positive:
        return replace(bucket, upper=0.0)
    return bucket


def _counted(buckets: Iterable[Bucket]) -> float:
    return sum(bucket.count for bucket in buckets)


def _interpolate(bucket: Bucket, share: float, histogram: Histogram) -> float:
    lower, upper = bucket.lower, bucket.upper
    if histogram.custom or lower <= 0 <= upper:
        return lower + (upper - lower) * share
    low, high = math.log2(abs(lower)), math.log2(abs(upper))
    if lower > 0:
        return float(2 ** (low + (high - low) * share))
    return -float(2 ** (high + (low - high) * (1 - share)))


def fraction(lower: float, upper: float, histogram: Histogram) -> Found:
    """Interpolate which part of the observations lies between two values."""
    if histogram.count == 0 or math.isnan(lower) or math.isnan(upper):
        return Found(math.nan)
    if lower >= upper:
        return Found(0.0)
    buckets = list(all_buckets(histogram))
    counted, skewed = histogram.count, False
    if math.isnan(histogram.sum):
        counted = _counted(buckets)
        skewed = counted < histogram.count
    below_lower = min(_rank(lower, buckets, histogram, counted), counted)
    below_upper = min(_rank(upper, buckets, histogram, counted), counted)
    return Found((below_upper - below_lower) / histogram.count, is_skewed=skewed)


def _rank(value: float, buckets: Iterable[Bucket], histogram: Histogram, counted: float) -> float:
    """Interpolate how many observations lie below ``value``."""
    below = 0.0
    for bucket in buckets:
        around_zero = bucket.lower <= 0 <= bucket.upper
        if around_zero:
            bucket = _ending_at_zero(bucket, histogram)
        if bucket.lower >= value:
            return below
        if bucket.upper > value:
            return below + _part_below(
                value, bucket, linear=histogram.custom or around_zero, below=below
            )
        below += bucket.count
    return counted


def _ending_at_zero(bucket: Bucket, histogram: Histogram) -> Bucket:
    if histogram.positive and not histogram.negative:
        return replace(bucket, lower=0.0)
    if histogram.negative and not histogram.positive:
        return replace(bucket, upper=0.0)
    return bucket


def _part_below(value: float, bucket: Bucket, *, linear: bool, below: float) -> float:
    if linear and bucket.lower == -math.inf:
        return bucket.count - below
    if linear:
        return bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower)
    low, high = math.log2(abs(bucket.lower)), math.log2(abs(bucket.upper))
    place = math.log2(abs(value))
    share = (place - low) / (high - low) if value > 0 else 1 - (place - high) / (low - high)
    return bucket.count * share


def variance(histogram: Histogram) -> float:
    """Estimate the variance as if all of a bucket stood at its middle."""
    mean = ratio(histogram.sum, histogram.count)
    squares = []
    for bucket in all_buckets(histogram):
        if bucket.count:
            distance = _middle(bucket, histogram) - mean
            squares.append(bucket.count * distance * distance)
    return ratio(compensated_sum(squares), histogram.count)


def _middle(bucket: Bucket, histogram: Histogram) -> float:
    if histogram.custom:
        return (bucket.upper + bucket.lower) / 2
    if bucket.lower <= 0 <= bucket.upper:
        return 0.0
    middle = math.sqrt(bucket.upper * bucket.lower)
    return -middle if bucket.upper < 0 else middle
