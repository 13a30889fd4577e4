import asyncio

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.aiohttp import request_metrics, trace_config
from tapewatch.sdk.hooks.venue import VenueRequests
from tapewatch.sdk.trading.budget import RateBudget

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

import aiohttp
from aiohttp import web


async def order(request):
    return web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "120"})


async def refuse(request):
    return web.Response(status=429, headers={"Retry-After": "7"})


async def fail(request):
    raise RuntimeError("no")


async def forbid(request):
    raise web.HTTPForbidden


def talk(service, requests, paths):
    async def main():
        app = web.Application(middlewares=[request_metrics(service)])
        app.router.add_get("/api/v3/order/{id}", order)
        app.router.add_get("/refuse", refuse)
        app.router.add_get("/fail", fail)
        app.router.add_get("/forbid", forbid)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        base = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        async with aiohttp.ClientSession(trace_configs=[trace_config(requests)]) as session:
            for path in paths:
                async with session.get(base + path) as answer:
                    await answer.read()
        await runner.cleanup()

    asyncio.run(main())


def test_a_server_and_its_client_count_the_same_requests(counted):
    budget = RateBudget("binance_spot", account="aio")
    requests = VenueRequests("aio", budget=budget)
    paths = ["/api/v3/order/17", "/api/v3/order/18", "/refuse", "/fail", "/forbid", "/nowhere"]
    talk("aio-server", requests, paths)
    assert counted(metrics.HTTP_REQUESTS, "aio-server") == {
        ("GET", "/api/v3/order/{id}", "200"): 2,
        ("GET", "/refuse", "429"): 1,
        ("GET", "/fail", "500"): 1,
        ("GET", "/forbid", "403"): 1,
        ("GET", "unmatched", "404"): 1,
    }
    assert counted(metrics.HTTP_ERRORS, "aio-server") == {("GET", "/fail"): 1}
    assert counted(metrics.VENUE_REQUESTS, "aio") == {
        ("/api/v3/order/{id}", "200"): 2,
        ("/refuse", "429"): 1,
        ("/fail", "500"): 1,
        ("/forbid", "403"): 1,
        ("/nowhere", "404"): 1,
    }
    assert counted(metrics.VENUE_ERRORS, "aio") == {
        ("/refuse", "over_limit"): 1,
        ("/fail", "server_error"): 1,
        ("/forbid", "firewall"): 1,
        ("/nowhere", "client_error"): 1,
    }
    assert counted(metrics.VENUE_SECONDS, "aio")[("/api/v3/order/{id}",)] == 2
    assert budget.used("weight_1m") == 120
    assert budget.banned_until_ns > 0


def test_a_request_without_an_answer_is_an_error(counted):
    async def main():
        config = trace_config(VenueRequests("aio-gone"))
        async with aiohttp.ClientSession(trace_configs=[config]) as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get("http://127.0.0.1:1/x")

    asyncio.run(main())
    assert counted(metrics.VENUE_ERRORS, "aio-gone") == {("/x", "ClientConnectorError"): 1}
    assert counted(metrics.VENUE_REQUESTS, "aio-gone") == {}
