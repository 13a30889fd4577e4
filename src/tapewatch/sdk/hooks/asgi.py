"""
Requests to Starlette, FastAPI and every other ASGI application.

    app.add_middleware(RequestMetrics, service="risk")

The endpoint is the template of the route (``/orders/{order_id}``), never the path. Put it outside
of the other middleware, so that what they answer is counted too.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from tapewatch.sdk.hooks.requests import UNMATCHED, Requests

Scope = MutableMapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestMetrics:
    """Pure ASGI middleware: it reads the status of the answer, and touches nothing."""

    def __init__(self, app: App, service: str) -> None:
        self.app = app
        self._requests = Requests(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        prefix = scope.get("root_path", "")
        began_ns = self._requests.begin()
        try:
            await self.app(scope, receive, watched)
        except Exception:
            # Whoever serves this answers so.
            status = 500
            raise
        except BaseException:
            # It was given up, and nobody is answered.
            status = 0
            raise
        finally:
            self._requests.end(scope["method"], template(scope, prefix), status, began_ns)


def template(scope: Mapping[str, Any], prefix: str = "") -> str:
    """The template of the route that took a request; ``prefix`` is what the server itself cut."""
    route = scope.get("route")
    if route is None:
        return _without_parameters(scope) if "endpoint" in scope else UNMATCHED
    mounted = scope.get("root_path", "").removeprefix(prefix)
    if hasattr(route, "app") and hasattr(route, "routes"):
        return f"{_named(mounted, scope)}/{{path}}"
    own = getattr(route, "path_format", "") or getattr(route, "path", "")
    return _named(mounted, scope) + own or "/"


def _without_parameters(scope: Mapping[str, Any]) -> str:
    return _named(scope["path"], scope)


def _named(path: str, scope: Mapping[str, Any]) -> str:
    """Write the names of parameters in the place of their values."""
    names = {str(value): name for name, value in scope.get("path_params", {}).items()}
    parts = [f"{{{names[part]}}}" if part in names else part for part in path.split("/")]
    return "/".join(parts)
