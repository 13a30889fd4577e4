"""
What is left of a venue's rate limits, before it refuses.

    budget = RateBudget("binance_spot")
    budget.spend("weight_1m", 20)                     # when a request is sent
    budget.answer(429, {"Retry-After": "30"})         # when its answer is there

What was spent is counted by the window's own arithmetic until an answer tells it better. Nothing
is held back here: this tells, a limiter of your own decides.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import time_ns
from types import MappingProxyType
from typing import Final

from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.region.cells import CounterHandle, GaugeHandle
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.answers import READERS, Reading, nothing
from tapewatch.sdk.trading.limits import LIMITS, Limit
from tapewatch.sdk.trading.pace import Pace
from tapewatch.sdk.trading.refusal import Refusal, Refused, refused
from tapewatch.sdk.trading.window import Window

_NS: Final = 1e-9
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_MEMORY_MIN_S: Final = 2.0
_MEMORY_MAX_S: Final = 60.0


@dataclass(slots=True)
class Spending:
    """One limit with its pace and its cells."""

    window: Window
    pace: Pace
    used: GaugeHandle
    maximum: GaugeHandle
    ratio: GaugeHandle
    reset: GaugeHandle
    exhaustion: GaugeHandle
    reset_told_ns: int = field(default=0)

    def tell(self, now_ns: int) -> None:
        """Write what is used, and what follows from it."""
        window = self.window
        used = window.used(now_ns)
        self.used.set(used)
        self.maximum.set(window.limit)
        self.ratio.set(used / window.limit if window.limit else 0.0)
        told_ns = self.reset_told_ns if self.reset_told_ns > now_ns else window.reset_ns(now_ns)
        self.reset.set(told_ns * _NS)
        self.exhaustion.set(window.exhausted_in_s(self.pace.per_s(now_ns), now_ns))


class RateBudget:
    """
    The budgets of one account at one venue.

    ``venue`` names its rules (``LIMITS``), unless ``rules`` does because the venue goes by a name
    of yours; ``limits`` replaces the published ones, and is needed for a venue without rules.
    ``account`` is a name of your own, never the account's id.
    """

    def __init__(
        self,
        venue: str,
        limits: Iterable[Limit] | None = None,
        *,
        account: str = "",
        rules: str = "",
        now_ns: Callable[[], int] = time_ns,
        registry: Registry | None = None,
    ) -> None:
        self.venue = venue
        self._rules = rules or venue
        self._read = READERS.get(rules or venue, nothing)
        self._now_ns = now_ns
        own = {"venue": venue, "account": account}
        self._spendings = {
            each.name: _spending(each, own, registry) for each in _limits(rules or venue, limits)
        }
        self._ban = metrics.BAN_UNTIL.of(registry).bind(**own)
        self._unreadable = metrics.LIMIT_UNREADABLE.of(registry).bind(**own)
        self._refusals: dict[Refusal, CounterHandle] = {
            refusal: metrics.REFUSALS.of(registry).bind(**own, refusal=refusal.value)
            for refusal in Refusal
        }
        self._banned_until_ns = 0
        self.tell()

    @property
    def banned_until_ns(self) -> int:
        """Until when the venue said that it answers nothing; 0 where it never did."""
        return self._banned_until_ns

    def used(self, limit: str) -> float:
        """How much of a limit is used now; 0 for one that is not known."""
        spending = self._spendings.get(limit)
        return 0.0 if spending is None else spending.window.used(self._now_ns())

    def remaining(self, limit: str) -> float:
        """How much of a limit is left now; 0 for one that is not known."""
        spending = self._spendings.get(limit)
        if spending is None:
            return 0.0
        return max(spending.window.limit - spending.window.used(self._now_ns()), 0.0)

    def spend(self, limit: str, amount: float = 1.0) -> None:
        """Count what a request costs, when it is sent."""
        spending = self._spendings.get(limit)
        if spending is None or not isinstance(amount, (int, float)):
            self._unreadable.inc()
            return
        now_ns = self._now_ns()
        spending.window.spend(amount, now_ns)
        spending.pace.add(max(amount, 0.0), now_ns)
        spending.tell(now_ns)

    def answer(
        self,
        status: int = 200,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        limit: str = "",
        code: object = "",
        message: str = "",
    ) -> Refused | None:
        """
        Take in an answer: what its headers tell, and whether it refuses.

        ``limit`` names the budget of the endpoint that answered, where headers do not say
        (Bybit); ``code`` and ``message`` are those of the body.
        """
        now_ns = self._now_ns()
        try:
            for reading in self._read(headers):
                self._take(reading, limit, now_ns)
        except (AttributeError, TypeError, ValueError):
            self._unreadable.inc()
        return self._refused(status, headers, str(code), str(message), now_ns)

    def tell(self) -> None:
        """Write what is used now, without a request; what flows back is seen so."""
        now_ns = self._now_ns()
        for spending in self._spendings.values():
            spending.tell(now_ns)

    def report(
        self,
        limit: str,
        *,
        used: float | None = None,
        remaining: float | None = None,
        maximum: float | None = None,
        reset_ns: int | None = None,
    ) -> None:
        """Take over what is known from elsewhere: a poll of the venue's own counters."""
        reading = Reading(limit, used, remaining, maximum, reset_ns)
        self._take(reading, limit, self._now_ns())

    def _take(self, reading: Reading, limit: str, now_ns: int) -> None:
        spending = self._spendings.get(reading.limit or limit or "endpoint")
        if spending is None:
            self._unreadable.inc()
            return
        window = spending.window
        if reading.maximum is not None:
            window.limit = reading.maximum
        used = reading.used
        if used is None and reading.remaining is not None:
            used = window.limit - reading.remaining
        if used is not None:
            risen = used - window.used(now_ns)
            window.report(used, now_ns)
            if risen > 0:
                spending.pace.add(risen, now_ns)
        spending.reset_told_ns = reading.reset_ns or 0
        spending.tell(now_ns)

    def _refused(
        self, status: int, headers: Mapping[str, str], code: str, message: str, now_ns: int
    ) -> Refused | None:
        told = refused(
            self._rules,
            status,
            code=code,
            message=message,
            retry_after=_retry_after(headers),
            now_ns=now_ns,
        )
        if told is not None:
            self._refusals[told.refusal].inc()
            if told.until_ns > self._banned_until_ns:
                self._banned_until_ns = told.until_ns
                self._ban.set(told.until_ns * _NS)
        return told


def _limits(venue: str, limits: Iterable[Limit] | None) -> tuple[Limit, ...]:
    if limits is not None:
        return tuple(limits)
    known = LIMITS.get(venue)
    if known is None:
        names = ", ".join(LIMITS)
        raise BadDeclaration(venue, "has no published limits here", f"give some, or take {names}")
    return known()


def _spending(limit: Limit, own: Mapping[str, str], registry: Registry | None) -> Spending:
    labels = {**own, "scope": limit.scope.value, "limit": limit.name}
    return Spending(
        window=limit.window,
        pace=Pace(_memory_s(limit.window)),
        used=metrics.LIMIT_USED.of(registry).bind(**labels),
        maximum=metrics.LIMIT_MAXIMUM.of(registry).bind(**labels),
        ratio=metrics.LIMIT_RATIO.of(registry).bind(**labels),
        reset=metrics.LIMIT_RESET.of(registry).bind(**labels),
        exhaustion=metrics.LIMIT_EXHAUSTION.of(registry).bind(**labels),
    )


def _memory_s(window: Window) -> float:
    """A pace is worth knowing over a part of the period in which it could exhaust the window."""
    whole_s = getattr(window, "period_ns", 0) * _NS
    if not whole_s:
        whole_s = window.limit / getattr(window, "decay_per_s", 1.0)
    return min(max(whole_s / 4, _MEMORY_MIN_S), _MEMORY_MAX_S)


def _retry_after(headers: Mapping[str, str]) -> str:
    try:
        found = (value for name, value in headers.items() if name.lower() == "retry-after")
        return str(next(found, ""))
    except AttributeError:
        return ""
