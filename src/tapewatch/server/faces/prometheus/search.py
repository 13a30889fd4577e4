"""``/search/…``: names while somebody types them, in lines of JSON."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from tapewatch.metrics.promql.settings import Budget
from tapewatch.metrics.search import Algorithm, Hit, Order, Search
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.samples import Metadata
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, endpoint
from tapewatch.server.faces.prometheus.encode import clean
from tapewatch.server.faces.prometheus.parameters import Parameters
from tapewatch.server.faces.prometheus.query import BOTH
from tapewatch.server.faces.prometheus.series import Scope

if TYPE_CHECKING:
    from tapewatch.server.server import Server

HOUR_MS: Final = 3_600_000
LIMIT: Final = 100
NDJSON: Final = "application/x-ndjson; charset=utf-8"

SUFFIXES: Final = ("_total", "_bucket", "_sum", "_count", "_info")

Known = Mapping[str, Mapping[str, Metadata]]
Describe = Callable[[Hit], dict[str, Any]]


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/search/metric_names", metric_names, BOTH)
    yield endpoint(server, f"{PREFIX}/search/label_names", label_names, BOTH)
    yield endpoint(server, f"{PREFIX}/search/label_values", label_values, BOTH)


async def metric_names(call: Call) -> Response:
    """Find metrics."""
    wish = Wish.of(call.parameters)
    scope = _scope(call)
    known = call.metrics.database.metadata
    described = call.parameters.flag("include_metadata", default=False)

    def describe(hit: Hit) -> dict[str, Any]:
        told = metadata_of(known, hit.name) if described else None
        if told is None:
            return {}
        pairs = {"type": str(told.type), "help": told.help, "unit": told.unit}
        return {key: value for key, value in pairs.items() if value}

    return await _found(call, wish, lambda: scope.values(METRIC_NAME), describe)


def metadata_of(known: Known, name: str) -> Metadata | None:
    """Return what a metric says of itself; its samples may be named with a suffix."""
    bare = next((name.removesuffix(each) for each in SUFFIXES if name.endswith(each)), name)
    sources = known.get(name) or known.get(bare) or {}
    return next(iter(sources.values()), None)


async def label_names(call: Call) -> Response:
    """Find names of labels."""
    wish = Wish.of(call.parameters)
    return await _found(call, wish, _scope(call).names, _nothing)


async def label_values(call: Call) -> Response:
    """Find values of one label."""
    wish = Wish.of(call.parameters)
    label = call.parameters.get("label")
    if not label:
        raise Refusal(400, "bad_data", 'missing required parameter "label"')
    scope = _scope(call)
    return await _found(call, wish, lambda: scope.values(label), _nothing)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks for, beside its scope."""

    search: Search
    limit: int
    batch_size: int
    with_score: bool

    @classmethod
    def of(cls, parameters: Parameters) -> "Wish":
        """Read the parameters."""
        terms = tuple(parameters.all("search[]"))
        return cls(
            Search(
                terms=terms,
                algorithm=_algorithm(parameters),
                threshold=_threshold(parameters),
                case_sensitive=parameters.flag("case_sensitive", default=True),
                order=_order(parameters, searches=bool(terms)),
            ),
            limit=_count(parameters, "limit") or LIMIT,
            batch_size=_count(parameters, "batch_size") or LIMIT,
            with_score=parameters.flag("include_score", default=False),
        )


def _scope(call: Call) -> Scope:
    return Scope(call, call.now_ms - HOUR_MS, call.now_ms)


def _nothing(_hit: Hit) -> dict[str, Any]:
    return {}


async def _found(
    call: Call, wish: Wish, names: Callable[[], Sequence[str]], describe: Describe
) -> Response:
    def find(_budget: Budget) -> list[Hit]:
        return wish.search.find(names())

    queries = call.metrics.queries
    hits = await queries.run(find, queries.budget(), gone=call.gone)
    return StreamingResponse(_lines(hits, wish, describe), media_type=NDJSON)


async def _lines(hits: Sequence[Hit], wish: Wish, describe: Describe) -> AsyncIterator[bytes]:
    shown = hits[: wish.limit]
    for first in range(0, max(len(shown), 1), wish.batch_size):
        batch = shown[first : first + wish.batch_size]
        yield _line({"results": [_told(hit, wish, describe) for hit in batch]})
    yield _line({"status": "success", "has_more": len(hits) > wish.limit})


def _told(hit: Hit, wish: Wish, describe: Describe) -> dict[str, Any]:
    score = {"score": hit.score} if wish.with_score else {}
    return {"name": clean(hit.name), **score, **describe(hit)}


def _line(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _algorithm(parameters: Parameters) -> Algorithm:
    name = parameters.get("fuzz_alg", Algorithm.SUBSEQUENCE)
    if name not in list(Algorithm):
        known = " ".join(Algorithm)
        raise _refuse(f'unsupported fuzz_alg "{name}": must be one of [{known}]')
    return Algorithm(name)


def _threshold(parameters: Parameters) -> float:
    text = parameters.get("fuzz_threshold", "0")
    if not text.isdecimal() or int(text) > 100:
        raise _refuse(f'invalid fuzz_threshold "{text}": must be 0-100')
    return int(text) / 100


def _count(parameters: Parameters, name: str) -> int:
    text = parameters.get(name, "0")
    if not text.isdecimal():
        raise _refuse(f'invalid {name} "{text}": must be non-negative integer')
    return int(text)


def _order(parameters: Parameters, *, searches: bool) -> Order:
    by, direction = parameters.get("sort_by"), parameters.get("sort_dir")
    if direction and not by:
        raise _refuse("sort_dir is only valid when sort_by is set")
    if direction and by == "score":
        raise _refuse("sort_dir is not supported for sort_by=score")
    if direction not in ("", "asc", "dsc"):
        raise _refuse(f'invalid sort_dir "{direction}": must be "asc" or "dsc"')
    if by not in ("", "alpha", "score"):
        raise _refuse(f'invalid sort_by "{by}": must be "alpha" or "score"')
    if by == "score" and not searches:
        raise _refuse("sort_by=score requires search[] to be set")
    if by == "score":
        return Order.BY_SCORE
    return Order.FALLING if direction == "dsc" else Order.RISING


def _refuse(reason: str) -> Refusal:
    return Refusal(400, "bad_data", reason)
