"""
A venue that answers as Binance's spot API does: paths, weights, headers, refusals.

Prices wander by the seed of the market that is handed in; an order at the market's price fills at
once, any other rests until it is cancelled. The account is named by the request's API key, the
address by the connection.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tapewatch.floor.errors import VenueRefuses
from tapewatch.floor.market import Market
from tapewatch.floor.venues.limits import (
    ORDERS_PER_10_SECONDS,
    ORDERS_PER_DAY,
    WEIGHT_PER_MINUTE,
    AccountLimits,
    AddressLimits,
    Refusal,
)
from tapewatch.model.clock import Clock

KEY: Final = "x-mbx-apikey"
NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
"""The weight of a book by how many levels are asked for, up to so many."""

TICK: Final = 0.01
LEVELS_MAX: Final = 20
RATE_LIMITS: Final = (
    ("REQUEST_WEIGHT", "MINUTE", 1, WEIGHT_PER_MINUTE),
    ("ORDERS", "SECOND", 10, ORDERS_PER_10_SECONDS),
    ("ORDERS", "DAY", 1, ORDERS_PER_DAY),
)


@dataclass(slots=True)
class Resting:
    """An order that waits in the book."""

    number: int
    symbol: str
    side: str
    price: float
    quantity: float


class BinanceVenue:
    """One venue: its market, its orders, and whom it counts."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self.market = market
        self._clock = clock
        self._addresses: dict[str, AddressLimits] = defaultdict(AddressLimits)
        self._accounts: dict[str, AccountLimits] = defaultdict(AccountLimits)
        self._resting: dict[int, Resting] = {}
        self._number = 0
        self._update = 0

    def app(self) -> Starlette:
        """The paths of the venue."""
        return Starlette(
            routes=[
                self._route("/api/v3/ping", _nothing, 1),
                self._route("/api/v3/time", self._time, 1),
                self._route("/api/v3/exchangeInfo", self._information, 20),
                self._route("/api/v3/depth", self._depth, 0),
                self._route("/api/v3/ticker/price", self._price, 2),
                self._route("/api/v3/openOrders", self._open, 6),
                self._route("/api/v3/order", self._order, 1, "POST"),
                self._route("/api/v3/order", self._cancel, 1, "DELETE"),
            ]
        )

    @property
    def now_s(self) -> float:
        """The venue's time."""
        return self._clock.now_ns() / 1e9

    def _route(
        self,
        path: str,
        work: Callable[[Mapping[str, str], str], Any],
        weight: int,
        method: str = "GET",
    ) -> Route:
        async def answer(request: Request) -> Response:
            body = (await request.body()).decode("utf-8", "replace")
            asked = {**request.query_params, **dict(parse_qsl(body))}
            cost = weight or _depth_weight(asked)
            return self._answer(request, work, asked, cost)

        return Route(path, answer, methods=[method])

    def _answer(
        self,
        request: Request,
        work: Callable[[Mapping[str, str], str], Any],
        asked: Mapping[str, str],
        weight: int,
    ) -> Response:
        address = self._addresses[request.client.host if request.client else ""]
        account = request.headers.get(KEY, "")
        refusal = address.spend(weight, self.now_s)
        if refusal is None:
            try:
                told = work(asked, account)
                response: Response = (
                    _refused(told) if isinstance(told, Refusal) else JSONResponse(told)
                )
            except VenueRefuses as why:
                response = JSONResponse({"code": why.code, "msg": why.words}, why.status)
        else:
            response = _refused(refusal)
        response.headers["x-mbx-used-weight-1m"] = str(address.weight.used)
        if request.url.path.endswith("/order") and request.method == "POST":
            counts = self._accounts[account]
            response.headers["x-mbx-order-count-10s"] = str(counts.short.used)
            response.headers["x-mbx-order-count-1d"] = str(counts.long.used)
        return response

    def _time(self, _asked: Mapping[str, str], _account: str) -> Any:
        return {"serverTime": round(self.now_s * 1000)}

    def _information(self, _asked: Mapping[str, str], _account: str) -> Any:
        names = ("rateLimitType", "interval", "intervalNum", "limit")
        return {
            "timezone": "UTC",
            "serverTime": round(self.now_s * 1000),
            "rateLimits": [dict(zip(names, each, strict=True)) for each in RATE_LIMITS],
            "symbols": [{"symbol": name, "status": "TRADING"} for name in self.market.symbols],
        }

    def _price(self, asked: Mapping[str, str], _account: str) -> Any:
        symbol = self._symbol(asked)
        return {"symbol": symbol, "price": f"{self.market.prices[symbol]:.2f}"}

    def _depth(self, asked: Mapping[str, str], _account: str) -> Any:
        price, self._update = self.market.prices[self._symbol(asked)], self._update + 1
        steps = range(1, min(_count(asked, "limit", 100), LEVELS_MAX) + 1)
        return {
            "lastUpdateId": self._update,
            "bids": [[f"{price - TICK * step:.2f}", "1.00"] for step in steps],
            "asks": [[f"{price + TICK * step:.2f}", "1.00"] for step in steps],
        }

    def _open(self, asked: Mapping[str, str], _account: str) -> Any:
        symbol = self._symbol(asked)
        return [_told(each, "NEW") for each in self._resting.values() if each.symbol == symbol]

    def _order(self, asked: Mapping[str, str], account: str) -> Any:
        symbol, side = self._symbol(asked), asked.get("side", "")
        if not account:
            raise VenueRefuses(401, -2014, "API-key format invalid.")
        if side not in ("BUY", "SELL"):
            raise VenueRefuses(400, -1117, "Invalid side.")
        limits = self._accounts[account]
        refusal = limits.order(self.now_s)
        if refusal is not None:
            return refusal
        market_price = self.market.prices[symbol]
        price = _number(asked, "price", market_price)
        self._number += 1
        order = Resting(self._number, symbol, side, price, _number(asked, "quantity", 0.0))
        crosses = price >= market_price if side == "BUY" else price <= market_price
        if crosses:
            limits.filled(self.now_s)
            return _told(order, "FILLED")
        self._resting[order.number] = order
        return _told(order, "NEW")

    def _cancel(self, asked: Mapping[str, str], _account: str) -> Any:
        order = self._resting.pop(_count(asked, "orderId", 0), None)
        if order is None:
            raise VenueRefuses(400, -2011, "Unknown order sent.")
        return _told(order, "CANCELED")

    def _symbol(self, asked: Mapping[str, str]) -> str:
        symbol = asked.get("symbol", "")
        if symbol not in self.market.prices:
            raise VenueRefuses(400, -1121, "Invalid symbol.")
        return symbol


def _nothing(_asked: Mapping[str, str], _account: str) -> Any:
    return {}


def _number(asked: Mapping[str, str], name: str, without: float) -> float:
    text = asked.get(name)
    if text is None:
        return without
    if not NUMBER.fullmatch(text):
        words = f"Illegal characters found in parameter '{name}'."
        raise VenueRefuses(400, -1100, words)
    return float(text)


def _count(asked: Mapping[str, str], name: str, without: int) -> int:
    return int(_number(asked, name, without))


def _depth_weight(asked: Mapping[str, str]) -> int:
    levels = int(asked["limit"]) if asked.get("limit", "").isdigit() else 100
    return next((weight for most, weight in DEPTH_WEIGHTS if levels <= most), 250)


def _refused(refusal: Refusal) -> Response:
    return JSONResponse(
        {"code": refusal.code, "msg": refusal.words},
        refusal.status,
        {"retry-after": str(refusal.retry_after_s)},
    )


def _told(order: Resting, status: str) -> dict[str, object]:
    return {
        "symbol": order.symbol,
        "orderId": order.number,
        "side": order.side,
        "status": status,
        "price": f"{order.price:.2f}",
        "origQty": f"{order.quantity:.8f}",
        "executedQty": f"{order.quantity if status == 'FILLED' else 0.0:.8f}",
    }
