"""Services in processes of their own: the same numbers, real deaths."""

import importlib.util
import os

import pytest
from tests.floor.play import BEGIN_S, SMALL, Played, catalog_of

from tapewatch.floor.desk import Desk
from tapewatch.floor.line import KINDS, open_line
from tapewatch.floor.remote import RemoteService
from tapewatch.sdk.region.reader import Reader

needs_zmq = pytest.mark.skipif(not importlib.util.find_spec("zmq"), reason="needs pyzmq")


@pytest.fixture
def remote(memory):
    """Make a desk of processes, and end them behind the test."""
    made = []

    def make(pack, kind="stream"):
        desk = Desk(
            catalog_of(pack),
            SMALL,
            1,
            BEGIN_S,
            memory / "remote",
            hire=lambda plan, catalog: RemoteService(plan, catalog, kind),
        )
        made.append(desk)
        return desk

    yield make
    for each in made:
        each.close()


def play(desk, steps, begin_s=BEGIN_S):
    for step in range(steps):
        desk.step(begin_s + (step + 1) / 4, 0.25)


def settle(service):
    """Ask for nothing, so that everything before is done."""
    service.worker.work(service.roles[0], {})


@pytest.mark.parametrize("kind", ["stream", pytest.param("zmq", marks=needs_zmq)])
def test_processes_tell_the_numbers_that_one_process_tells(kind, remote, memory):
    desk = remote("low_latency", kind)
    local = Played("low_latency", memory / "local")
    play(desk, 12)
    local.play(3.0)
    expected = local.numbers()
    for service in desk.services:
        settle(service)
        with Reader(service.region) as reader:
            snapshot = reader.snapshot()
        for series in snapshot.series:
            name, labels = series.family.name, dict(series.labels)
            key = (service.name, name, tuple(sorted(labels.items())))
            if not series.family.bucket_count:
                assert snapshot.number(series) == expected[key], key
    local.desk.close()


def test_a_service_that_dies_loses_its_mail_and_comes_back(remote):
    desk = remote("low_latency")
    play(desk, 4)
    first = desk.services[0]
    before = first.worker.pid
    first.stand(down=True, hung=False)
    play(desk, 2, BEGIN_S + 1)
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    first.stand(down=False, hung=False)
    play(desk, 4, BEGIN_S + 2)
    settle(first)
    assert first.worker.pid != before
    with Reader(first.region) as reader:
        assert reader.snapshot().head.service == "market-data"


def test_a_service_that_is_stopped_goes_on_where_it_was(remote):
    desk = remote("low_latency")
    play(desk, 4)
    first = desk.services[0]
    first.stand(down=False, hung=True)
    play(desk, 2, BEGIN_S + 1)
    first.stand(down=False, hung=False)
    play(desk, 2, BEGIN_S + 2)
    settle(first)
    assert first.works


@pytest.mark.parametrize("kind", [pytest.param("zmq", marks=needs_zmq), "stream"])
def test_a_line_carries_frames_both_ways_and_says_when_nobody_answers(kind, tmp_path):
    assert set(KINDS) == {"zmq", "stream"}
    here = open_line(f"{kind}:{tmp_path}/line", listens=True)
    there = open_line(f"{kind}:{tmp_path}/line", listens=False)
    here.send({"a": [1, 2.5, "x" * 100_000]} if kind == "zmq" else {"a": [1, 2.5, "x"]})
    assert there.receive(5)["a"][:2] == [1, 2.5]
    there.send({"b": None})
    assert here.receive(5) == {"b": None}
    assert here.receive(0.01) is None
    there.close()
    here.close()
