import asyncio
import random
import socket

import httpx
import pytest

from tapewatch.floor.errors import PortTaken
from tapewatch.floor.market import Market
from tapewatch.floor.venues.binance import BinanceVenue
from tapewatch.floor.venues.opening import open_venue
from tapewatch.model.clock import ManualClock
from tapewatch.sdk.trading.budget import RateBudget

KEY = {"x-mbx-apikey": "someone"}
BUY = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "1"}


def asked(scenario):
    """Run a scenario against a venue, without a socket."""

    async def run():
        clock = ManualClock(1_767_600_000_000_000_000)
        market = Market(("BTCUSDT", "ETHUSDT"), ("venue",), 0.0, random.Random(1))
        transport = httpx.ASGITransport(app=BinanceVenue(market, clock).app())
        async with httpx.AsyncClient(
            transport=transport, base_url="http://venue/api/v3/"
        ) as client:
            await scenario(client, clock)

    asyncio.run(run())


def test_every_answer_tells_the_weight_that_is_used():
    async def scenario(client, clock):
        assert (await client.get("ping")).headers["x-mbx-used-weight-1m"] == "1"
        book = await client.get("depth", params={"symbol": "BTCUSDT", "limit": "500"})
        assert book.headers["x-mbx-used-weight-1m"] == "26"
        assert float(book.json()["bids"][0][0]) < float(book.json()["asks"][0][0])
        await clock.advance(60)
        assert (await client.get("time")).headers["x-mbx-used-weight-1m"] == "1"

    asked(scenario)


def test_the_limits_are_told_as_they_are_held():
    async def scenario(client, _):
        told = (await client.get("exchangeInfo")).json()["rateLimits"]
        assert {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": 6000,
        } in told

    asked(scenario)


def test_the_order_count_falls_when_orders_fill():
    async def scenario(client, _):
        waits = await client.post("order", params={**BUY, "price": "0.01"}, headers=KEY)
        assert (waits.json()["status"], waits.headers["x-mbx-order-count-10s"]) == ("NEW", "1")
        fills = await client.post("order", data=BUY, headers=KEY)
        assert (fills.json()["status"], fills.headers["x-mbx-order-count-10s"]) == ("FILLED", "1")
        resting = await client.get("openOrders", params={"symbol": "BTCUSDT"}, headers=KEY)
        (order,) = resting.json()
        number = str(order["orderId"])
        ended = await client.request("DELETE", "order", params={"orderId": number}, headers=KEY)
        assert ended.json()["status"] == "CANCELED"

    asked(scenario)


def test_too_many_orders_are_refused():
    async def scenario(client, _):
        for _ in range(100):
            await client.post("order", params={**BUY, "price": "0.01"}, headers=KEY)
        refused = await client.post("order", params=BUY, headers=KEY)
        assert (refused.status_code, refused.json()["code"]) == (429, -1015)
        assert refused.headers["retry-after"] == "10"

    asked(scenario)


def test_the_sdk_s_budget_agrees_with_the_venue_up_to_the_ban():
    async def scenario(client, clock):
        budget = RateBudget("binance_spot", account="floor-test", now_ns=clock.now_ns)
        statuses = []
        for _ in range(40):
            answer = await client.get("depth", params={"symbol": "BTCUSDT", "limit": "5000"})
            told = answer.json()
            budget.answer(
                answer.status_code,
                answer.headers,
                code=told.get("code", ""),
                message=told.get("msg", ""),
            )
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                assert budget.used("weight_1m") == float(answer.headers["x-mbx-used-weight-1m"])
        assert statuses[:24] == [200] * 24
        assert statuses[24:29] == [429] * 5
        assert set(statuses[29:]) == {418}
        assert budget.banned_until_ns == clock.now_ns() + 120_000_000_000

    asked(scenario)


@pytest.mark.parametrize(
    ("method", "path", "parameters", "status", "code"),
    [
        ("GET", "depth", {"symbol": "NOPE"}, 400, -1121),
        ("GET", "depth", {"symbol": "BTCUSDT", "limit": "many"}, 400, -1100),
        ("POST", "order", {**BUY, "side": "HOLD"}, 400, -1117),
        ("POST", "order", {**BUY, "price": "inf"}, 400, -1100),
        ("DELETE", "order", {"orderId": "7"}, 400, -2011),
    ],
)
def test_a_request_that_cannot_be_is_answered_with_its_code(method, path, parameters, status, code):
    async def scenario(client, _):
        answer = await client.request(method, path, params=parameters, headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    asked(scenario)


@pytest.mark.parametrize(
    ("off_ms", "code"), [(0, None), (-4000, None), (-6000, -1021), (2000, -1021)]
)
def test_a_request_counts_only_at_its_time(off_ms, code):
    async def scenario(client, clock):
        told = {"timestamp": clock.now_ns() // 1_000_000 + off_ms, "signature": "ab"}
        answer = await client.get("account", params=told, headers=KEY)
        assert answer.json().get("code") == code

    asked(scenario)


def test_an_order_without_a_key_is_refused():
    async def scenario(client, _):
        assert (await client.post("order", params=BUY)).json()["code"] == -2014

    asked(scenario)


def test_a_venue_opens_on_the_loopback_address_and_its_prices_move():
    async def run():
        clock = ManualClock()
        async with (
            open_venue(symbols=2, seed=1, port=0, clock=clock) as address,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            url = f"http://{address}/api/v3/ticker/price?symbol=BTCUSDT"
            seen = set()
            for _ in range(5):
                seen.add((await client.get(url)).json()["price"])
                await clock.advance(600)
            assert len(seen) > 1

    asyncio.run(run())


def test_a_venue_says_whose_port_it_wanted():
    async def run(port):
        async with open_venue(symbols=1, seed=1, port=port):
            raise AssertionError("it opened")

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"the venue cannot listen on 127.0.0.1:{port}"):
            asyncio.run(run(port))
