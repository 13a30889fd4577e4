"""Lowering the resolution of native histograms until they fit the job's limits."""

import math
from collections.abc import Mapping
from dataclasses import replace

from tapewatch.metrics.scrape.errors import LimitExceeded
from tapewatch.metrics.scrape.settings import Limits
from tapewatch.model.histograms import SCHEMA_MAX, SCHEMA_MIN, Histogram


def fit(histogram: Histogram, limits: Limits) -> Histogram:
    """Return the histogram within the limits; raises ``LimitExceeded`` where it cannot be."""
    if limits.bucket_factor > 1 and not histogram.custom:
        schema_max = schema_for(limits.bucket_factor)
        while histogram.schema > schema_max:
            histogram = halve(histogram)
    if limits.buckets:
        while bucket_count(histogram) > limits.buckets:
            if histogram.custom or histogram.schema <= SCHEMA_MIN:
                found = bucket_count(histogram)
                raise LimitExceeded("native_histogram_bucket_limit", limits.buckets, found)
            histogram = halve(histogram)
    return histogram


def bucket_count(histogram: Histogram) -> int:
    """Count the filled buckets."""
    return len(histogram.positive) + len(histogram.negative)


def schema_for(factor: float) -> int:
    """Return the finest schema whose buckets grow by ``factor`` at least."""
    schema = math.floor(-math.log2(math.log2(factor)))
    return max(SCHEMA_MIN, min(SCHEMA_MAX, schema))


def halve(histogram: Histogram) -> Histogram:
    """Merge buckets in pairs: the next coarser schema."""
    return replace(
        histogram,
        schema=histogram.schema - 1,
        positive=_merged(histogram.positive),
        negative=_merged(histogram.negative),
    )


def _merged(buckets: Mapping[int, float]) -> dict[int, float]:
    merged: dict[int, float] = {}
    for index, count in buckets.items():
        wider = (index + 1) >> 1  # upper bounds of pairs: (1, 2) -> 1, (3, 4) -> 2
        merged[wider] = merged.get(wider, 0.0) + count
    return merged
