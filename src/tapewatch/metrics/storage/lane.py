"""
A lane in memory: the columns of one source and the rows that have come since the last seal.

Rows are written below each other into one buffer; a reader takes the buffer, the times and the
count in one step and never sees half a row. When a lane is sealed its rows leave as one stripe.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT
from tapewatch.metrics.storage.page import Cell
from tapewatch.metrics.storage.segment import Stripe
from tapewatch.model.histograms import Histogram

ROWS_FIRST: Final = 4

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class View(NamedTuple):
    """The rows of a lane at one moment: ``values[:count]`` at ``times[:count]``."""

    count: int
    times: Integers
    values: Floats
    gaps: bool
    starts: Integers | None
    cells: tuple[Cell, ...]


def _empty(width: int) -> View:
    return View(0, np.empty(0, np.int64), np.empty((0, width)), False, None, ())


class LaneRows:
    """The columns and the unsealed rows of one lane."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.numbers: Integers = np.empty(0, dtype=np.int64)
        self.last_ms = -(2**62)
        self.closed = False
        self.view = _empty(0)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.numbers)

    @property
    def size_bytes(self) -> int:
        """How much memory the unsealed rows take."""
        return self.view.count * self.view.values.shape[1] * 8

    def extend(self, numbers: Integers) -> None:
        """Add columns; the rows so far have nothing in them."""
        self.numbers = np.concatenate([self.numbers, numbers])

    def append(
        self,
        timestamp_ms: int,
        values: Floats,
        present: NDArray[np.bool_] | None,
        starts: Integers | None,
        histograms: dict[int, Histogram],
        *,
        gaps: bool,
    ) -> Floats:
        """Write one row and return it as it stands in the buffer; nobody sees it yet."""
        view = self._roomy(starts is not None)
        row = view.values[view.count]
        row[: len(values)] = values
        row[len(values) :] = ABSENT
        if present is not None:
            row[: len(values)][~present] = ABSENT
        view.times[view.count] = timestamp_ms
        if view.starts is not None:
            view.starts[view.count] = 0
            if starts is not None:
                view.starts[view.count, : len(starts)] = starts
        cells = tuple(Cell(column, view.count, each) for column, each in histograms.items())
        partly = gaps or present is not None or len(values) < self.width
        self._next = view._replace(
            count=view.count + 1, gaps=view.gaps or partly, cells=view.cells + cells
        )
        return row[: self.width]

    def publish(self) -> None:
        """Let readers see the row that was written last."""
        self.view = self._next
        self.last_ms = int(self.view.times[self.view.count - 1])

    def seal(self) -> Stripe | None:
        """Take the rows away as a stripe; None when there are none."""
        view, self.view = self.view, _empty(self.width)
        return self.stripe_of(view) if view.count else None

    def stripe_of(self, view: View) -> Stripe:
        """Turn rows into a stripe: one column after the other."""
        width = view.values.shape[1]
        starts = view.starts
        if starts is not None:
            starts = np.ascontiguousarray(starts[: view.count, :width].T)
        return Stripe(
            columns=self.numbers[:width],
            times=view.times[: view.count],
            values=np.ascontiguousarray(view.values[: view.count].T),
            gaps=view.gaps,
            starts=starts,
            cells=view.cells,
            lane=self.number,
        )

    def _roomy(self, with_starts: bool) -> View:
        """Return a view with room for one more row of the full width."""
        view = self.view
        rows, width = view.values.shape
        if view.count < rows and width == self.width and (view.starts is not None) >= with_starts:
            return view
        rows = max(ROWS_FIRST, rows * 2 if view.count == rows else rows)
        values = np.empty((rows, self.width))
        values[: view.count, :width] = view.values[: view.count]
        values[: view.count, width:] = ABSENT
        times = np.empty(rows, dtype=np.int64)
        times[: view.count] = view.times[: view.count]
        starts = None
        if with_starts or view.starts is not None:
            starts = np.zeros((rows, self.width), dtype=np.int64)
            if view.starts is not None:
                starts[: view.count, :width] = view.starts[: view.count]
        gaps = view.gaps or (view.count > 0 and width < self.width)
        return View(view.count, times, values, gaps, starts, view.cells)
