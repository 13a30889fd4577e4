"""
The registry over HTTP, for scrapers that know only the process itself.

A reading runs in the process that is read and takes the interpreter's lock: 5,000 series stall a
hot loop for milliseconds. The agent reads the region instead and stalls nothing; this is for
programs that are not ready to part with their port.
"""

import gzip
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import parse_qs, urlparse
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tapewatch.sdk.prometheus.registry import REGISTRY
from tapewatch.sdk.prometheus.text import chosen_encoder, generate_latest

ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 # What prometheus_client listens on by default.

Headers = Sequence[tuple[str, str]]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
WsgiApp = Callable[[Mapping[str, Any], StartResponse], Iterable[bytes]]
AsgiApp = Callable[[Mapping[str, Any], Any, Any], Awaitable[None]]


class Answer(NamedTuple):
    """One answer to a request for the metrics."""

    status: str
    headers: Headers
    body: bytes


def answer(
    registry: Any,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    *,
    compressed: bool = True,
) -> Answer:
    """Answer a request; ``name[]`` in the query chooses samples."""
    if method == "OPTIONS":
        return Answer("200 OK", [("Allow", "OPTIONS,GET")], b"")
    if method != "GET":
        status = "405 Method Not Allowed"
        body = f"# HTTP {status}: {method}; use OPTIONS or GET\n".encode()
        return Answer(status, [("Allow", "OPTIONS,GET")], body)
    if path == "/favicon.ico":
        return Answer("200 OK", [], b"")
    names = parse_qs(query).get("name[]")
    encoder, content_type = chosen_encoder(headers.get("accept"))
    body = encoder(registry.restricted_registry(names) if names else registry)
    told = [("Content-Type", content_type)]
    if compressed and _takes_gzip(headers.get("accept-encoding", "")):
        return Answer("200 OK", [*told, ("Content-Encoding", "gzip")], gzip.compress(body))
    return Answer("200 OK", told, body)


def _takes_gzip(accepted: str) -> bool:
    return any(each.split(";")[0].strip().lower() == "gzip" for each in accepted.split(","))


def make_wsgi_app(registry: Any = REGISTRY, disable_compression: bool = False) -> WsgiApp:
    """Make a WSGI application of a registry."""

    def app(environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        told = answer(
            registry,
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            {
                "accept": environ.get("HTTP_ACCEPT", ""),
                "accept-encoding": environ.get("HTTP_ACCEPT_ENCODING", ""),
            },
            compressed=not disable_compression,
        )
        start_response(told.status, list(told.headers))
        return [told.body]

    return app


def make_asgi_app(registry: Any = REGISTRY, disable_compression: bool = False) -> AsgiApp:
    """Make an ASGI application of a registry, to be mounted at ``/metrics``."""

    async def app(scope: Mapping[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG001 # ASGI's own shape.
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = scope.get("query_string", b"").decode()
        told = answer(
            registry,
            scope["method"],
            scope.get("path", ""),
            query,
            headers,
            compressed=not disable_compression,
        )
        begun = {"type": "http.response.start", "status": int(told.status[:3])}
        encoded = [(name.encode(), value.encode()) for name, value in told.headers]
        await send(begun | {"headers": encoded})
        await send({"type": "http.response.body", "body": told.body})

    return app


class MetricsHandler(BaseHTTPRequestHandler):
    """A handler for ``http.server``; ``factory`` gives one for another registry."""

    registry: ClassVar[Any] = REGISTRY

    def do_GET(self) -> None:
        """Answer with the metrics."""
        asked = urlparse(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = answer(self.registry, "GET", asked.path, asked.query, headers)
        self.send_response(int(told.status[:3]))
        for name, value in told.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told.body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 # The base's name.
        """Log nothing."""

    @classmethod
    def factory(cls, registry: Any) -> type:
        """A handler class for that registry."""
        return type(cls.__name__, (cls,), {"registry": registry})


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 # The base's name.
        """Log nothing."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def start_http_server(
    port: int,
    addr: str = ALL_ADDRESSES,
    registry: Any = REGISTRY,
    certfile: str | None = None,
    keyfile: str | None = None,
    client_cafile: str | None = None,
    client_auth_required: bool = False,
) -> tuple[WSGIServer, Thread]:
    """
    Serve the metrics from a thread of this process; give the server and its thread.

    With ``certfile`` and ``keyfile`` over TLS, and with ``client_auth_required`` only to clients
    whose certificate ``client_cafile`` vouches for.
    """
    import socket

    family, *_, place = socket.getaddrinfo(addr, port, type=socket.SOCK_STREAM)[0]
    own = type("_OwnServer", (_Server,), {"address_family": family})
    server: WSGIServer = make_server(
        str(place[0]), port, make_wsgi_app(registry), own, handler_class=_Silent
    )
    if certfile and keyfile:
        context = _tls(certfile, keyfile, client_cafile, required=client_auth_required)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    return server, thread


start_wsgi_server = start_http_server


def _tls(certificate: str, key: str, authority: str | None, *, required: bool) -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if authority is not None:
        context.load_verify_locations(authority)
    if required:
        context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    return context


def write_to_textfile(path: str, registry: Any) -> None:
    """Write the metrics into a file for node_exporter's textfile collector, whole or not at all."""
    import os
    from threading import get_ident

    beside = Path(f"{path}.{os.getpid()}.{get_ident()}")
    try:
        beside.write_bytes(generate_latest(registry))
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
