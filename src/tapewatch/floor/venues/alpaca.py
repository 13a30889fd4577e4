"""
A venue that answers as Alpaca's trading API does: 200 requests in a minute of the clock for an
account, told by every answer, and 429 beyond.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tapewatch.floor.errors import VenueRefuses
from tapewatch.floor.market import Market
from tapewatch.floor.venues.limits import MINUTE_S, Count
from tapewatch.floor.venues.orders import Order, reaches
from tapewatch.floor.venues.venue import Venue
from tapewatch.model.clock import Clock

KEY: Final = "apca-api-key-id"
REQUESTS_PER_MINUTE: Final = 200
STATUSES: Final = {"NEW": "new", "FILLED": "filled", "CANCELED": "canceled"}
Work = Callable[[Request, dict[str, Any], str], Any]


class AlpacaVenue(Venue):
    """One broker: its market, its accounts, and what each has asked."""

    def __init__(self, market: Market, clock: Clock) -> None:
        super().__init__(market, clock)
        self._counts: defaultdict[str, Count] = defaultdict(
            lambda: Count(REQUESTS_PER_MINUTE, MINUTE_S)
        )

    def app(self) -> Starlette:
        """The paths of the venue."""
        return Starlette(
            routes=[
                self._route("/v2/clock", self._time),
                self._route("/v2/account", self._account),
                self._route("/v2/positions", self._positions),
                self._route("/v2/orders", self._orders),
                self._route("/v2/orders", self._order, "POST"),
                self._route("/v2/orders/{number}", self._look),
                self._route("/v2/orders/{number}", self._cancel, "DELETE"),
                self._route("/v2/stocks/{symbol}/quotes/latest", self._quote),
            ]
        )

    def _route(self, path: str, work: Work, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            account = request.headers.get(KEY, "")
            if not account:
                return JSONResponse({"message": "forbidden."}, 403)
            count = self._counts[account]
            count.turn(self.now_s)
            headers = self._headers(count)
            if count.used >= count.limit:
                return JSONResponse(
                    {"code": 42910000, "message": "too many requests."}, 429, headers
                )
            count.used += 1
            headers = self._headers(count)
            try:
                asked = await request.json() if method == "POST" else dict(request.query_params)
                told = work(request, asked, account)
            except ValueError:
                return JSONResponse({"code": 40010000, "message": "request body is no JSON"}, 400)
            except VenueRefuses as why:
                body = {"code": why.code, "message": why.words}
                return JSONResponse(body, why.status, headers)
            if told is None:
                return Response(status_code=204, headers=headers)
            return JSONResponse(told, headers=headers)

        return Route(path, answer, methods=[method])

    def _headers(self, count: Count) -> dict[str, str]:
        ends_s = (int(self.now_s // MINUTE_S) + 1) * MINUTE_S
        return {
            "x-ratelimit-limit": str(count.limit),
            "x-ratelimit-remaining": str(max(count.limit - count.used, 0)),
            "x-ratelimit-reset": str(ends_s),
        }

    def _time(self, _request: Request, _asked: dict[str, Any], _account: str) -> Any:
        return {"timestamp": self.now_s, "is_open": True}

    def _account(self, _request: Request, _asked: dict[str, Any], account: str) -> Any:
        own = self.ledger.accounts[account]
        worth = sum(self.market.prices[symbol] * amount for symbol, amount in own.held.items())
        return {"id": account, "cash": f"{own.cash:.2f}", "equity": f"{own.cash + worth:.2f}"}

    def _positions(self, _request: Request, _asked: dict[str, Any], account: str) -> Any:
        held = self.ledger.accounts[account].held
        return [
            {"symbol": symbol, "qty": f"{amount:g}", "side": "long" if amount > 0 else "short"}
            for symbol, amount in held.items()
            if amount
        ]

    def _orders(self, _request: Request, asked: dict[str, Any], account: str) -> Any:
        own = self.ledger.accounts[account]
        found = own.orders.values() if asked.get("status") == "all" else own.resting()
        return [_told(each) for each in found]

    def _order(self, _request: Request, asked: dict[str, Any], account: str) -> Any:
        symbol, side = self._symbol(asked.get("symbol")), asked.get("side")
        if side not in ("buy", "sell"):
            raise VenueRefuses(422, 42210000, "invalid side")
        market_price = self.market.prices[symbol]
        try:
            quantity = float(asked["qty"])
            price = float(asked.get("limit_price") or market_price)
        except (KeyError, TypeError, ValueError):
            raise VenueRefuses(422, 40010001, "qty is required") from None
        order = Order(
            number=0,
            account=account,
            name=str(asked.get("client_order_id", "")),
            symbol=symbol,
            side=side,
            kind=str(asked.get("type", "market")),
            price=price,
            quantity=quantity,
            status="",
            at_ms=round(self.now_s * 1000),
        )
        waits = not reaches(side, price, market_price)
        return _told(self.ledger.place(order, market_price, waits=waits))

    def _look(self, request: Request, _asked: dict[str, Any], account: str) -> Any:
        order = self.ledger.accounts[account].orders.get(_number(request))
        if order is None:
            raise VenueRefuses(404, 40410000, "order not found")
        return _told(order)

    def _cancel(self, request: Request, _asked: dict[str, Any], account: str) -> Any:
        if self.ledger.cancel(account, _number(request)) is None:
            raise VenueRefuses(422, 42210000, "order is not cancelable")

    def _quote(self, request: Request, _asked: dict[str, Any], _account: str) -> Any:
        book = self.books.by_symbol[self._symbol(request.path_params["symbol"])]
        bid, ask = next(iter(book.bids.items())), next(iter(book.asks.items()))
        quote = {"bp": float(bid[0]), "bs": float(bid[1]), "ap": float(ask[0]), "as": float(ask[1])}
        return {"symbol": book.symbol, "quote": quote}

    def _symbol(self, symbol: object) -> str:
        if symbol not in self.market.prices:
            raise VenueRefuses(422, 42210000, f'could not find asset "{symbol}"')
        return str(symbol)


def _number(request: Request) -> int:
    text = request.path_params["number"]
    return int(text) if text.isdigit() else 0


def _told(order: Order) -> dict[str, object]:
    return {
        "id": str(order.number),
        "client_order_id": order.name,
        "symbol": order.symbol,
        "side": order.side,
        "type": order.kind,
        "qty": f"{order.quantity:g}",
        "filled_qty": f"{order.filled:g}",
        "limit_price": f"{order.price:.2f}",
        "status": STATUSES[order.status],
    }
