"""``/admin/tsdb/…``: deleting, tidying up and snapshots, where the settings allow it."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint
from tapewatch.server.faces.prometheus.parameters import EARLIEST_MS, LATEST_MS

if TYPE_CHECKING:
    from tapewatch.server.server import Server

METHODS = ("POST", "PUT")


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/admin/tsdb/delete_series", delete_series, METHODS)
    yield endpoint(server, f"{PREFIX}/admin/tsdb/clean_tombstones", clean_tombstones, METHODS)
    yield endpoint(server, f"{PREFIX}/admin/tsdb/snapshot", snapshot, METHODS)


async def delete_series(call: Call) -> Response:
    """Hide samples at once; they leave the files when these are compacted."""
    _check_allowed(call)
    if not call.parameters.all("match[]"):
        raise Refusal(400, "bad_data", "no match[] parameter provided")
    selectors = call.parameters.selectors()
    first_ms = call.parameters.time_ms("start", EARLIEST_MS)
    last_ms = call.parameters.time_ms("end", LATEST_MS)
    for matchers in selectors:
        await asyncio.to_thread(call.metrics.database.delete, matchers, first_ms, last_ms)
    return Response(status_code=204)


async def clean_tombstones(call: Call) -> Response:
    """Remove what was deleted from the files."""
    _check_allowed(call)
    call.allow(None)
    await asyncio.to_thread(call.metrics.compact_all)
    return Response(status_code=204)


async def snapshot(call: Call) -> Data:
    """Copy a consistent state beside the database, and name it."""
    _check_allowed(call)
    moment = datetime.fromtimestamp(call.now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{moment}-{secrets.token_hex(8)}"
    folder = call.metrics.database.folder / "snapshots" / name
    folder.parent.mkdir(exist_ok=True)
    await asyncio.to_thread(call.metrics.database.snapshot, folder)
    return Data({"name": name})


def _check_allowed(call: Call) -> None:
    if not call.metrics.settings.enable_admin_api:
        reason = "admin APIs disabled: set metrics.enable_admin_api"
        raise Refusal(503, "unavailable", reason)
