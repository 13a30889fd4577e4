from dataclasses import replace

from tapewatch.document.reading import read_text
from tapewatch.server.rehearsal import rehearsed
from tapewatch.server.settings import Settings

TEXT = """
alerting:
  inbox: http://127.0.0.1:7603
  heartbeats: [{kind: healthchecks, url: "https://hc.example/1"}]
  peers: ["http://10.0.0.2:7600"]
  peer_token: token
  actions:
    armed: true
    known: {stop: {kind: webhook, to: "http://127.0.0.1:9600/kill", armed: true}}
watch:
  alertmanagers: [{url: "http://am.example:9093"}]
"""


def test_a_server_with_an_inbox_reaches_nobody_else():
    settings = rehearsed(read_text(TEXT, Settings))
    alerting = settings.alerting
    assert alerting.heartbeats == ()
    assert alerting.peers == ()
    assert settings.watch.alertmanagers == ()
    assert {each.armed for each in alerting.actions.known.values()} == {False}


def test_a_server_without_one_is_left_as_it_is():
    settings = read_text(TEXT, Settings)
    settings = replace(settings, alerting=replace(settings.alerting, inbox=""))
    assert rehearsed(settings) is settings
