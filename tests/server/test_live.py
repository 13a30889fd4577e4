"""Live questions: shared, told once, and never in anybody's way."""

import asyncio
import json
from contextlib import ExitStack

import pytest

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.queries import Queries
from tapewatch.metrics.settings import QuerySettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.server.errors import Refusal
from tapewatch.server.faces import live as streams
from tapewatch.server.faces.live import Streams


class Metrics:
    """The part of the service that live questions need, on samples in memory."""

    def __init__(self):
        self.database = MemorySource()
        self.engine = Engine()
        self.queries = Queries(QuerySettings())


class Stage:
    def __init__(self):
        self.clock = ManualClock()
        self.metrics = Metrics()
        self.streams = Streams(self.metrics, self.clock)

    def append(self, value, **labels):
        at_ms = self.clock.now_ns() // 1_000_000
        self.metrics.database.append(Labels.of(__name__="up", **labels), at_ms, value, None)

    async def second(self):
        """Let a second pass, and every question be answered once more."""
        before = self.streams._evaluations
        await self.clock.advance(1.01)
        await self._answered(before + len(self.streams._questions))

    async def first(self):
        """Let every question be answered for the first time."""
        await self._answered(len(self.streams._questions))

    async def _answered(self, count):
        async with asyncio.timeout(5):
            while self.streams._evaluations < count:  # noqa: ASYNC110  # counted on a thread's return
                await asyncio.sleep(0)


def staged(play):
    async def run():
        stage = Stage()
        try:
            await play(stage)
        finally:
            stage.metrics.queries.close()

    asyncio.run(run())


def lines(listener):
    return [json.loads(line) for line in listener.lines().splitlines()]


def test_labels_are_told_once_and_then_only_numbers():
    async def play(stage):
        stage.append(1, venue="okx")
        with stage.streams.listen(["up"], 1000) as listener:
            await stage.first()
            told = lines(listener)
            assert told[0]["series"] == [{"__name__": "up", "venue": "okx"}]
            assert told[1]["values"] == [[0, "1"]]
            stage.append(0, venue="okx")
            stage.append(1, venue="cme")
            await stage.second()
            told = lines(listener)
            assert (told[0]["first"], told[0]["series"]) == (
                1,
                [{"__name__": "up", "venue": "cme"}],
            )
            assert sorted(told[1]["values"]) == [[0, "0"], [1, "1"]]
            assert lines(listener) == []

    staged(play)


def test_two_clients_with_one_question_cost_one_evaluation():
    async def play(stage):
        stage.append(1)
        with stage.streams.listen(["up"], 1000) as one, stage.streams.listen(["up"], 1000) as other:
            await stage.first()
            assert stage.streams._evaluations == 1
            assert one.lines() == other.lines() != b""

    staged(play)


def test_a_question_ends_with_its_last_listener():
    async def play(stage):
        with stage.streams.listen(["up"], 1000):
            await stage.first()
        before = stage.streams._evaluations
        await stage.second()
        assert stage.streams._evaluations == before
        assert not stage.streams._questions

    staged(play)


def test_a_slow_client_misses_points_and_nothing_piles_up():
    async def play(stage):
        stage.append(1)
        with stage.streams.listen(["up"], 1000) as listener:
            await stage.first()
            for value in (1, 2, 3):
                stage.append(value)
                await stage.second()
            told = [each for each in lines(listener) if "values" in each]
            assert [each["values"] for each in told] == [[[0, "3"]]]

    staged(play)


def test_a_slip_is_told_in_the_stream_and_others_go_on():
    async def play(stage):
        stage.append(1)
        with stage.streams.listen(["up(", "up"], 1000) as listener:
            await stage.first()
            told = lines(listener)
            assert any("parse error" in each.get("error", "") for each in told)
            assert any("values" in each for each in told)

    staged(play)


def test_series_that_come_and_go_are_numbered_anew(monkeypatch):
    monkeypatch.setattr(streams, "NUMBERS_MAX", 4)

    async def play(stage):
        with stage.streams.listen(["last_over_time(up[900ms])"], 1000) as listener:
            await stage.first()
            for turn in range(6):
                await stage.second()
                stage.append(1, pod=str(turn))
                listener.lines()
                question = listener.questions[0]
                assert len(question.labels) <= 4

    staged(play)


def test_more_series_than_a_screen_shows_are_cut_and_told(monkeypatch):
    monkeypatch.setattr(streams, "SERIES_MAX", 2)

    async def play(stage):
        for venue in "abc":
            stage.append(1, venue=venue)
        with stage.streams.listen(["up"], 1000) as listener:
            await stage.first()
            told = lines(listener)[-1]
            assert len(told["values"]) == 2
            assert told["warnings"] == ["2 of 3 series are shown"]

    staged(play)


def test_one_client_too_many_is_refused(monkeypatch):
    monkeypatch.setattr(streams, "LISTENERS_MAX", 1)

    async def play(stage):
        with ExitStack() as stack:
            stack.enter_context(stage.streams.listen(["up"], 1000))
            with pytest.raises(Refusal, match="1 streams are open, the most that are served"):
                stack.enter_context(stage.streams.listen(["up"], 1000))

    staged(play)
