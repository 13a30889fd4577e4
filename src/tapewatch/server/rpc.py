"""
The component that listens for gRPC, which OpenTelemetry's SDKs and collectors speak by default.

A method is a function from bytes to bytes, so no generated code is needed. ``grpcio`` is optional
and imported when an address is configured.
"""

import asyncio
import hmac
import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tapewatch.document.types import Secret
from tapewatch.model.errors import TapewatchError
from tapewatch.server.errors import AddressUnusable, ExtraMissing, PublicWithoutAuth, Refusal
from tapewatch.server.http.auth import presented
from tapewatch.server.http.requests import as_refusal
from tapewatch.server.lifecycle import Component
from tapewatch.server.settings import ServerSettings, is_loopback, split_address

Method = Callable[[bytes], Awaitable[bytes]]

GRACE_SECONDS: Final = 5.0
_CODES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    413: "RESOURCE_EXHAUSTED",
    415: "INVALID_ARGUMENT",
    503: "UNAVAILABLE",
}


class RpcListener(Component):
    """Answers gRPC on the configured address; ``methods`` are named ``package.Service/Method``."""

    name = "grpc"

    def __init__(
        self, settings: ServerSettings, methods: Mapping[str, Method], needs: tuple[str, ...]
    ) -> None:
        self.needs = needs
        self.address = settings.otlp_grpc_listen
        self._settings = settings
        self._methods = methods
        self._server: Any = None

    def apply(self, settings: ServerSettings) -> None:
        """Use a new token for the calls that follow."""
        self._settings = settings

    async def start(self) -> None:
        grpc = load()
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._settings.request_unpacked_max),
                ("grpc.so_reuseport", 0),
            ]
        )
        self._server.add_generic_rpc_handlers(tuple(self._handlers(grpc)))
        host, _ = split_address(self._settings.otlp_grpc_listen)
        try:
            port = self._server.add_insecure_port(self._settings.otlp_grpc_listen)
        except RuntimeError:
            reason = "another process may listen there"
            raise AddressUnusable(self._settings.otlp_grpc_listen, reason) from None
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        await self._server.start()

    async def run(self) -> None:
        await self._server.wait_for_termination()

    async def stop(self) -> str:
        if self._server is not None:
            await self._server.stop(min(GRACE_SECONDS, self._settings.drain_timeout / 1000))
            self._server = None
        return ""

    def _handlers(self, grpc: Any) -> list[Any]:
        services: dict[str, dict[str, Any]] = {}
        for full_name, method in self._methods.items():
            service, _, name = full_name.partition("/")
            handler = grpc.unary_unary_rpc_method_handler(self._guarded(grpc, method))
            services.setdefault(service, {})[name] = handler
        return [grpc.method_handlers_generic_handler(*each) for each in services.items()]

    def _guarded(self, grpc: Any, method: Method) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def call(body: bytes, context: Any) -> bytes:
            try:
                self._check_token(context)
                async with asyncio.timeout(self._settings.request_timeout / 1000):
                    return await method(body)
            except (TapewatchError, TimeoutError) as fault:
                refusal = _refusal(fault)
            code = getattr(grpc.StatusCode, _CODES.get(refusal.status, "INTERNAL"))
            await context.abort(code, refusal.message)
            raise AssertionError(code)  # abort always raises

        return call

    def _check_token(self, context: Any) -> None:
        token = self._settings.auth_token
        if token is None:
            return
        given = dict(context.invocation_metadata()).get("authorization", "")
        if not hmac.compare_digest(presented(str(given).encode()), token.reveal().encode()):
            raise Refusal(401, "unauthorized", "this server wants its token")


def check_rpc_exposure(address: str, token: Secret | None) -> None:
    """Refuse a public address without authentication."""
    if address and not token and not is_loopback(split_address(address)[0]):
        raise PublicWithoutAuth(address)


def load() -> Any:
    """Import gRPC, or say what is missing."""
    try:
        return importlib.import_module("grpc")
    except ModuleNotFoundError:
        raise ExtraMissing("server.otlp_grpc_listen", "otlp-grpc") from None


def _refusal(fault: Exception) -> Refusal:
    if isinstance(fault, TimeoutError):
        return Refusal(503, "timeout", "not answered in time")
    return as_refusal(fault)
