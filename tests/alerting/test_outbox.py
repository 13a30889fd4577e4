import pytest

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import History
from tapewatch.alerting.notification import AlertView, Notification
from tapewatch.alerting.outbox import NEVER_NS, Outbox
from tapewatch.model.labels import EMPTY, Labels


def notification(group="g", sequence=1, episode=1, urgency=2, at_ns=0, **changes):
    view = AlertView(Labels.of(alertname="A"), EMPTY, 1, 0, "", "ff", "firing")
    fields = {
        "id": f"{group}-{episode}-{sequence}",
        "group_key": group,
        "episode": episode,
        "sequence": sequence,
        "receiver": "desk",
        "integration": "webhook/0",
        "status": "firing",
        "reason": "first notification",
        "urgency": urgency,
        "alerts": (view,),
        "folded": 0,
        "group_labels": Labels.of(alertname="A"),
        "common_labels": EMPTY,
        "common_annotations": EMPTY,
        "route_labels": EMPTY,
        "external_url": "",
        "created_ns": at_ns,
    }
    return Notification(**(fields | changes))


@pytest.fixture
def box(tmp_path):
    return opened(tmp_path)


def opened(folder, now_ns=0):
    book = Book(folder / "book.sqlite")
    made = Outbox(book, History(book))
    made.load(now_ns)
    return made


def ids(parcels):
    return [parcel.notification.id for parcel in parcels]


def begun(box, now_ns=0):
    return box.begin(box.due(now_ns)[0], now_ns)


def test_a_notification_is_read_back_as_it_was():
    told = notification()
    assert Notification.from_json(told.as_json()) == told


def test_the_most_urgent_is_due_first(box):
    for group, urgency in (("a", 2), ("b", 0), ("c", 1)):
        box.put(notification(group, urgency=urgency))
    assert ids(box.due(0)) == ["b-1-1", "c-1-1", "a-1-1"]
    assert ids(box.due(0, 1)) == ["b-1-1"]
    assert box.due(0, without={("desk", "webhook/0")}) == []


def test_a_lane_has_one_parcel_under_way(box):
    box.put(notification(sequence=1))
    first = begun(box)
    box.put(notification(sequence=2))
    assert box.due(0) == []
    box.delivered(first, {"ts": "7"}, "ok", 0)
    (second,) = box.due(0)
    assert (second.notification.sequence, second.memory) == (2, {"ts": "7"})


def test_something_newer_takes_the_place_of_what_was_not_delivered(box):
    box.put(notification(sequence=1))
    (stale,) = box.due(0)
    box.put(notification(sequence=2))
    assert ids(box.due(0)) == ["g-1-2"]
    assert box.begin(stale, 0) is None
    assert len(box) == 1


def test_what_is_put_off_waits_and_what_is_newer_waits_with_it(box):
    box.put(notification(sequence=1))
    box.put_off(begun(box), 50, "429", 0)
    assert box.due(49) == []
    box.put(notification(sequence=2, at_ns=10))
    assert box.due(49) == []
    assert box.next_due_ns() == 50
    assert ids(box.due(50)) == ["g-1-2"]


def test_something_newer_replaces_what_fails_under_way(box):
    box.put(notification(sequence=1))
    first = begun(box)
    box.put(notification(sequence=2))
    box.put_off(first, 50, "503", 0)
    assert ids(box.due(50)) == ["g-1-2"]


def test_episodes_are_told_in_their_order(box):
    box.put(notification(episode=1, sequence=2, status="resolved"))
    box.put(notification(episode=9, sequence=1))
    assert ids(box.due(0)) == ["g-1-2"]
    box.delivered(begun(box), {"ts": "1"}, "ok", 0)
    (second,) = box.due(0)
    assert (second.notification.episode, second.memory) == (9, {})


def test_a_crash_costs_at_most_one_more_attempt(tmp_path):
    box = opened(tmp_path)
    box.put(notification())
    box._book.commit()
    begun(box)
    box._book.commit()
    again = opened(tmp_path, now_ns=5)
    (parcel,) = again.due(5)
    assert parcel.attempt == 1
    assert begun(again, 5).attempt == 2


def test_the_memory_of_a_channel_survives(tmp_path):
    box = opened(tmp_path)
    box.put(notification())
    box.delivered(begun(box), {"ts": "7"}, "ok", 0)
    box._book.commit()
    again = opened(tmp_path)
    again.put(notification(sequence=2))
    assert again.due(0)[0].memory == {"ts": "7"}


def test_attempts_of_one_notification_have_one_key_and_others_have_another(box):
    box.put(notification(sequence=1))
    first = begun(box)
    box.put_off(first, 0, "x", 0)
    second = begun(box)
    assert first.idempotency_key == second.idempotency_key
    box.delivered(second, {}, "ok", 0)
    box.put(notification(sequence=2))
    assert begun(box).idempotency_key != first.idempotency_key


def test_what_waits_is_counted_and_shown(box):
    box.put(notification("a"))
    box.put(notification("b"))
    begun(box)
    assert box.counts() == {("desk", "webhook/0"): 2}
    assert sorted(each.due_ns for each in box.waiting()) == [0, NEVER_NS]


def test_an_end_that_never_arrived_is_told_by_what_takes_its_place(box):
    ended = AlertView(Labels.of(alertname="B"), EMPTY, 1, 2, "", "ee", "resolved")
    first = notification(sequence=1)
    box.put(notification(sequence=1, alerts=(*first.alerts, ended)))
    box.put(notification(sequence=2))
    assert [view.fingerprint for view in box.due(0)[0].notification.alerts] == ["ff", "ee"]
