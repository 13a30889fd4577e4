"""
When a target is scraped.

Times lie on a grid: multiples of the interval since the epoch, moved by a phase that spreads
targets and is the same after a restart. A scrape that begins within a small tolerance of its time
carries that very time, so timestamps are evenly spaced. Scrapes of a target never overlap: those
whose time has passed meanwhile are left out and counted. Whoever starts a server looks at once, so
a target whose first time is far off is scraped once before it, within a few seconds.
"""

from dataclasses import dataclass
from typing import Final

from tapewatch.metrics.scrape.scraper import Scraper
from tapewatch.metrics.scrape.tally import Tally
from tapewatch.model.clock import Clock

TOLERANCE_MAX_NS: Final = 2_000_000
TOLERANCE_SHARE: Final = 100
"""The tolerance is at most this part of the interval."""

FIRST_WITHIN_NS: Final = 5_000_000_000
"""Every target is scraped for the first time within so long, in the order of their phases."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The times of one target's scrapes."""

    interval_ns: int
    phase_ns: int = 0

    @property
    def tolerance_ns(self) -> int:
        """How far from its time a scrape may begin and still carry that time."""
        return min(TOLERANCE_MAX_NS, self.interval_ns // TOLERANCE_SHARE)

    def after(self, now_ns: int) -> int:
        """Return the first time of the grid after ``now_ns``."""
        passed = (now_ns - self.phase_ns) % self.interval_ns
        return now_ns - passed + self.interval_ns

    def wait_ns(self, now_ns: int) -> int:
        """Return how long a target waits for its first scrape, on the grid or before it."""
        until_ns = self.after(now_ns) - now_ns
        if until_ns <= FIRST_WITHIN_NS:
            return until_ns
        return until_ns * FIRST_WITHIN_NS // self.interval_ns

    def stamp_ns(self, due_ns: int, now_ns: int) -> int:
        """Return the time that a scrape due at ``due_ns`` carries when it begins at ``now_ns``."""
        return due_ns if abs(now_ns - due_ns) <= self.tolerance_ns else now_ns


class ScrapeLoop:
    """Scrapes one target at its times, for as long as it is left running."""

    def __init__(self, scraper: Scraper, clock: Clock, tally: Tally, *, aligned: bool) -> None:
        target = scraper.target
        interval_ns = target.interval_ms * 1_000_000
        # Whole milliseconds, which is what timestamps can say.
        phase_ms = 0 if aligned else target.phase % target.interval_ms
        self._grid = Grid(interval_ns, phase_ms * 1_000_000)
        self._scraper = scraper
        self._clock = clock
        self._tally = tally

    async def run(self) -> None:
        """Scrape until cancelled."""
        clock, grid = self._clock, self._grid
        now_ns = clock.now_ns()
        due_ns = now_ns + grid.wait_ns(now_ns)
        while True:
            await clock.sleep(max(due_ns - clock.now_ns(), 0) / 1e9)
            now_ns = clock.now_ns()
            stamp_ns = grid.stamp_ns(due_ns, now_ns)
            self._tally.late += stamp_ns != due_ns
            await self._scraper.scrape(stamp_ns // 1_000_000)
            due_ns = self._next(due_ns)

    def _next(self, due_ns: int) -> int:
        grid, now_ns = self._grid, self._clock.now_ns()
        following = grid.after(due_ns)
        if -grid.tolerance_ns <= following - now_ns <= grid.interval_ns + grid.tolerance_ns:
            return following
        # The scrape took longer than the interval, or the clock was set: go on where it stands now.
        if now_ns >= following:
            self._tally.skipped += (now_ns - due_ns) // grid.interval_ns
        return grid.after(now_ns)
