import asyncio

from tests.metrics.scrape.fakes import FakeIntake, FakeServer, exposition, until

from tapewatch.document.reading import read_text
from tapewatch.metrics.scrape.manager import ScrapeManager
from tapewatch.metrics.scrape.settings import ScrapeSettings
from tapewatch.metrics.scrape.target import TargetHealth
from tapewatch.model.clock import SystemClock
from tapewatch.model.matchers import equal

BODY = b"# HELP a_total Orders.\n# TYPE a_total counter\na_total 1\n# TYPE b gauge\nb 1\n"


def jobs(*texts):
    listed = "".join(f"\n  - {{{text}}}" for text in texts)
    return read_text(f"scrape_configs:{listed}", ScrapeSettings).jobs()


def bots(address, more=""):
    head = f"job_name: bots, scrape_interval: 100ms, static_configs: [{{targets: ['{address}']}}]"
    return head + more


GATEWAYS = "job_name: gateways, static_configs: [{targets: ['127.0.0.1:1']}], relabel_configs: ["
GATEWAYS += "{action: drop, source_labels: [job], regex: gateways}]"


def managed(work):
    """Run ``work(manager, intake, server)`` with two jobs."""

    async def run():
        intake = FakeIntake()
        async with FakeServer(lambda head: exposition(BODY)) as server:
            manager = ScrapeManager(intake, SystemClock())
            manager.apply(jobs(bots(server.address), GATEWAYS))
            assert not manager.ready()
            await manager.start()
            try:
                await until(lambda: len(intake.times()) >= 2)
                await work(manager, intake, server)
            finally:
                await manager.stop()

    asyncio.run(run())


def test_it_answers_for_its_targets():
    async def work(manager, intake, server):
        assert manager.ready()
        assert manager.pools() == ["bots", "gateways"]
        (active,) = manager.active()
        assert (active.pool, active.target.url) == ("bots", server.url())
        assert active.state.health is TargetHealth.UP
        assert active.state.last_duration_seconds > 0
        (dropped,) = manager.dropped()
        assert dropped.discovered.get("__address__") == "127.0.0.1:1"
        assert manager.dropped("bots") == []
        assert manager.dropped_counts() == {"bots": 0, "gateways": 1}

    managed(work)


def test_it_answers_for_metadata():
    async def work(manager, intake, server):
        assert [each.metric for each in manager.metadata()] == ["a_total", "b"]
        (told,) = manager.metadata([equal("job", "bots")], metric="a_total")
        assert (told.metadata.type, told.metadata.help) == ("counter", "Orders.")
        assert manager.metadata([equal("job", "x")]) == []
        assert len(manager.metadata(limit=1)) == 1

    managed(work)


def test_it_shows_what_rules_do():
    async def work(manager, intake, server):
        (step,) = manager.relabel_steps("gateways", {"job": "gateways"})
        assert not step.kept
        assert manager.relabel_steps("nobody", {}) is None

    managed(work)


def test_it_counts():
    async def work(manager, intake, server):
        families = {each.name: each for each in manager.families()}
        scrapes = families["tapewatch_scrapes_total"].samples
        assert [each.labels.get("job") for each in scrapes] == ["bots", "gateways"]
        assert scrapes[0].value >= 2
        up = [each for each in families["tapewatch_scrape_targets"].samples if each.value]
        assert [each.labels.get("health") for each in up] == ["up"]

    managed(work)


def test_a_reload_adds_ends_and_keeps_jobs():
    async def work(manager, intake, server):
        more = "job_name: more, static_configs: [{targets: ['127.0.0.1:1']}]"
        (kept,) = manager.active("bots")
        manager.apply(jobs(bots(server.address), more))
        await until(lambda: manager.active("more"))
        assert manager.pools() == ["bots", "more"]
        assert manager.active("bots")[0].state is kept.state
        manager.apply(jobs(more))
        await until(lambda: intake.lanes[0].closed)
        assert intake.lanes[0].closed[0] is not None

    managed(work)


def test_stopping_marks_nothing_stale():
    async def run():
        intake = FakeIntake()
        async with FakeServer(lambda head: exposition(BODY)) as server:
            manager = ScrapeManager(intake, SystemClock())
            await manager.start()
            manager.apply(jobs(bots(server.address)))
            await until(lambda: len(intake.times()) >= 2)
            assert await manager.stop() == "1 scrape pools"
            assert intake.lane_now.closed == [None]

    asyncio.run(run())
