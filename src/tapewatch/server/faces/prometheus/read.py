"""``/read``: remote read, as samples or as a stream of chunks."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from tapewatch.metrics.rows import series_rows
from tapewatch.metrics.storage.database import Database
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, endpoint
from tapewatch.wire import snappy
from tapewatch.wire.remote_read import (
    FRAMES_TYPE,
    SAMPLES_TYPE,
    ReadQuery,
    ResponseType,
    Series,
    read_request,
    write_frames,
    write_response,
)

if TYPE_CHECKING:
    from tapewatch.server.server import Server

SAMPLES_MAX: Final = 50_000_000
"""More samples than this are not put into one message; a stream has no such limit."""


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/read", read, ("POST",))


async def read(call: Call) -> Response:
    """Answer another store with what is kept here."""
    body = await call.request.body()
    limit = call.server.settings.server.request_unpacked_max
    request = read_request(snappy.decompress(body, limit))
    reading = Reading(call.metrics.database, call.metrics.external_labels)
    call.allow(None)
    if request.response_type is ResponseType.STREAMED_XOR_CHUNKS:
        frames = write_frames(reading.series(query) for query in request.queries)
        return StreamingResponse(frames, media_type=FRAMES_TYPE)

    def write() -> bytes:
        counted = (reading.counted(query) for query in request.queries)
        return snappy.compress(write_response(counted))

    headers = {"content-encoding": "snappy"}
    return Response(await asyncio.to_thread(write), headers=headers, media_type=SAMPLES_TYPE)


class Reading:
    """
    One request.

    Our external labels are added to what goes out. A matcher on one of them is about us as a
    whole, so it is taken out of what is looked for.
    """

    def __init__(self, database: Database, external: Labels) -> None:
        self._database = database
        self._external = dict(external)
        self._samples = 0

    def series(self, query: ReadQuery) -> Iterator[Series]:
        """Yield the series that a query asks for, in order of their labels."""
        matchers = [each for each in query.matchers if not self._is_ours(each)]
        selection = self._database.select(matchers, query.start_ms - 1, query.end_ms)
        found = [
            Series(
                self._outside(row.labels),
                row.timestamps_ms.tolist(),
                row.values.tolist(),
                row.histograms,
            )
            for row in series_rows(selection, query.start_ms, query.end_ms)
        ]
        yield from sorted(found, key=lambda each: each.labels)

    def counted(self, query: ReadQuery) -> Iterator[Series]:
        """Yield the same, up to the limit of samples."""
        for each in self.series(query):
            self._samples += len(each.values) + len(each.histograms)
            if self._samples > SAMPLES_MAX:
                raise Refusal(400, "bad_data", f"exceeded sample limit ({SAMPLES_MAX})")
            yield each

    def _is_ours(self, matcher: Matcher) -> bool:
        own = self._external.get(matcher.name)
        return own is not None and matcher.matches(own)

    def _outside(self, labels: Labels) -> Labels:
        return labels.of({**self._external, **dict(labels)}) if self._external else labels
