"""Components live and die; the server starts whole or not at all."""

import asyncio

import pytest

from tapewatch.model.clock import ManualClock
from tapewatch.server.lifecycle import Component, State, Supervisor, in_order


class Part(Component):
    def __init__(self, name, journal, needs=(), fails=(), dies=()):
        self.name, self.needs = name, needs
        self._journal, self._fails, self._dies = journal, list(fails), list(dies)

    async def start(self):
        self._journal.append(f"start {self.name}")
        if self._fails and self._fails.pop(0):
            raise RuntimeError(f"{self.name} cannot")

    async def run(self):
        if self._dies and self._dies.pop(0):
            raise ValueError("lost its feed")
        await asyncio.Event().wait()

    async def stop(self):
        self._journal.append(f"stop {self.name}")
        return "2 requests" if self.name == "a" else ""


def test_parts_start_after_what_they_need_and_stop_before_it():
    async def scene():
        journal = []
        parts = [Part("c", journal, ["b"]), Part("b", journal, ["a"]), Part("a", journal)]
        supervisor = Supervisor(parts, ManualClock())
        await supervisor.start()
        assert supervisor.ready()
        assert await supervisor.stop() == {"a": "2 requests"}
        assert journal == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]

    asyncio.run(scene())


def test_a_failed_start_stops_what_was_started():
    async def scene():
        journal = []
        parts = [Part("a", journal), Part("b", journal, fails=[True]), Part("c", journal)]
        supervisor = Supervisor(parts, ManualClock())
        with pytest.raises(RuntimeError, match="b cannot"):
            await supervisor.start()
        assert journal == ["start a", "start b", "stop b", "stop a"]

    asyncio.run(scene())


def test_a_part_that_dies_is_started_again_with_a_growing_pause():
    async def scene():
        journal, clock = [], ManualClock()
        part = Part("a", journal, dies=[True, True])
        supervisor = Supervisor([part], clock)
        await supervisor.start()
        await clock.advance(0.4)
        (health,) = supervisor.health()
        assert (health.state, health.last_error) == (State.DIED, "ValueError: lost its feed")
        assert not supervisor.ready()
        await clock.advance(0.2)
        assert supervisor.health()[0].restarts == 1
        await clock.advance(0.8)
        assert supervisor.health()[0].restarts == 1, "the second pause is twice as long"
        await clock.advance(0.2)
        assert supervisor.ready()
        assert supervisor.health()[0].restarts == 2
        assert supervisor.health()[0].last_error == "ValueError: lost its feed"
        await supervisor.stop()

    asyncio.run(scene())


def test_a_part_that_cannot_start_again_is_tried_until_it_can():
    async def scene():
        journal, clock = [], ManualClock()
        supervisor = Supervisor([Part("a", journal, fails=[False, True, True], dies=[True])], clock)
        await supervisor.start()
        await clock.advance(10)
        assert supervisor.ready()
        assert supervisor.health()[0].restarts == 3
        await supervisor.stop()

    asyncio.run(scene())


def test_the_death_of_a_part_is_a_metric():
    async def scene():
        clock = ManualClock()
        supervisor = Supervisor([Part("a", [], dies=[True])], clock)
        await supervisor.start()
        await clock.advance(0.1)
        up, restarts = list(supervisor.families())
        assert [(s.labels.get("component"), s.value) for s in up.samples] == [("a", 0.0)]
        await clock.advance(1)
        up, restarts = list(supervisor.families())
        assert (up.samples[0].value, restarts.samples[0].value) == (1.0, 1.0)
        await supervisor.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("needs", "words"), [({"a": ["b"], "b": ["a"]}, "need each other"), ({"a": ["x"]}, "not there")]
)
def test_impossible_needs_are_our_mistake(needs, words):
    with pytest.raises(AssertionError, match=words):
        in_order([Part(name, [], wants) for name, wants in needs.items()])
