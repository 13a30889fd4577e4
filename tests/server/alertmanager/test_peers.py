"""Two real servers that share silences and what was told, and one of them dying."""

import json
import socket
import time

import pytest
from tests.alerting.timelines import Hooks
from tests.running import Process

CONFIG = """
alerting:
  route:
    {receiver: desk, group_by: [alertname], group_wait: 0s, group_interval: 5s,
     routes: [{matchers: [alertname=Halt], receiver: stop}]}
  receivers:
    - {name: desk, webhook_configs: [{url: "HOOK/desk"}]}
    - {name: stop, action_configs: [{action: halt}]}
  actions: {armed: true, known: {halt: {kind: webhook, to: "HOOK/halt", confirm: true}}}
  peers: ["http://127.0.0.1:PEER"]
  peer_token: s3cret
  peer_wait: 2s
server: {auth_token: {file: token}}
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Server(Process):
    """One of two, which wants a token of everybody but its peer."""

    def ask(self, path, value=None, token="other"):
        body = None if value is None else json.dumps(value).encode()
        headers = {"Content_Type": "application/json", "Authorization": f"Bearer {token}"}
        method = "GET" if body is None else "POST"
        status, _, answer = self.get(path, method=method, body=body, **headers)
        return status, json.loads(answer) if answer.strip() else None


class Pair:
    """Two servers and a hook that hears both."""

    def __init__(self, folder):
        self.hooks = Hooks()
        ports = free_ports(2)
        self.servers = []
        for place, port in enumerate(ports):
            home = folder / str(place)
            home.mkdir()
            (home / "token").write_text("other")
            text = CONFIG.replace("HOOK", self.hooks.url).replace("PEER", str(ports[1 - place]))
            (home / "tapewatch.yaml").write_text(text)
            listen = ("--listen", f"127.0.0.1:{port}")
            self.servers.append(Server(home, "--config", str(home / "tapewatch.yaml"), *listen))
        # The one whose name comes first sends at once.
        self.servers.sort(key=lambda each: each.ask("/api/v1/alerting/peers")[1]["id"])

    def fire(self, name):
        # The one that waits is told before the other has sent, so that it has what to withdraw.
        for server in reversed(self.servers):
            if server.process.poll() is None:
                assert server.ask("/api/v2/alerts", [{"labels": {"alertname": name}}])[0] == 200

    def told(self, name):
        return [body for _, _, body in self.hooks.seen if name in str(body["groupLabels"])]

    def close(self):
        for server in self.servers:
            server.stop(9)
            server._log.close()
        self.hooks.close()


def eventually(check, seconds=15):
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    yield made
    made.close()


def test_two_servers_page_once_share_silences_and_one_may_die(pair):
    first, second = pair.servers
    for server in pair.servers:
        assert eventually(lambda s=server: len(s.ask("/api/v2/status")[1]["cluster"]["peers"]) == 2)
    assert eventually(lambda: second.ask("/api/v1/alerting/peers")[1]["position"] == 1)
    assert first.ask("/api/v1/alerting/peers")[1]["position"] == 0

    pair.fire("Once")
    assert eventually(lambda: pair.told("Once"))
    history = "/api/v1/alerting/history?kind=told%20by%20peer"
    assert eventually(lambda: second.ask(history)[1])
    assert len(pair.told("Once")) == 1

    silence = {
        "matchers": [{"name": "alertname", "value": "Quiet", "isRegex": False}],
        "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "ann",
        "comment": "planned",
    }
    made = first.ask("/api/v2/silences", silence)[1]["silenceID"]
    assert eventually(lambda: [s for s in second.ask("/api/v2/silences")[1] if s["id"] == made])

    first.stop(9)
    pair.fire("Alone")
    assert eventually(lambda: pair.told("Alone"))
    assert len(pair.told("Alone")) == 1


def test_a_peer_must_show_the_token(pair):
    path = "/api/v1/alerting/peers/exchange"
    message = {"version": 1, "from": "x", "process": "y", "records": []}
    status, answer = pair.servers[0].ask(path, message)
    assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert pair.servers[0].ask(path, message, token="s3cret")[0] == 200
    assert pair.servers[0].ask(path, {**message, "version": 9}, token="s3cret")[0] == 400
    broken = {**message, "records": [{"kind": "silence"}]}
    assert pair.servers[0].ask(path, broken, token="s3cret")[0] == 400


def test_a_person_agrees_on_any_of_the_servers_and_the_action_is_done_once(pair):
    _, second = pair.servers
    for server in pair.servers:
        assert eventually(lambda s=server: len(s.ask("/api/v2/status")[1]["cluster"]["peers"]) == 2)
    pair.fire("Halt")
    waiting = [eventually(lambda s=s: s.ask("/api/v1/alerting/approvals")[1]) for s in pair.servers]
    assert [[each["action"] for each in found] for found in waiting] == [["halt"], ["halt"]]
    assert waiting[0][0]["id"] == waiting[1][0]["id"]
    path = f"/api/v1/alerting/approvals/{waiting[0][0]['id']}/approve"
    status, answer = second.ask(path, {"by": "kim"})
    assert (status, answer["detail"]) == (200, "agreed; it is done by the server that was asked")

    def halted():
        return [body for _, path, body in pair.hooks.seen if path.endswith("/halt")]

    assert eventually(halted)
    assert halted()[0]["by"].endswith("agreed by kim")
    for server in pair.servers:
        assert eventually(lambda s=server: not s.ask("/api/v1/alerting/approvals")[1])
    assert len(halted()) == 1
