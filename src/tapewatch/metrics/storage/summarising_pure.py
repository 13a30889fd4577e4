"""The readable twin of ``summarising_fast.pyx``."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT_BITS
from tapewatch.metrics.summary import ENDED, Column
from tapewatch.model.numbers import STALE_BITS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def summarise(
    times: Integers,
    values: Floats,
    offsets: Integers,
    shared: bool,
    after_ms: int,
    resolution_ms: int,
    out: Floats,
) -> None:
    """
    Summarise rows of samples into ``out``: ``(columns, rows, buckets)``, all zeros before.

    Row ``r`` is ``[offsets[r], offsets[r + 1])`` of ``values``, and of ``times`` unless these are
    ``shared``. Samples before and after the buckets, and absent cells, are passed over.
    """
    until_ms = after_ms + out.shape[2] * resolution_ms
    bits = values.view(np.uint64)
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        own_times = times if shared else times[first:last]
        buckets: dict[int, list[tuple[int, float]]] = {}
        for place, at in enumerate(own_times.tolist()):
            if not after_ms < at <= until_ms or bits[first + place] == ABSENT_BITS:
                continue
            bucket = (at - after_ms - 1) // resolution_ms
            if bits[first + place] == STALE_BITS:
                out[Column.STATE, row, bucket] = ENDED
                continue
            out[Column.STATE, row, bucket] = 0
            end = after_ms + (bucket + 1) * resolution_ms
            buckets.setdefault(bucket, []).append((end - at, float(values[first + place])))
        for bucket, samples in buckets.items():
            _fill(samples, out[:, row, bucket])


def _fill(samples: list[tuple[int, float]], out: Floats) -> None:
    held = [value for _, value in samples]
    numbers = [value for value in held if not math.isnan(value)]
    falls = [a for a, b in pairwise(held) if b < a]
    out[Column.COUNT] = len(held)
    out[Column.SUM] = _sum(held)
    out[Column.MIN] = min(numbers, default=math.nan)
    out[Column.MAX] = max(numbers, default=math.nan)
    out[Column.FIRST_AGE], out[Column.FIRST] = samples[0]
    out[Column.LAST_AGE], out[Column.LAST] = samples[-1]
    out[Column.RESTARTED] = sum(falls)
    out[Column.RESETS] = len(falls)
    out[Column.CHANGES] = sum(
        a != b and not (math.isnan(a) and math.isnan(b)) for a, b in pairwise(held)
    )


def _sum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # Infinities of both signs, or too large a sum.
        return float(np.sum(values))
