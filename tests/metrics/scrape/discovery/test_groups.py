import asyncio

import pytest

from tapewatch.metrics.scrape.discovery.groups import (
    Polling,
    TargetGroup,
    differences,
    read_groups,
)
from tapewatch.metrics.scrape.errors import DiscoveryFailed, GroupsRefused
from tapewatch.model.clock import ManualClock


def group(source, *addresses):
    return TargetGroup(source, tuple({"__address__": each} for each in addresses))


def test_only_what_is_different_is_told():
    old = {"a": group("a", "1"), "b": group("b", "2"), "c": group("c", "3")}
    new = {"a": group("a", "1"), "b": group("b", "9"), "d": group("d", "4")}
    assert differences(old, new) == [group("b", "9"), group("d", "4"), group("c")]


def test_a_failure_keeps_what_was_known():
    answers = [[group("a", "1")], DiscoveryFailed("x", "gone"), [group("a", "2")]]

    class Source(Polling):
        mechanism = "x"

        async def ask(self):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    async def run():
        clock, failures, told = ManualClock(), [], []

        async def follow():
            async for changes in Source(clock, 1000).groups(failures.append):
                told.append(changes)

        task = asyncio.create_task(follow())
        await clock.advance(2)
        task.cancel()
        assert told == [[group("a", "1")], [group("a", "2")]]
        assert [str(each) for each in failures] == ["x discovery: gone"]

    asyncio.run(run())


def test_a_document_becomes_groups():
    document = [{"targets": ["a:1"], "labels": {"env": "prod", "shard": 3, "on": True}}, {}]
    first, second = read_groups(document, "f", {"__meta_filepath": "f"})
    assert first.targets == ({"__address__": "a:1"},)
    assert first.labels == {"env": "prod", "shard": "3", "on": "true", "__meta_filepath": "f"}
    assert (second.source, second.targets) == ("f:1", ())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"targets": []}, "a list of target groups is expected"),
        (["a:1"], r"\[0\] is not a mapping"),
        ([{"target": []}], r"\[0\]\.target is neither targets nor labels"),
        ([{"targets": "a:1"}], r"\[0\]\.targets is not a list of texts"),
        ([{"targets": [1]}], r"\[0\]\.targets is not a list of texts"),
        ([{"labels": ["x"]}], r"\[0\]\.labels is not a mapping"),
    ],
)
def test_a_document_of_another_shape_is_refused(document, words):
    with pytest.raises(GroupsRefused, match=words):
        read_groups(document, "f", {})
