"""
ccxt: an exchange whose requests and budget are watched.

    exchange = watched(ccxt.binance)({"apiKey": …})
    exchange.requests = VenueRequests("binance", budget=RateBudget("binance_spot"))

The headers are read from every answer, also from a 429 and a 418, before ccxt raises. Its own
``last_response_headers`` belong to the exchange and not to a request: under asyncio they are those
of another one.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, Final

from tapewatch.sdk.hooks.venue import Call, VenueRequests

_call: Final[ContextVar[Call | None]] = ContextVar("tapewatch_ccxt_call", default=None)


class Watched:
    """What both kinds of exchanges have in common; stands before ccxt's class."""

    requests: VenueRequests | None = None
    id: str

    def begin(self, method: str, url: str) -> Call:
        """Begin a request, of the exchange's own name where none was given."""
        if self.requests is None:
            self.requests = VenueRequests(self.id)
        return self.requests.begin(method, url)

    def on_rest_response(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        response_headers: Mapping[str, str],
        response_body: str,
        *others: Any,
    ) -> Any:
        """Take in an answer, and let ccxt go on with it."""
        call = _call.get()
        if call is not None:
            call.answered(code, response_headers, response_body)
        above: Any = super()
        return above.on_rest_response(
            code, reason, url, method, response_headers, response_body, *others
        )


class _Blocking(Watched):
    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        call = self.begin(method, url)
        token = _call.set(call)
        above: Any = super()
        try:
            return above.fetch(url, method, headers, body)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            _call.reset(token)


class _Asynchronous(Watched):
    async def fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        call = self.begin(method, url)
        token = _call.set(call)
        above: Any = super()
        try:
            return await above.fetch(url, method, headers, body)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            _call.reset(token)


def watched(exchange: type) -> Any:
    """A class like ``exchange``, of ccxt or of ``ccxt.async_support``, that is watched."""
    told: Any = exchange
    mixin = _Asynchronous if iscoroutinefunction(told.fetch) else _Blocking
    return type(f"Watched{exchange.__name__.capitalize()}", (mixin, exchange), {})
