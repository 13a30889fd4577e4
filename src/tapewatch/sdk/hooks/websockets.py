"""
websockets: connections of ``websockets.asyncio.client.connect``.

    link = Link("binance", "depth")
    async for socket in connect(address, create_connection=watched(link)):
        async for message in socket: …

Connects, disconnects with their reason and messages are counted for as long as the library opens
the connection anew.
"""

from typing import Any, Final

from tapewatch.sdk.hooks.connection import Link
from tapewatch.sdk.hooks.third_party import needed

_REASONS: Final = {
    1000: "normal",
    1001: "going_away",
    1002: "protocol_error",
    1003: "bad_data",
    1006: "lost",
    1008: "policy",
    1009: "too_big",
    1011: "server_error",
    1012: "server_restart",
    1013: "try_later",
}
_OWN_CODES: Final = 3000


def watched(link: Link) -> Any:
    """A connection class whose connections tell ``link`` of themselves."""
    client = needed("websockets.asyncio.client", "websockets")
    base: Any = client.ClientConnection

    class WatchedConnection(base):  # type: ignore[misc] # websockets is loaded when it is used.
        _opened = False

        async def handshake(self, *arguments: Any, **named: Any) -> None:
            await super().handshake(*arguments, **named)
            self._opened = True
            link.opened()

        async def recv(self, *arguments: Any, **named: Any) -> Any:
            message = await super().recv(*arguments, **named)
            link.message(message)
            return message

        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            if self._opened:
                self._opened = False
                link.closed(reason_of(self.protocol))

    return WatchedConnection


def reason_of(protocol: Any) -> str:
    """Why a connection ended: ``ours`` where we closed it first, else a word for the code."""
    code = protocol.close_code
    if protocol.close_rcvd is not None and not protocol.close_rcvd_then_sent:
        return "ours"
    if code is not None and code >= _OWN_CODES:
        return f"code_{code}"
    return _REASONS.get(code, "lost" if code is None else "other")
