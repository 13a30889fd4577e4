"""A clock that tests own: sleepers wake in order, and only when their time comes."""

import asyncio

from tapewatch.model.clock import ManualClock, SystemClock


def test_sleepers_wake_in_the_order_of_their_time():
    async def scene():
        clock, woken = ManualClock(), []

        async def sleeper(name, seconds):
            await clock.sleep(seconds)
            woken.append(name)

        tasks = [asyncio.create_task(sleeper("b", 2)), asyncio.create_task(sleeper("a", 1))]
        await clock.advance(1.5)
        assert woken == ["a"]
        await clock.advance(1)
        assert woken == ["a", "b"]
        await asyncio.gather(*tasks)

    asyncio.run(scene())


def test_setting_the_clock_back_does_not_move_monotonic_time():
    clock = ManualClock()
    before = clock.now_ns()
    clock.step(-60)
    assert clock.now_ns() == before - 60_000_000_000
    assert clock.monotonic_ns() == 0


def test_the_system_clock_moves_on():
    clock = SystemClock()
    assert clock.monotonic_ns() <= clock.monotonic_ns()
    assert clock.now_ns() > 1_700_000_000_000_000_000
