"""When groups are evaluated, with a clock that is moved by hand."""

import asyncio

import pytest
from tests.watch.rules.fakes import NS, Desk, read

from tapewatch.model.clock import SystemClock
from tapewatch.watch.rules.group import Usual
from tapewatch.watch.schedule import Allowance, Timing, first_turn_ns, slot_ns
from tapewatch.watch.watcher import Watcher

RULES = """
groups:
- name: g
  interval: %s
  rules:
  - record: m:double
    expr: m * 2
  - alert: High
    expr: m > 5
"""
MS = 10**6


class Told:
    def __init__(self):
        self.alerts = []
        self.event = asyncio.Event()

    def accept(self, alerts, now_ns):
        self.alerts += alerts
        self.event.set()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path, SystemClock())
    yield made
    made.close()


async def watch(desk, told, interval, *, arrivals=True, floor_ms=20, rules=""):
    listening = desk.database.arrivals if arrivals else None
    watcher = Watcher(desk.clock, listening, concurrency=2, floor_ns=floor_ms * MS)
    watcher.sinks.append(told)
    await watcher.apply(read(rules or RULES % interval), Usual(), desk.around, restores=False)
    watcher.start()
    return watcher


def now(desk):
    desk.now_ns = desk.clock.now_ns()


def test_samples_that_land_are_judged_at_once(desk):
    async def scenario():
        told = Told()
        watcher = await watch(desk, told, "1h")
        desk.write(m__a=7)
        await asyncio.wait_for(told.event.wait(), 5)
        await watcher.stop()
        return told.alerts

    (alert,) = asyncio.run(scenario())
    assert alert.name == "High"


def test_what_a_group_writes_itself_does_not_wake_it(desk):
    async def scenario():
        told = Told()
        watcher = await watch(desk, told, "1h")
        desk.write(m__a=7)
        await asyncio.wait_for(told.event.wait(), 5)
        for _ in range(20):
            await asyncio.sleep(0.01)
        await watcher.stop()
        return watcher.groups[0].turns

    assert asyncio.run(scenario()) == 1


def test_many_arrivals_are_few_evaluations(desk):
    async def scenario():
        told = Told()
        watcher = await watch(desk, told, "1h", floor_ms=60_000)
        for n in range(50):
            now(desk)
            desk.write(m__a=n)
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        await watcher.stop()
        return watcher.groups[0].turns

    assert asyncio.run(scenario()) == 1


def test_without_arrivals_the_interval_counts(desk):
    async def scenario():
        told = Told()
        desk.write(m__a=7)
        watcher = await watch(desk, told, "100ms", arrivals=False)
        await asyncio.wait_for(told.event.wait(), 5)
        await watcher.stop()
        return watcher.groups[0].turns

    assert asyncio.run(scenario()) >= 1


def test_a_group_that_does_not_care_for_arrivals_keeps_to_its_interval(desk):
    async def scenario():
        told = Told()
        rules = RULES % "1h" + "  on_arrival: false\n"
        watcher = await watch(desk, told, "1h", rules=rules)
        desk.write(m__a=7)
        for _ in range(20):
            await asyncio.sleep(0.01)
        await watcher.stop()
        return watcher.groups[0].turns

    assert asyncio.run(scenario()) == 0


def test_a_reload_keeps_what_is_the_same_and_replaces_the_rest(desk):
    async def scenario():
        watcher = await watch(desk, Told(), "1h")
        before = watcher.groups
        await watcher.apply(read(RULES % "1h"), Usual(), desk.around, restores=False)
        same = watcher.groups
        await watcher.apply(read(RULES % "2h"), Usual(), desk.around, restores=False)
        other = watcher.groups
        await watcher.apply([], Usual(), desk.around, restores=False)
        await watcher.stop()
        return before[0] is same[0], same[0] is other[0], len(watcher.groups)

    assert asyncio.run(scenario()) == (True, False, 0)


def test_a_slot_is_the_same_after_every_restart_and_lies_in_the_interval():
    slot = slot_ns(("rules.yml", "g"), 15 * NS)
    assert slot == slot_ns(("rules.yml", "g"), 15 * NS)
    assert 0 <= slot < 15 * NS
    assert first_turn_ns(100 * NS, 10 * NS, 3 * NS) == 103 * NS
    assert first_turn_ns(103 * NS, 10 * NS, 3 * NS) == 103 * NS


def test_turns_keep_their_distance_and_count_what_they_missed():
    timing = Timing(interval_ns=1000, floor_ns=100, due_ns=0)
    assert timing.turn(0) == 0
    assert timing.next_ns(0) == 1000
    timing.arrive()
    assert timing.next_ns(0) == 100
    assert timing.next_ns(400) == 400
    assert timing.next_ns(5000) == 1000
    assert timing.turn(400) == 0
    assert timing.next_ns(0) == 1500, "samples at the same interval come before the turn"
    assert timing.turn(3600) == 2
    assert timing.next_ns(0) == 4500


def test_evaluations_wait_only_when_their_share_of_the_processor_is_used_up():
    allowance = Allowance(0.25)
    assert not allowance.is_used_up(0)
    allowance.spend(0.9, 0)
    assert not allowance.is_used_up(0)
    allowance.spend(0.3, 0)
    assert allowance.is_used_up(0)
    assert allowance.is_used_up(NS // 2)
    assert not allowance.is_used_up(NS)


def test_a_share_is_saved_up_for_a_short_while_alone():
    allowance = Allowance(0.25)
    allowance.spend(0.0, 0)
    allowance.spend(1.1, 3600 * NS)
    assert allowance.is_used_up(3600 * NS)
