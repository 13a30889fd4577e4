import asyncio

import pytest
from tests.agent.seen import one

from tapewatch.agent.errors import BadDestination, NotDelivered
from tapewatch.agent.export import otlp_request, remote_write_request
from tapewatch.agent.push import Destination, Pusher, push_families
from tapewatch.model.clock import ManualClock


class Store:
    """Takes requests, or fails as it was told to."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.taken = []
        self.tries_ns = []

    def sender(self, clock):
        async def send(url, headers, body):
            self.tries_ns.append(clock.monotonic_ns())
            if self.faults and (fault := self.faults.pop(0)):
                raise fault
            self.taken.append((url, headers, body))

        return send


@pytest.fixture
def taken(make, regions):
    make()
    read = one(regions)
    return [(read.process, read.reading)]


def pushed(store, taken, seconds, *, times=1, **bounds):
    async def run():
        clock = ManualClock()
        destination = Destination.of("http://store/api/v1/write")
        pusher = Pusher(destination, store.sender(clock), clock, **bounds)
        task = asyncio.create_task(pusher.run())
        for _ in range(times):
            pusher.push(taken)
        await clock.advance(seconds)
        task.cancel()
        return pusher

    return asyncio.run(run())


def test_the_form_follows_from_the_url():
    assert Destination.of("http://a:9090/api/v1/write").write is remote_write_request
    assert Destination.of("https://a/otlp/v1/metrics/").write is otlp_request


@pytest.mark.parametrize("url", ["store:9090", "ftp://a/b", "http://"])
def test_a_url_that_nothing_can_be_pushed_to_is_refused(url):
    with pytest.raises(BadDestination, match="nothing can be pushed to"):
        Destination.of(url)


def test_what_was_taken_is_sent_once(taken):
    store = Store()
    pusher = pushed(store, taken, 0)
    assert (len(store.taken), pusher.sent, len(pusher)) == (1, 1, 0)
    assert store.taken[0][1]["Content-Encoding"] == "snappy"


def test_a_store_that_is_away_is_asked_again_with_growing_pauses(taken):
    store = Store(*[NotDelivered("refused") for _ in range(5)])
    pusher = pushed(store, taken, 60)
    pauses = [(b - a) / 1e9 for a, b in zip(store.tries_ns, store.tries_ns[1:], strict=False)]
    assert pusher.sent == 1
    assert len(pauses) == 5
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses))
    assert pusher.failed == 5


def test_the_pause_that_a_store_names_is_kept(taken):
    store = Store(NotDelivered("busy", 429, 30.0))
    pushed(store, taken, 29)
    assert len(store.tries_ns) == 1
    store = Store(NotDelivered("busy", 429, 30.0))
    assert pushed(store, taken, 31).sent == 1


def test_what_is_refused_for_good_is_dropped_and_the_next_goes_on(taken):
    store = Store(NotDelivered("bad", 400))
    pusher = pushed(store, taken, 1, times=2)
    assert (pusher.dropped, pusher.sent, pusher.queued_bytes) == (1, 1, 0)


def test_a_full_queue_drops_the_oldest_and_counts_them(taken):
    store = Store(*[NotDelivered("away") for _ in range(99)])
    body = len(remote_write_request(taken))
    pusher = pushed(store, taken, 1, times=10, queue_max_bytes=4 * body)
    assert len(pusher) == 4
    assert pusher.dropped == 6
    told = {each.name: each.samples[0].value for each in push_families([pusher])}
    assert told["agent_pushes_dropped_total"] == 6
    assert told["agent_push_queue_bytes"] == 4 * body
