"""Whether an action is done: armed or not, cooling down, waiting for a person, after a crash."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest
from tests.alerting.desks import BEGIN, SECOND

from tapewatch.alerting.actions.actions import FAILED, WAITS, Actions
from tapewatch.alerting.actions.pull import Pull
from tapewatch.alerting.actions.settings import ActionSettings, ActionsSettings
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import History, Search
from tapewatch.alerting.channels.channel import Delivered, Refused
from tapewatch.alerting.errors import NotAllowed, NotKnown
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels

HALT = ActionSettings(kind="webhook", to="http://127.0.0.1:1/halt")


class Hands:
    """Does nothing, and knows what it was asked for."""

    def __init__(self, outcome=None):
        self.outcome = outcome or Delivered(detail="200 OK")
        self.done = []

    async def do(self, action, pull):
        self.done.append(pull)
        return self.outcome

    def intention(self, action):
        return f"call {action.to}"


class Scene:
    """Actions with a book, a clock, and whoever hears their alerts."""

    def __init__(self, folder, *, armed=True, hands=None, halt=HALT, **settings):
        self.path = folder / "book.sqlite"
        self.settings = ActionsSettings(armed=armed, **{"known": {"halt": halt}, **settings})
        self.clock = ManualClock(BEGIN)
        self.hands = hands or Hands()
        self.said = []
        self._ids = count(1)
        self.open()

    def open(self):
        self.book = Book(self.path)
        self.actions = Actions(
            self.settings,
            self.book,
            self.hands,
            self.clock,
            written=self._written,
            sink=self,
            new_id=lambda: f"id-{next(self._ids)}",
        )

    def accept(self, alerts, now_ns):
        self.said.extend(alerts)

    async def _written(self):
        self.book.commit()

    def restart(self):
        self.book.close()
        self.open()

    def pull(self, key="k1", name="halt", *, person=False):
        pull = Pull(name, key, "alert PnlFalls", "P&L fell by 5%", self.clock.now_ns())
        return asyncio.run(self.actions.pull(replace(pull, by_person=person)))

    def wait(self, seconds):
        asyncio.run(self.clock.advance(seconds))
        self.actions.tick(self.clock.now_ns())

    def history(self):
        self.book.commit()
        found = History(self.book).search(Search(newest_first=False))
        return [(entry.kind, entry.told) for entry in found]

    def kinds(self):
        return [kind for kind, _ in self.history()]


def test_an_action_that_is_not_armed_says_what_it_would_do(tmp_path):
    scene = Scene(tmp_path, armed=False)
    assert scene.pull() == Delivered(detail="dry run: would call http://127.0.0.1:1/halt")
    assert scene.hands.done == []
    assert scene.history() == [
        ("action dry run", "dry run: would call http://127.0.0.1:1/halt (why: P&L fell by 5%)")
    ]


def test_an_armed_action_is_done_and_written_down_before_and_after(tmp_path):
    scene = Scene(tmp_path)
    assert scene.pull() == Delivered(detail="200 OK")
    assert [pull.key for pull in scene.hands.done] == ["k1"]
    assert scene.kinds() == ["action begun", "action done"]


def test_one_action_may_be_armed_though_the_others_are_not():
    text = "{arm: [stop], known: {stop: {kind: webhook, to: u}, halt: {kind: webhook, to: u}}}"
    settings = read_text(text, ActionsSettings)
    assert [settings.is_armed(name) for name in ("stop", "halt")] == [True, False]


def test_an_action_may_stay_unarmed_though_the_others_are():
    text = "{armed: true, known: {stop: {kind: webhook, to: u, armed: false}}}"
    assert not read_text(text, ActionsSettings).is_armed("stop")


def by_hand(scene, by="ada"):
    return Pull("halt", "k", by, "prices are wrong", scene.clock.now_ns(), by_person=True)


def test_whom_the_configuration_names_arms_an_action_for_a_while(tmp_path):
    scene = Scene(tmp_path, armed=False, arm_by=("ada",))
    assert "armed by ada until" in scene.actions.arm(by_hand(scene), 60_000).detail
    scene.restart()
    assert scene.pull("k1").detail == "200 OK"
    (shown,) = scene.actions.shown()
    assert (shown["armed"], shown["armed_by"], shown["arm_by"]) == (True, "ada", ["ada"])
    scene.wait(301)
    assert scene.pull("k2").detail.startswith("dry run")
    assert scene.kinds() == ["action armed", "action begun", "action done", "action dry run"]


def test_an_action_that_was_armed_by_hand_is_disarmed_again(tmp_path):
    scene = Scene(tmp_path, armed=False, arm_by=("*",))
    scene.actions.arm(by_hand(scene), 60_000)
    assert scene.actions.disarm(by_hand(scene, "bob")).detail == "disarmed by bob"
    assert scene.pull().detail.startswith("dry run")
    assert scene.kinds() == ["action armed", "action disarmed", "action dry run"]


@pytest.mark.parametrize(
    ("settings", "lasts_ms", "words"),
    [
        ({"arm_by": ("bob",)}, 1, "ada may not arm actions: alerting.actions.arm_by names who"),
        ({"arm_by": ("ada",), "arm_for": 60_000}, 60_001, "for 1m at most, not for 1m1ms"),
        ({"arm_by": ("ada",), "known": {"halt": replace(HALT, armed=False)}}, 1, "stays a dry run"),
    ],
)
def test_arming_is_refused_with_the_reason(tmp_path, settings, lasts_ms, words):
    scene = Scene(tmp_path, armed=False, **settings)
    with pytest.raises(NotAllowed, match=words):
        scene.actions.arm(by_hand(scene), lasts_ms)
    assert scene.pull().detail.startswith("dry run")


def test_what_the_configuration_arms_is_not_disarmed_by_hand(tmp_path):
    scene = Scene(tmp_path, arm_by=("ada",))
    with pytest.raises(NotAllowed, match="halt is armed by the configuration"):
        scene.actions.disarm(by_hand(scene))


def test_what_cools_down_is_left_alone(tmp_path):
    scene = Scene(tmp_path)
    scene.pull("k1")
    scene.wait(299)
    assert "cools down until" in scene.pull("k2").detail
    scene.wait(2)
    assert scene.pull("k3").detail == "200 OK"
    assert [pull.key for pull in scene.hands.done] == ["k1", "k3"]


def test_the_same_pull_is_not_done_twice_even_after_a_restart(tmp_path):
    scene = Scene(tmp_path)
    scene.pull("k1")
    scene.restart()
    scene.wait(3600)
    assert scene.pull("k1").detail == "left alone: it was done for this alert"
    assert len(scene.hands.done) == 1


def test_what_a_crash_cut_short_is_done_again(tmp_path):
    class Dies(Hands):
        async def do(self, action, pull):
            raise KeyboardInterrupt

    scene = Scene(tmp_path, hands=Dies())
    with pytest.raises(KeyboardInterrupt):
        scene.pull("k1")
    scene.hands = Hands()
    scene.book._gathered.clear()
    scene.restart()
    assert scene.pull("k1").detail == "200 OK"


def test_a_person_pulls_without_waiting_for_the_cool_down(tmp_path):
    scene = Scene(tmp_path)
    scene.pull("k1")
    assert scene.pull("k2", person=True).detail == "200 OK"


def test_a_failure_is_an_alert_and_the_next_success_ends_it(tmp_path):
    scene = Scene(tmp_path, hands=Hands(Refused("500 no")))
    assert scene.pull("k1") == Refused("500 no")
    (failed,) = scene.said
    assert failed.labels.get("alertname") == FAILED
    assert "500 no" in failed.annotations.get("summary")
    assert failed.ends_at_ns > scene.clock.now_ns()
    scene.hands.outcome = Delivered(detail="200 OK")
    scene.pull("k1")
    assert scene.said[-1].ends_at_ns == scene.clock.now_ns()


def test_a_failure_may_be_tried_again_at_once(tmp_path):
    scene = Scene(tmp_path, hands=Hands(Refused("500 no")))
    scene.pull("k1")
    scene.hands.outcome = Delivered(detail="200 OK")
    assert scene.pull("k1").detail == "200 OK"


def test_an_action_that_needs_a_human_waits_for_one(tmp_path):
    scene = Scene(tmp_path, halt=replace(HALT, confirm=True))
    assert "waits for a person until" in scene.pull().detail
    assert scene.hands.done == []
    (question,) = scene.said
    assert question.labels.get("alertname") == WAITS
    assert "tapewatch alerts approve id-1" in question.annotations.get("action")
    outcome = asyncio.run(scene.actions.approve("id-1", "kim"))
    assert outcome == Delivered(detail="200 OK")
    assert scene.hands.done[0].by == "alert PnlFalls, agreed by kim"
    assert scene.said[-1].ends_at_ns == scene.clock.now_ns()
    kinds = ["action waits", "action approved", "action begun", "action done"]
    assert scene.kinds() == kinds


def test_a_question_survives_a_restart(tmp_path):
    scene = Scene(tmp_path, halt=replace(HALT, confirm=True))
    scene.pull()
    scene.book.commit()
    scene.restart()
    assert [each.id for each in scene.actions.approvals()] == ["id-1"]
    assert scene.actions.wake_at_ns() == BEGIN + 900 * SECOND


def test_nobody_is_asked_twice_at_once(tmp_path):
    scene = Scene(tmp_path, halt=replace(HALT, confirm=True))
    scene.pull("k1")
    assert scene.pull("k2").detail == "somebody is being asked already"
    assert len(scene.actions.approvals()) == 1


def test_nothing_is_done_when_nobody_agrees_in_time(tmp_path):
    scene = Scene(tmp_path, halt=replace(HALT, confirm=True))
    scene.pull()
    scene.wait(901)
    assert scene.kinds() == ["action waits", "action expired"]
    with pytest.raises(NotKnown, match="approval id-1 not found"):
        asyncio.run(scene.actions.approve("id-1", "kim"))


def test_a_no_is_a_no(tmp_path):
    scene = Scene(tmp_path, halt=replace(HALT, confirm=True))
    scene.pull()
    scene.actions.decline("id-1", "kim", "prices are fine")
    assert scene.history()[-1][1] == "declined by kim: prices are fine (why: P&L fell by 5%)"
    assert scene.hands.done == []


def test_an_unknown_action_is_refused_with_where_to_name_it(tmp_path):
    outcome = Scene(tmp_path).pull(name="hlat")
    assert outcome == Refused("there is no action 'hlat' under alerting.actions.known")


def test_a_program_that_is_armed_must_be_allowed():
    text = "{armed: true, known: {stop: {kind: command, to: /bin/stop}}}"
    with pytest.raises(DocumentError, match="is armed, and /bin/stop is not listed under commands"):
        read_text(text, ActionsSettings)


def test_a_program_that_only_tells_what_it_would_do_needs_no_permission():
    text = "{known: {stop: {kind: command, to: /bin/stop}}}"
    assert not read_text(text, ActionsSettings).is_armed("stop")


def test_a_program_without_a_path_is_allowed_by_where_it_is():
    text = "{armed: true, commands: [/bin/sh, /usr/bin/sh], known: {stop: {kind: command, to: sh}}}"
    assert read_text(text, ActionsSettings).allows("sh")


def test_what_is_shown_says_who_pulled_last(tmp_path):
    scene = Scene(tmp_path)
    scene.pull()
    (shown,) = scene.actions.shown()
    assert (shown["name"], shown["armed"], shown["last"]["by"]) == ("halt", True, "alert PnlFalls")
    assert shown["would"] == "call http://127.0.0.1:1/halt"


def test_a_pull_reads_what_it_wrote():
    pull = Pull("halt", "k", "kim", "why", 5, Labels.of(a="b"), by_person=True)
    assert Pull.from_dict(pull.as_dict()) == pull
