import sys

import pytest

from tapewatch.sdk.errors import MissingExtra
from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.third_party import needed
from tapewatch.sdk.hooks.venue import VenueRequests, endpoint_of
from tapewatch.sdk.trading.budget import RateBudget


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5", "/api/v3/depth"),
        ("https://x/v2/orders/61e69015-8549-4bfd-b9c3-01e75843f47d", "/v2/orders/{id}"),
        ("https://x/orders/1234/fills", "/orders/{id}/fills"),
        ("https://x/keys/pqia91ma19a5s61cv6a81va65sdf19v8a65a1", "/keys/{id}"),
        ("https://x", "/"),
        ("wss://x/0/public/Ticker", "/{id}/public/Ticker"),
    ],
)
def test_an_endpoint_has_no_ids(url, endpoint):
    assert endpoint_of(url) == endpoint


def test_what_a_request_costs_is_spent_where_no_header_tells(counted):
    budget = RateBudget("okx", account="costs")
    requests = VenueRequests(
        "okx-costs", budget=budget, costs=lambda method, endpoint: [("order", 1)]
    )
    for _ in range(3):
        requests.begin("POST", "https://x/api/v5/trade/order").answered(200)
    assert budget.remaining("order") == 57


def test_the_code_in_the_body_tells_more_than_the_status(counted):
    budget = RateBudget("bybit", account="code")
    call = VenueRequests("bybit-code", budget=budget).begin("GET", "https://x/y")
    call.answered(400, {}, '{"retCode":10006,"retMsg":"Too many visits!"}')
    assert counted(metrics.VENUE_ERRORS, "bybit-code") == {("/y", "over_limit"): 1}


def test_an_answer_that_the_client_raises_for_is_one_error(counted):
    call = VenueRequests("once").begin("GET", "https://x/y")
    call.answered(503)
    call.failed(RuntimeError("exchange not available"))
    assert counted(metrics.VENUE_ERRORS, "once") == {("/y", "server_error"): 1}
    assert counted(metrics.VENUE_SECONDS, "once") == {("/y",): 1}


def test_an_endpoint_function_that_fails_stops_no_request(counted):
    VenueRequests("bad", endpoint=lambda url: 1 / 0).begin("GET", "https://x/y").answered(200)
    assert counted(metrics.VENUE_REQUESTS, "bad") == {("unreadable", "200"): 1}


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(MissingExtra, match=r"needs ccxt: pip install 'tapewatch\[ccxt\]'"):
        needed("ccxt", "ccxt")
