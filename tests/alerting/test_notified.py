import pytest

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.notification import Lane
from tapewatch.alerting.notified import NotifiedLog, Reason, Told, reason_to_tell

NOW, REPEAT = 1_000, 100


def told(firing, resolved="", at_ns=NOW, **rest):
    return Told(frozenset(firing), frozenset(resolved), at_ns, **rest)


@pytest.mark.parametrize(
    ("former", "firing", "resolved", "send_resolved", "reason"),
    [
        (None, "", "", True, None),
        (None, "", "a", True, None),
        (None, "a", "", True, Reason.FIRST),
        (told("a"), "a", "", True, None),
        (told("a"), "ab", "", True, Reason.NEW_ALERTS),
        (told("", "a"), "b", "", True, Reason.FIRST),
        (told("ab"), "a", "b", True, Reason.NEW_RESOLVED),
        (told("ab"), "a", "b", False, None),
        (told("ab", "b"), "a", "b", True, None),
        (told("a"), "", "a", True, Reason.ALL_RESOLVED),
        (told("a"), "", "a", False, Reason.ALL_RESOLVED),
        (told("", "a"), "", "b", True, None),
        (told("a", at_ns=NOW - REPEAT), "a", "", True, None),
        (told("a", at_ns=NOW - REPEAT - 1), "a", "", True, Reason.REPEAT),
    ],
)
def test_there_is_something_to_tell_or_not(former, firing, resolved, send_resolved, reason):
    found = reason_to_tell(
        former,
        set(firing),
        set(resolved),
        send_resolved=send_resolved,
        repeat_before_ns=NOW - REPEAT,
    )
    assert found is reason


def test_what_is_refused_goes_back_to_what_was_delivered(tmp_path):
    log, lane = NotifiedLog(Book(tmp_path / "book")), Lane("g", "r", "webhook/0")
    log.tell(lane, told("a", episode=7, sequence=1))
    log.delivered(lane, 7, 1)
    log.tell(lane, told("ab", episode=7, sequence=2))
    log.refused(lane, 7, 2)
    assert log.get(lane) == told("a", episode=7, sequence=1)


def test_what_is_refused_at_first_was_never_told(tmp_path):
    log, lane = NotifiedLog(Book(tmp_path / "book")), Lane("g", "r", "webhook/0")
    log.tell(lane, told("a", episode=7, sequence=1))
    log.refused(lane, 7, 1)
    assert log.get(lane) is None


def test_the_refusal_of_something_older_changes_nothing(tmp_path):
    log, lane = NotifiedLog(Book(tmp_path / "book")), Lane("g", "r", "webhook/0")
    log.tell(lane, told("a", episode=7, sequence=1))
    log.tell(lane, told("ab", episode=7, sequence=2))
    log.refused(lane, 7, 1)
    assert log.get(lane).firing == frozenset("ab")
