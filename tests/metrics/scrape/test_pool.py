import asyncio

from tests.metrics.scrape.fakes import FakeIntake, FakeServer, exposition, job, until

from tapewatch.metrics.scrape.pool import Pool
from tapewatch.metrics.scrape.target import TargetHealth
from tapewatch.model.clock import SystemClock

FAST = "scrape_interval: 100ms\n"


def static(*addresses):
    listed = ", ".join(f"'{each}'" for each in addresses)
    return f"static_configs: [{{targets: [{listed}]}}]\n"


def pooled(work, handler=lambda head: exposition(b"a 1\n")):
    """Run ``work(make_pool, intake, server)``; pools are stopped afterwards."""

    async def run():
        intake, pools = FakeIntake(), []

        def make_pool(text):
            pools.append(Pool(job(text), intake, SystemClock()))
            pools[-1].start()
            return pools[-1]

        async with FakeServer(handler) as server:
            try:
                await work(make_pool, intake, server)
            finally:
                for pool in pools:
                    await pool.stop(stale=False)

    asyncio.run(run())


def test_targets_are_scraped_again_and_again():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + static(server.address))
        await until(lambda: len(intake.times()) >= 3)
        (scraper,) = pool.active()
        assert scraper.state.health is TargetHealth.UP
        assert server.connections == 1

    pooled(work)


def test_dropped_targets_are_remembered_up_to_their_limit():
    async def work(make_pool, intake, server):
        drop = "relabel_configs: [{action: drop, source_labels: [__address__], regex: b.*}]\n"
        pool = make_pool("keep_dropped_targets: 1\n" + drop + static("b:1", "b:2", "c:1"))
        await until(pool.active)
        assert [each.target.labels.get("instance") for each in pool.active()] == ["c:1"]
        assert (len(pool.dropped), pool.dropped_count) == (1, 2)

    pooled(work)


def test_targets_that_become_the_same_are_scraped_once():
    async def work(make_pool, intake, server):
        pool = make_pool(static(server.address, server.address))
        await until(pool.active)
        assert len(pool.active()) == 1

    pooled(work)


def test_too_many_targets_are_not_asked_at_all():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + "target_limit: 1\n" + static(server.address, "127.0.0.1:1"))
        await until(lambda: len(intake.times()) >= 2)
        assert server.requests == []
        assert "target_limit exceeded: 2" in pool.active()[0].state.last_error
        pool.apply(job(FAST + "target_limit: 2\n" + static(server.address, "127.0.0.1:1")))
        await until(lambda: server.requests)

    pooled(work)


def test_a_reload_leaves_unchanged_targets_alone():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + static(server.address))
        await until(lambda: len(intake.times()) >= 2)
        (before,) = pool.active()
        pool.apply(job(FAST + static(server.address, "127.0.0.1:1")))
        await until(lambda: len(pool.active()) == 2)
        assert before in pool.active()
        reader = before._reader
        count = len(server.requests)
        await until(lambda: len(server.requests) > count + 1)
        assert len([lane for lane in intake.lanes if server.address in lane.name]) == 1
        assert server.connections == 1
        assert before._reader is reader

    pooled(work)


def test_other_rules_for_samples_hold_from_the_next_scrape_on():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + static(server.address))
        await until(lambda: len(intake.times()) >= 2)
        drop = "metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: a}]\n"
        pool.apply(job(FAST + drop + static(server.address)))
        await until(lambda: list(intake.row().values()) == ["stale"])
        await until(lambda: intake.row() == {})
        assert len(intake.lanes) == 1

    pooled(work)


def test_another_interval_goes_on_in_the_same_lane():
    async def work(make_pool, intake, server):
        pool = make_pool("scrape_interval: 1h\n" + static(server.address))
        await until(pool.active)
        pool.apply(job(FAST + static(server.address)))
        await until(lambda: len(intake.times()) >= 2)
        assert pool.active()[0].target.interval_ms == 100
        assert len(intake.lanes) == 1

    pooled(work)


def test_a_target_that_goes_is_marked_stale_after_a_while():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + static(server.address, "127.0.0.1:1"))
        await until(lambda: len(server.requests) >= 2)
        pool.apply(job(FAST + static("127.0.0.1:1")))
        await until(lambda: len(pool.active()) == 1)
        (lane,) = [each for each in intake.lanes if server.address in each.name]
        assert lane.closed == []
        await until(lambda: lane.closed)
        assert lane.closed == [lane.rows[-1].timestamp_ms + 100]

    pooled(work)


def test_a_target_that_comes_back_soon_goes_on_in_its_lane():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + static(server.address, "127.0.0.1:1"))
        await until(lambda: len(server.requests) >= 2)
        pool.apply(job(FAST + static("127.0.0.1:1")))
        await until(lambda: len(pool.active()) == 1)
        pool.apply(job(FAST + static(server.address, "127.0.0.1:1")))
        await until(lambda: len(pool.active()) == 2)
        count = len(server.requests)
        await until(lambda: len(server.requests) > count + 1)
        (lane,) = [each for each in intake.lanes if server.address in each.name]
        assert lane.closed == []

    pooled(work)


def test_a_job_that_ends_marks_its_series():
    async def work(make_pool, intake, server):
        pool = make_pool(FAST + static(server.address))
        await until(lambda: len(intake.times()) >= 2)
        await pool.stop(stale=True)
        assert intake.lane_now.closed[0] >= intake.times()[-1]

    pooled(work)


def test_refused_targets_are_told():
    async def work(make_pool, intake, server):
        pool = make_pool(
            "relabel_configs: [{target_label: __scheme__, replacement: x}]\n" + static("a:1")
        )
        await until(lambda: pool.refused)
        assert "neither http nor https" in pool.refused[0]
        assert pool.tally.targets_refused == 1

    pooled(work)
