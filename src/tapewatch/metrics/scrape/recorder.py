"""
From what a reader has read to rows of a lane.

A target shows the same series in the same order again and again, so nearly every scrape is one copy
of its values into a row. Whatever else can happen (series that come and go, times of their own,
histograms, repeated lines, limits) is worked out on whole arrays, on the other path.

A scrape is drafted first, which may fail, and then committed with the report on it, so our own
series and the target's stand in one row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.intake import REFUSED, Intake, Loose, Row, Taken
from tapewatch.metrics.scrape.classic import ClassicHistograms
from tapewatch.metrics.scrape.columns import FREE, Columns
from tapewatch.metrics.scrape.errors import LimitExceeded, ScrapeFailed
from tapewatch.metrics.scrape.known import KnownSeries, Mask, Numbers, Places
from tapewatch.metrics.scrape.labelling import Labelling
from tapewatch.metrics.scrape.readers import Reading, family_of
from tapewatch.metrics.scrape.report import Report, report_names
from tapewatch.metrics.scrape.resolution import fit
from tapewatch.metrics.scrape.settings import Job
from tapewatch.metrics.scrape.starts import StartTimes
from tapewatch.metrics.scrape.timed import TimedSamples
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE, Exemplar, Metadata
from tapewatch.wire.exposition.scrape import NewSeries, Scrape

RETIRE_MIN: Final = 64
"""Series that are gone are forgotten in batches of at least this many."""

_MERGED: Final = -2
"""Stands for the owner of a column that several series of the reader make together."""


@dataclass(slots=True)
class Draft:
    """A scrape that can be committed; ``alive`` and ``seen`` are None where nothing changes."""

    timestamp_ms: int
    values: NDArray[np.float64]
    present: Mask | None
    samples: int
    samples_kept: int
    series_added: int = 0
    histograms: Mapping[int, Histogram] = field(default_factory=dict)
    exemplars: Sequence[tuple[int, Exemplar]] = ()
    starts_ms: Numbers | None = None
    loose: Loose | None = None
    alive: Mask | None = None
    seen: Mask | None = None
    too_far_ahead: int = 0


class Recorder:
    """Records the scrapes of one target."""

    def __init__(self, target: Labels, job: Job, intake: Intake) -> None:
        self._intake = intake
        self._target = target
        self._job = job
        self._labelling = Labelling(target, job)
        self._columns = self._make_columns()
        self.forget()

    # --- What the scraper calls ------------------------------------------------------------------

    def draft(self, reading: Reading, timestamp_ms: int, metadata: Mapping[str, Metadata]) -> Draft:
        """Work out the row of a scrape; raises ``ScrapeFailed`` where a limit forbids it."""
        self._columns.open()
        scrape = reading.scrape
        if scrape.fresh:
            self._learn(scrape.fresh, len(scrape.values), metadata)
        if self._refused:
            self._fail_for_refused(reading)
        if self._is_plain(reading):
            draft = self._draft_plain(scrape, timestamp_ms)
        else:
            draft = self._draft_full(reading, timestamp_ms)
        limit = self._job.limits.samples
        if limit and draft.samples_kept > limit:
            raise LimitExceeded("sample_limit", limit, draft.samples_kept)
        return draft

    def commit(self, draft: Draft, report: Report) -> Taken:
        """Hand the row to storage, with the report in front."""
        own = report.values(extra=self._job.extra_metrics)
        draft.values[: len(own)] = own
        row = Row(
            draft.timestamp_ms,
            draft.values,
            draft.present,
            draft.histograms,
            draft.exemplars,
            draft.starts_ms,
        )
        taken = self._columns.open().append(row)
        if draft.loose is not None:
            taken = _sum(taken, self._intake.append(draft.loose))
        if draft.alive is not None:
            self._columns.alive = draft.alive
        if draft.seen is not None:
            self._series.seen = draft.seen
        return taken

    def fail(self, timestamp_ms: int, report: Report) -> Taken:
        """Record a scrape that brought nothing: everything that was alive becomes stale."""
        columns = self._columns
        columns.open()
        self._settled = False
        own = np.arange(columns.width) < columns.first
        draft = Draft(
            timestamp_ms,
            np.where(columns.alive, STALE, 0.0),
            columns.alive | own,
            samples=0,
            samples_kept=0,
            loose=self._timed.stale(_NOTHING, self._series, timestamp_ms),
            alive=own,
        )
        return self.commit(draft, report)

    def tidy(self, reading: Reading) -> list[int]:
        """
        Clear away what is long gone, after a commit.

        Returns the series that the reader shall forget; here they are forgotten already.
        """
        gone = self._long_gone(reading)
        if gone:
            self._retire(gone)
        if self._columns.tired():
            self._renew()
        return gone

    def change(self, job: Job) -> None:
        """Take over another configuration; series that it drops become stale with the next row."""
        extra_changed = job.extra_metrics is not self._job.extra_metrics
        self._job, self._labelling = job, Labelling(self._target, job)
        if extra_changed:
            self._columns.close(None)
            self._columns = self._make_columns()
        self.forget()

    def forget(self, *, tells_starts: bool = False) -> None:
        """
        Forget the reader's series, because another reader takes over.

        ``tells_starts`` says that its form tells start times as series.
        """
        config = self._job.config
        self._columns.disown()
        self._series = KnownSeries()
        self._starts = StartTimes(told=tells_starts)
        self._classic = ClassicHistograms()
        self._merged: dict[Labels, int] = {}
        self._refused: dict[int, ScrapeFailed] = {}
        self._doubles: list[tuple[int, int]] = []
        self._timed = TimedSamples(
            self._intake,
            self._columns,
            honored=config.honor_timestamps,
            tracked=config.track_timestamps_staleness,
        )
        self._settled = self._straight = False
        self._kept_count = 0
        self._kept, self._kept_columns = _NO_INDEXES, _NO_COLUMNS

    def close(self, timestamp_ms: int | None) -> None:
        """End the lane; with a time, everything alive is marked stale there."""
        if timestamp_ms is not None:
            loose = self._timed.stale(_NOTHING, self._series, timestamp_ms)
            if loose is not None:
                self._intake.append(loose)
        self._columns.close(timestamp_ms)

    # --- Learning and forgetting series ----------------------------------------------------------

    def _make_columns(self) -> Columns:
        names = report_names(extra=self._job.extra_metrics)
        own = [self._labelling.report(name) for name in names]
        name = f"{self._target.get('job')} {self._target.get('instance')}"
        return Columns(self._intake, name, own)

    def _learn(
        self, fresh: Iterable[NewSeries], size: int, metadata: Mapping[str, Metadata]
    ) -> None:
        self._series.make_room(size)
        self._settled = False
        for each in fresh:
            self._learn_one(each, metadata)

    def _learn_one(self, each: NewSeries, metadata: Mapping[str, Metadata]) -> None:
        series, job = self._series, self._job
        series.learn(each)
        self._starts.learn(each)
        if job.classic_to_native and self._classic.learn(each) and not job.classic_too:
            return
        told = family_of(each.labels.name, metadata) if job.type_and_unit_labels else None
        try:
            stored = self._labelling.stored(each.labels, told)
        except ScrapeFailed as fault:
            self._refused[each.index] = fault
            return
        series.stored[each.index] = stored
        series.wanted[each.index] = stored is not None

    def _fail_for_refused(self, reading: Reading) -> None:
        for index, fault in self._refused.items():
            if reading.scrape.present[index] or index in reading.histograms:
                raise fault

    def _long_gone(self, reading: Reading) -> list[int]:
        # Their stale marks are written; a few of them may stay, for series that come back.
        series = self._series
        if reading.count >= series.live - RETIRE_MIN:
            return []
        absent = series.known & ~reading.scrape.present
        absent[list(reading.histograms)] = False
        gone: list[int] = np.flatnonzero(absent).tolist()
        return gone if len(gone) >= max(RETIRE_MIN, series.live // 4) else []

    def _retire(self, indexes: list[int]) -> None:
        series, columns = self._series, self._columns
        for index in indexes:
            if series.column[index] >= 0:
                columns.owners[series.column[index]] = FREE
            self._refused.pop(index, None)
            self._starts.retire(index)
            series.forget(index)
        gone = set(indexes)
        self._doubles = [pair for pair in self._doubles if pair[0] not in gone]
        for labels in self._classic.retire(gone):
            column = self._merged.pop(labels, REFUSED)
            if column != REFUSED:
                columns.owners[column] = FREE
        self._settled = False

    def _renew(self) -> None:
        places = self._columns.renew()
        series = self._series
        owned = series.column >= 0
        series.column[owned] = places[series.column[owned]]
        series.wanted[owned & (series.column == REFUSED)] = False
        self._merged = {
            labels: int(places[column]) if column != REFUSED else REFUSED
            for labels, column in self._merged.items()
        }
        self._doubles = [(index, int(places[column])) for index, column in self._doubles]
        self._settled = False

    # --- The short path --------------------------------------------------------------------------

    def _is_plain(self, reading: Reading) -> bool:
        # Every series that is known is here, once, without a time, and was here the last time.
        scrape = reading.scrape
        return (
            self._settled
            and scrape.sample_count == self._series.live
            and not scrape.repeats
            and not reading.histograms
            and (scrape.timestamps_ms is None or not self._job.config.honor_timestamps)
        )

    def _draft_plain(self, scrape: Scrape, timestamp_ms: int) -> Draft:
        columns = self._columns
        if self._straight:
            values = np.empty(columns.width)
            values[columns.first :] = scrape.values
        else:
            values = np.zeros(columns.width)
            values[self._kept_columns] = scrape.values[self._kept]
        full = self._kept_count + columns.first == columns.width
        return Draft(
            timestamp_ms,
            values,
            None if full else columns.alive,
            scrape.sample_count,
            self._kept_count,
            exemplars=self._exemplars(scrape) if scrape.exemplars else (),
            starts_ms=self._row_starts(scrape, None),
        )

    def _settle(self) -> None:
        # From here on the short path holds, until something changes.
        series, columns = self._series, self._columns
        kept = np.flatnonzero(series.wanted)
        places = series.column[kept]
        count = self._kept_count = len(kept)
        in_order = np.arange(columns.first, columns.first + count)
        self._straight = (
            count == series.size
            and columns.width == columns.first + count
            and bool((places == in_order).all())
        )
        # One copy of the whole row needs no places, and a target may have a million of them.
        self._kept = _NO_INDEXES if self._straight else kept
        self._kept_columns = _NO_COLUMNS if self._straight else places

    # --- The long path ---------------------------------------------------------------------------

    def _draft_full(self, reading: Reading, timestamp_ms: int) -> Draft:
        scrape, series = reading.scrape, self._series
        here = series.wanted & scrape.present
        timed = self._timed.mask(scrape, here)
        self._place(here & ~timed, reading)
        here &= series.wanted
        untimed = here & ~timed
        values, present = self._scattered(scrape, untimed)
        doubled = self._fill_doubles(scrape, timed, values, present)
        histograms = self._row_histograms(reading)
        alive = present.copy()
        alive[list(histograms)] = True
        gone = self._columns.alive & ~alive
        values[gone] = STALE
        present |= gone
        loose, ahead = self._timed.loose(scrape, here & timed, series, timestamp_ms)
        seen = here.copy()
        seen[[index for index in reading.histograms if series.wanted[index]]] = True
        self._settled = self._can_settle(untimed, gone, histograms)
        if self._settled:
            self._settle()
        return Draft(
            timestamp_ms,
            values,
            None if present.all() else present,
            reading.count,
            int(np.count_nonzero(here)) + doubled + len(histograms),
            int(np.count_nonzero(seen & ~series.seen)),
            histograms,
            self._exemplars(scrape) if scrape.exemplars else (),
            self._row_starts(scrape, reading.starts_ms),
            loose,
            alive,
            seen,
            ahead,
        )

    def _can_settle(self, untimed: Mask, gone: Mask, histograms: Mapping[int, Histogram]) -> bool:
        complete = np.count_nonzero(untimed) == np.count_nonzero(self._series.wanted)
        odd = histograms or self._doubles or self._classic
        return bool(complete) and not odd and not gone.any()

    def _scattered(self, scrape: Scrape, here: Mask) -> tuple[NDArray[np.float64], Mask]:
        columns = self._columns
        values, present = np.zeros(columns.width), np.zeros(columns.width, np.bool_)
        indexes = np.flatnonzero(here)
        places = self._series.column[indexes]
        values[places], present[places] = scrape.values[indexes], True
        present[: columns.first] = True
        return values, present

    def _place(self, here: Mask, reading: Reading) -> None:
        # Gives columns to what needs one for the first time.
        series = self._series
        indexes: list[int] = np.flatnonzero(here & (series.column < 0)).tolist()
        indexes += [i for i in reading.histograms if series.wanted[i] and series.column[i] < 0]
        if indexes:
            self._give(indexes)
        for each in self._classic:
            if each.labels not in self._merged:
                self._merged[each.labels] = self._merged_column(each.labels)

    def _give(self, indexes: list[int]) -> None:
        series = self._series
        labels = [each for i in indexes if (each := series.stored[i]) is not None]
        given = self._columns.give(labels, indexes)
        series.column[indexes] = given
        for place in np.flatnonzero(given != REFUSED).tolist():
            # From here on storage tells the labels of its column.
            series.stored[indexes[place]] = None
        for place in np.flatnonzero(given == REFUSED).tolist():
            # Two exposed series may be stored as one; the first that is there has its say.
            series.wanted[indexes[place]] = False
            other = self._columns.column(labels[place])
            if other >= self._columns.first:
                self._doubles.append((indexes[place], other))

    def _merged_column(self, labels: Labels) -> int:
        stored = self._labelling.stored(labels)
        if stored is None:
            return REFUSED
        return int(self._columns.give([stored], [_MERGED])[0])

    def _fill_doubles(
        self, scrape: Scrape, timed: Mask, values: NDArray[np.float64], present: Mask
    ) -> int:
        filled = 0
        for index, column in self._doubles:
            if scrape.present[index] and not present[column] and not timed[index]:
                values[column], present[column] = scrape.values[index], True
                filled += 1
        return filled

    def _row_histograms(self, reading: Reading) -> dict[int, Histogram]:
        series, limits = self._series, self._job.limits
        found = {
            int(series.column[index]): fit(histogram, limits)
            for index, histogram in reading.histograms.items()
            if series.wanted[index]
        }
        for each in self._classic:
            column = self._merged[each.labels]
            value = each.value(reading.scrape) if column != REFUSED else None
            if value is not None:
                found[column] = fit(value, limits)
        return found

    def _exemplars(self, scrape: Scrape) -> list[tuple[int, Exemplar]]:
        column = self._series.column
        placed = [(int(column[index]), exemplar) for index, exemplar in scrape.exemplars]
        return [pair for pair in placed if pair[0] != REFUSED]

    def _row_starts(self, scrape: Scrape, told: Numbers | None) -> Numbers | None:
        if told is None and not self._starts:
            return None
        by_index = self._starts.starts_ms(scrape) if told is None else told
        starts = np.zeros(self._columns.width, np.int64)
        placed = np.flatnonzero(self._series.column >= 0)
        starts[self._series.column[placed]] = by_index[placed]
        return starts


_NOTHING: Final = np.zeros(0, np.bool_)
_NO_INDEXES: Final[NDArray[np.intp]] = np.empty(0, np.intp)
_NO_COLUMNS: Final[Places] = np.empty(0, np.int32)


def _sum(first: Taken, second: Taken) -> Taken:
    return Taken(
        first.samples + second.samples,
        first.out_of_order + second.out_of_order,
        first.too_old + second.too_old,
        first.duplicates + second.duplicates,
        first.histograms + second.histograms,
        first.exemplars + second.exemplars,
        first.first_refused or second.first_refused,
    )
