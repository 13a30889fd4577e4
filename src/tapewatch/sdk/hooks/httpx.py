"""
httpx: the requests of a client that talks to one venue.

    client = watch(httpx.AsyncClient(base_url=…), VenueRequests("binance"))
"""

import functools
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar

from tapewatch.sdk.hooks.venue import Call, VenueRequests

ClientT = TypeVar("ClientT")

_CALL: Final = "tapewatch.call"


def watch(client: ClientT, requests: VenueRequests) -> ClientT:
    """Watch a client, blocking or not; gives the client back."""
    told: Any = client
    later = iscoroutinefunction(told.send)
    begin, end = _hooks_later(requests) if later else _hooks(requests)
    hooks = told.event_hooks
    told.event_hooks = {
        "request": [*hooks["request"], begin],
        "response": [end, *hooks["response"]],
    }
    # Event hooks see answers alone; what has none is seen where it is raised.
    told.send = _watched_later(told.send) if later else _watched(told.send)
    return client


def _hooks(requests: VenueRequests) -> Any:
    def begin(request: Any) -> None:
        request.extensions[_CALL] = requests.begin(request.method, str(request.url))

    def end(response: Any) -> None:
        _answered(response)

    return begin, end


def _hooks_later(requests: VenueRequests) -> Any:
    async def begin(request: Any) -> None:
        request.extensions[_CALL] = requests.begin(request.method, str(request.url))

    async def end(response: Any) -> None:
        _answered(response)

    return begin, end


def _answered(response: Any) -> None:
    call: Call | None = response.request.extensions.get(_CALL)
    if call is not None:
        call.answered(response.status_code, response.headers)


def _failed(request: Any, error: BaseException) -> None:
    call: Call | None = request.extensions.get(_CALL)
    if call is not None and not call.answered_already:
        call.failed(error)


def _watched(send: Any) -> Any:
    @functools.wraps(send)
    def watched(request: Any, **named: Any) -> Any:
        try:
            return send(request, **named)
        except BaseException as error:
            _failed(request, error)
            raise

    return watched


def _watched_later(send: Any) -> Any:
    @functools.wraps(send)
    async def watched(request: Any, **named: Any) -> Any:
        try:
            return await send(request, **named)
        except BaseException as error:
            _failed(request, error)
            raise

    return watched
