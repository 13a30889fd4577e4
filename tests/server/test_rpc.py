"""OTLP over gRPC, as OpenTelemetry's SDKs send it by default."""

import socket
import time

import pytest

from tapewatch.document.types import Secret
from tapewatch.server.errors import PublicWithoutAuth
from tapewatch.server.faces.prometheus.otlp import RESPONSE, RPC_METHOD
from tapewatch.server.rpc import check_rpc_exposure
from tapewatch.wire.otlp.json_form import decode_json
from tapewatch.wire.otlp.messages import EXPORT_METRICS
from tapewatch.wire.protobuf import decode, encode

grpc = pytest.importorskip(
    "grpc", reason="grpcio is not installed (pip install 'tapewatch[otlp-grpc]')"
)


def export(temporality=2):
    point = b'{"timeUnixNano":"%d","asInt":"7"}' % time.time_ns()
    text = (
        b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"fills","sum":{'
        b'"isMonotonic":true,"aggregationTemporality":%d,"dataPoints":[%b]}}]}]}]}'
    )
    return encode(EXPORT_METRICS, decode_json(EXPORT_METRICS, text % (temporality, point)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def call(up):
    """Start a server with a token, and return what calls its method."""
    address = f"127.0.0.1:{free_port()}"
    server = up(
        "--set",
        f"server.otlp_grpc_listen={address}",
        "--set",
        "server.auth_token={env: TOKEN}",
        TOKEN="s",
    )
    with grpc.insecure_channel(address) as channel:
        method = channel.unary_unary(f"/{RPC_METHOD}")

        def send(body, token="s"):
            return method(body, timeout=10, metadata=[("authorization", f"Bearer {token}")])

        send.server = server
        yield send


def test_an_export_becomes_series(call):
    assert call(export()) == b""
    headers = {"authorization": "Bearer s"}
    _, _, body = call.server.get("/api/v1/query?query=fills_total", **headers)
    assert b'"7"' in body


def test_what_could_not_be_taken_is_told(call):
    partial = decode(RESPONSE, call(export(temporality=0)))["partial"]
    assert "temporality is neither" in partial["message"]


@pytest.mark.parametrize(
    ("body", "token", "code"),
    [
        (b"\x0a\xff", "s", "INVALID_ARGUMENT"),
        (b"", "wrong", "UNAUTHENTICATED"),
    ],
)
def test_a_refusal_has_its_code(call, body, token, code):
    with pytest.raises(grpc.RpcError) as caught:
        call(body, token)
    assert caught.value.code() is getattr(grpc.StatusCode, code)


def test_a_public_address_needs_a_token():
    with pytest.raises(PublicWithoutAuth, match="can be reached from outside"):
        check_rpc_exposure("0.0.0.0:4317", None)
    check_rpc_exposure("0.0.0.0:4317", Secret("s"))
    check_rpc_exposure("", None)
