"""
Samples to which the target itself gives a time.

They do not fit a row and go to storage as loose ones. They are only marked stale when they go where
the job asks for that, because a target that gives times may leave samples out on purpose.
"""

from typing import Final

import numpy as np

from tapewatch.metrics.intake import REFUSED, Intake, Loose
from tapewatch.metrics.scrape.columns import Columns
from tapewatch.metrics.scrape.known import KnownSeries, Mask, Numbers
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE
from tapewatch.wire.exposition.scrape import NO_TIME, Scrape

AHEAD_MAX_MS: Final = 600_000
"""A time that a target gives may not lie further in the future."""


class TimedSamples:
    """The loose samples of one target."""

    def __init__(self, intake: Intake, columns: Columns, *, honored: bool, tracked: bool) -> None:
        self._intake = intake
        self._columns = columns
        self._honored = honored
        self._tracked = tracked
        self._former = np.empty(0, np.bool_)

    def mask(self, scrape: Scrape, here: Mask) -> Mask:
        """Say which series of the scrape have a time of their own that counts."""
        if scrape.timestamps_ms is None or not self._honored:
            return np.zeros(len(here), np.bool_)
        timed: Mask = here & (scrape.timestamps_ms != NO_TIME)
        return timed

    def loose(
        self, scrape: Scrape, timed: Mask, series: KnownSeries, timestamp_ms: int
    ) -> tuple[Loose | None, int]:
        """Return what goes to storage, and how many samples lie too far in the future."""
        stale = self.stale(timed, series, timestamp_ms)
        indexes = np.flatnonzero(timed)
        times = _NO_NUMBERS if scrape.timestamps_ms is None else scrape.timestamps_ms[indexes]
        values = scrape.values[indexes]
        for repeat in scrape.repeats if self._honored else ():
            if repeat.timestamp_ms is not None and series.wanted[repeat.index]:
                indexes = np.append(indexes, repeat.index)
                times = np.append(times, repeat.timestamp_ms)
                values = np.append(values, repeat.value)
        if not len(indexes):
            return stale, 0
        ids = self._ids(indexes, series)
        ahead = times > timestamp_ms + AHEAD_MAX_MS
        good = (ids != REFUSED) & ~ahead
        return _joined(Loose(ids[good], times[good], values[good]), stale), int(ahead.sum())

    def stale(self, timed: Mask, series: KnownSeries, timestamp_ms: int) -> Loose | None:
        """Return the marks of series that had a time the last time and are not ``timed`` now."""
        if not self._tracked:
            return None
        former, self._former = self._former, timed
        size = max(len(former), len(timed))
        gone = np.flatnonzero(_padded(former, size) & ~_padded(timed, size))
        if not len(gone):
            return None
        ids = series.loose[gone]
        ids = ids[self._intake.knows(ids)]
        if not len(ids):
            return None
        return Loose(ids, np.full(len(ids), timestamp_ms, np.int64), np.full(len(ids), STALE))

    def _ids(self, indexes: Numbers, series: KnownSeries) -> Numbers:
        rested = ~self._intake.knows(series.loose[indexes])
        rested &= series.loose[indexes] != REFUSED
        unasked = np.unique(indexes[rested]).tolist()
        if unasked:
            labels = [self._labels(index, series) for index in unasked]
            series.loose[unasked] = self._intake.series(labels)
        return series.loose[indexes]

    def _labels(self, index: int, series: KnownSeries) -> Labels:
        stored = series.stored[index]
        if stored is not None:
            return stored
        return self._columns.labels_of(series.column[index : index + 1].astype(np.int64))[0]


_NO_NUMBERS: Final = np.empty(0, np.int64)


def _padded(mask: Mask, size: int) -> Mask:
    return np.concatenate([mask, np.zeros(size - len(mask), np.bool_)])


def _joined(first: Loose, second: Loose | None) -> Loose:
    if second is None:
        return first
    return Loose(
        np.concatenate([first.series, second.series]),
        np.concatenate([first.timestamps_ms, second.timestamps_ms]),
        np.concatenate([first.values, second.values]),
    )
