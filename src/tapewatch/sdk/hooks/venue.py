"""
Requests to one venue: how many, how long, what failed, and what is left of its budgets.

    requests = VenueRequests("binance", budget=RateBudget("binance_spot"))
    call = requests.begin("GET", url)
    call.answered(200, headers)

The hooks of the clients do this; a client without a hook can be told of by hand, as above.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.region.cells import clock_ns
from tapewatch.sdk.trading.budget import RateBudget

_FAILED: Final = 400
_OURS: Final = 500
_LETTERS_MAX: Final = 500
_ID: Final = re.compile(r"[0-9]+|[0-9a-fA-F-]{16,}|(?=.*[0-9]).{20,}")
_CODE: Final = re.compile(r'"(?:code|retCode)"\s*:\s*"?(-?[0-9]+)')
_NO_HEADERS: Final[Mapping[str, str]] = {}

Costs = Callable[[str, str], Iterable[tuple[str, float]]]
"""What a request costs, from its method and endpoint: the limits it uses and how much of each."""


def endpoint_of(url: str) -> str:
    """The path of an address with ``{id}`` for what looks like one, without query and host."""
    parts = urlsplit(url).path.split("/")
    return "/".join("{id}" if _ID.fullmatch(part) else part for part in parts) or "/"


class VenueRequests:
    """
    Watches the requests to one venue.

    ``endpoint`` makes the label from an address: paths that hold names (symbols, say) need one of
    your own. ``costs`` tells what a request uses of the budget's limits; venues that send no
    headers need it.
    """

    def __init__(
        self,
        venue: str,
        *,
        budget: RateBudget | None = None,
        endpoint: Callable[[str], str] = endpoint_of,
        costs: Costs | None = None,
    ) -> None:
        self.venue = venue
        self.budget = budget
        self._endpoint = endpoint
        self._costs = costs

    def begin(self, method: str, url: str) -> "Call":
        """Say that a request is sent now."""
        try:
            endpoint = self._endpoint(url)
            if self.budget is not None and self._costs is not None:
                for limit, amount in self._costs(method, endpoint):
                    self.budget.spend(limit, amount)
        except Exception:  # noqa: BLE001 - whatever these raise must not reach the trading path
            endpoint = "unreadable"
        return Call(self, endpoint)


class Call:
    """One request, until its answer is there."""

    __slots__ = ("_began_ns", "_endpoint", "_failed", "_requests", "answered_already")

    def __init__(self, requests: VenueRequests, endpoint: str) -> None:
        self._requests = requests
        self._endpoint = endpoint
        self._began_ns = clock_ns()
        self._failed = False
        self.answered_already = False

    def answered(
        self, status: int, headers: Mapping[str, str] = _NO_HEADERS, body: str = ""
    ) -> None:
        """Count an answer; the body is looked at for the venue's code where the status is bad."""
        self.answered_already = True
        requests, endpoint = self._requests, self._endpoint
        venue = requests.venue
        metrics.VENUE_SECONDS.labels(venue, endpoint).since(self._began_ns)
        metrics.VENUE_REQUESTS.labels(venue, endpoint, str(status)).inc()
        refusal = self._take_in(status, headers, body)
        if status >= _FAILED or refusal:
            self._count(refusal or ("server_error" if status >= _OURS else "client_error"))

    def _take_in(self, status: int, headers: Mapping[str, str], body: str) -> str:
        budget = self._requests.budget
        if budget is None:
            return ""
        message = body[:_LETTERS_MAX] if status >= _FAILED else ""
        code = _CODE.search(message)
        told = budget.answer(status, headers, code=code[1] if code else "", message=message)
        return "" if told is None else told.refusal.value

    def failed(self, error: BaseException) -> None:
        """Count an error: no answer, or one that the client took for an error."""
        if not self.answered_already:
            metrics.VENUE_SECONDS.labels(self._requests.venue, self._endpoint).since(self._began_ns)
        self._count(type(error).__name__)

    def _count(self, error: str) -> None:
        # An answer that refuses makes the client raise as well: it is one error.
        if not self._failed:
            self._failed = True
            metrics.VENUE_ERRORS.labels(self._requests.venue, self._endpoint, error).inc()
