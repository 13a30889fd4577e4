import pytest
from tests.alerting.delivery.fakes import FakeChannel, Office, post

from tapewatch.alerting.channels.channel import Delivered, Pace, Refused, Retry
from tapewatch.alerting.delivery.dispatcher import AT_ONCE_MAX, KEPT_FOR_URGENT
from tapewatch.alerting.delivery.health import Condition
from tapewatch.alerting.outbox import NEVER_NS
from tapewatch.model.labels import Labels


def test_the_most_urgent_goes_first(tmp_path):
    office = Office(tmp_path, post(channel=FakeChannel(pace=Pace(1.0, 1))))
    office.put("later", urgency=3)
    office.put("now", urgency=0)
    assert office.names() == ["now"]


def test_a_destination_is_written_to_at_its_pace(tmp_path):
    office = Office(tmp_path, post(channel=FakeChannel(pace=Pace(1.0, 3))))
    for number in range(10):
        office.put(f"n{number}")
    assert len(office.names()) == 3
    assert office.wait_seconds() == pytest.approx(1.0)
    office.wait(1.0)
    assert len(office.names()) == 1
    assert office.names() == []


def test_channels_of_one_destination_share_its_pace(tmp_path):
    slow = [FakeChannel(pace=Pace(1.0, 1)) for _ in range(2)]
    posts = [post(integration=f"x/{n}", channel=channel) for n, channel in enumerate(slow)]
    office = Office(tmp_path, *posts)
    office.put("one", integration="x/0")
    office.put("two", integration="x/1")
    assert office.names() == ["one"]
    office.wait(1.0)
    assert office.names() == ["two"]


def test_a_slow_destination_holds_up_no_other(tmp_path):
    slow, quick = FakeChannel(destination="slow", pace=Pace(0.01, 1)), FakeChannel()
    office = Office(tmp_path, post("a", "x/0", slow), post("b", "x/0", quick))
    for number in range(400):
        office.put(f"slow{number}", receiver="a", urgency=0)
    office.put("quick", receiver="b", urgency=3)
    assert office.names() == ["slow0", "quick"]


def test_some_places_are_kept_for_what_is_urgent(tmp_path):
    channels = [FakeChannel(destination=f"d{n}") for n in range(8)]
    office = Office(tmp_path, *(post(f"r{n}", "x/0", each) for n, each in enumerate(channels)))
    for number in range(2 * AT_ONCE_MAX):
        office.put(f"n{number}", receiver=f"r{number % 8}", urgency=2)
    assert len(office.names()) == AT_ONCE_MAX - KEPT_FOR_URGENT
    assert office.names() == []
    assert office.wait_seconds() > 0
    office.put("urgent", receiver="r0", urgency=0)
    assert office.names() == ["urgent"]


def test_a_time_that_was_asked_for_is_kept_for_the_whole_destination(tmp_path):
    office = Office(tmp_path)
    office.put("one")
    [parcel] = office.start()
    office.settle(parcel, Retry(1.0, "429"))
    office.put("two")
    assert office.names() == []
    assert 1.0 <= office.wait_seconds() <= 1.1
    office.wait(1.1)
    assert office.names() == ["one", "two"]


def test_attempts_come_later_and_later_and_not_together(tmp_path):
    office = Office(tmp_path)
    office.put()
    waits = []
    for _ in range(9):
        [parcel] = office.start()
        office.settle(parcel, Retry(None, "no"))
        waits.append(office.wait_seconds())
        office.wait(waits[-1])
    assert all(wait <= 0.5 * 2**number for number, wait in enumerate(waits))
    assert len(set(waits)) == 9


def test_order_holds_inside_a_group(tmp_path):
    office = Office(tmp_path)
    office.put("one", group_key="g", sequence=1, episode=1)
    [parcel] = office.start()
    office.put("two", group_key="g", sequence=2, episode=1)
    office.put("three", group_key="g", sequence=3, episode=1)
    assert office.names() == []
    office.settle(parcel, Delivered({"ts": "1"}))
    [parcel] = office.start()
    assert parcel.notification.id == "three"
    assert parcel.memory == {"ts": "1"}


def test_a_refusal_is_handed_to_the_fallback_once(tmp_path):
    sms, mail = FakeChannel(destination="sms"), FakeChannel(destination="mail")
    posts = (post("desk", "x/0", fallback="night"), post("night", "sms/0", sms, fallback="desk"))
    office = Office(tmp_path, *posts, post("other", "mail/0", mail))
    office.put()
    [parcel] = office.start()
    office.settle(parcel, Refused("410 channel_is_archived"))
    [handed] = office.start()
    assert (handed.notification.receiver, handed.notification.integration) == ("night", "sms/0")
    office.settle(handed, Refused("no"))
    back = office.start()
    assert [each.notification.receiver for each in back] == ["desk"]
    office.settle(back[0], Refused("410"))
    assert office.names() == []


def test_what_fails_for_long_is_handed_over_while_attempts_go_on(tmp_path):
    office = Office(tmp_path, post(), post("night", "sms/0"), fallback="night")
    office.put()
    for _ in range(5):
        [parcel] = office.start()
        assert parcel.notification.receiver == "desk"
        office.settle(parcel, Retry(None, "500"))
        office.wait(60)
    assert {parcel.notification.receiver for parcel in office.start()} == {"desk", "night"}


def test_a_refusal_is_an_alert_of_its_own_that_ends(tmp_path):
    office = Office(tmp_path)
    office.put()
    [parcel] = office.start()
    office.settle(parcel, Refused("403 invalid_auth"))
    raised = office.sink.alerts[-1]
    assert raised.labels == Labels.of(
        alertname="NotificationFailed",
        severity="critical",
        receiver="desk",
        integration="x/0",
        kind="fake",
    )
    assert "403 invalid_auth" in raised.annotations.get("summary")
    office.put("n2")
    [parcel] = office.start()
    office.settle(parcel, Delivered())
    assert office.sink.alerts[-1].is_resolved(office.now_ns)


def test_an_alert_about_a_failure_raises_none(tmp_path):
    office = Office(tmp_path)
    office.put(common_labels=Labels.of(alertname="NotificationFailed"))
    [parcel] = office.start()
    office.settle(parcel, Refused("403"))
    assert office.sink.alerts == []


def test_one_failed_attempt_is_no_alert(tmp_path):
    office = Office(tmp_path)
    office.put()
    [parcel] = office.start()
    office.settle(parcel, Retry(None, "500"))
    assert office.sink.alerts == []


def test_health_tells_of_the_last_success_and_the_last_failure(tmp_path):
    office = Office(tmp_path)
    [health] = office.dispatcher.health()
    assert health.condition is Condition.UNPROVEN
    office.put()
    [parcel] = office.start()
    office.settle(parcel, Retry(None, "503 Busy"))
    assert (health.condition, health.words) == (Condition.FAILING, "503 Busy")
    failed_ns = office.now_ns
    office.wait(60)
    [parcel] = office.start()
    office.settle(parcel, Delivered(detail="200 OK"))
    assert health.condition is Condition.WORKING
    assert (health.last_failure_ns, health.last_success_ns) == (failed_ns, office.now_ns)
    assert (health.delivered, health.failed, health.failures_in_a_row) == (1, 1, 0)


def test_what_is_known_of_a_channel_survives_a_new_configuration(tmp_path):
    office = Office(tmp_path)
    office.put()
    [parcel] = office.start()
    office.settle(parcel, Delivered())
    office.dispatcher.use({("desk", "x/0"): post()}, office.now_ns)
    assert office.dispatcher.health()[0].delivered == 1
    office.dispatcher.use(
        {("desk", "x/0"): post(channel=FakeChannel(destination="new"))}, office.now_ns
    )
    assert office.dispatcher.health()[0].condition is Condition.UNPROVEN


def test_a_test_is_due_again_and_again(tmp_path):
    office = Office(tmp_path, post(test_interval_ns=60_000_000_000))
    assert list(office.dispatcher.tests_due(office.now_ns)) == []
    assert office.wait_seconds() == 60
    office.wait(60)
    [due] = office.dispatcher.tests_due(office.now_ns)
    office.dispatcher.tested(due.route, Refused("401"), office.now_ns)
    assert office.sink.alerts[-1].name == "NotificationFailed"
    assert list(office.dispatcher.tests_due(office.now_ns)) == []


def test_nothing_to_do_is_nothing_to_wake_for(tmp_path):
    office = Office(tmp_path)
    assert office.dispatcher.wake_at_ns(office.now_ns) == NEVER_NS


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_clock_that_is_set_holds_up_no_destination(tmp_path, seconds):
    office = Office(tmp_path)
    office.put("one")
    [parcel] = office.start()
    office.settle(parcel, Retry(5.0, "429"))
    office.wait(seconds)
    office.dispatcher.clock_stepped(seconds * 1_000_000_000)
    office.put("two", created_ns=office.now_ns)
    assert office.names() == []
    office.wait(5.3)
    assert "two" in office.names()
