import asyncio
import json

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.connection import Link
from tapewatch.sdk.hooks.websockets import watched
from tapewatch.sdk.trading import metrics as trading
from tapewatch.sdk.trading.feed import Feed

pytest.importorskip("websockets", reason="websockets is not installed")

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


def run(handler, client):
    async def main():
        async with serve(handler, "127.0.0.1", 0) as server:
            await client(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    asyncio.run(main())


def test_connects_messages_and_disconnects_are_told(counted):
    async def venue(socket):
        for number in (1, 2, 5):
            await socket.send(json.dumps({"u": number}))
        await socket.close(1012, "restart")

    feed = Feed("ws-a", "trades", "BTC", policy="plus_one")
    link = Link("ws-a", "trades", feed=feed, numbers=lambda text: (json.loads(text)["u"],))

    async def client(address):
        async with connect(address, create_connection=watched(link)) as socket:
            assert counted(metrics.VENUE_CONNECTED, "ws-a") == {("trades",): 1}
            for _ in range(3):
                await socket.recv()
            with pytest.raises(ConnectionClosed):
                await socket.recv()

    run(venue, client)
    assert counted(metrics.VENUE_CONNECTS, "ws-a") == {("trades",): 1}
    assert counted(metrics.VENUE_DISCONNECTS, "ws-a") == {("trades", "server_restart"): 1}
    assert counted(metrics.VENUE_CONNECTED, "ws-a") == {("trades",): 0}
    assert counted(trading.FEED_MESSAGES, "ws-a") == {("trades", "BTC"): 3}
    assert feed.missing == ((3, 4),)


def test_a_connection_that_the_library_opens_again_is_watched_again(counted):
    async def venue(socket):
        await socket.send("hello")
        socket.transport.abort()

    link = Link("ws-b", "depth")

    async def client(address):
        rounds = 0
        async for socket in connect(address, create_connection=watched(link)):
            try:
                async for _ in socket:
                    pass
            except ConnectionClosed:
                pass
            rounds += 1
            if rounds == 2:
                break

    run(venue, client)
    assert counted(metrics.VENUE_CONNECTS, "ws-b") == {("depth",): 2}
    assert counted(metrics.VENUE_DISCONNECTS, "ws-b") == {("depth", "lost"): 2}


def test_our_own_close_is_told_apart(counted):
    async def venue(socket):
        await socket.wait_closed()

    async def client(address):
        async with connect(address, create_connection=watched(Link("ws-c", "depth"))):
            pass

    run(venue, client)
    assert counted(metrics.VENUE_DISCONNECTS, "ws-c") == {("depth", "ours"): 1}


def test_a_refused_connection_is_no_connection(counted):
    async def client(_):
        with pytest.raises(OSError):
            await connect("ws://127.0.0.1:1", create_connection=watched(Link("ws-d", "x")))

    run(lambda socket: None, client)
    assert counted(metrics.VENUE_CONNECTS, "ws-d") == {("x",): 0}
    assert counted(metrics.VENUE_DISCONNECTS, "ws-d") == {}


def test_a_message_that_cannot_be_read_still_came(counted):
    link = Link("ws-e", "x", numbers=lambda text: (json.loads(text)["u"],))
    link.message("no json")
    Link("ws-e", "y", counted=False).message("{}")
    assert counted(trading.FEED_MESSAGES, "ws-e") == {("x", ""): 1, ("y", ""): 0}


def test_two_connections_of_one_channel_count_as_connected_while_one_is(counted):
    link = Link("ws-f", "x")
    link.opened()
    link.opened()
    link.closed("lost")
    assert counted(metrics.VENUE_CONNECTED, "ws-f") == {("x",): 1}
    link.closed("lost")
    assert counted(metrics.VENUE_CONNECTED, "ws-f") == {("x",): 0}
