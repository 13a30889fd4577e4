"""Windows against slow models: a list of everything that was ever spent."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.trading.pace import Pace
from tapewatch.sdk.trading.window import FixedWindow, LeakyWindow, SlidingWindow

S = 1_000_000_000
START = 1_700_000_000 * S

spendings = st.lists(st.tuples(st.integers(0, 20 * S), st.integers(1, 50)), min_size=1, max_size=60)


def in_time(steps):
    now = START
    for pause_ns, amount in steps:
        now += pause_ns
        yield now, amount


@given(spendings)
def test_a_fixed_window_counts_what_was_spent_since_its_clock_turned(steps):
    window, spent = FixedWindow(1000, 60), []
    for now, amount in in_time(steps):
        window.spend(amount, now)
        spent.append((now, amount))
        begin = now // (60 * S) * 60 * S
        assert window.used(now) == sum(a for at, a in spent if at >= begin)
        assert window.used(window.reset_ns(now)) == 0


@given(spendings)
def test_a_sliding_window_is_never_below_and_at_most_one_slice_older(steps):
    window, spent = SlidingWindow(1000, 60), []
    for now, amount in in_time(steps):
        window.spend(amount, now)
        spent.append((now, amount))
        exact = sum(a for at, a in spent if at > now - 60 * S)
        older = sum(a for at, a in spent if at > now - 60 * S - 60 * S // 64 - 1)
        assert exact <= window.used(now) <= older
    assert window.used(window.reset_ns(now)) == 0


@given(spendings)
def test_a_leaky_window_is_the_level_of_a_bucket(steps):
    window, level, before = LeakyWindow(100, 2.5), 0.0, START
    for now, amount in in_time(steps):
        level = max(0.0, level - (now - before) / S * 2.5) + amount
        before = now
        window.spend(amount, now)
        assert window.used(now) == pytest.approx(level)
        assert window.used(window.reset_ns(now) + 1) == pytest.approx(0, abs=1e-6)


@given(spendings, st.integers(0, 200))
def test_what_the_venue_reports_counts_whatever_was_thought(steps, reported):
    for window in (FixedWindow(1000, 60), SlidingWindow(1000, 60), LeakyWindow(1000, 1)):
        now = START
        for at, amount in in_time(steps):
            now = at
            window.spend(amount, now)
        window.report(reported, now)
        assert window.used(now) == pytest.approx(reported)


def test_an_answer_of_the_window_before_does_not_turn_the_clock_back():
    window = FixedWindow(1000, 60)
    window.spend(10, START + 60 * S)
    window.spend(5, START)
    assert window.used(START + 61 * S) == 15


def test_a_fixed_window_is_exhausted_only_if_it_does_not_turn_before():
    window = FixedWindow(600, 60)
    turn = (START // (60 * S) + 1) * 60 * S
    window.spend(300, turn - 30 * S)
    assert window.exhausted_in_s(20, turn - 30 * S) == 15
    assert window.exhausted_in_s(9, turn - 30 * S) == inf


def test_a_sliding_window_is_never_exhausted_at_a_pace_it_can_hold():
    window = SlidingWindow(600, 5)
    window.spend(500, START)
    assert window.exhausted_in_s(120, START) == inf
    assert window.exhausted_in_s(200, START) == 0.5


def test_credits_are_exhausted_by_what_is_spent_faster_than_it_flows_back():
    window = LeakyWindow(limit=50_000, decay_per_s=10_000)
    window.spend(20_000, START)
    assert window.exhausted_in_s(10_000, START) == inf
    assert window.exhausted_in_s(25_000, START) == 2
    window.report(60_000, START)
    assert window.exhausted_in_s(25_000, START) == 0


@pytest.mark.parametrize("per_s", [0.5, 10, 300])
def test_a_steady_pace_is_told_from_the_first_seconds_on(per_s):
    pace = Pace(memory_s=15)
    step = round(S / per_s)
    for number in range(1, round(per_s * 60) + 1):
        pace.add(1, START + number * step)
        if number * step > 5 * S and per_s > 5:
            assert pace.per_s(START + number * step) == pytest.approx(per_s, rel=0.1)
    assert pace.per_s(START + 61 * S) == pytest.approx(per_s, rel=0.15)


def test_a_pace_fades_when_nothing_more_is_used():
    pace = Pace(memory_s=10)
    pace.add(100, START)
    assert pace.per_s(START + 60 * S) < 0.05
    assert Pace(memory_s=10).per_s(START) == 0
