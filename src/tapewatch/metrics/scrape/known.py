"""What a recorder knows of its reader's series, by their index."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.intake import REFUSED
from tapewatch.model.labels import Labels
from tapewatch.wire.exposition.scrape import NewSeries

UNASKED: Final = -2
"""Stands for the id of a series that storage was not asked for yet."""

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Places = NDArray[np.int32]


def _mask() -> Mask:
    return np.empty(0, np.bool_)


def _numbers() -> Numbers:
    return np.empty(0, np.int64)


def _places() -> Places:
    return np.empty(0, np.int32)


@dataclass(slots=True)
class KnownSeries:
    """
    Parallel arrays over the reader's indexes.

    ``stored`` holds the labels until the series has a column, ``wanted`` says that it is stored,
    ``column`` where in the lane, ``seen`` that the last good scrape had it.
    """

    stored: list[Labels | None] = field(default_factory=list)
    known: Mask = field(default_factory=_mask)
    wanted: Mask = field(default_factory=_mask)
    seen: Mask = field(default_factory=_mask)
    column: Places = field(default_factory=_places)
    live: int = 0
    _loose: Numbers = field(default_factory=_numbers)

    @property
    def size(self) -> int:
        """How many indexes there are, free ones too."""
        return len(self.stored)

    @property
    def loose(self) -> Numbers:
        """The ids of series for samples with times of their own; few targets have any."""
        grown = self.size - len(self._loose)
        if grown:
            self._loose = np.concatenate([self._loose, np.full(grown, UNASKED, np.int64)])
        return self._loose

    def make_room(self, size: int) -> None:
        """Grow everything to ``size`` indexes."""
        grown = size - self.size
        if grown <= 0:
            return
        self.stored.extend([None] * grown)
        nothing = np.zeros(grown, np.bool_)
        self.known = np.concatenate([self.known, nothing])
        self.wanted = np.concatenate([self.wanted, nothing])
        self.seen = np.concatenate([self.seen, nothing])
        self.column = np.concatenate([self.column, np.full(grown, REFUSED, np.int32)])

    def learn(self, series: NewSeries) -> None:
        """Take note of a series that is new."""
        self.known[series.index] = True
        self.live += 1

    def forget(self, index: int) -> None:
        """Make an index free for another series."""
        self.stored[index] = None
        self.known[index] = self.wanted[index] = self.seen[index] = False
        self.column[index] = REFUSED
        if index < len(self._loose):
            self._loose[index] = UNASKED
        self.live -= 1
