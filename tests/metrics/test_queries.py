"""Queries beside the loop: places, deadlines, cancellation and the short way."""

import asyncio
import threading

import pytest

from tapewatch.metrics.promql.errors import QueryCanceled, QueryTimedOut, QueryTooLarge
from tapewatch.metrics.queries import Queries
from tapewatch.metrics.settings import QuerySettings


def run(work, **settings):
    async def inside():
        queries = Queries(QuerySettings(**settings))
        try:
            return await work(queries)
        finally:
            queries.close()

    return asyncio.run(inside())


def counts(queries):
    (family,) = [each for each in queries.families() if each.name == "tapewatch_queries_total"]
    return {each.labels.get("outcome"): each.value for each in family.samples if each.value}


def stubborn(budget):
    """Work until nobody wants it any more, as the engine does."""
    assert budget.canceled.wait(30)
    raise QueryCanceled


def test_work_runs_on_a_thread_and_is_counted():
    async def work(queries):
        own = await queries.run(lambda _: threading.current_thread(), queries.budget())
        assert own is not threading.main_thread()
        assert counts(queries) == {"success": 1}

    run(work)


def test_whoever_leaves_cancels():
    async def work(queries):
        async def gone():
            return None

        with pytest.raises(QueryCanceled):
            await queries.run(stubborn, queries.budget(), gone=gone)
        assert counts(queries) == {"canceled": 1}

    run(work)


def test_a_task_that_is_cancelled_cancels():
    async def work(queries):
        budget = queries.budget()
        task = asyncio.create_task(queries.run(stubborn, budget))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert budget.canceled.is_set()

    run(work)


def test_a_query_without_a_place_times_out_in_the_queue():
    async def work(queries):
        budget = queries.budget()
        first = asyncio.create_task(queries.run(stubborn, budget))
        await asyncio.sleep(0.01)
        with pytest.raises(QueryTimedOut, match="query timed out in query queue"):
            await queries.run(lambda _: 1, queries.budget(timeout_ms=20))
        budget.canceled.set()
        with pytest.raises(QueryCanceled):
            await first
        assert await queries.run(lambda _: 1, queries.budget()) == 1

    run(work, concurrency=1)


def test_what_was_cheap_is_answered_on_the_loop_until_it_has_grown():
    async def work(queries):
        def cheap(budget):
            return threading.current_thread(), budget.samples_max

        async def ask(work):
            return await queries.run(work, queries.budget(), key="panel")

        assert (await ask(cheap))[0] is not threading.main_thread()
        thread, samples_max = await ask(cheap)
        assert thread is threading.main_thread()

        def grown(budget):
            if budget.samples_max == samples_max:
                raise QueryTooLarge(samples_max + 1, samples_max)
            return threading.current_thread()

        assert await ask(grown) is not threading.main_thread()

    run(work)


def test_nobody_gets_more_time_than_is_configured():
    async def work(queries):
        assert queries.budget(timeout_ms=10_000).timeout_s == 0.5
        assert queries.budget(timeout_ms=100).timeout_s == 0.1

    run(work, timeout=500)


def test_memory_that_is_not_there_ends_the_query_alone():
    async def work(queries):
        def hungry(_):
            raise MemoryError

        with pytest.raises(QueryTooLarge):
            await queries.run(hungry, queries.budget())
        assert counts(queries) == {"too_large": 1}

    run(work)


def test_a_change_of_settings_lets_what_runs_go_on():
    async def work(queries):
        budget = queries.budget()
        first = asyncio.create_task(queries.run(stubborn, budget))
        await asyncio.sleep(0.01)
        queries.apply(QuerySettings(concurrency=2))
        assert await queries.run(lambda _: 1, queries.budget()) == 1
        budget.canceled.set()
        with pytest.raises(QueryCanceled):
            await first

    run(work, concurrency=1)
