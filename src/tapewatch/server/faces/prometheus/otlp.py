"""``/otlp/v1/metrics`` and ``/v1/metrics``: OTLP over HTTP, protobuf or JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.metrics.receive import Receipt
from tapewatch.model.errors import TapewatchError
from tapewatch.server.faces.prometheus.answers import JSON, PREFIX, Call, endpoint, refusal_of
from tapewatch.server.rpc import Method
from tapewatch.wire.protobuf import encode
from tapewatch.wire.schema import Kind, Message, one, part

if TYPE_CHECKING:
    from tapewatch.server.server import Server

RPC_METHOD: Final = "opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
PROTOBUF: Final = "application/x-protobuf"
PARTIAL: Final = Message(
    "ExportMetricsPartialSuccess", {"rejected": one(1, Kind.INT), "message": one(2, Kind.TEXT)}
)
RESPONSE: Final = Message("ExportMetricsServiceResponse", {"partial": part(1, PARTIAL)})


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/otlp/v1/metrics", export, ("POST",))
    yield endpoint(server, "/v1/metrics", export, ("POST",))


async def export(call: Call) -> Response:
    """Take an export; what could not be taken is told in the answer, as the protocol has it."""
    headers = call.request.headers
    content_type = headers.get("content-type") or PROTOBUF
    receipt = await call.metrics.export(
        await call.request.body(),
        content_type,
        # gzip and deflate were undone before; what is left here are the other encodings.
        headers.get("content-encoding", ""),
        unpacked_max=call.server.settings.server.request_unpacked_max,
    )
    if content_type.partition(";")[0].strip().lower() == JSON:
        return Response(json_answer(receipt), media_type=JSON)
    return Response(binary_answer(receipt), media_type=PROTOBUF)


def rpc_methods(server: "Server") -> dict[str, Method]:
    """Return the method that takes exports over gRPC."""

    async def call(body: bytes) -> bytes:
        limit = server.settings.server.request_unpacked_max
        try:
            receipt = await server.metrics.export(body, PROTOBUF, unpacked_max=limit)
        except TapewatchError as fault:
            raise refusal_of(fault) from None
        return binary_answer(receipt)

    return {RPC_METHOD: call}


def binary_answer(receipt: Receipt) -> bytes:
    """Write the answer as protobuf."""
    if not receipt.faults:
        return b""
    partial = {"rejected": receipt.refused, "message": "; ".join(receipt.faults)}
    return encode(RESPONSE, {"partial": partial})


def json_answer(receipt: Receipt) -> bytes:
    """Write the answer as JSON."""
    if not receipt.faults:
        return b"{}"
    partial = {
        "rejectedDataPoints": str(receipt.refused),
        "errorMessage": "; ".join(receipt.faults),
    }
    return orjson.dumps({"partialSuccess": partial})
