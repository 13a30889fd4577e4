"""A person agrees on any of two servers, and the one that was asked acts, once."""

import asyncio

import pytest
from tests.alerting.actions.test_actions import HALT, Scene
from tests.alerting.desks import SECOND

from tapewatch.alerting.actions.approvals import HANDED_NS
from tapewatch.alerting.actions.settings import ActionSettings
from tapewatch.alerting.errors import NotKnown

ASKED = ActionSettings(kind=HALT.kind, to=HALT.to, confirm=True)


class Pair:
    """Two servers, and the way between them while it is open."""

    def __init__(self, folder):
        self.open = True
        self.scenes = []
        for name in ("a", "b"):
            (folder / name).mkdir()
            scene = Scene(folder / name, halt=ASKED)
            scene.name = name
            self.scenes.append(scene)
        self.join()

    def join(self):
        for here, there in (self.scenes, self.scenes[::-1]):
            pending = here.actions.pending
            pending.server = here.name
            pending.is_alive = lambda _name: self.open
            pending.changed = [self.carry(there)]

    def carry(self, there):
        def take(name, told):
            if self.open:
                there.actions.adopt(name, told)

        return take

    def approve(self, scene):
        return asyncio.run(scene.actions.approve("id-1", "kim"))

    def tick(self):
        async def turn():
            for scene in self.scenes:
                scene.actions.tick(scene.clock.now_ns())
            await asyncio.sleep(0.01)

        asyncio.run(turn())

    def done(self):
        return [len(scene.hands.done) for scene in self.scenes]


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path)


def test_what_one_server_asks_is_asked_on_both(pair):
    first, second = pair.scenes
    first.pull()
    assert [each.id for each in second.actions.approvals()] == ["id-1"]
    assert second.said[0].labels == first.said[0].labels
    assert second.pull().detail == "somebody is being asked already"


def test_the_server_that_was_asked_does_what_was_agreed_to_on_the_other(pair):
    first, second = pair.scenes
    first.pull()
    outcome = pair.approve(second)
    assert outcome.detail == "agreed; it is done by the server that was asked"
    pair.tick()
    assert pair.done() == [1, 0]
    assert first.hands.done[0].by == "alert PnlFalls, agreed by kim"
    assert [*first.actions.approvals(), *second.actions.approvals()] == []
    second.wait(HANDED_NS / SECOND + 1)
    assert pair.done() == [1, 0]
    with pytest.raises(NotKnown, match="approval id-1 not found"):
        pair.approve(first)


def test_the_other_does_it_where_the_one_that_was_asked_is_gone(pair):
    first, second = pair.scenes
    first.pull()
    pair.open = False
    assert pair.approve(second).detail == "200 OK"
    assert pair.done() == [0, 1]


def test_the_other_does_it_where_the_one_that_was_asked_says_nothing(pair):
    first, second = pair.scenes
    first.pull()
    first.actions.adopt = lambda *_: None
    pair.approve(second)
    pair.tick()
    assert pair.done() == [0, 0]
    asyncio.run(second.clock.advance(HANDED_NS / SECOND))
    pair.tick()
    assert pair.done() == [0, 1]


def test_what_was_agreed_to_survives_a_crash_before_it_was_done(pair):
    first, second = pair.scenes
    first.pull()
    pair.approve(second)
    for scene in pair.scenes:
        scene.book.commit()
    first.restart()
    pair.join()
    pair.tick()
    assert pair.done() == [1, 0]


def test_a_no_on_one_server_is_a_no_on_both(pair):
    first, second = pair.scenes
    first.pull()
    second.actions.decline("id-1", "kim", "known")
    assert first.actions.approvals() == []
    assert ("action declined", "declined by kim: known (why: P&L fell by 5%)") in first.history()
    pair.tick()
    assert pair.done() == [0, 0]
