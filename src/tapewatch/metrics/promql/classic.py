"""
Classic histograms as native ones.

``name_bucket`` series with their ``le``, ``name_count`` and ``name_sum`` tell together what one
native histogram with custom bounds tells.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tapewatch.model.errors import BadText
from tapewatch.model.histograms import CUSTOM_SCHEMA, Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.numbers import parse_float

BUCKET_LABEL: Final = "le"

ClassicSample = tuple[Labels, int, float]


@dataclass(slots=True)
class _Parts:
    """What is known so far of one histogram at one time."""

    cumulative: dict[float, float] = field(default_factory=dict)
    count: float | None = None
    sum: float = 0.0


def to_native(samples: Iterable[ClassicSample]) -> dict[Labels, list[tuple[int, Histogram]]]:
    """Put the samples of classic histograms together; samples of other kinds are left out."""
    found: dict[Labels, dict[int, _Parts]] = {}
    for labels, timestamp_ms, value in samples:
        name, _, part = labels.name.rpartition("_")
        bound = _upper_bound(labels) if part == "bucket" else None
        if part not in ("count", "sum") and bound is None:
            continue
        base = labels.drop(BUCKET_LABEL).replace(__name__=name)
        parts = found.setdefault(base, {}).setdefault(timestamp_ms, _Parts())
        _put(parts, part, bound, value)
    return {labels: _histograms(labels, by_time) for labels, by_time in found.items()}


def _upper_bound(labels: Labels) -> float | None:
    try:
        bound = parse_float(labels.get(BUCKET_LABEL))
    except BadText:
        return None
    return None if math.isnan(bound) else bound


def _put(parts: _Parts, part: str, bound: float | None, value: float) -> None:
    if bound is not None:
        # "0.1" and "0.10" are one bucket; the first that comes counts.
        parts.cumulative.setdefault(bound, value)
    elif part == "count":
        parts.count = value
    else:
        parts.sum = value


def _histograms(labels: Labels, by_time: Mapping[int, _Parts]) -> list[tuple[int, Histogram]]:
    return [(at, _histogram(labels, by_time[at])) for at in sorted(by_time)]


def _histogram(labels: Labels, parts: _Parts) -> Histogram:
    bounds = sorted(parts.cumulative)
    counts = [parts.cumulative[bound] for bound in bounds]
    total = parts.count if parts.count is not None else (counts[-1] if counts else None)
    if total is None:
        raise _impossible(labels, "it has a sum, but neither a count nor a bucket")
    if not bounds or bounds[-1] != math.inf:
        bounds.append(math.inf)
        counts.append(total)
    _check(labels, counts, total)
    steps = [upper - lower for lower, upper in zip([0.0, *counts], counts, strict=False)]
    return Histogram(
        schema=CUSTOM_SCHEMA,
        count=total,
        sum=parts.sum,
        positive={index: count for index, count in enumerate(steps) if count},
        custom_bounds=tuple(bounds[:-1]),
    )


def _check(labels: Labels, counts: list[float], total: float) -> None:
    if counts != sorted(counts) or min(counts) < 0:
        raise _impossible(labels, "its buckets must count up from zero or more")
    if counts[-1] != total:
        raise _impossible(labels, f"its last bucket holds {counts[-1]}, its count is {total}")


def _impossible(labels: Labels, reason: str) -> BadText:
    return BadText("classic histogram", str(labels), reason)
