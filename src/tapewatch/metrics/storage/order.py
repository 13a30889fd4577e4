"""
Which loose samples are kept: Prometheus' rules for order, lateness and repetition.

A sample later than everything known of its series is in order. One at the same time and with the
same value is a repetition and changes nothing; with another value it is a duplicate and refused.
An earlier one is late, and kept while it lies within the window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.intake import Taken
from tapewatch.metrics.selection import ABSENT_BITS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Which samples are kept, by their place in the batch, and what became of the others."""

    kept: NDArray[np.intp]
    all_kept: bool
    taken: Taken


def judge_order(
    rows: Integers,
    times: Integers,
    values: Floats,
    *,
    last_ms: Integers,
    last_values: Floats,
    earliest_ms: int,
    latest_ms: int,
) -> Verdict:
    """
    Judge a batch; ``last_ms`` and ``last_values`` are what is known of each sample's series.

    A last value of ABSENT means that the time is known and still free.

    Samples of one series are judged in the order in which they stand.
    """
    previous_ms, previous_values = _previous(rows, times, values, last_ms, last_values)
    empty = previous_values.view(np.uint64) == ABSENT_BITS
    same_time = (times == previous_ms) & ~empty
    same_value = values.view(np.uint64) == previous_values.view(np.uint64)
    repeated = same_time & same_value
    duplicate = same_time & ~same_value
    late = (times < previous_ms) | ((times == previous_ms) & empty)
    too_old = late & (times <= earliest_ms)
    ahead = times > latest_ms
    refused = duplicate | too_old | ahead
    kept = np.flatnonzero(~(refused | repeated))
    taken = Taken(
        samples=len(rows) - int(refused.sum()),
        out_of_order=int(ahead.sum()),
        too_old=int((too_old & ~ahead).sum()),
        duplicates=int((duplicate & ~ahead).sum()),
        first_refused=_first(refused, duplicate, ahead, times),
        first_refused_at=int(refused.argmax()) if refused.any() else -1,
    )
    return Verdict(kept, len(kept) == len(rows), taken)


def _previous(
    rows: Integers, times: Integers, values: Floats, last_ms: Integers, last_values: Floats
) -> tuple[Integers, Floats]:
    """Find for each sample the newest one of its series before it, in the batch or earlier."""
    order = np.argsort(rows, kind="stable")
    same = rows[order][1:] == rows[order][:-1]
    if not same.any():
        return last_ms, last_values
    previous_ms, previous_values = last_ms.copy(), last_values.copy()
    if (np.diff(times[order])[same] > 0).all():
        before, after = order[:-1][same], order[1:][same]
        newer = times[before] >= last_ms[after]
        previous_ms[after[newer]] = times[before[newer]]
        previous_values[after[newer]] = values[before[newer]]
        return previous_ms, previous_values
    newest: dict[int, int] = {}
    for at in range(len(rows)):
        row = int(rows[at])
        known = newest.get(row)
        if known is not None and times[known] >= previous_ms[at]:
            previous_ms[at], previous_values[at] = times[known], values[known]
        if known is None or times[at] > times[known]:
            newest[row] = at
    return previous_ms, previous_values


def _first(
    refused: NDArray[np.bool_],
    duplicate: NDArray[np.bool_],
    ahead: NDArray[np.bool_],
    times: Integers,
) -> str:
    places = np.flatnonzero(refused)
    if not len(places):
        return ""
    at = int(places[0])
    if ahead[at]:
        return f"the sample at {times[at]} ms lies too far in the future"
    if duplicate[at]:
        return f"duplicate sample for timestamp {times[at]}: another value is there already"
    return f"the sample at {times[at]} ms is older than the window for late ones"
