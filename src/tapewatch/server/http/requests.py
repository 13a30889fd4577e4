"""Every request gets an id, is counted and timed, and never ends in silence."""

import logging
import os
import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Family, MetricType, Sample
from tapewatch.server.errors import Refusal
from tapewatch.server.http.shapes import ErrorShapes
from tapewatch.server.logs import request_id

log = logging.getLogger(__name__)

DURATION_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KINDS: Final = {404: "not_found", 405: "not_allowed", 400: "bad_data"}


class RequestTally:
    """Counts and times of the requests that were answered, by handler."""

    def __init__(self) -> None:
        self._codes: Counter[tuple[str, str, int]] = Counter()
        self._seconds: dict[str, list[float]] = {}

    def add(self, handler: str, method: str, code: int, seconds: float) -> None:
        """Count one answered request."""
        self._codes[handler, method, code] += 1
        slots = self._seconds.setdefault(handler, [0.0] * (len(DURATION_BOUNDS) + 2))
        slots[bisect_left(DURATION_BOUNDS, seconds)] += 1
        slots[-1] += seconds

    def families(self) -> Iterator[Family]:
        """Yield what was counted."""
        name = "tapewatch_http_requests_total"
        counted = [
            Sample(Labels.of(__name__=name, handler=h, method=m, code=str(c)), float(count))
            for (h, m, c), count in sorted(self._codes.items())
        ]
        yield Family(name, MetricType.COUNTER, "Requests answered.", counted)
        name = "tapewatch_http_request_duration_seconds"
        timed = [
            sample
            for handler, slots in sorted(self._seconds.items())
            for sample in _histogram(name, handler, slots)
        ]
        yield Family(name, MetricType.HISTOGRAM, "How long answering took.", timed)


class Requests:
    """The outermost layer: ids, counts, and the face's own shape for whatever went wrong."""

    def __init__(self, app: ASGIApp, shapes: ErrorShapes, tally: RequestTally) -> None:
        self._app = app
        self._shapes = shapes
        self._tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        token = request_id.set(_id_of(scope))
        began = time.perf_counter()
        status = 500
        answered = False

        async def watch(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                message["headers"] = [*message.get("headers", ()), _id_header()]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as fault:
            if answered:
                raise
            refusal = as_refusal(fault)
            status = refusal.status
            await self._shapes.response(scope["path"], refusal)(scope, receive, send)
        finally:
            route = scope.get("route")
            handler = getattr(route, "path", "") or "none"
            self._tally.add(handler, scope["method"], status, time.perf_counter() - began)
            request_id.reset(token)


def as_refusal(fault: Exception) -> Refusal:
    """Put any fault into words for the caller; what is ours to mend is logged in full."""
    if isinstance(fault, Refusal):
        return fault
    if isinstance(fault, HTTPException):
        kind = _KINDS.get(fault.status_code, "error")
        return Refusal(fault.status_code, kind, fault.detail.lower(), fault.headers)
    log.error("a request failed", exc_info=fault)
    message = f"something went wrong here; the log tells more under {request_id.get()}"
    return Refusal(500, "internal", message)


def _id_of(scope: Scope) -> str:
    given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"").decode("latin-1")
    return given if _SAFE_ID.fullmatch(given) else os.urandom(8).hex()


def _id_header() -> tuple[bytes, bytes]:
    return b"x-request-id", request_id.get().encode()


def _histogram(name: str, handler: str, slots: list[float]) -> Iterator[Sample]:
    total = 0.0
    for bound, count in zip((*map(str, DURATION_BOUNDS), "+Inf"), slots, strict=False):
        total += count
        labels = {METRIC_NAME: f"{name}_bucket", "handler": handler, "le": bound}
        yield Sample(Labels.of(labels), total)
    yield Sample(Labels.of({METRIC_NAME: f"{name}_sum", "handler": handler}), slots[-1])
    yield Sample(Labels.of({METRIC_NAME: f"{name}_count", "handler": handler}), total)
