"""
``/api/v1/stream``: the newest points of some questions, pushed as lines of JSON.

The first line names the questions in the order asked. From then on a line with ``series`` gives the
labels of series from the number ``first`` on, one with ``values`` the newest point of every series
by that number, and one with ``error`` the reason why there is none. ``docs/console.md`` shows it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from tapewatch.server.errors import Refusal
from tapewatch.server.faces.live import INTERVAL_MAX_MS, INTERVAL_MIN_MS, Listener
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, endpoint
from tapewatch.server.faces.prometheus.parameters import refuse
from tapewatch.server.faces.prometheus.query import BOTH
from tapewatch.server.faces.prometheus.search import NDJSON

if TYPE_CHECKING:
    from tapewatch.server.server import Server

ASKED_MAX: Final = 100
"""How many questions one client may ask."""
GATHER_SECONDS: Final = 0.01
"""How long the first new answer waits for others, so that they travel together."""
LOOK_SECONDS: Final = 1.0


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the route."""
    yield endpoint(server, f"{PREFIX}/stream", stream, BOTH)


async def stream(call: Call) -> Response:
    """Push answers until the client leaves."""
    texts = call.parameters.all("query")
    if not texts:
        raise Refusal(400, "bad_data", "no query parameter provided")
    if len(texts) > ASKED_MAX:
        raise refuse("query", f"{len(texts)} questions in one stream, at most {ASKED_MAX} are")
    interval_ms = read_interval_ms(call)
    call.allow(None)
    lines = _lines(call.server, texts, interval_ms)
    # The first line is made here, so that a refusal still has a status of its own.
    first = await anext(lines)
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    return StreamingResponse(_chain(first, lines), headers=headers, media_type=NDJSON)


def read_interval_ms(call: Call) -> int:
    """Read how often the answers are wanted; a second is the default and the least."""
    given_ms = call.parameters.duration_ms("interval")
    if given_ms is None:
        return INTERVAL_MIN_MS
    if not INTERVAL_MIN_MS <= given_ms <= INTERVAL_MAX_MS:
        raise refuse("interval", f"{given_ms} ms is not between 1 s and 1 m")
    return given_ms


async def _lines(server: "Server", texts: Sequence[str], interval_ms: int) -> AsyncIterator[bytes]:
    with server.streams.listen(texts, interval_ms) as listener:
        names = {each.text: each.name for each in listener.questions}
        told = {"questions": [names[text] for text in texts], "interval": interval_ms / 1000}
        yield orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
        while not server.stopping:
            if await _woken(listener):
                await asyncio.sleep(GATHER_SECONDS)
                yield listener.lines()


async def _woken(listener: Listener) -> bool:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await listener.woken.wait()
    except TimeoutError:
        return False
    return True


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for each in rest:
        yield each
