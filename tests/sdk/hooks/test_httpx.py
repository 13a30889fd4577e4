import asyncio

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.httpx import watch
from tapewatch.sdk.hooks.venue import VenueRequests
from tapewatch.sdk.trading.budget import RateBudget

httpx = pytest.importorskip("httpx", reason="httpx is not installed")


def venue(request):
    if request.url.path == "/gone":
        raise httpx.ConnectError("refused", request=request)
    if request.url.path == "/banned":
        return httpx.Response(418, headers={"Retry-After": "120"}, text='{"code":-1003}')
    return httpx.Response(200, headers={"X-MBX-USED-WEIGHT-1M": "1790"})


def test_a_blocking_client_is_watched(counted):
    budget = RateBudget("binance_spot", account="httpx")
    requests = VenueRequests("httpx-a", budget=budget)
    with watch(httpx.Client(transport=httpx.MockTransport(venue)), requests) as client:
        client.get("http://venue/api/v3/depth?symbol=BTCUSDT")
        assert budget.used("weight_1m") == 1790
        client.get("http://venue/banned")
        with pytest.raises(httpx.ConnectError):
            client.get("http://venue/gone")
    assert counted(metrics.VENUE_REQUESTS, "httpx-a") == {
        ("/api/v3/depth", "200"): 1,
        ("/banned", "418"): 1,
    }
    assert counted(metrics.VENUE_ERRORS, "httpx-a") == {
        ("/banned", "banned"): 1,
        ("/gone", "ConnectError"): 1,
    }
    assert budget.banned_until_ns > 0


def test_an_asynchronous_client_is_watched_and_keeps_its_own_hooks(counted):
    seen = []

    async def mine(response):
        seen.append(response.status_code)

    async def main():
        transport = httpx.MockTransport(venue)
        client = httpx.AsyncClient(transport=transport, event_hooks={"response": [mine]})
        async with watch(client, VenueRequests("httpx-b")) as client:
            await asyncio.gather(*(client.get(f"http://venue/order/{n}") for n in range(5)))
            with pytest.raises(httpx.ConnectError):
                await client.get("http://venue/gone")

    asyncio.run(main())
    assert seen == [200] * 5
    assert counted(metrics.VENUE_REQUESTS, "httpx-b") == {("/order/{id}", "200"): 5}
    assert counted(metrics.VENUE_ERRORS, "httpx-b") == {("/gone", "ConnectError"): 1}
