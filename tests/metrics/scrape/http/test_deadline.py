import asyncio
import time

import pytest

from tapewatch.metrics.scrape.http.deadline import Deadline


def test_a_limit_ends_the_wait():
    async def run():
        with pytest.raises(TimeoutError):
            async with Deadline(0.01):
                await asyncio.sleep(10)

    asyncio.run(run())


def test_what_is_done_in_time_is_let_be():
    async def run():
        async with Deadline(10):
            await asyncio.sleep(0)

    asyncio.run(run())


def test_being_cancelled_stays_being_cancelled():
    async def run():
        async def limited():
            async with Deadline(10):
                await asyncio.sleep(10)

        task = asyncio.create_task(limited())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_time_that_the_loop_lost_is_granted_again():
    async def run():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        async with Deadline(0.02):
            # The loop is busy beyond the limit, and the answer is noticed only afterwards.
            loop.call_soon(time.sleep, 0.05)
            loop.call_later(0.055, answer.set_result, "there")
            assert await answer == "there"

    asyncio.run(run())
