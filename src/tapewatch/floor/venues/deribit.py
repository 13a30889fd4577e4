"""
A venue that answers as Deribit's JSON-RPC does: credits that flow back, and an end of the session
for who spends more than there are.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tapewatch.floor.errors import VenueRefuses
from tapewatch.floor.market import Market
from tapewatch.floor.venues.credits import (
    COST,
    CREDITS_MAX,
    CREDITS_PER_SECOND,
    MATCHING_MAX,
    MATCHING_PER_SECOND,
    Credits,
    matching,
)
from tapewatch.floor.venues.orders import Order, reaches
from tapewatch.floor.venues.venue import Venue
from tapewatch.model.clock import Clock

TOO_MANY: Final = 10028
METHOD_NOT_FOUND: Final = -32601
INVALID: Final = -32602
STATES: Final = {"NEW": "open", "FILLED": "filled", "CANCELED": "cancelled"}
MATCHING: Final = frozenset({"private/buy", "private/sell", "private/cancel"})
Asked = Mapping[str, Any]


class DeribitVenue(Venue):
    """One venue: its market, its orders, and the credits of whoever asks."""

    def __init__(self, market: Market, clock: Clock) -> None:
        super().__init__(market, clock)
        self._credits: defaultdict[str, Credits] = defaultdict(Credits)
        self._matching: defaultdict[str, Credits] = defaultdict(matching)
        self._methods: dict[str, Callable[[Asked, str], Any]] = {
            "public/test": lambda _asked, _account: {"version": "1.2.26"},
            "public/get_time": lambda _asked, _account: self._now_ms,
            "public/auth": self._auth,
            "public/get_order_book": self._book,
            "private/buy": lambda asked, account: self._order(asked, account, "buy"),
            "private/sell": lambda asked, account: self._order(asked, account, "sell"),
            "private/cancel": self._cancel,
            "private/get_open_orders": self._open,
            "private/get_account_summary": self._summary,
        }

    @property
    def _now_ms(self) -> int:
        return round(self.now_s * 1000)

    def app(self) -> Starlette:
        """The paths of the venue."""
        return Starlette(
            routes=[
                Route("/api/v2/{method:path}", self._http, methods=["GET", "POST"]),
                WebSocketRoute("/ws/api/v2", self._session),
            ]
        )

    async def _http(self, request: Request) -> Response:
        asked: dict[str, Any] = dict(request.query_params)
        number: object = None
        if request.method == "POST":
            with suppress(ValueError, AttributeError):
                told = await request.json()
                asked, number = dict(told.get("params", {})), told.get("id")
        account = request.headers.get("authorization", "").removeprefix("Bearer ")
        told, _ = self._call(request.path_params["method"], asked, account, number)
        return JSONResponse(told, 400 if "error" in told else 200)

    async def _session(self, socket: WebSocket) -> None:
        await socket.accept()
        account, over = "", False
        with suppress(WebSocketDisconnect):
            while not over:
                text = await socket.receive_text()
                try:
                    asked = json.loads(text)
                    method, params = str(asked["method"]), dict(asked.get("params", {}))
                except (ValueError, KeyError, TypeError):
                    await socket.send_json(
                        {"error": {"code": INVALID, "message": "Invalid params"}}
                    )
                    continue
                told, over = self._call(method, params, account, asked.get("id"))
                if method == "public/auth" and "result" in told:
                    account = told["result"]["access_token"]
                await socket.send_json(told)
            # Who has no credits left has no session either.
            await socket.close()

    def _call(
        self, method: str, asked: Asked, account: str, number: object
    ) -> tuple[dict[str, Any], bool]:
        head = {"jsonrpc": "2.0", "id": number}
        pool, cost = self._pool(method, account)
        if not pool.spend(cost, self.now_s):
            return {**head, "error": {"code": TOO_MANY, "message": "too_many_requests"}}, True
        try:
            work = self._methods.get(method)
            if work is None:
                raise VenueRefuses(400, METHOD_NOT_FOUND, "Method not found")
            if method.startswith("private/") and not account:
                raise VenueRefuses(400, 13009, "unauthorized")
            return {**head, "result": work(asked, account), "usIn": self._now_ms * 1000}, False
        except VenueRefuses as why:
            return {**head, "error": {"code": why.code, "message": why.words}}, False

    def _pool(self, method: str, account: str) -> tuple[Credits, float]:
        if method in MATCHING:
            return self._matching[account], 1.0
        return self._credits[account], COST

    def _auth(self, asked: Asked, _account: str) -> Any:
        name = str(asked.get("client_id", ""))
        if not name:
            raise VenueRefuses(400, 13004, "invalid_credentials")
        return {"access_token": name, "token_type": "bearer", "expires_in": 31_536_000}

    def _book(self, asked: Asked, _account: str) -> Any:
        book = self.books.by_symbol[self._symbol(asked)]
        return {
            "instrument_name": book.symbol,
            "change_id": book.number,
            "timestamp": self._now_ms,
            "bids": [[float(price), float(size)] for price, size in book.bids.items()],
            "asks": [[float(price), float(size)] for price, size in book.asks.items()],
        }

    def _order(self, asked: Asked, account: str, side: str) -> Any:
        symbol = self._symbol(asked)
        market_price = self.market.prices[symbol]
        try:
            quantity = float(asked["amount"])
            price = float(asked.get("price") or market_price)
        except (KeyError, TypeError, ValueError):
            raise VenueRefuses(400, INVALID, "Invalid params") from None
        kind = str(asked.get("type", "limit"))
        name = str(asked.get("label", ""))
        order = Order(0, account, name, symbol, side, kind, price, quantity, "", self._now_ms)
        waits = not reaches(side, price, market_price)
        placed = self.ledger.place(order, market_price, waits=waits)
        return {"order": _told(placed), "trades": []}

    def _cancel(self, asked: Asked, account: str) -> Any:
        text = str(asked.get("order_id", ""))
        order = self.ledger.cancel(account, int(text) if text.isdigit() else 0)
        if order is None:
            raise VenueRefuses(400, 10004, "order_not_found")
        return _told(order)

    def _open(self, _asked: Asked, account: str) -> Any:
        return [_told(each) for each in self.ledger.accounts[account].resting()]

    def _summary(self, _asked: Asked, account: str) -> Any:
        own = self.ledger.accounts[account]
        engine = {"burst": MATCHING_MAX, "rate": MATCHING_PER_SECOND}
        other = {"burst": CREDITS_MAX / COST, "rate": CREDITS_PER_SECOND / COST}
        limits = {"matching_engine": {"trading": {"total": engine}}, "non_matching_engine": other}
        return {"username": account, "currency": "USD", "balance": own.cash, "limits": limits}

    def _symbol(self, asked: Asked) -> str:
        symbol = str(asked.get("instrument_name", ""))
        if symbol not in self.market.prices:
            raise VenueRefuses(400, INVALID, "Invalid params")
        return symbol


def _told(order: Order) -> dict[str, object]:
    return {
        "order_id": str(order.number),
        "instrument_name": order.symbol,
        "direction": order.side,
        "order_type": order.kind,
        "amount": order.quantity,
        "filled_amount": order.filled,
        "price": order.price,
        "order_state": STATES[order.status],
        "label": order.name,
    }
