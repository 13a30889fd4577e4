"""
A venue that answers as Binance's spot API does: paths, weights, headers, refusals, streams.

Prices wander by the seed of the market that is handed in; an order at the market's price or better
fills at once, any other rests until the price reaches it or it is cancelled. The account is named
by the request's API key, which anybody may choose, and the address by the connection; a signature
has to be there where a time is, and is not checked.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

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
from tapewatch.floor.venues.orders import FILLED, Order, reaches
from tapewatch.floor.venues.streams import LIFE_S, Streams
from tapewatch.floor.venues.venue import Venue
from tapewatch.model.clock import Clock

KEY: Final = "x-mbx-apikey"
SYMBOL: Final = re.compile(r"[A-Z0-9]+")
FEE: Final = "0.001"
NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
"""The weight of a book by how many levels are asked for, up to so many."""

QUOTE: Final = "USDT"
WINDOW_MS: Final = 5000
WINDOW_MS_MAX: Final = 60_000
AHEAD_MS: Final = 1000
RATE_LIMITS: Final = (
    ("REQUEST_WEIGHT", "MINUTE", 1, WEIGHT_PER_MINUTE),
    ("ORDERS", "SECOND", 10, ORDERS_PER_10_SECONDS),
    ("ORDERS", "DAY", 1, ORDERS_PER_DAY),
)
FILTERS: Final = (
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    {
        "filterType": "NOTIONAL",
        "minNotional": "5",
        "applyMinToMarket": True,
        "maxNotional": "9000000",
        "applyMaxToMarket": False,
        "avgPriceMins": 5,
    },
)

Asked = Mapping[str, str]
Work = Callable[[Asked, str], Any]


class BinanceVenue(Venue):
    """One venue: its market, its orders, and whom it counts."""

    def __init__(self, market: Market, clock: Clock, *, life_s: float = LIFE_S) -> None:
        super().__init__(market, clock)
        self.streams = Streams(clock, life_s)
        self._addresses: dict[str, AddressLimits] = defaultdict(AddressLimits)
        self._accounts: dict[str, AccountLimits] = defaultdict(AccountLimits)

    def app(self) -> Starlette:
        """The paths of the venue."""
        read: list[tuple[str, Work, int]] = [
            ("/api/v3/ping", _nothing, 1),
            ("/api/v3/time", self._time, 1),
            ("/api/v3/exchangeInfo", self._information, 20),
            ("/api/v3/depth", self._depth, 0),
            ("/api/v3/trades", self._trades, 25),
            ("/api/v3/ticker/price", self._price, 2),
            ("/api/v3/ticker/bookTicker", self._best, 2),
            ("/api/v3/ticker/24hr", self._day, 2),
            ("/api/v3/account", self._account, 20),
            ("/api/v3/openOrders", self._open, 6),
            ("/api/v3/allOrders", self._all, 20),
            ("/api/v3/order", self._look, 4),
            ("/sapi/v1/asset/tradeFee", self._fees, 1),
            ("/sapi/v1/capital/config/getall", _no_list, 10),
            ("/sapi/v1/margin/allPairs", _no_list, 1),
            ("/sapi/v1/margin/isolated/allPairs", _no_list, 1),
            ("/fapi/v1/exchangeInfo", _no_symbols, 1),
            ("/dapi/v1/exchangeInfo", _no_symbols, 1),
        ]
        routes: list[BaseRoute] = [self._route(*each) for each in read]
        routes += [
            self._route("/api/v3/order", self._order, 1, "POST"),
            self._route("/api/v3/order/test", _nothing, 1, "POST"),
            self._route("/api/v3/order", self._cancel, 1, "DELETE"),
            self._route("/api/v3/userDataStream", self._listen_key, 2, "POST"),
            self._route("/api/v3/userDataStream", _nothing, 2, "PUT"),
            WebSocketRoute("/ws", self.streams.raw),
            WebSocketRoute("/ws/{streams:path}", self.streams.raw),
            WebSocketRoute("/stream", self.streams.combined),
        ]
        return Starlette(routes=routes)

    def step(self, seconds: float) -> None:
        """Let so much time pass: the market moves, orders are reached, listeners hear of it."""
        updates, trades = self.books.step(self.now_s, seconds)
        for symbol, price in self.market.prices.items():
            for order in self.ledger.cross(symbol, price):
                self._accounts[order.account].filled(self.now_s)
                self._report(order)
        self.streams.publish(updates, trades)

    def _route(self, path: str, work: Work, weight: int, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            body = (await request.body()).decode("utf-8", "replace")
            asked = {**request.query_params, **dict(parse_qsl(body))}
            cost = weight or _depth_weight(asked)
            return self._answer(request, work, asked, cost)

        return Route(path, answer, methods=[method])

    def _answer(self, request: Request, work: Work, asked: Asked, weight: int) -> Response:
        address = self._addresses[request.client.host if request.client else ""]
        account = request.headers.get(KEY, "")
        refusal = address.spend(weight, self.now_s)
        if refusal is None:
            try:
                self._check_time(asked)
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

    def _check_time(self, asked: Asked) -> None:
        if "timestamp" not in asked:
            return
        if not asked.get("signature"):
            raise VenueRefuses(400, -1102, "Mandatory parameter 'signature' was not sent.")
        age_ms = self.now_s * 1000 - _number(asked, "timestamp", 0.0)
        if age_ms < -AHEAD_MS:
            words = "Timestamp for this request was 1000ms ahead of the server's time."
            raise VenueRefuses(400, -1021, words)
        if age_ms > min(_number(asked, "recvWindow", WINDOW_MS), WINDOW_MS_MAX):
            words = "Timestamp for this request is outside of the recvWindow."
            raise VenueRefuses(400, -1021, words)

    def _time(self, _asked: Asked, _account: str) -> Any:
        return {"serverTime": round(self.now_s * 1000)}

    def _information(self, asked: Asked, _account: str) -> Any:
        names = ("rateLimitType", "interval", "intervalNum", "limit")
        return {
            "timezone": "UTC",
            "serverTime": round(self.now_s * 1000),
            "rateLimits": [dict(zip(names, each, strict=True)) for each in RATE_LIMITS],
            "exchangeFilters": [],
            "symbols": [_described(name) for name in self._chosen(asked)],
        }

    def _fees(self, asked: Asked, account: str) -> Any:
        self._known(account)
        fee = {"makerCommission": FEE, "takerCommission": FEE}
        return [{"symbol": name, **fee} for name in self._chosen(asked)]

    def _price(self, asked: Asked, _account: str) -> Any:
        symbol = self._symbol(asked)
        return {"symbol": symbol, "price": f"{self.market.prices[symbol]:.2f}"}

    def _best(self, asked: Asked, _account: str) -> Any:
        book = self.books.by_symbol[self._symbol(asked)]
        bid, ask = next(iter(book.bids.items())), next(iter(book.asks.items()))
        told = {"bidPrice": bid[0], "bidQty": bid[1], "askPrice": ask[0], "askQty": ask[1]}
        return {"symbol": book.symbol, **told}

    def _day(self, asked: Asked, account: str) -> Any:
        best, now_ms = self._best(asked, account), round(self.now_s * 1000)
        price = self._price(asked, account)["price"]
        prices = dict.fromkeys(
            ("lastPrice", "openPrice", "highPrice", "lowPrice", "prevClosePrice"), price
        )
        times = {"openTime": now_ms - 86_400_000, "closeTime": now_ms, "count": 0}
        return {**best, **prices, **times, "volume": "0", "quoteVolume": "0"}

    def _depth(self, asked: Asked, _account: str) -> Any:
        book = self.books.by_symbol[self._symbol(asked)]
        most = _count(asked, "limit", 100)
        return {
            "lastUpdateId": book.number,
            "bids": [list(each) for each in book.bids.items()][:most],
            "asks": [list(each) for each in book.asks.items()][:most],
        }

    def _trades(self, asked: Asked, _account: str) -> Any:
        book, now_ms = self.books.by_symbol[self._symbol(asked)], round(self.now_s * 1000)
        return [
            {
                "id": each.number,
                "price": each.price,
                "qty": each.quantity,
                "quoteQty": f"{float(each.price) * float(each.quantity):.8f}",
                "time": now_ms,
                "isBuyerMaker": each.buyer_waited,
                "isBestMatch": True,
            }
            for each in book.last_trades[-_count(asked, "limit", 500) :]
        ]

    def _account(self, _asked: Asked, account: str) -> Any:
        self._known(account)
        own = self.ledger.accounts[account]
        held = {QUOTE: own.cash, **{_base(symbol): amount for symbol, amount in own.held.items()}}
        balances = [
            {"asset": asset, "free": f"{amount:.8f}", "locked": "0.00000000"}
            for asset, amount in held.items()
        ]
        return {"accountType": "SPOT", "canTrade": True, "permissions": [], "balances": balances}

    def _open(self, asked: Asked, account: str) -> Any:
        self._known(account)
        symbol = self._symbol(asked) if "symbol" in asked else ""
        return [_told(each) for each in self.ledger.accounts[account].resting(symbol)]

    def _all(self, asked: Asked, account: str) -> Any:
        symbol = self._symbol(asked)
        orders = self.ledger.accounts[account].orders.values()
        return [_told(each) for each in orders if each.symbol == symbol]

    def _look(self, asked: Asked, account: str) -> Any:
        order = self.ledger.accounts[account].orders.get(_count(asked, "orderId", 0))
        if order is None:
            raise VenueRefuses(400, -2013, "Order does not exist.")
        return _told(order)

    def _order(self, asked: Asked, account: str) -> Any:
        symbol, side = self._symbol(asked), asked.get("side", "")
        self._known(account)
        if side not in ("BUY", "SELL"):
            raise VenueRefuses(400, -1117, "Invalid side.")
        limits = self._accounts[account]
        refusal = limits.order(self.now_s)
        if refusal is not None:
            return refusal
        market_price = self.market.prices[symbol]
        price = _number(asked, "price", market_price)
        waits = not reaches(side, price, market_price)
        order = Order(
            number=0,
            account=account,
            name=asked.get("newClientOrderId", ""),
            symbol=symbol,
            side=side,
            kind=asked.get("type", "LIMIT" if "price" in asked else "MARKET"),
            price=price,
            quantity=_number(asked, "quantity", 0.0),
            status="",
            at_ms=round(self.now_s * 1000),
        )
        placed = self.ledger.place(order, market_price, waits=waits)
        if placed.status == FILLED:
            limits.filled(self.now_s)
        self._report(placed)
        return _told(placed)

    def _cancel(self, asked: Asked, account: str) -> Any:
        order = self.ledger.cancel(account, _count(asked, "orderId", 0))
        if order is None:
            raise VenueRefuses(400, -2011, "Unknown order sent.")
        self._report(order)
        return _told(order)

    def _listen_key(self, _asked: Asked, account: str) -> Any:
        self._known(account)
        return {"listenKey": f"listen-{account}"}

    def _report(self, order: Order) -> None:
        now_ms = round(self.now_s * 1000)
        event = {
            "e": "executionReport",
            "E": now_ms,
            "s": order.symbol,
            "c": order.name,
            "S": order.side,
            "o": order.kind,
            "q": f"{order.quantity:.8f}",
            "p": f"{order.price:.2f}",
            "x": "TRADE" if order.status == FILLED else order.status,
            "X": order.status,
            "i": order.number,
            "l": f"{order.filled:.8f}",
            "z": f"{order.filled:.8f}",
            "T": now_ms,
        }
        self.streams.tell_account(f"listen-{order.account}", event)

    def _known(self, account: str) -> None:
        if not account:
            raise VenueRefuses(401, -2014, "API-key format invalid.")

    def _chosen(self, asked: Asked) -> Sequence[str]:
        """Give the symbols that are asked for, by ``symbol`` or as a list by ``symbols``."""
        if "symbol" in asked:
            return (self._symbol(asked),)
        named = SYMBOL.findall(asked.get("symbols", ""))
        return tuple(self._symbol({"symbol": name}) for name in named) or self.market.symbols

    def _symbol(self, asked: Asked) -> str:
        symbol = asked.get("symbol", "")
        if symbol not in self.market.prices:
            raise VenueRefuses(400, -1121, "Invalid symbol.")
        return symbol


def _nothing(_asked: Asked, _account: str) -> Any:
    return {}


def _no_list(_asked: Asked, _account: str) -> Any:
    return []


def _no_symbols(_asked: Asked, _account: str) -> Any:
    return {"symbols": []}


def _base(symbol: str) -> str:
    return symbol.removesuffix(QUOTE)


def _described(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": _base(symbol),
        "quoteAsset": QUOTE,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": False,
        "allowTrailingStop": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "filters": list(FILTERS),
    }


def _number(asked: Asked, name: str, without: float) -> float:
    text = asked.get(name)
    if text is None:
        return without
    if not NUMBER.fullmatch(text):
        words = f"Illegal characters found in parameter '{name}'."
        raise VenueRefuses(400, -1100, words)
    return float(text)


def _count(asked: Asked, name: str, without: int) -> int:
    return int(_number(asked, name, without))


def _depth_weight(asked: Asked) -> int:
    levels = int(asked["limit"]) if asked.get("limit", "").isdigit() else 100
    return next((weight for most, weight in DEPTH_WEIGHTS if levels <= most), 250)


def _refused(refusal: Refusal) -> Response:
    return JSONResponse(
        {"code": refusal.code, "msg": refusal.words},
        refusal.status,
        {"retry-after": str(refusal.retry_after_s)},
    )


def _told(order: Order) -> dict[str, object]:
    return {
        "symbol": order.symbol,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.name,
        "transactTime": order.at_ms,
        "time": order.at_ms,
        "updateTime": order.at_ms,
        "type": order.kind,
        "timeInForce": "GTC",
        "side": order.side,
        "status": order.status,
        "price": f"{order.price:.2f}",
        "origQty": f"{order.quantity:.8f}",
        "executedQty": f"{order.filled:.8f}",
        "cummulativeQuoteQty": f"{order.filled * order.price:.8f}",
        "isWorking": True,
        "fills": [],
    }
