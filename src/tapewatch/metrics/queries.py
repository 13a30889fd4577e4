"""
Queries beside the event loop: on a few threads, under a budget, and only while somebody waits.

A query that was cheap the last time is answered at once, without a thread, under a budget so small
that it cannot keep the loop: when it has grown it is begun again on a thread.
"""

import asyncio
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any, Final, TypeVar

from tapewatch.metrics.promql.errors import (
    QueryCanceled,
    QueryError,
    QueryTimedOut,
    QueryTooLarge,
)
from tapewatch.metrics.promql.settings import Budget
from tapewatch.metrics.settings import QuerySettings
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Family, MetricType, Sample, counter, family, gauge

CHEAP_SECONDS: Final = 0.002
"""A query that took less than this may be answered on the loop the next time."""
CHEAP_LONGEST_SECONDS: Final = 0.05
CHEAP_SAMPLES: Final = 20_000
CHEAP_REMEMBERED: Final = 4096
PATIENCE_SECONDS: Final = 0.02
"""How long a query runs before anybody looks whether its client is still there."""

DURATION_BOUNDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    60,
)

T = TypeVar("T")
Work = Callable[[Budget], T]
Gone = Callable[[], Awaitable[None]]


class Queries:
    """Runs queries, so many at once, and counts what became of them."""

    def __init__(self, settings: QuerySettings) -> None:
        self._settings = settings
        self._cheap: OrderedDict[Hashable, None] = OrderedDict()
        self._running: set[Budget] = set()
        self.tally = QueryTally()
        self._begin(settings.concurrency)

    def budget(self, *, timeout_ms: int | None = None, lookback_ms: int | None = None) -> Budget:
        """Return what a query may use; nobody may ask for more time than is configured."""
        allowed_ms = self._settings.timeout
        chosen_ms = allowed_ms if timeout_ms is None else min(timeout_ms, allowed_ms)
        return Budget(timeout_s=chosen_ms / 1000, lookback_ms=lookback_ms)

    async def run(
        self, work: Work[T], budget: Budget, *, gone: Gone | None = None, key: Hashable = None
    ) -> T:
        """
        Return what ``work`` makes.

        ``gone`` returns when nobody waits for the answer any more. ``key`` names the work, so that
        it is known again; without one it always gets a thread.
        """
        began = perf_counter()
        outcome = "error"
        try:
            if key is not None and key in self._cheap:
                try:
                    answer = work(_cheap(budget))
                except (QueryTooLarge, QueryTimedOut):
                    del self._cheap[key]
                    answer = await self._run_beside(work, budget, gone, key)
            else:
                answer = await self._run_beside(work, budget, gone, key)
            outcome = "success"
            return answer
        except QueryError as fault:
            outcome = _OUTCOMES.get(type(fault), "error")
            raise
        finally:
            self.tally.add(outcome, perf_counter() - began)

    def apply(self, settings: QuerySettings) -> None:
        """Use new settings for the queries that follow."""
        if settings.concurrency != self._settings.concurrency:
            # What runs goes on in the old pool, whose threads end when they have nothing to do.
            self._pool.shutdown(wait=False)
            self._begin(settings.concurrency)
        self._settings = settings
        self._cheap.clear()

    def _begin(self, concurrency: int) -> None:
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="query")
        self._free = asyncio.Semaphore(concurrency)

    def cancel_all(self) -> int:
        """Give up everything that runs; returns how many queries that were."""
        for budget in self._running:
            budget.canceled.set()
        return len(self._running)

    def close(self) -> None:
        """End; what still runs stops at its next check."""
        self.cancel_all()
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run_beside(
        self, work: Work[T], budget: Budget, gone: Gone | None, key: Hashable
    ) -> T:
        began = perf_counter()
        free = self._free
        await self._take_place(free, budget)
        waited = perf_counter() - began
        self.tally.queue_seconds += waited
        if budget.timeout_s is not None:
            budget = replace(budget, timeout_s=max(budget.timeout_s - waited, 0.0))
        self._running.add(budget)
        future = asyncio.get_running_loop().run_in_executor(self._pool, _timed, work, budget)
        future.add_done_callback(lambda done: self._give_back(free, done, budget))
        try:
            answer, seconds = await _while_wanted(future, budget, gone)
        except asyncio.CancelledError:
            budget.canceled.set()
            raise
        if key is not None and seconds < CHEAP_SECONDS:
            self._remember(key)
        return answer

    async def _take_place(self, free: asyncio.Semaphore, budget: Budget) -> None:
        self.tally.waiting += 1
        try:
            async with asyncio.timeout(budget.timeout_s):
                await free.acquire()
        except TimeoutError:
            raise QueryTimedOut("query queue") from None
        finally:
            self.tally.waiting -= 1

    def _give_back(
        self, free: asyncio.Semaphore, done: "asyncio.Future[Any]", budget: Budget
    ) -> None:
        self._running.discard(budget)
        free.release()
        if not done.cancelled():
            done.exception()  # Whoever waited may have gone; it was counted all the same.

    def _remember(self, key: Hashable) -> None:
        self._cheap[key] = None
        if len(self._cheap) > CHEAP_REMEMBERED:
            self._cheap.popitem(last=False)

    def families(self) -> Iterator[Family]:
        """Yield what was counted."""
        yield from self.tally.families(running=len(self._running))


def _cheap(budget: Budget) -> Budget:
    asked = CHEAP_LONGEST_SECONDS if budget.timeout_s is None else budget.timeout_s
    seconds = min(asked, CHEAP_LONGEST_SECONDS)
    return replace(budget, samples_max=CHEAP_SAMPLES, timeout_s=seconds)


def _timed(work: Work[T], budget: Budget) -> tuple[T, float]:
    if budget.canceled.is_set():
        raise QueryCanceled("query queue")
    began = perf_counter()
    try:
        answer = work(budget)
    except MemoryError:
        # One step of the evaluation wanted more than there is; the query is over, we are not.
        raise QueryTooLarge(0, budget.samples_max or 0) from None
    return answer, perf_counter() - began


async def _while_wanted(future: "asyncio.Future[T]", budget: Budget, gone: Gone | None) -> T:
    """Wait for a future; tell its budget when nobody wants it any more."""
    done, _ = await asyncio.wait({future}, timeout=PATIENCE_SECONDS if gone else None)
    if done or gone is None:
        return await future
    leaving = asyncio.ensure_future(gone())
    try:
        either: set[asyncio.Future[Any]] = {future, leaving}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            budget.canceled.set()
        return await future
    finally:
        leaving.cancel()


_OUTCOMES: Final[dict[type[QueryError], str]] = {
    QueryCanceled: "canceled",
    QueryTimedOut: "timeout",
    QueryTooLarge: "too_large",
}


class QueryTally:
    """How many queries there were, how they ended and how long they took."""

    def __init__(self) -> None:
        self.waiting = 0
        self.queue_seconds = 0.0
        self._outcomes: Counter[str] = Counter()
        self._slots = [0] * (len(DURATION_BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, outcome: str, seconds: float) -> None:
        """Count one query."""
        self._outcomes[outcome] += 1
        self._slots[bisect_left(DURATION_BOUNDS, seconds)] += 1
        self._seconds += seconds

    def families(self, *, running: int) -> Iterator[Family]:
        """Yield what was counted."""
        outcomes = ("success", "error", "canceled", "timeout", "too_large")
        yield family(
            "tapewatch_queries_total",
            MetricType.COUNTER,
            "Queries that ended, by how.",
            [(Labels.of(outcome=each), float(self._outcomes[each])) for each in outcomes],
        )
        yield gauge("tapewatch_queries_running", "Queries on a thread.", running)
        yield gauge("tapewatch_queries_waiting", "Queries that wait for a thread.", self.waiting)
        yield counter(
            "tapewatch_query_queue_seconds_total",
            "Time that queries waited for a thread.",
            self.queue_seconds,
        )
        name = "tapewatch_query_duration_seconds"
        told = "How long queries took, waiting included."
        yield Family(name, MetricType.HISTOGRAM, told, list(self._histogram(name)))

    def _histogram(self, name: str) -> Iterator[Sample]:
        total = 0
        for bound, count in zip((*map(str, DURATION_BOUNDS), "+Inf"), self._slots, strict=True):
            total += count
            labels = Labels.of({METRIC_NAME: f"{name}_bucket", "le": bound})
            yield Sample(labels, float(total))
        yield Sample(Labels.of({METRIC_NAME: f"{name}_sum"}), self._seconds)
        yield Sample(Labels.of({METRIC_NAME: f"{name}_count"}), float(total))
