"""What every web server's hook counts of a request."""

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.region.cells import clock_ns

UNMATCHED = "unmatched"
"""The endpoint of requests that no route takes: a raw path would be a series for each."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ERROR = 500


class Requests:
    """The requests of one service."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._in_flight = metrics.HTTP_IN_FLIGHT.bind(service=service)

    def begin(self) -> int:
        """Count a request in; give the time at which it began."""
        self._in_flight.inc()
        return clock_ns()

    def end(self, method: str, endpoint: str, status: int, began_ns: int) -> None:
        """Count a request out; a status of 0 is no answer at all."""
        self._in_flight.dec()
        service = self.service
        if method not in _METHODS:
            method = "other"
        metrics.HTTP_DURATION.labels(service, method, endpoint).since(began_ns)
        if status:
            metrics.HTTP_REQUESTS.labels(service, method, endpoint, str(status)).inc()
        if not status or status >= _ERROR:
            metrics.HTTP_ERRORS.labels(service, method, endpoint).inc()
