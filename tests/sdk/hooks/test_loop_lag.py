import asyncio
import time

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.loop_lag import LoopLag


def test_a_loop_that_is_hogged_is_late():
    async def main():
        async with LoopLag(0.001):
            await asyncio.sleep(0.01)
            calm = metrics.LOOP_LAG.bind().value
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                pass
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return calm, metrics.LOOP_LAG.bind().value

    calm, late = asyncio.run(main())
    assert 0 <= calm < late
    assert late > 0.03


def test_it_stops_with_its_block():
    async def main():
        lag = LoopLag(0.001)
        async with lag:
            pass
        assert lag._next.cancelled()

    asyncio.run(main())
