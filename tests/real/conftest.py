"""Programs that nobody here wrote, watched end to end, where they are installed."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

os.environ.setdefault("TAPEWATCH_REGION", "off")

SYMBOL = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "MARKET"],
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
    "permissions": ["SPOT"],
    "filters": [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01",
            "maxPrice": "1000000",
            "tickSize": "0.01",
        },
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    ],
}
BOOK = {"lastUpdateId": 160, "bids": [["100.0", "1.0"]], "asks": [["100.1", "2.0"]]}


class Venue:
    """
    A venue that counts weights as Binance does: 429 over the limit, 418 for going on after that.
    """

    weights = {"/api/v3/exchangeInfo": 20, "/api/v3/depth": 5, "/api/v3/time": 1}
    answers = {
        "/api/v3/exchangeInfo": {"timezone": "UTC", "serverTime": 1, "symbols": [SYMBOL]},
        "/api/v3/depth": BOOK,
        "/api/v3/time": {"serverTime": 1_700_000_000_000},
    }

    def __init__(self, limit):
        self.limit = limit
        self.used = 0
        self.warned = False

    def answer(self, path):
        """Give status, headers and body."""
        if self.used > self.limit:
            return self._refuse()
        self.used += self.weights.get(path, 1)
        body = self.answers.get(path, {"code": -1121, "msg": "Invalid symbol."})
        status = 200 if path in self.answers else 400
        return status, {"X-MBX-USED-WEIGHT-1M": str(self.used)}, body

    def _refuse(self):
        status, self.warned = (418 if self.warned else 429), True
        body = {"code": -1003, "msg": "Too much request weight used."}
        used = {"X-MBX-USED-WEIGHT-1M": str(self.used)}
        return status, {**used, "Retry-After": "120" if status == 418 else "5"}, body


@pytest.fixture
def venue():
    """A venue on this machine: give a limit, get the venue and its address."""
    servers = []

    def open_venue(limit):
        told = Venue(limit)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, body = told.answer(urlsplit(self.path).path)
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return told, f"http://127.0.0.1:{server.server_port}"

    yield open_venue
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()
