"""Calendars as series: ``calendar_open{calendar="XNYS"}`` is 1 while there is trading, else 0."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import numpy as np

from tapewatch.metrics.errors import MetricsError
from tapewatch.metrics.intake import Intake
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Metadata, MetricType
from tapewatch.watch.calendars.calendar import Calendar, calendar
from tapewatch.watch.rules.recorder import Recorder

NAME: Final = "calendar_open"
INTERVAL_NS: Final = 15 * 1_000_000_000

log = logging.getLogger(__name__)


class CalendarWriter:
    """Writes the state of some calendars at every change, and at an interval besides."""

    def __init__(self, names: Sequence[str], clock: Clock) -> None:
        self._calendars: Sequence[Calendar] = [calendar(name) for name in names]
        self._labels = tuple(Labels.of(__name__=NAME, calendar=name) for name in names)
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._recorder: Recorder | None = None

    def start(self, intake: Intake) -> None:
        """Begin to write, where there is something to write."""
        if not self._calendars:
            return
        self._recorder = Recorder(intake, "calendars")
        about = Metadata(MetricType.GAUGE, "Whether there is trading by a calendar.")
        intake.describe({NAME: about}, source="calendars")
        self._task = asyncio.create_task(self._run(), name="calendars")

    async def stop(self) -> None:
        """End; the series end with it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._recorder is not None:
            with suppress(MetricsError):  # On a full disk they end by growing old.
                self._recorder.close(self._clock.now_ns() // 1_000_000)
        self._task, self._recorder = None, None

    async def _run(self) -> None:
        while True:
            now_ns = self._clock.now_ns()
            self._write(now_ns)
            await self._clock.sleep((self.next_ns(now_ns) - now_ns) / 1e9)

    def next_ns(self, now_ns: int) -> int:
        """Return when to write next."""
        changes = (each.next_change(now_ns) for each in self._calendars)
        return min([now_ns + INTERVAL_NS, *(at for at in changes if at is not None)])

    def _write(self, now_ns: int) -> None:
        assert self._recorder is not None
        values = np.array([float(each.is_open(now_ns)) for each in self._calendars])
        try:
            self._recorder.write(now_ns // 1_000_000, self._labels, values)
        except MetricsError as fault:
            log.warning("calendars cannot be written", extra={"fault": str(fault)})
