import asyncio
import base64
import gzip
import json
import ssl
import subprocess

import pytest
from tests.metrics.scrape.fakes import FakeServer, answer

from tapewatch.document.reading import read_text
from tapewatch.metrics.scrape.errors import (
    BadAnswer,
    BadStatus,
    BodyTooLarge,
    TimedOut,
    Unreachable,
)
from tapewatch.metrics.scrape.http.client import HttpClient, Request
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import SystemClock


def client(text="{}"):
    return HttpClient(read_text(text, HttpSettings), SystemClock())


def asked(handler, work, text="{}", **more):
    """Run ``work(client, server)`` against a server."""

    async def run():
        async with FakeServer(handler, **more) as server:
            asking = client(text)
            try:
                return await work(asking, server)
            finally:
                asking.close()

    return asyncio.run(run())


def test_a_connection_is_kept_and_used_again():
    async def work(asking, server):
        for _ in range(3):
            got = await asking.get(server.url(), timeout_seconds=5)
            assert got.body == b"a 1\n"
        assert (len(server.requests), server.connections) == (3, 1)
        assert server.header("Host") == server.address
        assert server.header("User-Agent").startswith("tapewatch/")

    asked(lambda head: answer(b"a 1\n"), work)


def test_a_connection_that_was_closed_while_idle_is_dialled_again():
    async def work(asking, server):
        await asking.get(server.url(), timeout_seconds=5)
        await asyncio.sleep(0.01)
        await asking.get(server.url(), timeout_seconds=5)
        assert server.connections == 2

    async def close_after(reader, writer):
        writer.write(answer(b"x"))

    asked(lambda head: close_after, work)


def test_an_answer_that_breaks_off_is_an_error():
    async def break_off(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")

    async def work(asking, server):
        with pytest.raises(Unreachable, match="before the answer was whole"):
            await asking.get(server.url(), timeout_seconds=5)

    asked(lambda head: break_off, work)


def test_a_slow_server_is_left():
    async def slow(head):
        await asyncio.sleep(10)

    async def work(asking, server):
        with pytest.raises(TimedOut, match=r"did not answer within 0\.05 s"):
            await asking.get(server.url(), timeout_seconds=0.05)

    asked(slow, work)


def test_nobody_listening_is_an_error():
    async def work(asking, server):
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1: "):
            await asking.get("http://127.0.0.1:1/", timeout_seconds=5)

    asked(lambda head: None, work)


def test_a_status_is_an_error():
    async def work(asking, server):
        with pytest.raises(BadStatus, match="HTTP status 503 Busy"):
            await asking.get(server.url(), timeout_seconds=5)

    asked(lambda head: answer(status="503 Busy"), work)


def test_the_limit_ends_a_body_while_it_comes():
    async def endless(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 10_000)
            await writer.drain()

    async def work(asking, server):
        with pytest.raises(BodyTooLarge, match="body_size_limit, 50000 bytes"):
            await asking.ask(Request(server.url(), limit_bytes=50_000), timeout_seconds=5)

    asked(lambda head: endless, work)


def test_a_packed_body_is_unpacked_though_a_near_server_is_not_asked_to_pack():
    packed = gzip.compress(b"a 1\n")

    async def work(asking, server):
        got = await asking.get(server.url(), timeout_seconds=5)
        assert got.body == b"a 1\n"
        assert server.header("Accept-Encoding") == "identity"

    asked(lambda head: answer(packed, headers=["Content-Encoding: gzip"]), work)


def redirecting(head):
    if head.startswith("GET /metrics"):
        return answer(status="302 Found", headers=["Location: /there?x=1"])
    if head.startswith("GET /loop"):
        return answer(status="307 Temporary Redirect", headers=["Location: /loop"])
    return answer(b"there")


def test_redirects_are_followed_but_not_for_ever():
    async def work(asking, server):
        got = await asking.get(server.url(), timeout_seconds=5)
        assert got.body == b"there"
        assert server.requests[-1].startswith("GET /there?x=1 HTTP/1.1")
        with pytest.raises(BadAnswer, match="more than 10 redirects"):
            await asking.get(server.url("/loop"), timeout_seconds=5)

    asked(redirecting, work)


def test_redirects_are_not_followed_where_settings_say_so():
    async def work(asking, server):
        with pytest.raises(BadStatus, match="302"):
            await asking.get(server.url(), timeout_seconds=5)

    asked(redirecting, work, "{follow_redirects: false}")


def test_credentials_do_not_follow_to_another_host():
    async def work(asking, server):
        await asking.get(server.url("/away"), timeout_seconds=5)
        assert server.header("Authorization", 0) == "Bearer t0ken"
        assert server.header("Authorization", 1) is None

    def handler(head):
        if head.startswith("GET /away"):
            port = head.split("Host: 127.0.0.1:")[1].split("\r\n")[0]
            return answer(status="302 Found", headers=[f"Location: http://localhost:{port}/here"])
        return answer(b"x")

    asked(handler, work, "{bearer_token: t0ken}")


def test_credentials_from_files_are_read_for_every_request(tmp_path):
    file = tmp_path / "password"
    file.write_text("first\n")
    text = f"{{basic_auth: {{username: prom, password_file: {file}}}}}"

    async def work(asking, server):
        for word in ("first", "second"):
            file.write_text(word)
            await asking.get(server.url(), timeout_seconds=5)
            expected = "Basic " + base64.b64encode(f"prom:{word}".encode()).decode()
            assert server.header("Authorization") == expected
        file.unlink()
        with pytest.raises(Unreachable, match="credentials: "):
            await asking.get(server.url(), timeout_seconds=5)

    asked(lambda head: answer(b"x"), work, text)


def test_further_headers_are_sent_and_may_not_break_the_request():
    async def work(asking, server):
        await asking.get(server.url(), timeout_seconds=5)
        assert server.header("X-Desk") == "delta1"

    asked(lambda head: answer(b"x"), work, "{http_headers: {X-Desk: {values: [delta1]}}}")

    async def smuggle(asking, server):
        with pytest.raises(BadAnswer, match="holds a line end"):
            await asking.get(server.url(), timeout_seconds=5)

    asked(lambda head: answer(b"x"), smuggle, r'{http_headers: {X: {values: ["a\r\nHost: b"]}}}')


def test_oauth_tokens_are_fetched_once_and_kept():
    def handler(head):
        if head.startswith("POST /token"):
            return answer(json.dumps({"access_token": "abc", "expires_in": 3600}).encode())
        return answer(b"x")

    async def run():
        async with FakeServer(handler) as server:
            token = f"client_id: me, client_secret: s, token_url: '{server.url('/token')}'"
            asking = client(f"{{oauth2: {{{token}, scopes: [read]}}}}")
            for _ in range(2):
                await asking.get(server.url(), timeout_seconds=5)
                assert server.header("Authorization") == "Bearer abc"
            assert [head.split()[0] for head in server.requests] == ["POST", "GET", "GET"]
            asking.close()

    asyncio.run(run())


def test_a_plain_proxy_is_asked_for_the_whole_url():
    async def work(_asking, server):
        through = client(f"{{proxy_url: 'http://u:p@{server.address}'}}")
        await through.get("http://venue.example/metrics", timeout_seconds=5)
        assert server.requests[-1].startswith("GET http://venue.example:80/metrics HTTP/1.1")
        assert server.header("Host") == "venue.example"
        assert server.header("Proxy-Authorization") == "Basic dTpw"
        through.close()

    asked(lambda head: answer(b"x"), work)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
         "-subj", "/CN=venue.test", "-addext", "subjectAltName=DNS:venue.test,IP:127.0.0.1"],
        capture_output=True,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is not here")
    return folder


def serving(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def test_a_certificate_is_checked(certificate):
    async def work(asking, server):
        got = await asking.get(server.url(scheme="https"), timeout_seconds=5)
        assert got.body == b"x"

    context = serving(certificate)
    trusting = f"{{tls_config: {{ca_file: {certificate}/cert.pem}}}}"
    asked(lambda head: answer(b"x"), work, trusting, ssl=context)
    asked(
        lambda head: answer(b"x"), work, "{tls_config: {insecure_skip_verify: true}}", ssl=context
    )
    with pytest.raises(Unreachable, match="TLS: self-signed certificate"):
        asked(lambda head: answer(b"x"), work, ssl=context)
    named = f"{{tls_config: {{ca_file: {certificate}/cert.pem, server_name: other.test}}}}"
    with pytest.raises(Unreachable, match="TLS: Hostname mismatch"):
        asked(lambda head: answer(b"x"), work, named, ssl=context)


def test_tls_goes_through_a_tunnel(certificate):
    async def run():
        async with FakeServer(lambda head: answer(b"inside"), ssl=serving(certificate)) as inner:

            async def tunnel(reader, writer):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", inner.port)
                await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

            async with FakeServer(lambda head: tunnel) as proxy:
                text = (
                    f"{{proxy_url: 'http://{proxy.address}', proxy_connect_header: {{X-Key: [k]}}, "
                    f"tls_config: {{ca_file: {certificate}/cert.pem}}}}"
                )
                asking = client(text)
                for _ in range(2):
                    got = await asking.get(inner.url(scheme="https"), timeout_seconds=5)
                    assert got.body == b"inside"
                assert proxy.requests[0].startswith(f"CONNECT {inner.address} HTTP/1.1")
                assert proxy.header("X-Key") == "k"
                assert proxy.connections == 1
                asking.close()

    asyncio.run(run())


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def test_a_proxy_may_refuse_the_tunnel():
    async def work(_asking, server):
        through = client(f"{{proxy_url: 'http://{server.address}'}}")
        with pytest.raises(BadAnswer, match="answered CONNECT with 403 No"):
            await through.get("https://venue.example/", timeout_seconds=5)

    asked(lambda head: answer(status="403 No"), work)


def test_lines_of_a_stream_come_one_by_one():
    async def stream(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"one\ntw", b"o\n", b"three"):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def work(asking, server):
        lines = [line async for line in asking.lines(Request(server.url()), timeout_seconds=5)]
        assert lines == [b"one", b"two"]

    asked(lambda head: stream, work)
