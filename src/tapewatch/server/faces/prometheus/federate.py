"""``/federate``: the newest sample of chosen series, as an exposition for another Prometheus."""

import asyncio
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.metrics.rows import Newest, newest_samples
from tapewatch.metrics.storage.database import Database
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher
from tapewatch.model.samples import Family, MetricType, Sample
from tapewatch.server.faces.prometheus.answers import Call, endpoint
from tapewatch.wire.exposition import negotiate, write

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, "/federate", federate)


async def federate(call: Call) -> Response:
    """Expose the chosen series."""
    selectors = call.parameters.selectors()
    now_ms, database = call.now_ms, call.metrics.database
    lookback_ms = call.metrics.settings.query.lookback_delta
    external = call.metrics.external_labels
    form = negotiate(call.request.headers.get("accept", ""))

    def expose() -> bytes:
        found: dict[Labels, Newest] = {}
        for matchers in selectors:
            found.update(_newest(database, matchers, now_ms - lookback_ms, now_ms))
        return write(families(found, external), form)

    return Response(await asyncio.to_thread(expose), media_type=form.content_type)


def _newest(
    database: Database, matchers: tuple[Matcher, ...], start_ms: int, end_ms: int
) -> Iterator[tuple[Labels, Newest]]:
    selection = database.select(matchers, start_ms, end_ms)
    for each in newest_samples(selection, start_ms + 1, end_ms):
        yield each.labels, each


def families(found: dict[Labels, Newest], external: Labels) -> Iterator[Family]:
    """
    Group samples by their metric.

    Whoever scrapes this would add a label ``instance`` of its own; an empty one keeps it out.
    """
    added = {"instance": "", **dict(external)}
    named = sorted((each for each in found.values() if each.labels.name), key=_by_name)
    for name, group in groupby(named, key=lambda each: each.labels.name):
        samples = [
            Sample(_with_empty(added, each.labels), each.value, each.timestamp_ms) for each in group
        ]
        yield Family(name, MetricType.UNKNOWN, "", samples)


def _by_name(each: Newest) -> tuple[str, Labels]:
    return each.labels.name, each.labels


def _with_empty(added: dict[str, str], own: Labels) -> Labels:
    return Labels(sorted({**added, **dict(own)}.items()))
