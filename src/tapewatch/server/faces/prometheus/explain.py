"""``/explain_query`` and ``/status/queries``: what a query means, and what queries cost."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import BaseRoute

from tapewatch.metrics.promql.describe import described_tree
from tapewatch.metrics.promql.matrix import Steps
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.durations import format_time_ns
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint
from tapewatch.server.faces.prometheus.query import BOTH
from tapewatch.server.slow import AskedQuery

if TYPE_CHECKING:
    from tapewatch.server.server import Server

LISTED: Final = 50


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/explain_query", explained, BOTH)
    yield endpoint(server, f"{PREFIX}/status/queries", queries)


async def explained(call: Call) -> Data:
    """Show the tree of a query with a sentence for each node, and the plan that is made of it."""
    text, engine = call.parameters.needed("query"), call.metrics.engine
    tree = parse(text, engine.settings.features)
    plan = engine.explain(text, steps=Steps(call.now_ms, 0, 1))
    return Data({"tree": described_tree(tree), "plan": plan})


async def queries(call: Call) -> Data:
    """List the queries that run, and the slowest of the last hour."""
    slow = call.server.slow
    limit = call.parameters.count("limit", LISTED)
    now_ns = call.server.clock.now_ns()
    return Data(
        {
            "running": [_running(each, now_ns) for each in slow.running()],
            "slowest": [_told(each) for each in slow.slowest(limit)],
        }
    )


def _running(each: AskedQuery, now_ns: int) -> dict[str, Any]:
    return {**_told(each), "seconds": (now_ns - each.began_ns) / 1e9}


def _told(each: AskedQuery) -> dict[str, Any]:
    return {
        "query": each.text,
        "kind": each.kind,
        "steps": each.steps,
        "began": format_time_ns(each.began_ns),
        "seconds": each.seconds,
        "samplesRead": each.samples_read,
        "samplesPeak": each.samples_peak,
        "outcome": each.outcome,
    }
