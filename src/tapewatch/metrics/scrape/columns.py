"""
The columns of one target's lane, and which series stands in which.

A column keeps its place as long as the lane lives. When most columns belong to series that are
gone, a new lane takes over with the living ones.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.intake import REFUSED, Intake, Lane
from tapewatch.model.hash_index import new_index
from tapewatch.model.labels import Labels

DEAD_MIN: Final = 1024
"""A lane is not given up for fewer dead columns than this."""

FREE: Final = -1
"""Stands for the owner of a column that has none."""


class Columns:
    """
    A lane with its columns.

    The first ones belong to our own series. The others have an owner, the index of the series in
    the target's reader. ``alive`` says which had a sample in the last row.
    """

    def __init__(self, intake: Intake, name: str, own: Sequence[Labels]) -> None:
        self._intake = intake
        self._name = name
        self._own = tuple(own)
        self._lane: Lane | None = None
        self._column_of = new_index()
        self._width = 0
        self.owners = np.empty(0, np.int32)
        self.alive = np.empty(0, np.bool_)
        self.refused = 0

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self._width

    @property
    def first(self) -> int:
        """The first column that belongs to the target's series."""
        return len(self._own)

    def open(self) -> Lane:
        """Return the lane; it is opened when it is first needed."""
        if self._lane is None:
            self._lane = self._intake.lane(self._name)
            self._add(self._own)
        return self._lane

    def give(self, labels: Sequence[Labels], owners: Sequence[int]) -> NDArray[np.int64]:
        """
        Find or make a column for each series.

        ``REFUSED`` where storage takes no new series, or where the column has an owner already.
        """
        self.open()
        self._add([each for each in dict.fromkeys(labels) if self._column_of.get(each) < 0])
        found = np.full(len(labels), REFUSED, np.int64)
        for place, (each, owner) in enumerate(zip(labels, owners, strict=True)):
            column = self._column_of.get(each)
            if column >= self.first and self.owners[column] == FREE:
                self.owners[column] = owner
                found[place] = column
        return found

    def column(self, labels: Labels) -> int:
        """Return the column of a series, or ``REFUSED``."""
        return self._column_of.get(labels)

    def labels_of(self, columns: NDArray[np.int64]) -> Sequence[Labels]:
        """Return the labels of some columns; storage knows them."""
        return self.open().labels_of(columns)

    def disown(self) -> None:
        """Take every column from its owner; the series may claim them again."""
        self.owners[:] = FREE

    def tired(self) -> bool:
        """Whether most columns are dead."""
        dead = int(np.count_nonzero(self.owners[self.first :] == FREE))
        return dead > DEAD_MIN and dead > self.width - dead

    def renew(self) -> NDArray[np.int64]:
        """Open a new lane with the owned columns only; returns the new number of each old one."""
        own = np.arange(self.width) < self.first
        kept = np.flatnonzero(own | (self.owners != FREE))
        labels = self.labels_of(kept)
        owners, alive, width = self.owners[kept], self.alive[kept], self.width
        self.close(None)
        self._lane = self._intake.lane(self._name)
        places = np.full(width, REFUSED, np.int64)
        places[kept] = self._add(labels)
        found = places[kept] != REFUSED
        self.owners[places[kept[found]]] = owners[found]
        self.alive[places[kept[found]]] = alive[found]
        return places

    def close(self, timestamp_ms: int | None) -> None:
        """End the lane; with a time, everything alive is marked stale there."""
        if self._lane is not None:
            self._lane.close(timestamp_ms)
            self._lane = None
            self._column_of, self._width = new_index(), 0
            self.owners, self.alive = self.owners[:0], self.alive[:0]

    def _add(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        if not labels:
            return np.empty(0, np.int32)
        assert self._lane is not None
        given = self._lane.extend(labels)
        for each, column in zip(labels, given.tolist(), strict=True):
            if column == REFUSED:
                self.refused += 1
            else:
                assert column == self._width, "a lane numbers its columns in order"
                self._column_of.put(each, column)
                self._width += 1
        grown = self._width - len(self.owners)
        self.owners = np.concatenate([self.owners, np.full(grown, FREE, np.int32)])
        self.alive = np.concatenate([self.alive, np.zeros(grown, np.bool_)])
        return given
