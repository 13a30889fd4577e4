import asyncio
import json
import random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.floor.errors import UnknownVenue
from tapewatch.floor.market import Market
from tapewatch.floor.venues.credits import COST, CREDITS_MAX, CREDITS_PER_SECOND, Credits
from tapewatch.floor.venues.deribit import DeribitVenue
from tapewatch.floor.venues.opening import open_venue
from tapewatch.model.clock import ManualClock
from tapewatch.sdk.trading.answers import deribit_allowances

NAME = "BTC-PERPETUAL"
SOMEONE = {"authorization": "Bearer someone"}


def asked(scenario):
    """Run a scenario against a venue, without a socket."""

    async def run():
        clock = ManualClock(1_767_600_000_000_000_000)
        venue = DeribitVenue(Market((NAME,), ("venue",), 0.0, random.Random(1)), clock)
        transport = httpx.ASGITransport(app=venue.app())
        async with httpx.AsyncClient(
            transport=transport, base_url="http://venue/api/v2/", headers=SOMEONE
        ) as client:
            await scenario(client, clock)

    asyncio.run(run())


def test_a_hundred_requests_at_once_and_twenty_a_second_after():
    async def scenario(client, clock):
        codes = [
            (await client.get("public/get_time")).json().get("error", {}).get("code")
            for _ in range(101)
        ]
        assert codes == [None] * 100 + [10028]
        await clock.advance(1)
        codes = [
            (await client.get("public/get_time")).json().get("error", {}).get("code")
            for _ in range(21)
        ]
        assert codes == [None] * 20 + [10028]

    asked(scenario)


@given(st.lists(st.floats(0, 3), max_size=200))
def test_credits_never_allow_more_than_there_are(pauses_s):
    pool, now_s, spent = Credits(), 1.0, 0.0
    for pause_s in pauses_s:
        now_s += pause_s
        spent += COST if pool.spend(COST, now_s) else 0.0
        assert spent <= CREDITS_MAX + CREDITS_PER_SECOND * (now_s - 1.0) + 1e-3


def test_orders_have_a_pool_of_their_own_and_the_summary_tells_both():
    async def scenario(client, _):
        order = {"instrument_name": NAME, "amount": 1}
        told = [(await client.get("private/buy", params=order)).json() for _ in range(21)]
        assert told[0]["result"]["order"]["order_state"] == "filled"
        assert told[20]["error"]["code"] == 10028
        summary = (await client.get("private/get_account_summary")).json()["result"]
        allowances = deribit_allowances(summary)
        assert allowances["matching_engine.trading.total"].burst == 20
        assert allowances["non_matching_engine"].per_s == 20

    asked(scenario)


def test_an_order_rests_and_is_cancelled():
    async def scenario(client, _):
        order = {"instrument_name": NAME, "amount": 1, "price": 0.01}
        body = {"jsonrpc": "2.0", "id": 7, "method": "private/buy", "params": order}
        placed = (await client.post("private/buy", json=body)).json()
        assert placed["id"] == 7
        (waiting,) = (await client.get("private/get_open_orders")).json()["result"]
        ended = await client.get("private/cancel", params={"order_id": waiting["order_id"]})
        assert ended.json()["result"]["order_state"] == "cancelled"

    asked(scenario)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("public/nothing", -32601),
        ("public/get_order_book?instrument_name=NOPE", -32602),
        ("private/cancel?order_id=7", 10004),
    ],
)
def test_a_request_that_cannot_be_is_answered_with_its_code(method, code):
    async def scenario(client, _):
        assert (await client.get(method)).json()["error"]["code"] == code

    asked(scenario)


def test_who_spends_too_much_loses_the_session():
    websockets = pytest.importorskip("websockets.asyncio.client")
    closed = pytest.importorskip("websockets.exceptions")

    async def run():
        clock = ManualClock(1_767_600_000_000_000_000)
        async with (
            open_venue(symbols=1, seed=1, port=0, clock=clock, name="deribit") as address,
            websockets.connect(f"ws://{address}/ws/api/v2", proxy=None) as socket,
        ):
            for number in range(101):
                asked = {"jsonrpc": "2.0", "id": number, "method": "public/test"}
                await socket.send(json.dumps(asked))
            told = [json.loads(await socket.recv()) for _ in range(101)]
            assert told[-1]["error"]["message"] == "too_many_requests"
            with pytest.raises(closed.ConnectionClosed):
                await socket.recv()

    asyncio.run(run())


def test_a_venue_that_is_not_there_is_told_with_those_that_are():
    async def run():
        async with open_venue(symbols=1, seed=1, port=0, name="mtgox"):
            raise AssertionError("it opened")

    with pytest.raises(UnknownVenue, match="no venue 'mtgox': take binance, alpaca, deribit"):
        asyncio.run(run())
