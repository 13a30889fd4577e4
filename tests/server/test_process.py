"""The life of the process, as whoever operates it sees it."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest


def test_it_says_where_to_look_in_at_most_ten_lines(up):
    server = up()
    assert len(server.banner) <= 10
    assert server.url in server.banner[1]
    assert server.stop() == 0


def test_it_drains_and_says_so(up):
    server = up()
    assert server.stop(signal.SIGINT) == 0
    last = server.log_lines()[-1]
    assert (last["message"], last["drained"]) == ("stopped", "nothing was open")


def test_a_request_that_is_being_answered_is_finished_first(up):
    server = up()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")
        time.sleep(0.2)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.2)
        connection.sendall(b"}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        stopping.join()
    assert server.process.returncode == 0


def test_a_second_signal_stops_at_once(up):
    server = up("--set", "server.drain_timeout=60s")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None
        assert server.stop(signal.SIGTERM) == 130


def test_killed_at_any_moment_it_starts_again(up):
    for wait in (0.0, 0.05, 0.1, 0.2, 0.3):
        server = up()
        time.sleep(wait)
        server.stop(signal.SIGKILL)
    assert up().stop() == 0


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["--listen", "nonsense"], "'nonsense' is not an address: write HOST:PORT", 2),
        (["--listen", "0.0.0.0:0"], "no authentication is set: set server.auth_token", 1),
        (["--data", "/proc/nope"], "choose another one with --data", 1),
        (["--config", "none.yaml"], "none.yaml: cannot be read: No such file", 2),
        (["--set", "server.lisen=x"], "did you mean server.listen?", 2),
        (["--set", "nonsense"], "write PATH=VALUE", 2),
        (["--log-level", "loud"], "'loud' is not one of debug, info, warning, error", 2),
    ],
)
def test_what_keeps_it_from_starting_is_told_with_the_remedy(up, arguments, words, status):
    server = up(*arguments)
    assert server.stop() == status
    assert words in server.log()
    assert "Traceback" not in server.log()


def test_a_taken_port_leaves_nothing_behind(up, tmp_path):
    first = up()
    address = first.url.removeprefix("http://")
    second = up("--listen", address, "--data", str(tmp_path / "other"))
    assert second.stop() == 1
    assert f"cannot listen on {address} (address already in use)" in second.log()
    assert not (tmp_path / "other").exists()


def test_a_data_directory_in_use_is_told_with_its_process(up):
    first = up()
    second = up()
    assert second.stop() == 1
    assert f"is in use by process {first.process.pid}" in second.log()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_told(up, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    server = up("--data", str(tmp_path / "locked" / "data"))
    assert server.stop() == 1
    assert "Permission denied" in server.log()


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(up, tmp_path):
    path = tmp_path / "tapewatch.yaml"
    path.write_text("log: {level: warning}\n")
    server = up()
    path.write_text("log: {level: info}\nserver: {listen: 127.0.0.1:1}\n")
    status, _, body = server.get("/-/reload", method="POST")
    assert (status, json.loads(body)["restart_for"]) == (200, [])
    path.write_text("log: {level: loud}\n")
    status, _, body = server.get("/-/reload", method="POST")
    assert status == 400
    assert "tapewatch.yaml:1: log.level: 'loud' is not one of" in body.decode()
    metrics = server.get("/metrics")[2].decode()
    assert "tapewatch_config_last_reload_successful 0" in metrics
    assert "tapewatch_config_reload_failures_total 1" in metrics
    assert "level: info" in json.loads(server.get("/api/v1/status/config")[2])["data"]["yaml"]
    assert any("old one stays" in line["message"] for line in server.log_lines())


def test_a_hangup_reloads(up, tmp_path):
    path = tmp_path / "tapewatch.yaml"
    path.write_text("log: {level: info}\n")
    server = up()
    path.write_text("server: {request_timeout: 7s}\n")
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while "7s" not in server.get("/api/v1/status/config")[2].decode():
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.02)


def test_the_environment_goes_over_the_file_and_flags_over_both(up, tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("server: {request_timeout: 1s}\nlog: {level: error}\n")
    server = up(
        *("--set", "log.level=info"),
        TAPEWATCH_SERVER_REQUEST_TIMEOUT="2s",
        TAPEWATCH_LOGLEVEL="x",
        TAPEWATCH_URL="http://127.0.0.1:7600",
    )
    flags = json.loads(server.get("/api/v1/status/flags")[2])["data"]
    assert (flags["server.request_timeout"], flags["log.level"]) == ("2s", "info")
    nothing = {line["variable"] for line in server.log_lines() if "variable" in line}
    assert nothing == {"TAPEWATCH_LOGLEVEL"}


def test_the_pure_twins_serve_too(tmp_path):
    code = "from tapewatch.model.hashing import xxhash64; print(hex(xxhash64(b'abc')))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TAPEWATCH_PURE": "1"},
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "0x44bc2cf5ad770999"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the switches are glibc's")
def test_the_c_library_knows_the_switches_for_freed_memory():
    code = "from tapewatch.server.process import keep_freed_memory as keep; print(keep())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "True\n"
