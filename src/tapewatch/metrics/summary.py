"""
What a summary keeps of the samples in a bucket, and what each function needs of it.

A bucket is left-open, as the windows of PromQL are: ``(end - resolution, end]``, its end a
multiple of the resolution. A window whose end and length are such multiples is a union of whole
buckets, and what a function makes of them equals what it makes of their samples.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Column(IntEnum):
    """One number for each bucket. Where the count is zero, all but the state mean nothing."""

    COUNT = 0
    SUM = 1
    MIN = 2
    MAX = 3
    FIRST_AGE = 4
    """How long before the end of the bucket its first sample was taken, in milliseconds."""
    FIRST = 5
    LAST_AGE = 6
    LAST = 7
    RESTARTED = 8
    """What falls took away: the sum of the values before them, which a counter adds again."""
    RESETS = 9
    CHANGES = 10
    STATE = 11


ENDED: Final = 1
"""A state's bit: a stale marker came after the last sample."""
HOLDS_HISTOGRAMS: Final = 2
"""A state's bit: there were histograms, of which nothing is kept."""

Columns = Mapping[Column, NDArray[np.float64]]

_ALWAYS: Final = (Column.COUNT, Column.STATE)
_EDGES: Final = (
    *_ALWAYS, Column.FIRST_AGE, Column.FIRST, Column.LAST_AGE, Column.LAST,
)  # fmt: skip
_COUNTER: Final = (*_EDGES, Column.RESTARTED)

COLUMNS_OF: Final[Mapping[str, tuple[Column, ...]]] = {
    "": (*_ALWAYS, Column.LAST),
    "absent_over_time": _ALWAYS,
    "avg_over_time": (*_ALWAYS, Column.SUM),
    "changes": (*_ALWAYS, Column.FIRST, Column.LAST, Column.CHANGES),
    "count_over_time": _ALWAYS,
    "delta": _EDGES,
    "first_over_time": (*_ALWAYS, Column.FIRST),
    "increase": _COUNTER,
    "last_over_time": (*_ALWAYS, Column.LAST),
    "max_over_time": (*_ALWAYS, Column.MAX),
    "min_over_time": (*_ALWAYS, Column.MIN),
    "present_over_time": _ALWAYS,
    "rate": _COUNTER,
    "resets": (*_ALWAYS, Column.FIRST, Column.LAST, Column.RESETS),
    "sum_over_time": (*_ALWAYS, Column.SUM),
}
"""Which columns answer a function; the one without a name is the newest sample of a selector."""
