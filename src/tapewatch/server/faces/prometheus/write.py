"""``/write``: remote write 1.0 and 2.0."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.model.errors import TapewatchError
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, endpoint, refusal_of
from tapewatch.wire.remote_write.content import version_of
from tapewatch.wire.remote_write.request import Written

if TYPE_CHECKING:
    from tapewatch.server.server import Server

DEFAULT_TYPE: Final = "application/x-protobuf"
DURABLE: Final = "x-tapewatch-durable"
"""A sender who sets this header to ``true`` is answered when the samples survive a power loss."""


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/write", write, ("POST",))


async def write(call: Call) -> Response:
    """Take samples; what is valid is kept even where something else is not."""
    request = call.request
    content_type = request.headers.get("content-type") or DEFAULT_TYPE
    written = Written()
    try:
        version = version_of(content_type, request.scope["tapewatch.coding"])
        receipt = await call.metrics.write(
            await request.body(),
            version,
            unpacked_max=call.server.settings.server.request_unpacked_max,
            durable=request.headers.get(DURABLE) == "true",
        )
        written = receipt.written
        if receipt.faults:
            raise Refusal(400, "bad_data", "; ".join(receipt.faults))
    except TapewatchError as fault:
        refusal = fault if isinstance(fault, Refusal) else refusal_of(fault)
        refusal.headers.update(written.headers())
        raise refusal from None
    return Response(status_code=204, headers=written.headers())
