"""
The streams of a Binance-like venue: who listens to what, and for how long.

A connection lives for a day at most, is told ten minutes before, and is closed as well when it says
more than five things a second or wants more streams than there may be.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tapewatch.floor.venues.book import Trade, Update
from tapewatch.model.clock import Clock

LIFE_S: Final = 86_400.0
NOTICE_S: Final = 600.0
HEARD_PER_SECOND_MAX: Final = 5
STREAMS_MAX: Final = 1024
QUEUE_MAX: Final = 1000
POLICY_VIOLATION: Final = 1008
SHUTDOWN: Final = "serverShutdown"


class Listener:
    """One connection."""

    def __init__(self, socket: WebSocket, streams: Iterable[str], *, wrapped: bool, now_s: float):
        self.socket = socket
        self.streams = dict.fromkeys(streams)
        self.wrapped = wrapped
        self.began_s = now_s
        self.warned = False
        self._heard: deque[float] = deque(maxlen=HEARD_PER_SECOND_MAX)
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_MAX)

    def tell(self, stream: str, event: dict[str, Any]) -> None:
        """Send an event of a stream; who does not read fast enough is let go."""
        told = {"stream": stream, "data": event} if self.wrapped else event
        self.say(told)

    def say(self, told: dict[str, Any]) -> None:
        """Send anything."""
        try:
            self.waiting.put_nowait(json.dumps(told, separators=(",", ":")))
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Send no more, and close."""
        while self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)

    def heard(self, now_s: float) -> bool:
        """Count something that was said; whether that was not too often."""
        often = len(self._heard) == HEARD_PER_SECOND_MAX and now_s - self._heard[0] < 1.0
        self._heard.append(now_s)
        return not often


class Streams:
    """Everybody who listens to one venue."""

    def __init__(self, clock: Clock, life_s: float = LIFE_S) -> None:
        self._clock = clock
        self._life_s = life_s
        self.listeners: set[Listener] = set()

    @property
    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9

    async def raw(self, socket: WebSocket) -> None:
        """Serve ``/ws`` and ``/ws/NAME/NAME``: events as they are."""
        path = socket.path_params.get("streams", "")
        await self._serve(socket, [each for each in path.split("/") if each], wrapped=False)

    async def combined(self, socket: WebSocket) -> None:
        """Serve ``/stream?streams=NAME/NAME``: events with the name of their stream."""
        wanted = socket.query_params.get("streams", "")
        await self._serve(socket, [each for each in wanted.split("/") if each], wrapped=True)

    async def _serve(self, socket: WebSocket, streams: list[str], *, wrapped: bool) -> None:
        await socket.accept()
        listener = Listener(socket, streams, wrapped=wrapped, now_s=self._now_s)
        self.listeners.add(listener)
        sending = asyncio.create_task(_send(listener))
        try:
            while True:
                said = await socket.receive_text()
                if not listener.heard(self._now_s):
                    await socket.close(POLICY_VIOLATION, "Too many requests")
                    break
                listener.say(self._answer(listener, said))
        except WebSocketDisconnect:
            pass
        finally:
            self.listeners.discard(listener)
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    def _answer(self, listener: Listener, said: str) -> dict[str, Any]:
        try:
            asked = json.loads(said)
            method, number = asked["method"], asked.get("id")
            names = [str(each) for each in asked.get("params", [])]
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"error": {"code": 3, "msg": "Invalid JSON: expected value"}}
        if method == "SUBSCRIBE" and len({*listener.streams, *names}) <= STREAMS_MAX:
            listener.streams.update(dict.fromkeys(names))
        elif method == "UNSUBSCRIBE":
            for name in names:
                listener.streams.pop(name, None)
        elif method == "LIST_SUBSCRIPTIONS":
            return {"result": list(listener.streams), "id": number}
        else:
            return {"error": {"code": 2, "msg": f"Invalid request: {method}"}, "id": number}
        return {"result": None, "id": number}

    def publish(self, updates: Iterable[Update], trades: Iterable[Trade]) -> None:
        """Send what happened to whoever listens, and let go whoever has listened for a day."""
        now_ms = round(self._now_s * 1000)
        for update in updates:
            events = {"depth": depth_event(update, now_ms), "bookTicker": best_event(update)}
            for listener in tuple(self.listeners):
                for stream in listener.streams:
                    symbol, _, kind = stream.partition("@")
                    event = events.get(kind.partition("@")[0])
                    if event is not None and symbol == update.symbol.lower():
                        listener.tell(stream, event)
        for trade in trades:
            event = trade_event(trade, now_ms)
            for listener in tuple(self.listeners):
                name = f"{trade.symbol.lower()}@trade"
                if name in listener.streams:
                    listener.tell(name, event)
        self._end_lives(now_ms)

    def tell_account(self, key: str, event: dict[str, Any]) -> None:
        """Send an event of an account to whoever listens by this key."""
        for listener in tuple(self.listeners):
            if key in listener.streams:
                listener.tell(key, event)

    def _end_lives(self, now_ms: int) -> None:
        for listener in tuple(self.listeners):
            age_s = now_ms / 1000 - listener.began_s
            if age_s >= self._life_s - NOTICE_S and not listener.warned:
                listener.warned = True
                listener.say({"e": SHUTDOWN, "E": now_ms})
            if age_s >= self._life_s:
                self.listeners.discard(listener)
                listener.end()


async def _send(listener: Listener) -> None:
    while (text := await listener.waiting.get()) is not None:
        await listener.socket.send_text(text)
    if listener.socket.client_state is WebSocketState.CONNECTED:
        await listener.socket.close()


def depth_event(update: Update, now_ms: int) -> dict[str, Any]:
    """Tell a change of a book."""
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "s": update.symbol,
        "U": update.first,
        "u": update.last,
        "b": [list(each) for each in update.bids.items()],
        "a": [list(each) for each in update.asks.items()],
    }


def best_event(update: Update) -> dict[str, Any]:
    """Tell the best levels of a book."""
    (bid, bid_size), (ask, ask_size) = update.best_bid, update.best_ask
    sizes = {"B": bid_size, "A": ask_size}
    return {"u": update.last, "s": update.symbol, "b": bid, "a": ask, **sizes}


def trade_event(trade: Trade, now_ms: int) -> dict[str, Any]:
    """Tell a trade."""
    return {
        "e": "trade",
        "E": now_ms,
        "s": trade.symbol,
        "t": trade.number,
        "p": trade.price,
        "q": trade.quantity,
        "T": now_ms,
        "m": trade.buyer_waited,
        "M": True,
    }
