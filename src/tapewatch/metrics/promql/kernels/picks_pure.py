"""The readable twin of ``picks_fast.pyx``."""

from itertools import pairwise

import numpy as np

from tapewatch.metrics.selection import Floats, Indices, Mask, Times
from tapewatch.model.numbers import STALE_BITS


def newest(
    times: Times,
    values: Floats,
    offsets: Times,
    shared: bool,
    highs: Indices,
    ends: Times,
    lookback_ms: int,
    out: Floats,
    present: Mask,
) -> int:
    """
    Take the last sample of each window that is younger than the lookback and not stale.

    Returns how many cells have none.
    """
    bits = values.view(np.uint64)
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        at = times if shared else times[first:last]
        for step, end in enumerate(ends.tolist()):
            index = int(highs[0 if shared else row, step]) - 1
            fresh = index >= 0 and at[index] > end - lookback_ms
            present[row, step] = fresh and bits[first + index] != STALE_BITS
            if present[row, step]:
                out[row, step] = values[first + index]
    return int(present.size - np.count_nonzero(present))


def columns(values: Floats, offsets: Times, indices: Indices, out: Floats) -> None:
    """Take the same columns of every row."""
    for row, first in enumerate(offsets[:-1].tolist()):
        out[row] = values[first + indices.astype(np.int64)]
