"""ccxt's own Binance against a venue on this machine."""

import asyncio

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.ccxt import watched
from tapewatch.sdk.hooks.venue import VenueRequests
from tapewatch.sdk.trading.budget import RateBudget

ccxt = pytest.importorskip("ccxt", reason="needs ccxt: pip install 'tapewatch[ccxt]'")

# What ccxt leaves open or calls out of date is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def settings(address):
    return {
        "enableRateLimit": False,
        "urls": {"api": {"public": f"{address}/api/v3"}},
        "options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
    }


def counted(instrument, venue):
    return {
        values[1:]: handle.value
        for values, handle in instrument.children.items()
        if values[0] == venue
    }


def test_headers_are_read_on_200_429_and_418_before_ccxt_raises(venue):
    told, address = venue(limit=30)
    budget = RateBudget("binance_spot", account="ccxt-a")
    exchange = watched(ccxt.binance)(settings(address))
    exchange.requests = VenueRequests("ccxt-a", budget=budget)
    exchange.load_markets()
    assert exchange.fetch_order_book("BTC/USDT")["bids"] == [[100.0, 1.0]]
    assert budget.used("weight_1m") == told.used == 25
    for _ in range(2):
        exchange.fetch_order_book("BTC/USDT")
    for _ in range(2):
        with pytest.raises(ccxt.DDoSProtection):
            exchange.fetch_order_book("BTC/USDT")
    assert budget.banned_until_ns > 0
    assert counted(metrics.VENUE_REQUESTS, "ccxt-a") == {
        ("/api/v3/exchangeInfo", "200"): 1,
        ("/api/v3/depth", "200"): 3,
        ("/api/v3/depth", "429"): 1,
        ("/api/v3/depth", "418"): 1,
    }
    assert counted(metrics.VENUE_ERRORS, "ccxt-a") == {
        ("/api/v3/depth", "over_limit"): 1,
        ("/api/v3/depth", "banned"): 1,
    }
    assert metrics.VENUE_SECONDS.bind(venue="ccxt-a", endpoint="/api/v3/depth").count == 5


def test_requests_at_the_same_time_are_told_apart(venue):
    async def main(address):
        from ccxt import async_support

        exchange = watched(async_support.binance)(settings(address))
        exchange.requests = requests
        try:
            await exchange.load_markets()
            calls = (exchange.fetch_order_book("BTC/USDT") for _ in range(20))
            told = await asyncio.gather(*calls, exchange.fetch_time(), return_exceptions=True)
        finally:
            await exchange.close()
        return told

    told, address = venue(limit=6000)
    requests = VenueRequests("ccxt-b", budget=RateBudget("binance_spot", account="ccxt-b"))
    answers = asyncio.run(main(address))
    assert answers[-1] == 1_700_000_000_000
    assert counted(metrics.VENUE_REQUESTS, "ccxt-b") == {
        ("/api/v3/exchangeInfo", "200"): 1,
        ("/api/v3/depth", "200"): 20,
        ("/api/v3/time", "200"): 1,
    }
    # Answers overtake each other, so the last one to arrive may be an older one.
    assert 100 < requests.budget.used("weight_1m") <= told.used == 121


def test_what_never_arrives_is_an_error_of_the_clients(venue):
    exchange = watched(ccxt.binance)(settings("http://127.0.0.1:1"))
    exchange.requests = VenueRequests("ccxt-c")
    with pytest.raises(ccxt.NetworkError):
        exchange.fetch_time()
    ((endpoint, error),) = counted(metrics.VENUE_ERRORS, "ccxt-c")
    assert (endpoint, error) == ("/api/v3/time", "NetworkError")


def test_an_exchange_without_requests_of_its_own_has_its_id():
    exchange = watched(ccxt.binance)()
    assert exchange.begin("GET", "https://x/y") is not None
    assert exchange.requests.venue == "binance"
