import asyncio
import random

import httpx
import pytest

from tapewatch.floor.market import Market
from tapewatch.floor.venues.alpaca import AlpacaVenue
from tapewatch.model.clock import ManualClock
from tapewatch.sdk.trading.budget import RateBudget

KEY = {"apca-api-key-id": "someone"}
BUY = {"symbol": "AAPL", "side": "buy", "qty": "2", "type": "market"}


def asked(scenario):
    """Run a scenario against a venue, without a socket."""

    async def run():
        clock = ManualClock(1_767_600_000_000_000_000)
        venue = AlpacaVenue(Market(("AAPL",), ("venue",), 0.0, random.Random(1)), clock)
        transport = httpx.ASGITransport(app=venue.app())
        async with httpx.AsyncClient(
            transport=transport, base_url="http://venue/v2/", headers=KEY
        ) as client:
            await scenario(client, clock, venue)

    asyncio.run(run())


def test_two_hundred_requests_a_minute_and_the_sdk_s_budget_agrees():
    async def scenario(client, clock, _):
        budget = RateBudget("alpaca", account="alpaca-test", now_ns=clock.now_ns)
        for _ in range(200):
            answer = await client.get("account")
            assert answer.status_code == 200
            budget.answer(answer.status_code, answer.headers)
        assert budget.remaining("requests_1m") == 0
        refused = await client.get("account")
        assert refused.status_code == 429
        assert budget.answer(429, refused.headers).refusal == "over_limit"
        await clock.advance(60)
        assert (await client.get("account")).headers["x-ratelimit-remaining"] == "199"

    asked(scenario)


def test_an_order_fills_and_is_a_position():
    async def scenario(client, _clock, _venue):
        filled = (await client.post("orders", json=BUY)).json()
        assert (filled["status"], filled["filled_qty"]) == ("filled", "2")
        (position,) = (await client.get("positions")).json()
        assert position == {"symbol": "AAPL", "qty": "2", "side": "long"}

    asked(scenario)


def test_an_order_rests_until_the_price_reaches_it_or_it_is_cancelled():
    async def scenario(client, _clock, venue):
        placed = [
            (await client.post("orders", json={**BUY, "limit_price": "0.01"})).json()
            for _ in range(2)
        ]
        assert [each["status"] for each in placed] == ["new", "new"]
        assert (await client.delete(f"orders/{placed[0]['id']}")).status_code == 204
        venue.market.prices["AAPL"] = 0.005
        venue.step(0.25)
        told = (await client.get("orders", params={"status": "all"})).json()
        assert [each["status"] for each in told] == ["canceled", "filled"]
        assert (await client.delete(f"orders/{placed[1]['id']}")).status_code == 422

    asked(scenario)


@pytest.mark.parametrize(
    "told", [{**BUY, "symbol": "NOPE"}, {**BUY, "side": "hold"}, {**BUY, "qty": "many"}]
)
def test_an_order_that_cannot_be_is_refused(told):
    async def scenario(client, _clock, _venue):
        assert (await client.post("orders", json=told)).status_code == 422

    asked(scenario)


def test_nobody_is_answered_without_a_key():
    async def scenario(client, _clock, _venue):
        assert (await client.get("account", headers={"apca-api-key-id": ""})).status_code == 403

    asked(scenario)
