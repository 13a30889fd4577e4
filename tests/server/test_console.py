"""How the console's files are served, and what a server without them says."""

import gzip
import re

import pytest
from tests.running import Process

SCRIPT = "console.log('tape')\n" * 60
TOKEN = "a-token-of-some-length"
GUARDED = ("--set", "server.auth_token={env: TAPEWATCH_TOKEN}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    built = tmp_path_factory.mktemp("built")
    (built / "assets").mkdir()
    (built / "index.html").write_text(
        '<!doctype html><script src="./assets/main-1a2b.js"></script>'
    )
    (built / "assets" / "main-1a2b.js").write_text(SCRIPT)
    (built / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (built / "assets" / "secret.key").write_text("not for anybody")
    return built


@pytest.fixture(scope="module")
def server(tmp_path_factory, folder):
    process = Process(
        tmp_path_factory.mktemp("server"),
        *GUARDED,
        TAPEWATCH_SERVER_CONSOLE=str(folder),
        TAPEWATCH_TOKEN=TOKEN,
    )
    yield process
    process.stop()
    process._log.close()


@pytest.mark.parametrize("path", ["/", "/now", "/explore?expr=up", "/dashboards", "/platform"])
def test_every_page_is_the_same_document_under_a_strict_policy(server, path):
    status, headers, body = server.get(path)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"./assets/main-1a2b.js" in body
    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-cache"


def test_a_file_with_a_hash_in_its_name_is_kept_for_ever(server):
    _, headers, body = server.get("/assets/main-1a2b.js")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert body.decode() == SCRIPT


def test_the_packed_form_is_sent_to_whoever_takes_it(server):
    _, headers, body = server.get("/assets/main-1a2b.js", accept_encoding="gzip, br")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body).decode() == SCRIPT


def test_a_browser_is_told_that_its_copy_still_holds(server):
    etag = server.get("/")[1]["etag"]
    status, _, body = server.get("/", if_none_match=etag)
    assert (status, body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/assets/..%2findex.html", "/assets/../index.html"]
)
def test_only_files_of_the_build_are_found(server, path):
    assert server.get(path, authorization=f"Bearer {TOKEN}")[0] == 404


def test_a_file_of_another_kind_is_not_served(server):
    assert server.get("/assets/secret.key")[0] == 401
    assert server.get("/assets/secret.key", authorization=f"Bearer {TOKEN}")[0] == 404


def test_the_console_is_open_and_every_answer_is_not(server):
    assert server.get("/explore")[0] == 200
    assert server.get("/api/v1/query?query=up")[0] == 401


def test_a_script_is_not_asked_by_a_dialog_of_the_browser(server):
    _, headers, _ = server.get("/api/v1/query?query=up", sec_fetch_dest="empty")
    assert headers["www-authenticate"] == 'Bearer realm="tapewatch"'
    _, headers, _ = server.get("/metrics")
    assert "Basic" in headers["www-authenticate"]


def test_a_new_build_is_seen_without_a_restart(up, tmp_path):
    built = tmp_path / "built"
    server = up(TAPEWATCH_SERVER_CONSOLE=str(built))
    assert b"not built into this installation" in server.get("/")[2]
    built.mkdir()
    (built / "index.html").write_text("first")
    assert server.get("/")[2] == b"first"


def test_without_a_console_the_page_says_so_and_needs_the_token(up, tmp_path):
    server = up(*GUARDED, TAPEWATCH_SERVER_CONSOLE=str(tmp_path), TAPEWATCH_TOKEN=TOKEN)
    assert server.get("/")[0] == 401
    _, headers, body = server.get("/", authorization=f"Bearer {TOKEN}")
    assert b"The console is not built into this installation; everything else works." in body
    assert "script" not in headers["content-security-policy"]


def test_the_address_in_an_alert_leads_to_explore(server):
    path = "/graph?g0.expr=up%20%3D%3D%200&g0.tab=1&g0.range_input=6h"
    target = _redirected(server, path)
    assert target == "explore?expr=up+%3D%3D+0&view=table&from=now-6h"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (
            "/silences/new?filter=%7Bvenue%3D%22okx%22%7D",
            "../alerts?tab=silences&do=new&filter=%7Bvenue%3D%22okx%22%7D",
        ),
        ("/runbooks/feed-stale", "../catalog?tab=runbooks&runbook=feed-stale"),
        ("/dashboards/server", "../dashboards?name=server"),
        ("/dashboards/gone", "../dashboards?name=gone"),
    ],
)
def test_the_addresses_in_messages_lead_to_their_pages(server, path, target):
    assert _redirected(server, path) == target


def test_a_message_opens_without_the_token_and_shows_nothing_more(server):
    assert server.get("/alerts?filter=%7Bvenue%3D%22okx%22%7D&do=acknowledge")[0] == 200
    assert server.get("/api/v2/alerts")[0] == 401


def _redirected(server, path):
    import http.client

    host = re.sub("^http://", "", server.url)
    connection = http.client.HTTPConnection(host)
    connection.request("GET", path, headers={"authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 302
    return answer.headers["location"]
