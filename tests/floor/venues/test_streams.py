"""The streams of the Binance-like venue, over a real connection."""

import asyncio
import json

import httpx
import pytest

from tapewatch.floor.venues.opening import open_venue
from tapewatch.floor.venues.streams import HEARD_PER_SECOND_MAX, LIFE_S, NOTICE_S, Listener, Streams
from tapewatch.model.clock import ManualClock
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.sequence import Verdict

websockets = pytest.importorskip("websockets.asyncio.client")
closed = pytest.importorskip("websockets.exceptions")

KEY = {"x-mbx-apikey": "someone"}


def listening(scenario, path):
    """Run a scenario with a connection to a venue whose time we make."""

    async def run():
        clock = ManualClock(1_767_600_000_000_000_000)
        async with (
            open_venue(symbols=2, seed=1, port=0, clock=clock) as address,
            websockets.connect(f"ws://{address}{path}", proxy=None) as socket,
        ):
            await asyncio.wait_for(scenario(socket, clock, address), 20)

    asyncio.run(run())


async def heard(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def moved(clock, steps=1):
    for _ in range(steps):
        await clock.advance(0.25)
        await asyncio.sleep(0.01)


def test_updates_follow_the_snapshot_and_each_other():
    async def scenario(socket, clock, address):
        feed = Feed("venue", "depth", "BTCUSDT", policy="U_u")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://{address}/api/v3/depth?symbol=BTCUSDT&limit=5000")
        book = answer.json()
        feed.snapshot(book["lastUpdateId"])
        bids = dict(book["bids"])
        await moved(clock, 5)
        for _ in range(5):
            event = await heard(socket)
            assert (event["e"], event["s"]) == ("depthUpdate", "BTCUSDT")
            assert feed.message(event["u"], event["U"]) is Verdict.NEXT
            for price, size in event["b"]:
                if float(size):
                    bids[price] = size
                else:
                    del bids[price]
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://{address}/api/v3/depth?symbol=BTCUSDT&limit=5000")
        assert dict(answer.json()["bids"]) == bids

    listening(scenario, "/ws/btcusdt@depth")


def test_trades_are_numbered_one_after_the_other():
    async def scenario(socket, clock, _):
        await moved(clock, 10)
        first = await heard(socket)
        assert first["stream"] == "btcusdt@trade"
        second = await heard(socket)
        assert second["data"]["t"] == first["data"]["t"] + 1

    listening(scenario, "/stream?streams=btcusdt@trade")


def test_who_subscribes_hears_and_is_told_what_it_listens_to():
    async def scenario(socket, clock, _):
        asked = {"method": "SUBSCRIBE", "params": ["ethusdt@depth@100ms"], "id": 1}
        await socket.send(json.dumps(asked))
        assert await heard(socket) == {"result": None, "id": 1}
        await socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 2}))
        assert await heard(socket) == {"result": ["ethusdt@depth@100ms"], "id": 2}
        await moved(clock)
        assert (await heard(socket))["s"] == "ETHUSDT"
        await socket.send("nonsense")
        assert (await heard(socket))["error"]["code"] == 3

    listening(scenario, "/ws")


async def everything(socket):
    while True:
        await heard(socket)


def test_who_speaks_too_often_is_let_go():
    async def scenario(socket, _clock, _address):
        for number in range(HEARD_PER_SECOND_MAX + 2):
            await socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        with pytest.raises(closed.ConnectionClosed, match="1008"):
            await everything(socket)

    listening(scenario, "/ws")


def test_a_connection_is_told_before_it_ends_after_a_day():
    clock = ManualClock(1_767_600_000_000_000_000)
    streams = Streams(clock)
    listener = Listener(None, [], wrapped=False, now_s=clock.now_ns() / 1e9)
    streams.listeners.add(listener)

    def after(seconds):
        asyncio.run(clock.advance(seconds))
        streams.publish([], [])
        return [listener.waiting.get_nowait() for _ in range(listener.waiting.qsize())]

    assert after(LIFE_S - NOTICE_S - 1) == []
    (notice,) = after(1)
    assert json.loads(notice)["e"] == "serverShutdown"
    assert after(NOTICE_S - 1) == []
    assert after(1) == [None]
    assert not streams.listeners


def test_an_account_hears_of_its_orders():
    async def scenario(socket, _clock, address):
        async with httpx.AsyncClient(trust_env=False, headers=KEY) as client:
            key = (await client.post(f"http://{address}/api/v3/userDataStream")).json()["listenKey"]
            await socket.send(json.dumps({"method": "SUBSCRIBE", "params": [key], "id": 1}))
            await heard(socket)
            told = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "1"}
            await client.post(f"http://{address}/api/v3/order", params=told)
        event = await heard(socket)
        assert (event["e"], event["X"], event["S"]) == ("executionReport", "FILLED", "BUY")

    listening(scenario, "/ws")
