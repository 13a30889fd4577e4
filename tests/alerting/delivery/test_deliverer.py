import asyncio
import time

import pytest
from tests.alerting.delivery.fakes import FakeChannel, Office, post
from tests.alerting.saying import Receiver, alert, channel, notification, ok

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.alerting.delivery.composer import Composer
from tapewatch.alerting.delivery.deliverer import Deliverer
from tapewatch.alerting.delivery.health import Condition
from tapewatch.alerting.errors import BookUnusable
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.privacy.filter import PrivacyFilter
from tapewatch.alerting.templates import Words
from tapewatch.model.clock import SystemClock
from tapewatch.model.labels import Labels


class Clock(SystemClock):
    """The machine's clock, moved to where the tests live."""

    def __init__(self, start_ns):
        self._offset_ns = start_ns - time.time_ns()

    def now_ns(self):
        return time.time_ns() + self._offset_ns


def composer(**more):
    return Composer(PrivacyFilter(b"key"), Words(), **more)


async def happens(until, seconds=3.0):
    for _ in range(round(seconds / 0.005)):
        if until():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen in time")


def delivered(office, until, *, written=None, painter=None, seconds=3.0):
    """Run a deliverer until ``until()`` is true."""

    async def run():
        async def commit():
            office.book.commit()

        deliverer = Deliverer(
            office.dispatcher, composer(painter=painter), Clock(office.now_ns), written or commit
        )
        running = asyncio.create_task(deliverer.run())
        try:
            await happens(until, seconds)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await deliverer.stop(seconds=0.1)

    asyncio.run(run())


def test_a_notification_arrives_and_the_outbox_is_empty(tmp_path):
    office = Office(tmp_path)
    office.put()
    delivered(office, lambda: len(office.outbox) == 0)
    [(parcel, message)] = office.posts["desk", "x/0"].channel.sent
    assert parcel.attempt == 1
    assert message.story.title == "[P0] FeedStale · X"


def test_an_attempt_is_on_disk_before_it_leaves(tmp_path):
    office = Office(tmp_path)
    seen = []

    def look():
        seen.extend(office.book.rows("SELECT attempt FROM outbox"))
        return Delivered()

    office.posts["desk", "x/0"].channel.outcomes = [look]
    office.put()
    delivered(office, lambda: len(office.outbox) == 0)
    assert seen == [(1,)]


def test_a_disk_that_is_full_does_not_keep_an_alert_from_people(tmp_path):
    office = Office(tmp_path)

    async def full():
        raise BookUnusable("disk full")

    office.put()
    delivered(office, lambda: len(office.outbox) == 0, written=full)
    assert len(office.posts["desk", "x/0"].channel.sent) == 1


def test_an_answer_of_429_costs_no_more_than_it_asks_for(tmp_path):
    async def run():
        async with Receiver([ok(status="429 Slow", Retry_After="1"), ok()]) as receiver:
            made = channel("webhook", f"{{url: {receiver.url}}}")
            office = Office(tmp_path, post(channel=made))
            office.put()
            clock = Clock(office.now_ns)

            async def commit():
                office.book.commit()

            deliverer = Deliverer(office.dispatcher, composer(), clock, commit)
            began = time.monotonic()
            running = asyncio.create_task(deliverer.run())
            await happens(lambda: len(office.outbox) == 0)
            seconds = time.monotonic() - began
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await deliverer.stop()
            made.close()
            return seconds, [each.headers["Idempotency-Key"] for each in receiver.heard]

    seconds, keys = asyncio.run(run())
    assert 1.0 <= seconds < 1.5
    assert keys[0] == keys[1]


def test_a_channel_that_raises_loses_nothing(tmp_path):
    office = Office(tmp_path)

    def broken():
        raise ZeroDivisionError("a fault of ours")

    office.posts["desk", "x/0"].channel.outcomes = [broken, Delivered()]
    office.put()
    delivered(office, lambda: len(office.outbox) == 0)
    [health] = office.dispatcher.health()
    assert (health.failed, health.delivered) == (1, 1)


def test_a_channel_that_hangs_holds_up_nobody(tmp_path):
    hanging = FakeChannel(destination="hangs", outcomes=[lambda: asyncio.sleep(60)])
    quick = FakeChannel()
    office = Office(tmp_path, post("a", "x/0", hanging), post("b", "x/0", quick))
    office.put("one", receiver="a")
    office.put("two", receiver="b")
    delivered(office, lambda: quick.sent, seconds=1.0)


def test_a_picture_that_fails_is_left_out(tmp_path):
    class Broken:
        async def paint(self, told, filtered):
            raise ValueError("no data")

    office = Office(tmp_path)
    office.put()
    delivered(office, lambda: len(office.outbox) == 0, painter=Broken())
    assert office.posts["desk", "x/0"].channel.sent[0][1].picture is None


def test_what_has_no_channel_any_more_is_refused_and_handed_over(tmp_path):
    office = Office(tmp_path, post("night", "sms/0"), fallback="night")
    office.put("one", receiver="gone")
    delivered(office, lambda: len(office.outbox) == 0)
    assert office.posts["night", "sms/0"].channel.sent[0][0].notification.receiver == "night"


def test_channels_are_tested_on_schedule(tmp_path):
    checked = FakeChannel(outcomes=[Refused("401")])
    office = Office(tmp_path, post(channel=checked, test_interval_ns=10_000_000))
    delivered(office, lambda: checked.tested >= 2)
    assert office.dispatcher.health()[0].condition is Condition.REFUSING


def test_a_channel_is_handed_nothing_that_must_stay(tmp_path):
    office = Office(tmp_path)
    told = notification(alert(labels={"account": "DU123456"}), created_ns=office.now_ns)
    office.outbox.put(told)
    delivered(office, lambda: len(office.outbox) == 0)
    parcel, message = office.posts["desk", "x/0"].channel.sent[0]
    assert "DU123456" not in str(parcel)
    assert "DU123456" not in str(message)


def steps():
    """Every place where a process can die between deciding and having delivered."""
    return ["put", "committed", "begun", "begun and committed", "sent", "settled", "done"]


@pytest.mark.parametrize("dies_after", steps())
def test_a_crash_loses_nothing_and_doubles_once_at_most(tmp_path, dies_after):
    received = []
    office = Office(tmp_path)
    told = notification(id="n1", group_key="g", created_ns=office.now_ns)

    def live():
        office.outbox.put(told)
        yield "put"
        office.book.commit()
        yield "committed"
        [parcel] = office.start()
        yield "begun"
        office.book.commit()
        yield "begun and committed"
        received.append(parcel.idempotency_key)
        yield "sent"
        office.settle(parcel, Delivered({"id": "1"}))
        yield "settled"
        office.book.commit()
        yield "done"

    for step in live():
        if step == dies_after:
            break
    # The process is gone: what was gathered and not committed is lost with it.
    office.book.take()
    office.book.close()
    after = Office(tmp_path)
    if dies_after == "put":
        assert len(after.outbox) == 0  # Nobody was told yet that it was taken.
        return
    for parcel in after.start():
        received.append(parcel.idempotency_key)
        after.settle(parcel, Delivered({"id": "1"}))
    assert 1 <= len(received) <= 2
    assert len(set(received)) == 1
    assert len(after.outbox) == 0
    after.book.close()


def test_a_failed_attempt_is_not_forgotten_by_a_restart(tmp_path):
    office = Office(tmp_path)
    office.put()
    [parcel] = office.start()
    office.settle(parcel, Retry(30.0, "429"))
    office.book.close()
    after = Office(tmp_path)
    assert after.names() == []
    after.wait(40)
    [again] = after.start()
    assert again.attempt == 2
    after.book.close()


def test_a_channel_without_pictures_costs_no_chart(tmp_path):
    class Painter:
        async def paint(self, told, filtered):
            raise AssertionError("nobody would see it")

    office = Office(tmp_path, post(channel=FakeChannel(takes_pictures=False)))
    office.put()
    delivered(office, lambda: len(office.outbox) == 0, painter=Painter())
    assert office.dispatcher.health()[0].delivered == 1


def test_the_labels_of_a_route_may_be_templates():
    labels = Labels.of(team="{{ .CommonLabels.venue }} desk", severity="{{ .No.Such }", venue="x")
    told = notification(route_labels=labels)
    parcel = Parcel(told, 1, {}, 0)
    message = asyncio.run(composer().compose(parcel, FakeChannel("a")))
    kept = message.parcel.notification.route_labels
    assert (kept.get("severity"), kept.get("venue")) == ("{{ .No.Such }", "x")
    assert message.context.data.route_labels.get("team") == kept.get("team")
    assert kept.get("team").endswith(" desk")
    assert "{{" not in kept.get("team")
