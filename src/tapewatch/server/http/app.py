"""The ASGI application: the faces' routes inside the layers that every request passes."""

from collections.abc import Callable, Iterable

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from tapewatch.server.http.auth import Auth
from tapewatch.server.http.limits import Limits
from tapewatch.server.http.requests import Requests, RequestTally
from tapewatch.server.http.routes import Routes
from tapewatch.server.http.shapes import ErrorShapes
from tapewatch.server.settings import ServerSettings


class App:
    """Layers, outermost first: ids and error shapes, limits, authentication, routes."""

    def __init__(
        self,
        routes: Iterable[BaseRoute],
        shapes: ErrorShapes,
        settings: ServerSettings,
        is_open: Callable[[str], bool],
    ) -> None:
        self.tally = RequestTally()
        self._auth = Auth(Routes(routes), settings.auth_token, is_open)
        self._limits = Limits(self._auth, settings)
        self._outermost: ASGIApp = Requests(self._limits, shapes, self.tally)

    def apply(self, settings: ServerSettings) -> None:
        """Use new settings for the requests that follow."""
        self._limits.apply(settings)
        self._auth.apply(settings.auth_token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette raises for an unknown path only where it finds its application.
        scope["app"] = self
        await self._outermost(scope, receive, send)
