from functools import cache

import pytest

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.drill.errors import NothingToDrill
from tapewatch.drill.plan import PackPlan, plans
from tapewatch.floor.cast import CASTS
from tapewatch.floor.faults import FAULTS, NEEDS_NO_FAULT


@cache
def plan_of(pack):
    return PackPlan(load_catalog(find_pack(pack)))


@pytest.mark.parametrize("pack", CASTS)
def test_every_alert_of_a_pack_is_drilled(pack):
    plan = plan_of(pack)
    drilled = {alert for case in plan.cases() for alert in case.alerts}
    assert drilled == set(plan.catalog.alerts) - NEEDS_NO_FAULT


@pytest.mark.parametrize("pack", CASTS)
def test_faults_beside_each_other_cannot_disturb_each_other(pack):
    plan = plan_of(pack)
    waves = plan.waves(plan.cases())
    assert sorted(c.fault for w in waves for c in w) == sorted(c.fault for c in plan.cases())
    for wave in waves:
        touched = [name for case in wave for name in case.touches]
        assert len(touched) == len(set(touched))
        alone = [case for case in wave if FAULTS[case.fault].service]
        assert not alone or len(wave) == 1


def test_declared_consequences_and_burnt_objectives_may_fire_along():
    plan = plan_of("low_latency")
    (case,) = plan.cases(["order_rejections"])
    allowed = plan.allowed(case)
    assert {"OrdersAcceptedBurnsFast", "OrdersAcceptedBurnsSlowly"} <= allowed
    assert "MessagesFastBurnsFast" not in allowed
    (case,) = plan.cases(["slow_orders"])
    assert {"OrdersFastBurnsFast", "OrdersFastBurnsSlowly"} <= plan.allowed(case)
    (case,) = plan.cases(["memory_leak"])
    assert "MemoryHigh" in plan.allowed(case)


def test_what_an_alert_leads_to_may_fire_along_and_is_not_held_back():
    plan = plan_of("hft")
    (case,) = plan.cases(["service_hang"])
    assert "PositionDrifted" in plan.allowed(case)
    assert "PositionDrifted" not in plan.catalog.alerts["ProcessHangs"].consequences


def test_what_a_rule_reads_is_followed_through_recording_rules():
    plan = plan_of("low_latency")
    assert "execution_engine_api_failures_total" in plan.reads("CallsWithoutErrorBurnsFast")
    assert "risk_manager_checks_performed_total" not in plan.reads("CallsWithoutErrorBurnsFast")
    assert "execution_engine_order_submission_latency_us" in plan.reads("OrdersFastBurnsFast")
    assert plan.window_s("CallsWithoutErrorBurnsSlowly") >= 6 * 3600


def test_a_name_chooses_a_pack_an_alert_or_a_fault():
    assert [plan.name for plan, _ in plans([])] == list(CASTS)
    ((plan, cases),) = plans(["forex"])
    assert (plan.name, len(cases)) == ("forex", len(plan.cases()))
    found = {plan.name: [case.fault for case in cases] for plan, cases in plans(["FeedStale"])}
    assert set(found) == {"hft"}
    assert "feed_stall" in found["hft"]
    assert {plan.name for plan, _ in plans(["kill_switch"])} >= {"hft"}


def test_a_pack_beside_an_alert_of_another_one_drills_both():
    found = {plan.name: len(cases) for plan, cases in plans(["forex", "FeedStale"])}
    assert set(found) == {"forex", "hft"}
    assert found["forex"] == len(plan_of("forex").cases())


def test_a_name_that_means_nothing_is_refused_with_what_is_like_it():
    with pytest.raises(NothingToDrill, match=r"'FeedStael'.*FeedStale"):
        plans(["FeedStael"])
