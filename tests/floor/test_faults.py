import json
import random
from functools import cache
from itertools import pairwise

import pytest
from tests.floor.play import BEGIN_S, SMALL, catalog_of

from tapewatch.floor.cast import CASTS
from tapewatch.floor.causes import SHOWS
from tapewatch.floor.changes import Active, Flow, Hold
from tapewatch.floor.desk import Desk
from tapewatch.floor.errors import UnknownFault
from tapewatch.floor.faults import FAULTS, NEEDS_NO_FAULT, faults_of
from tapewatch.floor.floor import WATCHER, Floor
from tapewatch.floor.mischief import Mischief, Running, at_random
from tapewatch.floor.service import FAKE_SECRET
from tapewatch.metrics.promql.nodes import VectorSelector, walk
from tapewatch.metrics.promql.parse import parse

SEEN_FROM_OUTSIDE = {
    "down": "up",
    "hung": "region_heartbeat_timestamp_seconds",
    "unwatched": "region_heartbeat_timestamp_seconds",
}
SEEN = set(SEEN_FROM_OUTSIDE.values())
QUIET_S = 3.0


@cache
def read_by(pack, alert):
    """The metrics that an alert reads, also by way of recorded series."""
    catalog = catalog_of(pack)
    found, waiting = set(), [catalog.alerts[alert].expr]
    while waiting:
        for name in selected(catalog.expand(waiting.pop())):
            if name in catalog.records:
                waiting.append(catalog.records[name].expr)
            else:
                for ending in ("_bucket", "_count", "_sum", ""):
                    plain = name.removesuffix(ending)
                    if plain in catalog.metrics:
                        found.add(plain)
                        break
    return found


def selected(expr):
    return {
        node.name for node in walk(parse(expr)) if isinstance(node, VectorSelector) and node.name
    }


def changed_by(name):
    fault = FAULTS[name]
    seen = {SEEN_FROM_OUTSIDE[fault.service]} if fault.service else set()
    shown = {metric for cause in fault.causes for metric in SHOWS[cause]}
    return seen | shown | {change.metric for change in fault.changes}


def cases(*, caused):
    return [
        pytest.param(pack, name, id=f"{pack}-{name}")
        for pack in CASTS
        for name, fault in FAULTS.items()
        if (changed_by(name) - SEEN) & set(catalog_of(pack).metrics)
        and bool(fault.causes) == caused
    ]


@pytest.mark.parametrize("pack", CASTS)
def test_every_alert_of_every_pack_has_a_fault(pack):
    catalog = catalog_of(pack)
    without = [name for name in catalog.alerts if not faults_of(name)]
    assert set(without) <= NEEDS_NO_FAULT, f"describe a fault for {without} in faults.py"


@pytest.mark.parametrize("pack", CASTS)
def test_of_every_alert_a_fault_changes_what_it_reads(pack):
    for alert in set(catalog_of(pack).alerts) - NEEDS_NO_FAULT:
        changed = {metric for name in faults_of(alert) for metric in changed_by(name)}
        assert changed & read_by(pack, alert), f"{faults_of(alert)} change nothing of {alert}"


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_no_alert_that_it_cannot_set_off(name):
    for alert in FAULTS[name].fires:
        packs = [pack for pack in CASTS if alert in catalog_of(pack).alerts]
        assert any(changed_by(name) & read_by(pack, alert) for pack in packs), alert


def test_every_alert_that_a_fault_names_exists():
    known = {alert for pack in CASTS for alert in catalog_of(pack).alerts}
    named = {alert for fault in FAULTS.values() for alert in fault.fires}
    assert named <= known


def test_every_change_is_of_a_metric_that_some_pack_declares():
    known = {metric for pack in CASTS for metric in catalog_of(pack).metrics}
    changed = {change.metric for fault in FAULTS.values() for change in fault.changes}
    assert changed <= known


def grown(before, after):
    """What counters and histograms have counted in between; gauges as they are."""
    told = {}
    for key, value in after.items():
        if isinstance(value, tuple):
            told[key] = value[0] - before[key][0] if key in before else value[0]
        elif key[1].endswith("_total"):
            told[key] = value - before.get(key, 0.0)
        else:
            told[key] = value
    return told


def running(name, began_s=BEGIN_S):
    return [Running(name, began_s, began_s + 3600)]


@pytest.mark.parametrize(("pack", "name"), cases(caused=False))
def test_a_fault_is_seen_within_a_second_and_gone_after_it_ends(pack, name, played):
    faulty, quiet = played(pack), played(pack)
    for each in (faulty, quiet):
        each.play(QUIET_S)

    faulty.play(1.0, running(name, BEGIN_S + QUIET_S))
    quiet.play(1.0)
    seen, healthy = faulty.numbers(), quiet.numbers()
    different = {key[1] for key in healthy if seen[key] != healthy[key]}
    assert different, "nothing has changed"
    assert different <= changed_by(name)

    faulty.play(1.0)
    quiet.play(1.0)
    told = grown(seen, faulty.numbers())
    assert told == pytest.approx(grown(healthy, quiet.numbers()), abs=1e-6)


@pytest.mark.parametrize(("pack", "name"), cases(caused=True))
def test_a_cause_is_found_out_by_the_desk_within_a_second(pack, name, played):
    faulty, quiet = played(pack), played(pack)
    for each in (faulty, quiet):
        each.play(QUIET_S)
    faulty.play(1.25, running(name))
    quiet.play(1.25)
    seen, healthy = faulty.numbers(), quiet.numbers()
    keys = {*seen, *healthy}
    different = {key[1] for key in keys if seen.get(key) != healthy.get(key)}
    assert different & changed_by(name)


STANDS = frozenset(
    {
        *("venue_feed_gaps_total", "venue_feed_missing_numbers_total", "venue_feed_faults_total"),
        *("venue_refusals_total", "kill_switch_changes_total"),
    }
)
"""Counters that do not grow on a quiet day."""

QUIET_VALUES = {
    "venue_feed_synced": lambda value, _: value == 1,
    "venue_book_crossed": lambda value, _: value == 0,
    "orders_orphaned": lambda value, _: value == 0,
    "position_drift": lambda value, _: value == 0,
    "position_drift_since_timestamp_seconds": lambda value, _: value == 0,
    "positions_drifted": lambda value, _: value == 0,
    "venue_ban_until_timestamp_seconds": lambda value, now_s: value < now_s,
    "venue_ratelimit_used_ratio": lambda value, _: value < 0.5,
    "clock_offset_seconds": lambda value, _: abs(value) < 0.1,
    "positions_reconciled_timestamp_seconds": lambda value, now_s: now_s - value < 3,
    "venue_feed_last_message_timestamp_seconds": lambda value, now_s: now_s - value < 2,
}
QUIET_MEANS = {
    "venue_feed_delay_seconds": 0.1,
    "order_tick_to_trade_seconds": 0.005,
    "order_life_seconds": 2.0,
    "order_slippage_bps": 5.0,
}


@pytest.mark.parametrize(("pack", "name"), cases(caused=True))
def test_a_cause_leaves_nothing_behind(pack, name, played):
    desk = played(pack)
    desk.play(QUIET_S)
    desk.play(15, running(name))
    desk.play(61)
    before = desk.numbers()
    desk.play(5)
    after = desk.numbers()
    for key, value in after.items():
        was, metric = before.get(key, 0), key[1]
        if metric in STANDS:
            assert value == was, key
        if metric in QUIET_VALUES:
            assert QUIET_VALUES[metric](value, desk.now_s), key
        if metric in QUIET_MEANS and value[0] > (was or (0, 0))[0]:
            mean = (value[1] - (was or (0, 0))[1]) / (value[0] - (was or (0, 0))[0])
            assert mean < QUIET_MEANS[metric], key


def test_a_loud_fault_is_only_said_in_words(memory):
    catalog = catalog_of("equities")
    desk = Desk(catalog, SMALL, 1, BEGIN_S, None, logs=str(memory / "logs"))
    desk.step(BEGIN_S + 0.25, 0.25, running("log_flood"))
    desk.step(BEGIN_S + 0.5, 0.25, running("log_secret"))
    desk.close()
    lines = (memory / "logs" / "equities-orchestrator.log").read_text("utf-8").splitlines()
    assert len(lines) > 400
    assert json.loads(lines[-1])["fields"]["message"].startswith("Login failed")
    assert not [line for line in lines if FAKE_SECRET in line]


@pytest.mark.parametrize("kind", ["down", "hung"])
def test_a_service_that_is_gone_tells_nothing_and_comes_back(kind, played):
    desk = played("forex")
    desk.play(1)
    first = desk.desk.services[0]
    setattr(first, kind, True)
    before = desk.numbers()
    desk.play(2)
    silent = {key for key, value in desk.numbers().items() if value == before.get(key)}
    assert silent >= {key for key in before if key[0] == first.name}
    setattr(first, kind, False)
    desk.play(2)
    assert any(desk.numbers()[key] != before[key] for key in before if key[0] == first.name)


def test_a_fault_lasts_as_long_as_told_and_can_be_ended():
    mischief = Mischief()
    mischief.begin("feed_stall", now_s=100.0, lasts_s=60.0)
    mischief.begin("cache_loss", now_s=110.0, lasts_s=10.0)
    assert [each.name for each in mischief.at(111.0)] == ["feed_stall", "cache_loss"]
    assert [each.name for each in mischief.at(120.0)] == ["feed_stall"]
    assert mischief.end("feed_stall")
    assert not mischief.end("feed_stall")
    assert mischief.at(121.0) == ()


def test_a_fault_that_is_asked_for_again_lasts_longer_and_began_when_it_began():
    mischief = Mischief()
    mischief.begin("feed_stall", now_s=100.0, lasts_s=60.0)
    running = mischief.begin("feed_stall", now_s=150.0, lasts_s=60.0)
    assert (running.began_s, running.ends_s) == (100.0, 210.0)


def test_an_unknown_fault_is_told_with_the_one_that_was_meant():
    with pytest.raises(UnknownFault, match=r"no fault 'feed_stal'.*feed_stall.*floor faults"):
        Mischief().begin("feed_stal", now_s=0.0, lasts_s=1.0)


def test_faults_at_random_come_one_after_the_other_and_again_by_the_same_seed():
    def plan(seed):
        rng = random.Random(seed)
        return list(at_random(rng, begin_s=0.0, end_s=86_400.0, mean_pause_s=600.0))

    assert plan(3) == plan(3) != plan(4)
    assert len(plan(3)) > 50
    for one, following in pairwise(plan(3)):
        assert one.ends_s < following.began_s


def test_a_floor_plays_faults_on_every_desk():
    floor = Floor.of(["forex", "equities"], seed=1, now_s=BEGIN_S, size=SMALL)
    floor.mischief.begin("service_death", now_s=BEGIN_S, lasts_s=1.0)
    floor.step(BEGIN_S + 0.5, 0.5)
    assert [desk.services[0].down for desk in floor.desks] == [True, True]
    floor.step(BEGIN_S + 1.5, 1.0)
    assert [desk.services[0].down for desk in floor.desks] == [False, False]
    floor.mischief.begin("watcher_gone", now_s=BEGIN_S + 1.5, lasts_s=1.0)
    floor.step(BEGIN_S + 2.0, 0.5)
    assert [each.down for each in floor.desks[0].services if each.name == WATCHER] == [True]
    floor.step(BEGIN_S + 3.0, 1.0)
    floor.foresee(5, now_s=BEGIN_S, mean_pause_s=60.0)
    first = floor.plan[-1]
    floor.step(first.began_s, 0.25)
    assert [each.name for each in floor.mischief.at(first.began_s)] == [first.name]
    floor.close()


def test_a_change_holds_only_for_the_series_that_it_names(played):
    desk = played("forex")
    desk.play(1)
    change = Hold("orders_total", 0.0)
    assert Active(change, 0.0).concerns({"venue": "bank-a"})
    named = Active(Flow("orders_total", 1.0, labels={"venue": "bank-a"}), 0.0)
    assert named.concerns({"venue": "bank-a", "status": "filled"})
    assert not named.concerns({"venue": "bank-b", "status": "filled"})
