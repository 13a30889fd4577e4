"""Trading days: an equity venue, a week without nights, and what the region tells."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.session import ALWAYS_OPEN, FOREX_WEEK, Session

NEW_YORK = ZoneInfo("America/New_York")
EQUITIES = {"mon-fri": "04:00 pre, 09:30 open, 16:00 post, 20:00 closed"}


def at(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp() * 1e9)


class Hand:
    """A clock that is set by hand."""

    def __init__(self, text):
        self.text = text

    def __call__(self):
        return at(self.text)


def session_at(text, hours=EQUITIES, **more):
    clock = Hand(text)
    return Session("XNYS", hours, timezone="America/New_York", now_ns=clock, **more), clock


@pytest.mark.parametrize(
    ("now", "state", "until"),
    [
        ("2026-11-23T03:59:59", "closed", "2026-11-23T04:00"),
        ("2026-11-23T04:00:00", "pre", "2026-11-23T09:30"),
        ("2026-11-23T12:00:00", "open", "2026-11-23T16:00"),
        ("2026-11-23T19:00:00", "post", "2026-11-23T20:00"),
        ("2026-11-20T20:00:00", "closed", "2026-11-23T04:00"),
        ("2026-11-26T12:00:00", "closed", "2026-11-27T04:00"),
        ("2026-11-27T14:00:00", "closed", "2026-11-30T04:00"),
    ],
)
def test_the_day_of_an_equity_venue(now, state, until):
    exceptions = {
        "2026-11-26": "00:00 closed",
        "2026-11-27": "04:00 pre, 09:30 open, 13:00 closed",
    }
    session, _ = session_at(now, exceptions=exceptions)
    assert session.state == state
    assert session.next_change_ns == at(until)


def test_a_state_lasts_over_nights_and_days_without_changes():
    session, clock = session_at("2026-11-25T03:00", FOREX_WEEK)
    assert session.is_open
    assert session.next_change_ns == at("2026-11-27T17:00")
    clock.text = "2026-11-28T12:00"
    assert session.state == "closed"
    assert session.next_change_ns == at("2026-11-29T17:00")


def test_the_clocks_are_changed_without_harm():
    session, _ = session_at("2026-03-08T12:00")
    assert session.next_change_ns == at("2026-03-09T04:00")
    assert at("2026-03-09T04:00") - at("2026-03-07T04:00") == 47 * 3600 * 10**9


def test_a_market_that_never_closes_changes_never():
    session, _ = session_at("2026-11-22T12:00", ALWAYS_OPEN)
    assert session.is_open
    assert session.next_change_ns == 0


def test_a_halt_is_over_the_calendar_until_it_is_resumed():
    session, clock = session_at("2026-11-23T12:00")
    session.halt("circuit breaker level 1")
    assert session.state == "halted"
    assert metrics.SESSION_STATE.bind(venue="XNYS").state == "halted"
    clock.text = "2026-11-23T17:00"
    session.resume("trading resumed")
    assert session.state == "post"


def test_the_region_tells_the_state_and_its_end():
    session, clock = session_at("2026-11-23T12:00")
    clock.text = "2026-11-23T16:30"
    session.tell()
    assert metrics.SESSION_STATE.bind(venue="XNYS").state == "post"
    assert metrics.SESSION_NEXT.bind(venue="XNYS").value == at("2026-11-23T20:00") / 1e9


@pytest.mark.parametrize(
    ("hours", "zone", "words"),
    [
        ({"monday": "09:30 open"}, "UTC", "write days as mon"),
        ({"fri-mon": "09:30 open"}, "UTC", "monday first"),
        ({"mon": "09:30 opened"}, "UTC", "one of closed, pre, open, post, halted"),
        ({"mon": "nine open"}, "UTC", "write it as 09:30"),
        ({"mon": "16:00 closed, 09:30 open"}, "UTC", "in order of time"),
        ({"mon": "09:30 open"}, "New York", "America/New_York"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_at_the_start(hours, zone, words):
    with pytest.raises(BadDeclaration, match=words):
        Session("XNYS", hours, timezone=zone)


def test_an_exception_needs_a_date():
    with pytest.raises(BadDeclaration, match="2026-12-25"):
        Session("XNYS", EQUITIES, exceptions={"christmas": "00:00 closed"})
