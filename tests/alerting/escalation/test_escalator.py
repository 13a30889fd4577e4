"""Who is told next when nobody answers, and what stops that."""

import pytest
from tests.alerting.desks import BEGIN, SECOND, Bench, alert

from tapewatch.alerting.book.history import Search
from tapewatch.alerting.escalation.escalator import Escalator
from tapewatch.alerting.matchers import Reading, parse_matchers
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.alerting.oncall.settings import OnCallSettings
from tapewatch.alerting.silences import Silence
from tapewatch.document.reading import read_text

CONFIG = """
route: {receiver: desk, group_by: [alertname], group_wait: 0s, repeat_interval: 30d}
receivers:
  - {name: desk, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
  - {name: ann, slack_configs: [{api_url: "http://127.0.0.1:9/", channel: "#ann"}]}
  - {name: ben, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
  - {name: boss, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
"""
ON_CALL = """
people: {ann: {receiver: ann}, ben: {receiver: ben}}
schedules: {rota: {people: [ann, ben], starts: "2026-01-05T00:00:00Z"}}
escalations:
  - name: pages
    matchers: ['severity="page"']
    steps:
      - {after: 5m, schedule: rota}
      - {after: 10m, schedule: rota, turn: next}
      - {after: 15m, receivers: [boss]}
    repeat: 1
"""


class Scene:
    """A desk with an escalator beside it."""

    def __init__(self, folder, on_call=ON_CALL):
        self.bench = Bench(folder, CONFIG)
        self.settings = read_text(on_call, OnCallSettings)
        self.start()

    def start(self):
        desk = self.bench.desk
        self.roster = Roster(self.settings, desk.book, lambda: "id")
        self.escalator = Escalator(desk, self.roster, self.bench.now_ns)

    def crash(self):
        self.bench.crash()
        self.start()

    def fire(self, name="FeedStale", **labels):
        ends_ns = BEGIN + 10 * 86_400 * SECOND
        self.bench.say(alert(name, self.bench.now_ns, ends_ns, severity="page", **labels))
        self.bench.sent()

    def end(self, name="FeedStale", **labels):
        self.bench.say(alert(name, BEGIN, self.bench.now_ns, severity="page", **labels))

    def wait(self, minutes):
        """Let time pass; gives who was told by a step, and when."""
        told = []
        for _ in range(minutes):
            self.bench.wait(60)
            self.escalator.tick(self.bench.now_ns)
            minute = (self.bench.now_ns - BEGIN) // (60 * SECOND)
            for each in self.bench.sent():
                if each.group_key.startswith("escalation/"):
                    told.append((minute, each.receiver))
        return told

    @property
    def fingerprint(self):
        (state,) = [s for s in self.bench.desk.alerts if s.name == "FeedStale"]
        return state.fingerprint

    def history(self):
        found = self.bench.desk.history.search(Search(newest_first=False))
        return [each.told for each in found if each.kind.startswith("escalat")]


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_one_after_the_other_is_told_and_then_again(scene):
    scene.fire()
    first = [(5, "ann"), (10, "ben"), (15, "boss")]
    again = [(20, "ann"), (25, "ben"), (30, "boss")]
    assert scene.wait(60) == first + again


def test_the_history_says_who_was_told(scene):
    scene.fire()
    scene.wait(5)
    assert scene.history() == ["escalation pages: step 1 of 3: ann"]


def test_an_acknowledgement_stops_it_and_a_release_goes_on(scene):
    scene.fire()
    assert scene.wait(6) == [(5, "ann")]
    scene.bench.desk.acknowledge(scene.fingerprint, "ann", scene.bench.now_ns)
    # Ann's chat message is changed, and nobody else hears of it.
    assert {receiver for _, receiver in scene.wait(30)} <= {"ann"}
    scene.bench.desk.release(scene.fingerprint, "ann", scene.bench.now_ns)
    assert "ben" in {receiver for _, receiver in scene.wait(3)}


def test_an_acknowledgement_that_runs_out_lets_it_go_on(scene):
    scene.fire()
    scene.wait(1)
    until_ns = BEGIN + 3600 * SECOND
    scene.bench.desk.acknowledge(scene.fingerprint, "ann", scene.bench.now_ns, until_ns=until_ns)
    assert scene.wait(58) == []
    assert scene.wait(5)[0] == (60, "ann")


def test_the_end_of_the_alerts_ends_it_and_is_told_to_those_who_know(scene):
    scene.fire()
    scene.wait(6)
    scene.end()
    assert scene.wait(1) == [(7, "ann")]
    assert scene.wait(30) == []
    assert scene.history()[-1] == "all alerts are over"


def test_what_ends_before_the_first_step_tells_nobody(scene):
    scene.fire()
    scene.wait(2)
    scene.end()
    assert scene.wait(30) == []
    assert scene.history() == []


def test_a_silenced_alert_does_not_climb(scene):
    scene.fire()
    (matcher,) = parse_matchers('alertname="FeedStale"', Reading.FALLBACK)
    silence = Silence(
        "", ((matcher,),), BEGIN, BEGIN + 3600 * SECOND, BEGIN, created_by="ann", comment="x"
    )
    scene.bench.desk.silence(silence, scene.bench.now_ns)
    assert scene.wait(50) == []


def test_other_alerts_do_not_climb(scene):
    scene.bench.say(alert("Quiet", severity="info"))
    assert scene.wait(20) == []


def test_a_restart_goes_on_where_it_was(scene):
    scene.fire()
    assert scene.wait(6) == [(5, "ann")]
    scene.crash()
    assert scene.wait(6) == [(10, "ben")]


def test_a_cover_is_told_instead_of_whose_turn_it_is(scene):
    now_ns = scene.bench.now_ns
    scene.roster.cover("rota", "ben", now_ns, now_ns + 3600 * SECOND, by="ann", now_ns=now_ns)
    scene.fire()
    assert scene.wait(5) == [(5, "ben")]


def test_an_escalation_that_is_gone_ends_its_cases(scene):
    scene.fire()
    scene.wait(1)
    scene.roster.use(read_text("{}", OnCallSettings))
    scene.escalator.use(scene.bench.now_ns)
    assert list(scene.escalator.shown()) == []
    assert scene.wait(20) == []


def test_alerts_of_one_case_climb_together(scene):
    scene.fire(venue="X")
    scene.wait(2)
    scene.fire(venue="Y")
    (case,) = scene.escalator.shown()
    assert len(case["alerts"]) == 2
    assert scene.wait(4) == [(5, "ann")]


def test_a_clock_that_is_set_changes_no_wait(scene):
    scene.fire()
    scene.bench.now_ns += 3600 * SECOND
    scene.bench.desk.clock_stepped(3600 * SECOND, scene.bench.now_ns)
    scene.escalator.clock_stepped(3600 * SECOND)
    assert scene.wait(4) == []
    assert [receiver for _, receiver in scene.wait(1)] == ["ann"]
