"""The readable twin of ``lines_fast.pyx``."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.digits import parse_double
from tapewatch.model.errors import BadText

TIME_MAX: Final = 2.0**53
"""Times that a double holds to the unit lie below this."""


class Lines(NamedTuple):
    """The samples of some lines."""

    series: NDArray[np.int64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    line_count: int


def read_lines(
    chunk: bytes, series: Mapping[bytes, int], odd: Callable[[int, bytes], None], first: int
) -> Lines:
    """Read the samples of whole lines; see ``lines.py``."""
    rows: list[tuple[int, float, float]] = []
    lines = chunk.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, first):
        head, _, time = line.rpartition(b" ")
        prefix, _, value = head.rpartition(b" ")
        known = series.get(prefix)
        if known is None:
            odd(number, line)
            continue
        try:
            row = known, parse_double(time), parse_double(value)
        except BadText:
            odd(number, line)
            continue
        if abs(row[1]) < TIME_MAX:
            rows.append(row)
        else:
            odd(number, line)
    return Lines(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.float64),
        len(lines),
    )
