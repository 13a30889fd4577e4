"""
What rules make of series: written at the time of the evaluation, marked stale where one is gone.

A rule writes rows of a lane, one an evaluation: nearly always the same series again.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.intake import REFUSED, Intake, Lane, Row
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE
from tapewatch.watch.rules.languages import NO_HISTOGRAMS

RETIRE_MIN: Final = 256
"""A lane is given up when more than these columns, and more than half of them, are dead."""

Floats = NDArray[np.float64]


class Recorder:
    """Writes the series of one rule."""

    def __init__(self, intake: Intake, name: str) -> None:
        self._intake = intake
        self._name = name
        self._lane: Lane | None = None
        self._columns: dict[Labels, int] = {}
        self._width = 0
        self._alive: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._last: tuple[Sequence[Labels], NDArray[np.int64]] | None = None

    def write(
        self,
        at_ms: int,
        labels: Sequence[Labels],
        values: Floats,
        histograms: Mapping[int, Histogram] = NO_HISTOGRAMS,
    ) -> int:
        """Write one value for each label set; returns how many series ended with it."""
        if not len(labels) and not self._alive.any():
            return 0
        columns = self._columns_of(labels)
        good = columns != REFUSED
        row, now = np.full(self._width, STALE), np.zeros(self._width, dtype=bool)
        row[columns[good]] = values[good]
        now[columns[good]] = True
        ended = int(np.count_nonzero(self._alive & ~now))
        cells = {int(columns[at]): each for at, each in histograms.items() if good[at]}
        present = self._alive | now
        present[list(cells)] = False
        if self._lane is not None:
            everything = present.all()
            self._lane.append(Row(at_ms, row, None if everything else present, cells))
        self._alive = now
        self._retire()
        return ended

    def close(self, at_ms: int | None) -> None:
        """End; with a time, whatever is alive is marked stale there."""
        if self._lane is not None:
            self._lane.close(at_ms)
        self._lane, self._last = None, None
        self._columns, self._width = {}, 0
        self._alive = np.zeros(0, dtype=bool)

    def _columns_of(self, labels: Sequence[Labels]) -> NDArray[np.int64]:
        if self._last is not None and self._last[0] is labels:
            return self._last[1]
        fresh = [each for each in labels if each not in self._columns]
        if fresh:
            self._extend(fresh)
        columns = np.array([self._columns[each] for each in labels], dtype=np.int64)
        self._last = labels, columns
        return columns

    def _extend(self, fresh: Sequence[Labels]) -> None:
        if self._lane is None:
            self._lane = self._intake.lane(self._name)
        given = self._lane.extend(fresh).tolist()
        self._columns.update(zip(fresh, given, strict=True))
        self._width += sum(column != REFUSED for column in given)
        grown = np.zeros(self._width, dtype=bool)
        grown[: len(self._alive)] = self._alive
        self._alive = grown

    def _retire(self) -> None:
        """Begin a new lane when most columns are of series long gone."""
        dead = self._width - int(np.count_nonzero(self._alive))
        if dead < RETIRE_MIN or dead * 2 < self._width or self._lane is None:
            return
        alive = [each for each, column in self._columns.items() if self._is_alive(column)]
        self.close(None)
        self._extend(alive)
        self._alive[:] = True

    def _is_alive(self, column: int) -> bool:
        return column != REFUSED and bool(self._alive[column])
