import asyncio
import json

import pytest
from tests.metrics.scrape.fakes import FakeServer, answer

from tapewatch.metrics.scrape.discovery.http import HttpDiscovery, HttpDiscoverySettings
from tapewatch.metrics.scrape.errors import DiscoveryFailed
from tapewatch.model.clock import SystemClock

JSON = ["Content-Type: application/json"]


def found(said):
    """Ask a server that says this; returns the groups and the server."""

    async def run():
        async with FakeServer(lambda head: said) as server:
            settings = HttpDiscoverySettings(url=server.url("/targets"), refresh_interval=5000)
            return await HttpDiscovery(settings, SystemClock()).ask(), server

    return asyncio.run(run())


def test_a_list_of_groups_is_fetched():
    body = json.dumps([{"targets": ["a:1"], "labels": {"env": "prod"}}]).encode()
    (group,), server = found(answer(body, headers=JSON))
    assert group.targets == ({"__address__": "a:1"},)
    assert group.labels == {"env": "prod", "__meta_url": server.url("/targets")}
    assert server.header("X-Prometheus-Refresh-Interval-Seconds") == "5"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer(b"[]"), "application/json is expected"),
        (answer(b"[", headers=JSON), "targets: unexpected end of data"),
        (answer(b"{}", headers=JSON), "a list of target groups is expected"),
        (answer(status="500 No"), "HTTP status 500"),
    ],
)
def test_anything_else_is_a_failure(said, words):
    with pytest.raises(DiscoveryFailed, match=words):
        found(said)
