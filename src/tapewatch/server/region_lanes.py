"""
Regions into the store: one lane for each process, one row for each sampling, no text in between.

A series that its process has removed is marked stale once, and all of them when the process ends.
A lane most of whose columns are gone is given up for a new one. A histogram that rests is written
once a second only, because it costs some hundred times what a number does.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.agent.frame import Reading
from tapewatch.agent.plan import Plan
from tapewatch.agent.process import ExemplarFound, Process
from tapewatch.agent.vitals import METADATA, vital_samples
from tapewatch.metrics.intake import REFUSED, Intake, Lane, Row
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE, Exemplar

DEAD_MIN: Final = 1024
"""A lane is not given up for fewer dead columns than this."""


WHOLE_MS: Final = 1_000
"""After so long every histogram is written, moved or not."""


class SeriesLane:
    """A lane whose series come and go; ``offer`` says which there are, ``append`` their values."""

    def __init__(self, intake: Intake, name: str) -> None:
        self._intake = intake
        self._name = name
        self._lane: Lane | None = None
        self._begin()

    def _begin(self) -> None:
        self._column_of: dict[Labels, int] = {}
        self._places: NDArray[np.int64] = np.empty(0, np.int64)
        self._kept: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._width = 0
        self._gone: NDArray[np.int64] = np.empty(0, np.int64)
        self.refused = 0

    def offer(self, labels: list[Labels]) -> NDArray[np.int64]:
        """Take these series from now on; returns the column of each, or ``REFUSED``."""
        if self._lane is None:
            self._lane = self._intake.lane(self._name)
        fresh = [each for each in labels if each not in self._column_of]
        if fresh:
            given = self._lane.extend(fresh).tolist()
            self._column_of.update(zip(fresh, given, strict=True))
            self._width += sum(column != REFUSED for column in given)
        places = np.array([self._column_of[each] for each in labels], np.int64)
        before = self._places[self._kept]
        self._places, self._kept = places, places != REFUSED
        self.refused = int(np.count_nonzero(~self._kept))
        gone = np.setdiff1d(before, places[self._kept])
        self._gone = np.union1d(self._gone, gone)
        return places

    def append(
        self,
        timestamp_ms: int,
        values: NDArray[np.float64],
        absent: NDArray[np.int64],
        row: Row | None = None,
    ) -> None:
        """Write one row; ``absent`` are columns of the lane that have no plain value."""
        assert self._lane is not None
        written = np.full(self._width, np.nan)
        present = np.zeros(self._width, np.bool_)
        places = self._places[self._kept]
        written[places], present[places] = values[self._kept], True
        present[absent] = False
        written[self._gone], present[self._gone] = STALE, True
        histograms, exemplars = (row.histograms, row.exemplars) if row else ({}, ())
        whole = None if present.all() else present
        self._lane.append(Row(timestamp_ms, written, whole, histograms, exemplars))
        self._gone = self._gone[:0]
        if self._is_tired():
            self.close(None)

    def _is_tired(self) -> bool:
        living = int(np.count_nonzero(self._kept))
        return self._width - living > max(DEAD_MIN, living)

    @property
    def open(self) -> bool:
        """Whether there is a lane; one that was given up is offered its series anew."""
        return self._lane is not None

    def close(self, timestamp_ms: int | None) -> None:
        """End the lane; with a time everything is marked stale there."""
        if self._lane is not None:
            self._lane.close(timestamp_ms)
            self._lane = None
            self._begin()


class ProcessLane:
    """The lane of one process."""

    def __init__(self, intake: Intake, process: Process) -> None:
        self._intake = intake
        self._process = process
        self._lane = SeriesLane(intake, f"region {process.service} {process.instance}")
        self._plan: Plan | None = None
        self._column_at: list[int] = []
        self._absent: NDArray[np.int64] = np.empty(0, np.int64)
        self._same = False
        self._last: Reading | None = None
        self._last_ms = 0
        self._whole_ms = -WHOLE_MS

    @property
    def refused(self) -> int:
        """How many series a limit forbids."""
        return self._lane.refused

    def take(self, reading: Reading, exemplars: list[ExemplarFound]) -> int:
        """Write one reading; returns how many samples it had."""
        if reading.plan is not self._plan or not self._lane.open:
            self._follow(reading.plan)
        time_ms = reading.timestamp_ms
        whole = not 0 <= time_ms - self._whole_ms < WHOLE_MS
        told = [
            (place, exemplar)
            for column, exemplar in exemplars
            if column < len(self._column_at) and (place := self._column_at[column]) != REFUSED
        ]
        histograms = reading.histograms if whole else self._moved(reading)
        self._append(time_ms, reading, self._placed(histograms), told)
        self._last, self._last_ms = reading, time_ms
        if whole:
            self._whole_ms = time_ms
        return len(reading.values)

    def _moved(self, reading: Reading) -> Mapping[int, Histogram]:
        before = self._last.histograms if self._last and self._last.plan is reading.plan else {}
        if before is reading.histograms:
            return {}
        now = reading.histograms.items()
        return {column: each for column, each in now if before.get(column) is not each}

    def _placed(self, histograms: Mapping[int, Histogram]) -> Mapping[int, Histogram]:
        if self._same:
            return histograms
        placed = ((self._column_at[column], each) for column, each in histograms.items())
        return {column: each for column, each in placed if column != REFUSED}

    def _append(
        self,
        time_ms: int,
        reading: Reading,
        histograms: Mapping[int, Histogram],
        exemplars: Sequence[tuple[int, Exemplar]],
    ) -> None:
        row = Row(time_ms, reading.values, None, histograms, exemplars)
        self._lane.append(time_ms, reading.values, self._absent, row)

    def _follow(self, plan: Plan) -> None:
        places = self._lane.offer(plan.labels)
        self._plan = plan
        self._column_at = places.tolist()
        self._same = bool((places == np.arange(len(places))).all())
        native = places[[each.column for each in plan.histograms]]
        self._absent = native[native != REFUSED]
        source = f"region {self._process.service}"
        self._intake.describe(plan.metadata(), source=source)

    def end(self) -> None:
        """Mark everything stale right behind the last row."""
        if self._last is not None and self._whole_ms != self._last_ms and self._lane.open:
            # Only what stands in the newest row is marked, so the histograms have to be there.
            self._last_ms += 1
            self._append(self._last_ms, self._last, self._placed(self._last.histograms), ())
        self._lane.close(self._last_ms + 1)

    def leave(self) -> None:
        """End the lane, and let the series stay as they are for who goes on with them."""
        self._lane.close(None)


class VitalsLane:
    """Whether processes run, once a second, for all of them in one lane."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._lane = SeriesLane(intake, "regions")
        self._known: list[Labels] = []

    def take(self, processes: list[Process], timestamp_ms: int) -> None:
        """Write one row about the processes that are shown."""
        told = [each for process in processes for each in vital_samples(process)]
        known = [labels for labels, _ in told]
        if known != self._known or not self._lane.open:
            if not known and not self._known:
                return
            self._lane.offer(known)
            self._intake.describe(METADATA, source="regions")
            self._known = known
        values = np.array([value for _, value in told], np.float64)
        self._lane.append(timestamp_ms, values, np.empty(0, np.int64))

    def leave(self) -> None:
        """End the lane; what it told stays as it is until somebody tells anew."""
        self._lane.close(None)
