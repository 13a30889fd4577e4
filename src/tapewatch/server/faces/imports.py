"""
``/api/v1/import``: the past of series, taken in while the server runs.

It is our own protocol (``metrics/imports/exchange.py`` says what a body is); ``tapewatch metrics
import`` speaks it. Samples go straight into blocks, so how old they are does not matter.
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tapewatch.metrics.errors import BadImport
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.metrics.storage.backfill import Backfill
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the route."""
    yield endpoint(server, f"{PREFIX}/import", take_past, ("POST",))


async def take_past(call: Call) -> Data:
    """Write a block of what was sent: all of it, or nothing."""
    call.allow(None)
    body = await call.request.body()
    try:
        taken = await asyncio.to_thread(_write, call, body)
    except BadImport as fault:
        raise Refusal(400, "bad_data", str(fault)) from None
    return Data({"samples": taken.written, "blocks": taken.blocks})


def _write(call: Call, body: bytes) -> "Backfill":
    # pyarrow takes its time to load, and a server that nothing is imported to does not need it.
    from tapewatch.metrics.imports.exchange import decode_pasts
    from tapewatch.metrics.storage.backfill import write_past

    bytes_max = call.server.settings.server.request_unpacked_max
    # Everything is read before anything is written, so a bad message leaves nothing behind.
    pasts = list(decode_pasts(body, bytes_max))
    return write_past(call.metrics.database, pasts)
