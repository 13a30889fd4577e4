import asyncio
from functools import cache

import pytest

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.drill import live
from tapewatch.drill.errors import NotRedirected
from tapewatch.drill.plan import PackPlan
from tapewatch.drill.site import Site
from tapewatch.floor.cast import CASTS
from tapewatch.floor.ledger import Cost
from tapewatch.model.clock import ManualClock

WEDNESDAY_NS = 1_763_566_200_000_000_000
SATURDAY_NS = WEDNESDAY_NS + 3 * 86_400_000_000_000


@cache
def plan_of(pack):
    return PackPlan(load_catalog(find_pack(pack)))


class FakeClock(ManualClock):
    """Passes as soon as somebody waits."""

    async def sleep(self, seconds):
        self._move(round(seconds * 1e9))


class FakeSite:
    """A site on which alerts fire so long after their fault, and are told so long after that."""

    def __init__(self, late_s, told_s):
        self.clock = FakeClock(WEDNESDAY_NS)
        self.late_s, self.told_s = late_s, told_s
        self.held = {}

    @property
    def now_s(self):
        return self.clock.now_ns() / 1e9

    async def begin(self, fault, seconds):
        self.held[fault] = self.now_s

    async def end(self, fault):
        self.ended = fault
        return Cost(-7.0)

    async def alerts(self):
        def moment(at_s):
            return f"2025-11-19T15:{30 + int((at_s % 3600 - 1800) // 60):02}:{at_s % 60:06.3f}789Z"

        found = []
        for fault, at_s in self.held.items():
            fired_s = at_s + 1.0 + self.late_s
            if fault == "circuit_breaker" and fired_s <= self.now_s:
                labels = {"alertname": "CircuitBreakerTriggered", "platform": "low_latency"}
                told = {"state": "firing", "labels": labels, "activeAt": moment(fired_s)}
                found += [told, {"state": "pending", "labels": {"alertname": "Other"}}]
        return found

    async def holds(self, expr, begin_s, end_s, step_s):
        assert 'platform=~"low_latency|"' in expr
        first_s = self.held["circuit_breaker"] + 1.0
        count = int((end_s - first_s) / step_s)
        early = [begin_s + 0.1] if count > 20 else []
        return [*early, *(first_s + at * step_s for at in range(count + 1))]

    async def messages(self, since):
        if not self.held:
            return 5, []
        at = self.held["circuit_breaker"] + 1.0 + self.told_s
        message = {"alerts": ["CircuitBreakerTriggered"], "at": at, "faults": []}
        own = {**message, "receiver": "low_latency/pager"}
        return 6, [own, {**message, "receiver": "hft/pager", "at": 0.0}]


def drilled(late_s=0.3, told_s=0.5):
    plan = plan_of("low_latency")
    cases = live.cases_of(plan, plan.cases(["circuit_breaker"]), WEDNESDAY_NS)
    return asyncio.run(live.drill(FakeSite(late_s, told_s), {"low_latency": plan}, cases))


def test_how_soon_an_alert_is_seen_and_told_counts_from_when_it_was_in_the_data():
    (told,) = drilled().alerts
    assert (told.alert, told.clock, told.fired) == ("CircuitBreakerTriggered", "real", True)
    assert told.observable_s == pytest.approx(1.0, abs=0.06)
    assert told.detect_s == pytest.approx(0.3, abs=0.06)
    assert told.channel_s == pytest.approx(0.5, abs=0.06)
    assert told.channels == ("low_latency/pager",)
    assert not list(told.failures())


def test_what_a_fault_came_to_is_kept():
    (told,) = drilled().faults
    assert (told.fault, told.clock, told.cost) == ("circuit_breaker", "real", Cost(-7.0))


def test_of_several_stretches_the_last_one_counts():
    (told,) = drilled(late_s=1.2).alerts
    assert told.detect_s == pytest.approx(1.2, abs=0.06)
    assert list(told.failures()) == ["took 1.20 s to be seen"]


def test_one_that_never_fires_is_given_up():
    (told,) = drilled(late_s=1e6).alerts
    assert list(told.failures()) == ["did not fire"]


@pytest.mark.parametrize("pack", CASTS)
def test_only_pages_without_a_for_are_held_on_the_real_clock(pack):
    plan = plan_of(pack)
    held = {a for case in live.cases_of(plan, plan.cases(), WEDNESDAY_NS) for a in case.alerts}
    assert held
    for name in held:
        assert plan.is_page(name)
        assert plan.hold_s(name) == 0


def test_what_is_quiet_outside_of_a_session_is_held_within_it_alone():
    plan = plan_of("equities")
    cases = plan.cases()
    on_wednesday = {a for c in live.cases_of(plan, cases, WEDNESDAY_NS) for a in c.alerts}
    on_saturday = {a for c in live.cases_of(plan, cases, SATURDAY_NS) for a in c.alerts}
    guarded = {n for n, a in plan.catalog.alerts.items() if a.only_while is not None}
    assert on_saturday == on_wednesday - guarded


def test_no_two_faults_of_a_wave_set_off_the_same_alert():
    plans = [plan_of(pack) for pack in CASTS]
    cases = [c for plan in plans for c in live.cases_of(plan, plan.cases(), WEDNESDAY_NS)]
    waves = live.waves(cases)
    told = [key for wave in waves for key in wave.wanted]
    assert sorted({f for wave in waves for f in wave.faults}) == sorted({c.fault for c in cases})
    assert len(told) == sum(len(c.alerts) for c in cases)


def test_a_server_that_would_page_people_is_left_alone():
    class Open(Site):
        async def _ask(self, what, url, *, method="GET"):
            return b"tapewatch_alerting_redirected 0\n"

    site = Open(FakeClock())
    with pytest.raises(NotRedirected, match="sends its messages to people"):
        asyncio.run(site.check_redirected())
    site.close()
