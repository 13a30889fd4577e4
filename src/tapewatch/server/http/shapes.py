"""
The shape of an error, one for every protocol face.

A face registers the paths it answers; whatever refuses a request below them, a limit or a handler
or a crash, is told in that face's own JSON.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.responses import JSONResponse, Response

from tapewatch.server.errors import Refusal
from tapewatch.server.logs import request_id

Shape: TypeAlias = Callable[[Refusal], Any]


class ErrorShapes:
    """Knows which face a path belongs to."""

    def __init__(self) -> None:
        self._shapes: dict[str, Shape] = {}

    def register(self, prefix: str, shape: Shape) -> None:
        """Give every error below ``prefix`` this shape."""
        self._shapes[prefix] = shape

    def response(self, path: str, refusal: Refusal) -> Response:
        """Shape a refusal for the face that ``path`` belongs to."""
        matching = [prefix for prefix in self._shapes if path.startswith(prefix)]
        shape = self._shapes[max(matching, key=len)] if matching else own_shape
        return JSONResponse(shape(refusal), refusal.status, _headers(refusal.headers))


def own_shape(refusal: Refusal) -> dict[str, Any]:
    """Shape an error of our own pages and APIs."""
    told = {"code": refusal.kind, "message": refusal.message, "request_id": request_id.get()}
    return {"error": told}


def prometheus_shape(refusal: Refusal) -> dict[str, Any]:
    """Shape an error as Prometheus' API does."""
    return {"status": "error", "errorType": refusal.kind, "error": refusal.message}


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "x-request-id": request_id.get()}
