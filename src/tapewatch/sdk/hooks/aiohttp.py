"""
aiohttp, as a server and as a client.

    app = web.Application(middlewares=[request_metrics("risk")])
    session = ClientSession(trace_configs=[trace_config(VenueRequests("binance"))])
"""

from collections.abc import Awaitable, Callable
from typing import Any

from tapewatch.sdk.hooks.requests import UNMATCHED, Requests
from tapewatch.sdk.hooks.third_party import needed
from tapewatch.sdk.hooks.venue import Call, VenueRequests

Handler = Callable[[Any], Awaitable[Any]]


def request_metrics(service: str) -> Any:
    """Make the middleware of a server; put it first, so that all answers are counted."""
    web = needed("aiohttp.web", "aiohttp")
    requests = Requests(service)

    @web.middleware  # type: ignore[untyped-decorator] # aiohttp is loaded when it is used.
    async def watched(request: Any, handler: Handler) -> Any:
        began_ns = requests.begin()
        status = 0
        try:
            answer = await handler(request)
            status = answer.status
            return answer
        except web.HTTPException as raised:
            status = raised.status
            raise
        except Exception:
            # aiohttp answers so.
            status = 500
            raise
        finally:
            requests.end(request.method, _template(request), status, began_ns)

    return watched


def _template(request: Any) -> str:
    resource = request.match_info.route.resource
    return UNMATCHED if resource is None else str(resource.canonical)


def trace_config(requests: VenueRequests) -> Any:
    """Make the trace configuration of a session whose requests go to one venue."""
    told = needed("aiohttp", "aiohttp").TraceConfig()

    async def started(_session: Any, context: Any, params: Any) -> None:
        context.call = requests.begin(params.method, str(params.url))

    async def ended(_session: Any, context: Any, params: Any) -> None:
        call: Call = context.call
        call.answered(params.response.status, params.response.headers)

    async def failed(_session: Any, context: Any, params: Any) -> None:
        call: Call = context.call
        call.failed(params.exception)

    told.on_request_start.append(started)
    told.on_request_end.append(ended)
    told.on_request_exception.append(failed)
    return told
