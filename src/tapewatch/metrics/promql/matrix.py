"""
What every operator takes and gives: all series at all steps at once.

The value of a vector expression is a ``Matrix``: one row per series, one column per step. A cell
is absent, a float, or a native histogram. Rows that are absent everywhere may stay, so that the
``LabelSets`` object, and all that was derived from it, stays the same through a filter.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import NO_SETS, Floats, LabelSets, Mask, Objects, Times
from tapewatch.model.histograms import Histogram

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Steps:
    """The times at which an expression is evaluated; an instant is one step."""

    start_ms: int
    step_ms: int
    count: int

    @classmethod
    def between(cls, start_ms: int, end_ms: int, step_ms: int) -> "Steps":
        """Count the steps from ``start_ms`` to ``end_ms``, both included."""
        return cls(start_ms, step_ms, max((end_ms - start_ms) // step_ms + 1, 0))

    @cached_property
    def times(self) -> Times:
        """The time of every step, in milliseconds."""
        return self.start_ms + self.step_ms * np.arange(self.count, dtype=np.int64)

    @cached_property
    def seconds(self) -> Floats:
        """The time of every step, in seconds."""
        return self.times / 1000

    @property
    def end_ms(self) -> int:
        """The time of the last step."""
        return self.start_ms + self.step_ms * (self.count - 1)

    @property
    def first(self) -> "Steps":
        """The first step alone."""
        return self if self.count == 1 else Steps(self.start_ms, self.step_ms, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """
    The value of a vector expression.

    ``present`` is None where no cell is absent. Where ``histograms`` has something, the cell is
    that histogram and its float says nothing. ``drop_names`` marks the rows whose name is to go at
    the end of the query (None: no row's).
    """

    labels: LabelSets
    values: Floats  # (k, steps)
    present: Mask | None = None  # (k, steps)
    histograms: Objects | None = None  # (k, steps), None in the cells that hold a float
    drop_names: Mask | None = None  # (k,)

    @property
    def mask(self) -> Mask:
        """Which cells hold something."""
        if self.present is None:
            return np.ones(self.values.shape, dtype=np.bool_)
        return self.present

    @property
    def histogram_mask(self) -> Mask:
        """Which cells hold a histogram."""
        if self.histograms is None:
            return np.zeros(self.values.shape, dtype=np.bool_)
        return np.logical_and(filled_cells(self.histograms), self.mask)

    @property
    def float_present(self) -> Mask | None:
        """Which cells hold a float, None for all of them."""
        if self.histograms is None:
            return self.present
        return self.mask & ~self.histogram_mask

    @property
    def row_present(self) -> Mask:
        """Which rows hold anything at any step."""
        if self.present is None:
            return np.full(len(self.labels), self.values.shape[1] > 0)
        rows: Mask = np.any(self.present, axis=1)
        return rows

    @property
    def cell_count(self) -> int:
        """How many cells hold something."""
        return self.values.size if self.present is None else int(np.count_nonzero(self.present))

    def row_drops_name(self, row: int) -> bool:
        """Say whether the name of ``row`` is to go."""
        return self.drop_names is not None and bool(self.drop_names[row])

    def floats_only(self) -> "Matrix":
        """Leave the histograms out."""
        if self.histograms is None:
            return self
        return replace(self, present=self.float_present, histograms=None)

    def in_order(self) -> "Matrix":
        """Sort the rows by their labels."""
        rows = self.labels.sorted_rows
        if (rows[1:] > rows[:-1]).all():
            return self
        return self._take(rows, self.labels.in_order)

    def take(self, rows: Rows) -> "Matrix":
        """Return some rows, in the order asked for."""
        return self._take(rows, self.labels.take(rows))

    def _take(self, rows: Rows, labels: LabelSets) -> "Matrix":
        return Matrix(
            labels,
            self.values[rows],
            None if self.present is None else self.present[rows],
            None if self.histograms is None else self.histograms[rows],
            None if self.drop_names is None else self.drop_names[rows],
        )

    def without_empty_rows(self) -> "Matrix":
        """Leave out the rows that are absent everywhere."""
        if self.present is None and self.values.shape[1]:
            return self
        kept = self.row_present
        return self if kept.all() else self.take(np.flatnonzero(kept))

    def repeat(self, count: int) -> "Matrix":
        """Give a matrix of one step the same value at ``count`` steps."""
        return replace(
            self,
            values=np.repeat(self.values, count, axis=1),
            present=None if self.present is None else np.repeat(self.present, count, axis=1),
            histograms=(
                None if self.histograms is None else np.repeat(self.histograms, count, axis=1)
            ),
        )


def empty_matrix(steps: Steps) -> Matrix:
    """Return a matrix of no series."""
    return Matrix(NO_SETS, np.empty((0, steps.count)))


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """The value of a scalar expression: a number at every step."""

    values: Floats  # (steps,)

    def repeat(self, count: int) -> "Scalar":
        """Give a scalar of one step the same value at ``count`` steps."""
        return Scalar(np.repeat(self.values, count))

    @property
    def constant(self) -> float | None:
        """The value that all steps share, None where they differ."""
        first = float(self.values[0])
        return first if self.values.size == 1 or bool((self.values == first).all()) else None


@dataclass(frozen=True, slots=True)
class Text:
    """The value of a string literal."""

    value: str


Value = Matrix | Scalar | Text


def filled_cells(histograms: Objects) -> Mask:
    """Say which cells are not None."""
    filled = (cell is not None for cell in histograms.ravel().tolist())
    return np.fromiter(filled, dtype=np.bool_, count=histograms.size).reshape(histograms.shape)


def map_cells(histograms: Objects, change: Callable[[Histogram], Histogram | None]) -> Objects:
    """Change every histogram; empty cells stay empty."""
    changed = np.empty(histograms.size, dtype=np.object_)
    changed[:] = [None if cell is None else change(cell) for cell in histograms.ravel().tolist()]
    return changed.reshape(histograms.shape)


def full_mask(present: Mask | None, shape: tuple[int, int]) -> Mask:
    """Write "all of them" out where a mask is needed."""
    return np.ones(shape, dtype=np.bool_) if present is None else present


def narrow(present: Mask | None, keep: Mask) -> Mask | None:
    """Keep only the cells in ``keep``; None again where that leaves all of them."""
    kept = keep if present is None else present & keep
    return None if kept.all() else kept


def combine(*masks: Mask | None) -> Mask | None:
    """Return where all masks are true, None where that is everywhere."""
    given = [mask for mask in masks if mask is not None]
    if not given:
        return None
    both = given[0]
    for mask in given[1:]:
        both = both & mask
    return both
