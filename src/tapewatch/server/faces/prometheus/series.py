"""``/labels``, ``/label/NAME/values``, ``/series`` and ``/metadata``: what there is to ask for."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.metrics.selection import LabelSets
from tapewatch.metrics.storage.database import Database
from tapewatch.model.matchers import Matcher
from tapewatch.model.samples import Metadata
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint, truncated
from tapewatch.server.faces.prometheus.parameters import EARLIEST_MS, LATEST_MS
from tapewatch.server.faces.prometheus.query import BOTH
from tapewatch.wire.exposition.escape import unescape_values

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/labels", label_names, BOTH)
    yield endpoint(server, f"{PREFIX}/label/{{name:path}}/values", label_values)
    yield endpoint(server, f"{PREFIX}/series", series, BOTH)
    yield endpoint(server, f"{PREFIX}/metadata", metadata)


async def label_names(call: Call) -> Response:
    """List the names of labels."""
    scope, limit = Scope(call), call.parameters.count("limit")
    return await call.beside(lambda: truncated(scope.names(), limit))


async def label_values(call: Call) -> Response:
    """List the values of one label."""
    name = unescape_values(call.request.path_params["name"])
    if not name:
        raise Refusal(400, "bad_data", f'invalid label name: "{name}"')
    scope, limit = Scope(call), call.parameters.count("limit")
    return await call.beside(lambda: truncated(scope.values(name), limit))


async def series(call: Call) -> Response:
    """List series."""
    if not call.parameters.all("match[]"):
        raise Refusal(400, "bad_data", "no match[] parameter provided")
    scope, limit = Scope(call), call.parameters.count("limit")
    return await call.beside(lambda: scope.series(limit))


async def metadata(call: Call) -> Data:
    """Say what metrics say of themselves."""
    parameters = call.parameters
    metric, each_max = parameters.get("metric"), parameters.count("limit_per_metric")
    limit = _metadata_limit(call)
    known = call.metrics.database.metadata
    names = [metric] if metric in known else [] if metric else list(known)
    chosen = names if limit < 0 else names[:limit]
    return Data({name: _told(known[name], each_max) for name in chosen})


def _metadata_limit(call: Call) -> int:
    text = call.parameters.get("limit", "-1")
    try:
        return int(text)
    except ValueError:
        raise Refusal(400, "bad_data", "limit must be a number") from None


def _told(by_source: dict[str, Metadata], count_max: int) -> list[dict[str, Any]]:
    distinct = list(dict.fromkeys(by_source.values()))
    shown = distinct[:count_max] if count_max else distinct
    return [{"type": each.type, "help": each.help, "unit": each.unit} for each in shown]


class Scope:
    """The part of the series that a request is about."""

    def __init__(self, call: Call, start_ms: int = EARLIEST_MS, end_ms: int = LATEST_MS) -> None:
        self._selectors: Sequence[tuple[Matcher, ...]] = call.parameters.selectors() or [()]
        self._start_ms = call.parameters.time_ms("start", start_ms)
        self._end_ms = call.parameters.time_ms("end", end_ms)
        self._database: Database = call.metrics.database

    def names(self) -> list[str]:
        """Return the names of labels, sorted."""
        return sorted({name for found in self._found() for name in found.label_names()})

    def values(self, name: str) -> list[str]:
        """Return the values of a label, sorted."""
        return sorted({value for found in self._found() for value in found.label_values(name)})

    def series(self, limit: int) -> Data:
        """Return the label sets, sorted, at most ``limit`` of them (0: all)."""
        sets = [found for found in self._found() if len(found)]
        if len(sets) == 1:
            ordered = list(sets[0].take(sets[0].sorted_rows))
        else:
            ordered = sorted({labels for found in sets for labels in found})
        data = truncated(ordered, limit)
        return Data([dict(labels) for labels in data.value], data.warnings)

    def _found(self) -> Iterator[LabelSets]:
        for matchers in self._selectors:
            yield self._database.find(matchers, self._start_ms, self._end_ms)
