import asyncio
import gzip
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.request import Request, urlopen

import pytest

from tapewatch.sdk import prometheus
from tapewatch.sdk.prometheus import CollectorRegistry, Gauge
from tapewatch.sdk.prometheus.gateway import basic_auth_handler


@pytest.fixture
def registry():
    made = CollectorRegistry()
    gauge = Gauge("served", "Served", registry=made)
    gauge.set(3)
    yield made
    made.unregister(gauge)


@pytest.fixture
def address(registry):
    server, thread = prometheus.start_http_server(0, "127.0.0.1", registry)
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


def asked(address, **headers):
    request = Request(
        address, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    with urlopen(request) as told:
        return told.headers, told.read()


def test_a_scraper_reads_the_metrics(address):
    headers, body = asked(address)
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert body.endswith(b"served 3.0\n")


def test_a_reader_may_ask_for_openmetrics_and_gzip(address):
    headers, body = asked(
        address, Accept="application/openmetrics-text;version=1.0.0", Accept_Encoding="gzip"
    )
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert gzip.decompress(body).endswith(b"# EOF\n")


def test_names_choose_samples(address):
    assert asked(f"{address}?name[]=other")[1] == b""


def test_other_methods_are_refused(registry):
    told = []
    app = prometheus.make_wsgi_app(registry)
    body = app({"REQUEST_METHOD": "PUT"}, lambda status, headers: told.append(status))
    assert told == ["405 Method Not Allowed"]
    assert b"use OPTIONS or GET" in body[0]


def test_an_asgi_application_answers(registry):
    sent = []

    async def send(message):
        sent.append(message)

    app = prometheus.make_asgi_app(registry)
    scope = {"method": "GET", "path": "/", "headers": [(b"accept", b"text/plain")]}
    asyncio.run(app(scope, None, send))
    assert (sent[0]["status"], sent[1]["body"].splitlines()[-1]) == (200, b"served 3.0")


@pytest.fixture
def gateway():
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            seen.append((self.command, self.path, dict(self.headers), body))
            self.send_response(202)
            self.end_headers()

        do_POST = do_DELETE = do_PUT  # noqa: N815 # http.server's names.

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()
    thread.join()


def test_metrics_are_pushed_to_a_gateway(gateway, registry):
    address, seen = gateway
    prometheus.push_to_gateway(address, "batch", registry, {"instance": "a b", "x": ""})
    prometheus.pushadd_to_gateway(address, "batch", registry, compression="gzip")
    prometheus.delete_from_gateway(address, "batch")
    assert [(method, path) for method, path, *_ in seen] == [
        ("PUT", "/metrics/job/batch/instance@base64/YSBi/x@base64/="),
        ("POST", "/metrics/job/batch"),
        ("DELETE", "/metrics/job/batch"),
    ]
    assert seen[0][3] == gzip.decompress(seen[1][3])
    assert seen[0][3].endswith(b"served 3.0\n")


def test_a_handler_may_say_who_it_is(gateway, registry):
    address, seen = gateway

    def handler(url, method, timeout, headers, data):
        return basic_auth_handler(url, method, timeout, headers, data, "me", "secret")

    prometheus.push_to_gateway(address, "batch", registry, handler=handler)
    assert seen[0][2]["Authorization"] == "Basic bWU6c2VjcmV0"


def test_an_unknown_compression_is_refused(registry):
    with pytest.raises(ValueError, match="'snappy' is no compression that is known here"):
        prometheus.push_to_gateway("x", "y", registry, compression="snappy")


def test_a_file_for_node_exporter_is_whole(registry, tmp_path):
    prometheus.write_to_textfile(str(tmp_path / "x.prom"), registry)
    assert (tmp_path / "x.prom").read_text().endswith("served 3.0\n")
    assert [path.name for path in tmp_path.iterdir()] == ["x.prom"]


def test_the_import_loads_no_server():
    code = (
        "import sys, tapewatch.sdk.prometheus as p; "
        "assert not {'http.server', 'socketserver', 'ssl'} & sys.modules.keys(); "
        "p.start_http_server; assert 'http.server' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"TAPEWATCH_REGION": "off"})
