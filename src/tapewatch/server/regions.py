"""
The component that reads the regions of the server's own host.

Every ``regions.every`` a thread takes the numbers of all processes and hands each on as one row.
Once a second it looks who has come and who has ended. When a round takes long, the pause grows with
it, so that reading never takes more than a part of the processor.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tapewatch.agent.finding import default_folders
from tapewatch.agent.post_mortem import PostMortems
from tapewatch.agent.process import Process
from tapewatch.agent.regions import Regions
from tapewatch.metrics.service import MetricsService
from tapewatch.model.clock import Clock
from tapewatch.model.durations import format_time_ns
from tapewatch.model.errors import TapewatchError
from tapewatch.model.samples import Family, counter, gauge
from tapewatch.server.lifecycle import Component
from tapewatch.server.region_lanes import ProcessLane, VitalsLane
from tapewatch.server.settings import RegionsSettings

log = logging.getLogger(__name__)

LOOK_NS: Final = 1_000_000_000
PAUSE_SHARE: Final = 4
"""A pause is at least so many times as long as the round before it."""

ERRORS_SHOWN: Final = 8
IDLE_SECONDS: Final = 1.0


class RegionsService(Component):
    """Reads regions while the server runs."""

    name = "regions"
    needs: Sequence[str] = ("metrics",)

    def __init__(
        self, folder: Path, settings: RegionsSettings, metrics: MetricsService, clock: Clock
    ) -> None:
        self.settings = settings
        self.last_error = ""
        self._folder = folder
        self._metrics = metrics
        self._clock = clock
        self._regions: Regions | None = None
        self._lanes: dict[Process, ProcessLane] = {}
        self._vitals: VitalsLane | None = None
        self._turn = threading.Lock()
        self._look_at_ns = 0
        self._samples = 0
        self._rounds = 0
        self._busy_ns = 0
        self._round_ns = 0

    async def start(self) -> None:
        """Begin with nobody known."""
        self._regions = Regions(self._folders, self._clock, PostMortems(self._folder))
        self._vitals = VitalsLane(self._metrics.database)
        self._look_at_ns = 0

    def _folders(self) -> Sequence[Path]:
        return self.settings.folders or default_folders(os.environ)

    async def run(self) -> None:
        """Read again and again."""
        while True:
            if not self.settings.enabled:
                await asyncio.to_thread(self._let_go)
                await self._clock.sleep(IDLE_SECONDS)
                continue
            await asyncio.to_thread(self._round)
            least_ns = self.settings.every * 1_000_000 - self._round_ns
            await self._clock.sleep(max(least_ns, PAUSE_SHARE * self._round_ns) / 1e9)

    async def stop(self) -> str:
        """Let go of every file; the series stay as they are, the next server goes on with them."""
        await asyncio.to_thread(self._let_go, stale=False)
        self._regions = None
        return ""

    def apply(self, settings: RegionsSettings) -> None:
        """Use new settings from the next round on."""
        self.settings = settings

    def _round(self) -> None:
        began_ns = self._clock.monotonic_ns()
        try:
            with self._turn:
                self._read()
            self.last_error = ""
        except TapewatchError as fault:
            if str(fault) != self.last_error:
                log.error("regions cannot be kept", extra={"fault": str(fault)})  # noqa: TRY400  # the fault is the whole story
            self.last_error = str(fault)
        self._round_ns = self._clock.monotonic_ns() - began_ns
        self._busy_ns += self._round_ns
        self._rounds += 1

    def _read(self) -> None:
        if self._regions is None:
            return  # The server stopped while this round was on its way.
        ended: list[Process] = []
        looked = self._clock.monotonic_ns() >= self._look_at_ns
        if looked:
            self._look_at_ns = self._clock.monotonic_ns() + LOOK_NS
            ended = self._regions.look()
        for process, reading, last in self._regions.read(ended):
            lane = self._lanes.get(process)
            if reading is not None:
                if lane is None:
                    lane = self._lanes[process] = ProcessLane(self._metrics.database, process)
                exemplars = process.new_exemplars() if looked and not last else []
                self._samples += lane.take(reading, exemplars)
            if lane is not None and (last or reading is None):
                lane.end()
                del self._lanes[process]
        if looked:
            assert self._vitals is not None
            self._vitals.take(self._regions.shown(), self._clock.now_ns() // 1_000_000)

    def _let_go(self, *, stale: bool = True) -> None:
        with self._turn:
            if self._regions is None or self._vitals is None:
                return
            for lane in self._lanes.values():
                lane.end() if stale else lane.leave()
            if stale:
                self._vitals.take([], self._clock.now_ns() // 1_000_000)
            self._vitals.leave()
            self._lanes.clear()
            self._regions.close()

    def told(self) -> list[dict[str, Any]]:
        """Say what there is to say of every process, those that run first."""
        processes = list(self._regions) if self._regions is not None else []
        ordered = sorted(processes, key=lambda each: (each.ended, each.service, each.instance))
        return [self._told(process) for process in ordered]

    def _told(self, process: Process) -> dict[str, Any]:
        lane = self._lanes.get(process)
        return {**described(process), "series_refused": lane.refused if lane else 0}

    def families(self) -> Iterator[Family]:
        """Yield what reading has done and cost."""
        running = len(self._regions.running) if self._regions is not None else 0
        yield gauge("tapewatch_regions", "Processes whose regions are read.", running)
        yield counter("tapewatch_region_samples_total", "Samples read of regions.", self._samples)
        yield counter("tapewatch_region_rounds_total", "Times that all were read.", self._rounds)
        yield counter(
            "tapewatch_region_reading_seconds_total",
            "Time that reading and keeping took.",
            self._busy_ns / 1e9,
        )


def described(process: Process) -> dict[str, Any]:
    """Say what there is to say of one process."""
    head, plan = process.head, process.plan
    return {
        "service": process.service,
        "instance": process.instance,
        "pid": head.identity.pid if head else None,
        "state": process.state,
        "up": process.up,
        "since": format_time_ns(process.since_ns),
        "heartbeat": format_time_ns(beat) if (beat := process.heartbeat_ns()) else None,
        "writer": head.writer if head else "",
        "path": str(process.path),
        "series": plan.width if plan else 0,
        "series_left_out": len(plan.left_out) if plan else 0,
        "readings": process.readings,
        "drops": process.drops,
        "errors": [
            {
                "text": error.text,
                "count": error.count,
                "first": format_time_ns(error.first_ns),
                "last": format_time_ns(error.last_ns),
            }
            for error in process.errors[:ERRORS_SHOWN]
        ],
        "fault": process.fault,
    }
