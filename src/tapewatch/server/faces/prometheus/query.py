"""``/query``, ``/query_range``, ``/query_exemplars``, ``/format_query`` and ``/parse_query``."""

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.metrics.promql.engine import Answer
from tapewatch.metrics.promql.nodes import Expr, VectorSelector, walk
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import pretty, to_json
from tapewatch.metrics.promql.settings import Budget
from tapewatch.model.digits import format_double
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.model.samples import Exemplar
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, Packed, endpoint, pack
from tapewatch.server.faces.prometheus.encode import clean, encode_answer
from tapewatch.server.faces.prometheus.parameters import EARLIEST_MS, LATEST_MS, refuse
from tapewatch.server.slow import AskedQuery

if TYPE_CHECKING:
    from tapewatch.server.server import Server

BOTH: Final = ("GET", "POST")
STEPS_MAX: Final = 11_000


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/query", instant, BOTH)
    yield endpoint(server, f"{PREFIX}/query_range", ranged, BOTH)
    yield endpoint(server, f"{PREFIX}/query_exemplars", exemplars, BOTH)
    yield endpoint(server, f"{PREFIX}/format_query", formatted, BOTH)
    yield endpoint(server, f"{PREFIX}/parse_query", parsed, BOTH)


async def instant(call: Call) -> Response:
    """Answer at one time."""
    text = call.parameters.get("query")
    at_ms = call.parameters.time_ms("time", call.now_ms)
    budget = _budget(call)
    engine, database = call.metrics.engine, call.metrics.database

    def evaluate(budget: Budget) -> Answer:
        return engine.instant(database, text, at_ms, budget=budget)

    key = ("instant", text, budget.lookback_ms)
    with call.server.slow.noting(text, "instant", 1) as asked:
        return await _answer(call, evaluate, budget, key, asked)


async def ranged(call: Call) -> Response:
    """Answer at every step of a range."""
    parameters = call.parameters
    text = parameters.get("query")
    start_ms, end_ms = parameters.time_ms("start"), parameters.time_ms("end")
    if end_ms < start_ms:
        raise refuse("end", "end timestamp must not be before start time")
    step_ms = parameters.needed_duration_ms("step")
    check_step(start_ms, end_ms, step_ms)
    budget = _budget(call)
    engine, database = call.metrics.engine, call.metrics.database

    def evaluate(budget: Budget) -> Answer:
        return engine.range(database, text, start_ms, end_ms, step_ms, budget=budget)

    count = (end_ms - start_ms) // step_ms
    key = (text, count, step_ms, budget.lookback_ms)
    with call.server.slow.noting(text, "range", count + 1) as asked:
        return await _answer(call, evaluate, budget, key, asked)


def check_step(start_ms: int, end_ms: int, step_ms: int) -> None:
    """Refuse a step of nothing, and one that gives too many points."""
    if step_ms <= 0:
        reason = "zero or negative query resolution step widths are not accepted. "
        raise refuse("step", reason + "Try a positive integer")
    if (end_ms - start_ms) // step_ms > STEPS_MAX:
        reason = f"exceeded maximum resolution of {STEPS_MAX:,} points per timeseries. "
        raise Refusal(400, "bad_data", reason + "Try decreasing the query resolution (?step=XX)")


async def exemplars(call: Call) -> Response:
    """List the exemplars of the series that a query reads."""
    start_ms = call.parameters.time_ms("start", EARLIEST_MS)
    end_ms = call.parameters.time_ms("end", LATEST_MS)
    if end_ms < start_ms:
        raise Refusal(400, "bad_data", "end timestamp must not be before start timestamp")
    tree = _tree(call)
    wanted = [_matchers(node) for node in walk(tree) if isinstance(node, VectorSelector)]
    database = call.metrics.database

    def find() -> Data:
        with database.head.lock:  # The ring must not move while it is read.
            found = list(database.exemplars.select(wanted, start_ms, end_ms))
        return Data(
            [
                {"seriesLabels": dict(labels), "exemplars": [_exemplar(each) for each in those]}
                for labels, those in found
            ]
        )

    return await call.beside(find)


async def formatted(call: Call) -> Data:
    """Write a query as people read it best."""
    return Data(clean(pretty(_tree(call))))


async def parsed(call: Call) -> Data:
    """Show the tree of a query."""
    return Data(to_json(_tree(call)))


async def _answer(
    call: Call, evaluate: Any, budget: Budget, key: Any, asked: AskedQuery
) -> Response:
    parameters, coding = call.parameters, call.wanted_coding
    limit, stats = parameters.count("limit"), parameters.get("stats")
    began = perf_counter()

    def work(budget: Budget) -> Packed:
        queued = perf_counter() - began
        answer = evaluate(budget)
        asked.samples_read = answer.statistics.samples_read
        asked.samples_peak = answer.statistics.samples_peak
        body = encode_answer(answer, limit=limit, stats=stats, queue_seconds=queued)
        return pack(body, coding)

    return await call.run(work, budget, key)


def _budget(call: Call) -> Budget:
    return call.metrics.queries.budget(
        timeout_ms=call.parameters.duration_ms("timeout"),
        lookback_ms=call.parameters.duration_ms("lookback_delta"),
    )


def _tree(call: Call) -> Expr:
    return parse(call.parameters.get("query"), call.metrics.engine.settings.features)


def _matchers(node: VectorSelector) -> tuple[Matcher, ...]:
    named = any(each.name == METRIC_NAME for each in node.matchers)
    if named or not node.name:
        return node.matchers
    return (Matcher(MatchKind.EQUAL, METRIC_NAME, node.name), *node.matchers)


def _exemplar(exemplar: Exemplar) -> dict[str, Any]:
    at_ms = exemplar.timestamp_ms or 0
    return {
        "labels": dict(exemplar.labels),
        "value": format_double(exemplar.value),
        "timestamp": at_ms / 1000 if at_ms % 1000 else at_ms // 1000,
    }
