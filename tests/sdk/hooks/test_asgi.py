import asyncio

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.asgi import RequestMetrics, template

pytest.importorskip("starlette.testclient", reason="starlette's client needs httpx")

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient


async def answer(request):
    return PlainTextResponse("ok")


async def missing(request):
    return PlainTextResponse("no", status_code=404)


async def fail(request):
    raise RuntimeError("no")


async def talk(socket):
    await socket.accept()
    await socket.close()


def client(service, **named):
    app = Starlette(
        routes=[
            Route("/", answer),
            Route("/orders/{order_id:int}", answer, methods=["GET", "POST"]),
            Route("/missing", missing),
            Route("/fail", fail),
            Mount("/books/{book}", routes=[Route("/levels/{level}", answer)]),
            Mount("/files", app=PlainTextResponse("file")),
            WebSocketRoute("/talk", talk),
        ]
    )
    app.add_middleware(RequestMetrics, service=service)
    return TestClient(app, raise_server_exceptions=False, **named)


def test_requests_are_counted_by_their_template(counted):
    told = client("web-a")
    for order in range(3):
        told.get(f"/orders/{order}")
    told.post("/orders/7")
    told.get("/books/BTC/levels/5")
    told.get("/files/a/b.css")
    told.get("/")
    assert counted(metrics.HTTP_REQUESTS, "web-a") == {
        ("GET", "/orders/{order_id}", "200"): 3,
        ("POST", "/orders/{order_id}", "200"): 1,
        ("GET", "/books/{book}/levels/{level}", "200"): 1,
        ("GET", "/files/{path}", "200"): 1,
        ("GET", "/", "200"): 1,
    }
    assert counted(metrics.HTTP_DURATION, "web-a")["GET", "/orders/{order_id}"] == 3
    assert counted(metrics.HTTP_IN_FLIGHT, "web-a") == {(): 0}
    assert counted(metrics.HTTP_ERRORS, "web-a") == {}


def test_paths_without_a_route_share_one_endpoint(counted):
    told = client("web-b")
    for path in ("/nowhere", "/wp-admin.php"):
        told.get(path)
    told.get("/missing")
    told.delete("/orders/1")
    told.request("BREW", "/")
    assert counted(metrics.HTTP_REQUESTS, "web-b") == {
        ("GET", "unmatched", "404"): 2,
        ("GET", "/missing", "404"): 1,
        ("DELETE", "/orders/{order_id}", "405"): 1,
        ("other", "/", "405"): 1,
    }


def test_an_error_of_ours_is_an_error(counted):
    assert client("web-c").get("/fail").status_code == 500
    assert counted(metrics.HTTP_REQUESTS, "web-c") == {("GET", "/fail", "500"): 1}
    assert counted(metrics.HTTP_ERRORS, "web-c") == {("GET", "/fail"): 1}
    assert counted(metrics.HTTP_IN_FLIGHT, "web-c") == {(): 0}


def test_what_the_server_cut_from_the_path_is_no_part_of_the_template(counted):
    client("web-d", root_path="/api").get("/orders/3")
    assert ("GET", "/orders/{order_id}", "200") in counted(metrics.HTTP_REQUESTS, "web-d")


def test_other_scopes_pass(counted):
    with client("web-e").websocket_connect("/talk"):
        pass
    assert counted(metrics.HTTP_REQUESTS, "web-e") == {}


def test_a_request_is_in_flight_while_it_is_worked_on(counted):
    seen = []

    async def app(scope, receive, send):
        seen.append(counted(metrics.HTTP_IN_FLIGHT, "web-f"))
        raise asyncio.CancelledError

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(RequestMetrics(app, "web-f")(scope, None, None))
    assert seen == [{(): 1}]
    assert counted(metrics.HTTP_ERRORS, "web-f") == {("GET", "unmatched"): 1}
    assert counted(metrics.HTTP_REQUESTS, "web-f") == {}


def test_a_framework_that_names_no_route_is_told_by_its_parameters():
    scope = {"path": "/orders/7", "path_params": {"order_id": 7}, "endpoint": answer}
    assert template(scope) == "/orders/{order_id}"


def test_fastapi_is_watched_too(counted):
    fastapi = pytest.importorskip("fastapi", reason="FastAPI is not installed")
    router = fastapi.APIRouter(prefix="/v1")

    @router.get("/symbols/{symbol}")
    async def symbol(symbol: str):
        return {"symbol": symbol}

    app = fastapi.FastAPI()
    app.include_router(router)
    app.add_middleware(RequestMetrics, service="fast")
    told = TestClient(app)
    for name in ("BTC", "ETH"):
        assert told.get(f"/v1/symbols/{name}").json() == {"symbol": name}
    assert counted(metrics.HTTP_REQUESTS, "fast") == {("GET", "/v1/symbols/{symbol}", "200"): 2}
