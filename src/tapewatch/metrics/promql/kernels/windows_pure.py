"""The readable twin of ``windows_fast.pyx``."""

from itertools import pairwise

import numpy as np

from tapewatch.metrics.selection import ABSENT_BITS, Floats, Indices, Times
from tapewatch.model.numbers import STALE_BITS


def compact(
    times: Times, values: Floats, starts: Times, offsets: Times, shared: bool, keep_stale: bool
) -> tuple[Times, Floats, Times, Times]:
    """
    Leave out the cells that hold no sample, and with them, on demand, the stale markers.

    Afterwards every row has times of its own. ``starts`` may be empty.
    """
    bits = values.view(np.uint64)
    kept = bits != ABSENT_BITS
    if not keep_stale:
        kept &= bits != STALE_BITS
    every_time = np.tile(times, offsets.size - 1) if shared else times
    base = offsets[0]
    running = np.concatenate(([0], np.cumsum(kept[base:])))
    new_offsets = running[offsets - base].astype(np.int64)
    kept = kept[base : offsets[-1]]
    return (
        every_time[: kept.size][kept] if shared else every_time[base : offsets[-1]][kept],
        values[base : offsets[-1]][kept],
        starts[base : offsets[-1]][kept] if starts.size else starts,
        new_offsets,
    )


def borders(times: Times, offsets: Times, moments: Times, out: Indices) -> None:
    """Count for every row and moment the samples that are not later than the moment."""
    for row, (first, last) in enumerate(pairwise(offsets.tolist())):
        out[row] = np.searchsorted(times[first:last], moments, side="right")
