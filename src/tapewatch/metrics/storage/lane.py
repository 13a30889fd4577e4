"""
A lane in memory: the columns of one source and the rows that have come since the last seal.

Rows are written below each other into one buffer; a reader takes the buffer, the times and the
count in one step and never sees half a row. When a lane is sealed its rows leave as one stripe.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.intake import Row
from tapewatch.metrics.selection import ABSENT, ABSENT_BITS
from tapewatch.metrics.storage.cells import Cells
from tapewatch.metrics.storage.segment import Stripe
from tapewatch.model.numbers import STALE_BITS

ROWS_FIRST: Final = 4

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class View(NamedTuple):
    """The rows of a lane at one moment: ``values[:rows]`` at ``times[:rows]``."""

    rows: int
    times: Integers
    values: Floats
    gaps: bool
    starts: Integers | None
    cells: Cells


def _empty(width: int) -> View:
    return View(0, np.empty(0, np.int64), np.empty((0, width)), False, None, Cells())


class LaneRows:
    """The columns and the unsealed rows of one lane."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.numbers: Integers = np.empty(0, dtype=np.int64)
        self.last_ms = -(2**62)
        self.closed = False
        self.foreign: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self.any_foreign = False
        self.view = self._next = _empty(0)
        self._rows_first = ROWS_FIRST
        self._sealed: tuple[Floats, frozenset[int]] = np.empty(0), frozenset()

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.numbers)

    @property
    def size_bytes(self) -> int:
        """How much memory the unsealed rows take."""
        floats = self.view.rows * int(self.view.values.shape[1]) * 8
        return floats + self.view.cells.size_bytes

    def extend(self, numbers: Integers, foreign: NDArray[np.bool_] | None = None) -> None:
        """Add columns; ``foreign`` ones are series that another lane brings too."""
        if foreign is None:
            foreign = np.zeros(len(numbers), dtype=bool)
        self.numbers = np.concatenate([self.numbers, numbers])
        self.foreign = np.concatenate([self.foreign, foreign])
        self.any_foreign = bool(self.foreign.any())

    def alive(self) -> NDArray[np.bool_]:
        """Say which columns had a sample, and no end, in the row that came last."""
        row, with_histogram = self._newest()
        bits = np.full(self.width, ABSENT_BITS, dtype=np.uint64)
        bits[: len(row)] = row.view(np.uint64)
        alive: NDArray[np.bool_] = (bits != ABSENT_BITS) & (bits != STALE_BITS)
        alive[list(with_histogram)] = True
        return alive

    def newest_of(self, numbers: Integers) -> Floats:
        """Return the values that some of the lane's series have in the row that came last."""
        values = np.full(len(numbers), ABSENT)
        row, _ = self._newest()
        order = np.argsort(self.numbers, kind="stable")
        columns = order[np.searchsorted(self.numbers, numbers, sorter=order)]
        there = columns < len(row)
        values[there] = row[columns[there]]
        return values

    def _newest(self) -> tuple[Floats, frozenset[int]]:
        """Return the values of the newest row, and the columns that have a histogram there."""
        view = self.view
        if not view.rows:
            return self._sealed
        last = view.rows - 1
        row: Floats = view.values[last]
        return row, frozenset(view.cells.columns_from(last))

    def append(self, row: Row, *, gaps: bool) -> Floats:
        """Write one row and return it as it stands in the buffer; nobody sees it yet."""
        view = self._roomy(row.starts_ms is not None)
        written: Floats = view.values[view.rows]
        count = len(row.values)
        written[:count] = row.values
        written[count:] = ABSENT
        if row.present is not None:
            written[:count][~row.present] = ABSENT
        view.times[view.rows] = row.timestamp_ms
        if view.starts is not None:
            view.starts[view.rows] = 0
            if row.starts_ms is not None:
                view.starts[view.rows, : len(row.starts_ms)] = row.starts_ms
        cells = view.cells
        if row.histograms:
            cells = cells.with_row(view.rows, row.histograms)
        gaps = gaps or row.present is not None or count < self.width
        self._next = view._replace(rows=view.rows + 1, gaps=view.gaps or gaps, cells=cells)
        return written[: self.width]

    def publish(self) -> None:
        """Let readers see the row that was written last."""
        self.view = self._next
        self.last_ms = int(self.view.times[self.view.rows - 1])

    def seal(self) -> Stripe | None:
        """Take the rows away as a stripe; None when there are none."""
        values, with_histogram = self._newest()
        self._sealed = values.copy(), with_histogram
        view = self.view
        # The buffer of the rows must not outlive them here: a lane may rest for long.
        self.view = self._next = _empty(self.width)
        # The next rows will be about as many; what is not used of their buffer is not touched.
        self._rows_first = max(ROWS_FIRST, view.rows + 1)
        return self.stripe_of(view) if view.rows else None

    def stripe_of(self, view: View) -> Stripe:
        """Turn rows into a stripe: one column after the other."""
        width = view.values.shape[1]
        starts = view.starts
        if starts is not None:
            starts = np.ascontiguousarray(starts[: view.rows, :width].T)
        return Stripe(
            columns=self.numbers[:width],
            times=view.times[: view.rows],
            values=np.ascontiguousarray(view.values[: view.rows].T),
            gaps=view.gaps,
            starts=starts,
            cells=view.cells,
            lane=self.number,
        )

    def _roomy(self, with_starts: bool) -> View:
        """Return a view with room for one more row of the full width."""
        view = self.view
        rows, width = map(int, view.values.shape)
        if view.rows < rows and width == self.width and (view.starts is not None) >= with_starts:
            return view
        rows = max(self._rows_first, rows * 2 if view.rows == rows else rows)
        values = np.empty((rows, self.width))
        values[: view.rows, :width] = view.values[: view.rows]
        values[: view.rows, width:] = ABSENT
        times = np.empty(rows, dtype=np.int64)
        times[: view.rows] = view.times[: view.rows]
        starts = None
        if with_starts or view.starts is not None:
            starts = np.zeros((rows, self.width), dtype=np.int64)
            if view.starts is not None:
                starts[: view.rows, :width] = view.starts[: view.rows]
        gaps = view.gaps or (view.rows > 0 and width < self.width)
        return View(view.rows, times, values, gaps, starts, view.cells)
