import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.scrape.loop import FIRST_WITHIN_NS, Grid, ScrapeLoop
from tapewatch.metrics.scrape.tally import Tally
from tapewatch.metrics.scrape.target import Target
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels

SECOND = 1_000_000_000
MS = 1_000_000


class SlowScraper:
    """Takes as long as it is told, by the clock it is given."""

    def __init__(self, clock, interval_ms=1000, seconds=0.0):
        self.target = Target(Labels.of(instance="a:1"), Labels(), "http://a:1", interval_ms, 100)
        self.stamps = []
        self.seconds = seconds
        self._clock = clock

    async def scrape(self, timestamp_ms):
        self.stamps.append(timestamp_ms)
        if self.seconds:
            await self._clock.sleep(self.seconds)


def ran(work, *, aligned=True, **more):
    """Run ``work(clock, scraper, tally)`` beside a loop."""

    async def run():
        clock, tally = ManualClock(), Tally()
        scraper = SlowScraper(clock, **more)
        task = asyncio.create_task(ScrapeLoop(scraper, clock, tally, aligned=aligned).run())
        try:
            await work(clock, scraper, tally)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def gaps(stamps):
    return [after - before for before, after in pairwise(stamps)]


@given(st.integers(0, 2**62), st.integers(100, 10**8), st.integers(0, 2**62))
def test_the_next_time_lies_on_the_grid_and_ahead(now_ns, interval_ms, phase):
    interval_ns = interval_ms * MS
    grid = Grid(interval_ns, phase % interval_ms * MS)
    due_ns = grid.after(now_ns)
    assert now_ns < due_ns <= now_ns + interval_ns
    assert (due_ns - grid.phase_ns) % interval_ns == 0


@pytest.mark.parametrize(
    ("interval_ns", "late_ns", "carried_ns"),
    [
        (SECOND, 0, 0),
        (SECOND, 2 * MS, 0),
        (SECOND, -2 * MS, 0),
        (SECOND, 2 * MS + 1, 2 * MS + 1),
        (100 * MS, 1 * MS, 0),
        (100 * MS, 2 * MS, 2 * MS),
    ],
)
def test_a_scrape_within_the_tolerance_carries_its_time(interval_ns, late_ns, carried_ns):
    due_ns = 1700 * SECOND
    assert Grid(interval_ns).stamp_ns(due_ns, due_ns + late_ns) == due_ns + carried_ns


def test_scrapes_are_evenly_spaced():
    async def work(clock, scraper, tally):
        await clock.advance(10)
        assert len(scraper.stamps) == 10
        assert gaps(scraper.stamps) == [1000] * 9
        assert scraper.stamps[0] % 1000 == 0
        assert (tally.late, tally.skipped) == (0, 0)

    ran(work)


def test_who_starts_a_server_need_not_wait_for_a_long_interval():
    async def work(clock, scraper, tally):
        begun_ms = clock.now_ns() // MS
        await clock.advance(5)
        (first,) = scraper.stamps
        await clock.advance(120)
        assert len(scraper.stamps) == 3
        assert gaps(scraper.stamps[1:]) == [60_000]
        assert first <= begun_ms + 5_000

    ran(work, interval_ms=60_000, aligned=False)


@given(st.integers(0, 2**62), st.integers(100, 10**8), st.integers(0, 2**62))
def test_a_first_scrape_is_soon_and_never_after_its_time(now_ns, interval_ms, phase):
    grid = Grid(interval_ms * MS, phase % interval_ms * MS)
    assert 0 <= grid.wait_ns(now_ns) <= min(FIRST_WITHIN_NS, grid.after(now_ns) - now_ns)


def test_targets_are_spread_unless_they_are_aligned():
    async def work(clock, scraper, tally):
        await clock.advance(3)
        assert gaps(scraper.stamps) == [1000] * (len(scraper.stamps) - 1)
        assert {stamp % 1000 for stamp in scraper.stamps} == {scraper.target.phase % 1000}

    ran(work, aligned=False)


def test_a_scrape_never_overlaps_the_next_one():
    async def work(clock, scraper, tally):
        await clock.advance(10)
        assert gaps(scraper.stamps) == [3000] * 3 or gaps(scraper.stamps) == [3000] * 2
        assert tally.skipped >= 4

    ran(work, seconds=2.5)


def test_a_clock_that_is_set_back_does_not_stop_scraping():
    async def work(clock, scraper, tally):
        await clock.advance(3)
        clock.step(-3600)
        count = len(scraper.stamps)
        await clock.advance(3)
        assert len(scraper.stamps) >= count + 2
        assert scraper.stamps[-1] == clock.now_ns() // MS // 1000 * 1000

    ran(work)


def test_a_clock_that_is_set_forward_skips_what_has_passed():
    async def work(clock, scraper, tally):
        await clock.advance(3)
        clock.step(3600)
        await clock.advance(3)
        assert 5 <= len(scraper.stamps) <= 7
        assert scraper.stamps[-1] % 1000 == 0

    ran(work)
