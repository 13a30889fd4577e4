"""ccxt, unchanged, against the Binance-like venue."""

import asyncio

import pytest

from tapewatch.floor.venues.opening import open_venue

ccxt = pytest.importorskip("ccxt")


def client_of(address):
    client = ccxt.binance({"apiKey": "someone", "secret": "nothing", "enableRateLimit": False})
    for name, url in client.urls["api"].items():
        if isinstance(url, str) and url.startswith("https://"):
            client.urls["api"][name] = f"http://{address}/" + url.split("/", 3)[3]
    client.session.trust_env = False
    return client


def trade(address):
    client = client_of(address)
    markets = client.load_markets()
    assert "BTC/USDT" in markets
    book = client.fetch_order_book("BTC/USDT", limit=5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert client.fetch_ticker("BTC/USDT")["last"] > 0

    placed = client.create_limit_buy_order("BTC/USDT", 1, 0.01)
    assert [each["id"] for each in client.fetch_open_orders("BTC/USDT")] == [placed["id"]]
    client.cancel_order(placed["id"], "BTC/USDT")
    assert client.fetch_open_orders("BTC/USDT") == []

    filled = client.create_market_buy_order("BTC/USDT", 2)
    assert (filled["status"], filled["filled"]) == ("closed", 2.0)
    assert client.fetch_balance()["BTC"]["total"] == 2.0
    assert int(client.last_response_headers["X-Mbx-Used-Weight-1m"]) > 40

    with pytest.raises(ccxt.BadSymbol):
        client.fetch_order_book("NOPE/USDT")
    with pytest.raises((ccxt.RateLimitExceeded, ccxt.DDoSProtection), match="-1003"):
        ask(client, times=40)


def ask(client, times):
    for _ in range(times):
        client.fetch_order_book("BTC/USDT", limit=5000)


def test_ccxt_trades_there_until_it_asks_too_often():
    async def run():
        async with open_venue(symbols=3, seed=1, port=0) as address:
            await asyncio.to_thread(trade, address)

    asyncio.run(run())
