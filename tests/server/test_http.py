"""What a request may cost, and how a refusal is told."""

import gzip
import json
import re
import socket
import zlib

import pytest
from tests.running import Process


def test_every_answer_carries_an_id_that_the_caller_may_choose(server):
    _, headers, _ = server.get("/-/healthy")
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
    _, headers, _ = server.get("/-/healthy", x_request_id="order-17")
    assert headers["x-request-id"] == "order-17"
    _, headers, _ = server.get("/-/healthy", x_request_id="a b<script>")
    assert headers["x-request-id"] != "a b<script>"


@pytest.mark.parametrize(
    ("path", "method", "status", "shape"),
    [
        ("/nope", "GET", 404, {"code": "not_found"}),
        ("/-/reload", "GET", 405, {"code": "not_allowed"}),
    ],
)
def test_an_error_of_ours_has_one_shape(server, path, method, status, shape):
    got, _, body = server.get(path, method=method)
    assert got == status
    told = json.loads(body)["error"]
    assert shape.items() <= told.items()
    assert told["request_id"]


def test_an_error_of_the_prometheus_face_has_prometheus_shape(server):
    status, _, body = server.get("/api/v1/status/nope")
    assert status == 404
    told = json.loads(body)
    assert (told["status"], told["errorType"]) == ("error", "not_found")


def test_ready_tells_of_every_component(server):
    status, _, body = server.get("/-/ready", accept="application/json")
    assert status == 200
    states = {each["name"]: each["state"] for each in json.loads(body)["components"]}
    assert states == dict.fromkeys(("metrics", "regions", "alerting", "watch", "http"), "running")


@pytest.mark.parametrize("name", ["buildinfo", "config", "flags", "runtimeinfo"])
def test_the_status_answers_have_prometheus_envelope(server, name):
    _, _, body = server.get(f"/api/v1/status/{name}")
    assert json.loads(body)["status"] == "success"


def test_requests_are_counted_by_route_not_by_path(server):
    server.get("/nope/1")
    server.get("/nope/2")
    text = server.get("/metrics")[2].decode()
    assert re.search(
        r'^tapewatch_http_requests_total\{code="404",handler="none",method="GET"\} ',
        text,
        re.MULTILINE,
    )
    assert "/nope" not in text


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    limits = ["request_body_max=2KB", "request_unpacked_max=1MB", "request_head_max=2KB"]
    limits += ["request_timeout=300ms", "requests_at_once_max=2"]
    flags = [part for limit in limits for part in ("--set", f"server.{limit}")]
    process = Process(folder, *flags)
    yield process
    process.stop()
    process._log.close()


def test_a_body_over_the_limit_is_refused(small):
    status, _, body = small.get("/-/reload", method="POST", body=b"x" * 3000)
    assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_bomb_is_refused(small, coding, pack):
    bomb = pack(b"\0" * 1_500_000)
    assert len(bomb) < 2048
    status, _, body = small.get("/-/reload", method="POST", body=bomb, content_encoding=coding)
    assert status == 413
    assert "after decompression" in body.decode()


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b"abc", mtime=0)[:-5]], ids=["garbage", "cut short"]
)
def test_a_broken_body_is_refused(small, body):
    status, _, _ = small.get("/-/reload", method="POST", body=body, content_encoding="gzip")
    assert status == 400


def ask_raw(server, data, *, wait_for=b"\r\n\r\n"):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        told = b""
        while wait_for not in told and (part := connection.recv(65536)):
            told += part
        return told


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx-endless: " + b"a" * 5000,
        b"GET /" + b"a" * 5000,
    ],
)
def test_a_head_over_the_limit_is_refused_even_unfinished(small, head):
    assert ask_raw(small, head).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_never_comes_ends_in_time(small):
    head = b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"
    told = ask_raw(small, head)
    assert told.startswith(b"HTTP/1.1 503 ")


def test_a_full_server_refuses_but_stays_healthy(small):
    host, port = small.url.removeprefix("http://").split(":")
    head = b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"
    waiting = [socket.create_connection((host, int(port))) for _ in range(2)]
    for each in waiting:
        each.sendall(head)
    try:
        answers = {small.get("/api/v1/status/flags")[0] for _ in range(20)}
        assert small.get("/-/healthy")[0] == 200
    finally:
        for each in waiting:
            each.close()
    assert 503 in answers


def test_garbage_is_a_bad_request(server):
    assert ask_raw(server, b"\x00\x01garbage\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_token_opens_the_server_in_both_forms(up, tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("server: {auth_token: {env: TAPEWATCH_TOKEN}}\n")
    server = up("--listen", "0.0.0.0:0", TAPEWATCH_TOKEN="s3cret")
    server.url = server.url.replace("0.0.0.0", "127.0.0.1")
    assert server.get("/-/healthy")[0] == 200
    status, headers, _ = server.get("/metrics")
    assert status == 401
    assert "Bearer" in headers["www-authenticate"]
    assert server.get("/metrics", authorization="Bearer s3cret")[0] == 200
    assert server.get("/metrics", authorization="Basic dTpzM2NyZXQ=")[0] == 200
    assert server.get("/metrics", authorization="Bearer wrong")[0] == 401
    config = server.get("/api/v1/status/config", authorization="Bearer s3cret")[2].decode()
    assert "s3cret" not in config + server.log()
    assert "<secret from environment variable TAPEWATCH_TOKEN>" in config
