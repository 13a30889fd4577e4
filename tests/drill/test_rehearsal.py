"""Short drills, one or two for each pack, on a clock of their own."""

import asyncio

import pytest

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.drill.conductor import conduct
from tapewatch.drill.plan import PackPlan, plans
from tapewatch.drill.rehearsal import stage
from tapewatch.floor.cast import CASTS
from tapewatch.model.clock import SystemClock

WARM_STEPS = 12


def drilled(pack, *faults):
    async def play():
        plan = PackPlan(load_catalog(find_pack(pack)))
        async with stage(plan, 7) as rehearsal:
            for _ in range(WARM_STEPS):
                await rehearsal._world.step(15.0)
            assert not rehearsal._world.faults()
            return await rehearsal.run(plan.cases(faults))

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("pack", "fault", "alert", "channels"),
    [
        ("hft", "kill_switch", "KillSwitchTripped", {"pager", "slack"}),
        ("crypto_desk", "sync_mismatch", "SyncMismatch", {"discord", "mail"}),
        ("low_latency", "fat_finger", "PositionTooLarge", {"chat", "pager"}),
        ("forex", "cache_loss", "CacheDown", {"mail", "pagerduty", "slack"}),
        ("equities", "circuit_breaker", "CircuitBreakerTripped", {"pager", "slack"}),
    ],
)
def test_a_fault_is_told_where_the_pack_says_and_its_end_too(pack, fault, alert, channels):
    run = drilled(pack, fault)
    told = {each.alert: each for each in run.alerts}[alert]
    assert not list(told.failures())
    assert set(told.channels) >= channels
    assert told.over_told
    assert told.channel_s < 60
    assert run.precision() == 1.0


def test_a_long_for_passes_in_no_time_and_is_kept_to():
    (told,) = drilled("forex", "cache_full").alerts
    assert not list(told.failures())
    assert told.channel_s >= told.hold_s >= 300


def test_gaps_of_feeds_end_with_their_fault():
    run = drilled("hft", "sequence_gap")
    assert {each.alert: list(each.failures()) for each in run.alerts} == {
        "FeedGaps": [],
        "BookNotSynced": [],
    }


def test_a_service_that_dies_and_one_that_hangs_are_seen():
    run = drilled("low_latency", "service_death", "service_hang")
    assert {each.alert: list(each.failures()) for each in run.alerts} == {
        "ProcessDown": [],
        "ProcessHangs": [],
    }


@pytest.mark.slow
def test_the_same_seed_finds_the_same():
    assert drilled("forex", "cache_full").alerts == drilled("forex", "cache_full").alerts


@pytest.mark.slow
@pytest.mark.parametrize("pack", CASTS)
def test_every_alert_of_a_pack_fires_is_told_and_ends(pack):
    run = conduct(plans([pack]), seed=7, clock=SystemClock(), tell=print, real=False)
    assert run.failed() == []
    assert run.precision() >= 0.95
    assert run.summary()["quiet_pages"] == 0
