"""Faults and messages as the console sees them, through a server that tells nobody."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

KNOWN = {"name": "feed_stall", "help": "Feeds fall silent.", "fires": ["FeedStale"]}
RUNNING = {"name": "feed_stall", "began": 1.0, "ends": 121.0, "fires": ["FeedStale"]}


class Handler(BaseHTTPRequestHandler):
    """Stands for the floor and for the inbox."""

    def answer(self, told, status=200):
        self.server.asked.append(f"{self.command} {self.path}")
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/api/messages"):
            self.answer({"revision": 4, "messages": []})
        else:
            self.answer({"running": [], "known": [KNOWN]})

    def do_POST(self):
        if "feed_stall" in self.path:
            self.answer(RUNNING)
        else:
            self.answer({"errorType": "not_found", "error": "there is no such fault"}, 404)

    def do_DELETE(self):
        self.answer({"ended": True})

    def log_message(self, *_):
        pass


@pytest.fixture
def neighbour():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(neighbour):
    return f"http://127.0.0.1:{neighbour.server_port}"


@pytest.fixture
def rehearsal(up, neighbour):
    own = address(neighbour)
    return up("--inbox", own, "--set", f"server.floor={own}")


def ask(server, path="", method="GET"):
    status, _, body = server.get(f"/api/v1/drills{path}", method=method)
    return status, json.loads(body)


def test_faults_and_messages_are_passed_on(rehearsal, neighbour):
    assert ask(rehearsal)[1]["data"] == {
        "inbox": address(neighbour),
        "floor": "",
        "known": [KNOWN],
        "running": [],
    }
    assert ask(rehearsal, "/messages?since=3")[1]["data"] == {"revision": 4, "messages": []}
    assert ask(rehearsal, "/faults/feed_stall?for=5m", "POST")[1]["data"] == RUNNING
    assert ask(rehearsal, "/faults/feed_stall", "DELETE")[1]["data"] == {"ended": True}
    assert "GET /api/messages?since=3" in neighbour.asked
    assert "POST /faults/feed_stall?for=5m" in neighbour.asked


def test_a_fault_that_is_let_loose_is_noted_among_the_changes(rehearsal):
    ask(rehearsal, "/faults/feed_stall?for=3m", "POST")
    ask(rehearsal, "/faults/nonsense", "POST")
    _, _, body = rehearsal.get("/api/v1/changes?kind=fault")
    assert [each["what"] for each in json.loads(body)["data"]] == ["drill: feed_stall for 3m"]


def test_a_refusal_is_told_in_its_own_words(rehearsal):
    status, told = ask(rehearsal, "/faults/rain", "POST")
    assert (status, told["error"]) == (404, "there is no such fault")


def test_nothing_is_let_loose_where_people_are_told(up, neighbour):
    server = up("--set", f"server.floor={address(neighbour)}")
    told = ask(server)[1]["data"]
    assert (told["inbox"], told["known"]) == ("", [])
    for path, method in (("/faults/feed_stall", "POST"), ("/messages", "GET")):
        status, refused = ask(server, path, method)
        assert status == 409
        assert "messages go to people here" in refused["error"]
    assert neighbour.asked == []


def test_a_floor_that_is_not_there_is_told(up, neighbour):
    server = up("--inbox", address(neighbour), "--set", "server.floor=http://127.0.0.1:9")
    assert ask(server)[1]["data"]["floor"].startswith("127.0.0.1:9 does not answer")
