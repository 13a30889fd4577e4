from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.watch.calendars.calendar import calendar, calendar_names, check_calendars
from tapewatch.watch.calendars.sheet import Sheet
from tapewatch.watch.errors import UnknownCalendar

EXCHANGES = ["XNYS", "CMES", "XLON", "XETR", "XTKS", "XHKG", "XSES", "XASX", "XTSE", "XBOM", "FX"]
MINUTE_NS = 60 * 10**9


def at(text, zone="UTC"):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("name", "zone", "when", "is_open"),
    [
        ("XNYS", "America/New_York", "2026-11-20T09:29:59", False),
        ("XNYS", "America/New_York", "2026-11-20T09:30:00", True),
        ("XNYS", "America/New_York", "2026-11-20T16:00:00", False),
        ("XNYS", "America/New_York", "2026-11-26T12:00:00", False),  # Thanksgiving.
        ("XNYS", "America/New_York", "2026-11-27T12:59:00", True),  # The half day after it.
        ("XNYS", "America/New_York", "2026-11-27T13:00:00", False),
        ("XTKS", "Asia/Tokyo", "2026-11-20T12:00:00", False),  # The break at noon.
        ("XTKS", "Asia/Tokyo", "2026-11-20T15:15:00", True),
        ("XTKS", "Asia/Tokyo", "2024-10-18T15:15:00", False),  # Before the longer day.
        ("XLON", "Europe/London", "2026-12-24T13:00:00", False),
        ("CMES", "America/Chicago", "2026-11-22T17:00:00", True),  # Sunday evening.
        ("FX", "America/New_York", "2026-11-20T17:00:00", False),
        ("FX", "America/New_York", "2026-11-22T17:00:00", True),
        ("CRYPTO", "UTC", "2026-12-25T03:00:00", True),
        ("NSE", "Asia/Kolkata", "2026-11-20T10:00:00", True),
    ],
)
def test_an_exchange_is_open_when_it_trades(name, zone, when, is_open):
    assert calendar(name).is_open(at(when, zone)) is is_open


def test_the_next_change_goes_over_weekends_and_holidays():
    new_york = calendar("XNYS")
    closed = at("2026-11-25T16:00", "America/New_York")
    assert new_york.next_change(closed) == at("2026-11-27T09:30", "America/New_York")
    assert new_york.next_change(closed - 1) == closed


def test_days_that_meet_at_midnight_are_one_time_of_trading():
    fx = calendar("FX")
    monday, friday = at("2026-11-16T12:00"), at("2026-11-20T17:00", "America/New_York")
    assert fx.next_change(monday) == friday


def test_what_never_closes_never_changes():
    assert calendar("CRYPTO").next_change(at("2026-11-20T12:00")) is None


def test_sessions_tell_holidays_half_days_and_breaks():
    tokyo, new_york = calendar("XTKS"), calendar("XNYS")
    sessions = list(tokyo.sessions(at("2026-11-20T00:00"), at("2026-11-20T12:00")))
    assert [len(each.spans_ns) for each in sessions] == [2]
    assert new_york.is_holiday(at("2026-11-26T12:00", "America/New_York"))
    assert new_york.is_half_day(at("2026-11-27T12:00", "America/New_York"))
    assert new_york.knows(at("2026-11-20T12:00"))
    assert not new_york.knows(at("2040-01-01T12:00"))


def test_hours_follow_the_clock_of_the_exchange_through_its_summer_time():
    new_york = calendar("XNYS")
    for day, opens in (("2026-03-06", "14:30"), ("2026-03-09", "13:30")):
        opens_ns = at(f"{day}T{opens}")
        assert [new_york.is_open(opens_ns - 1), new_york.is_open(opens_ns)] == [False, True]


@given(
    st.sampled_from(EXCHANGES),
    st.integers(at("2020-01-02T00:00") // MINUTE_NS, at("2026-12-01T00:00") // MINUTE_NS),
)
def test_nothing_changes_before_the_next_change(name, minute):
    each, now = calendar(name), minute * MINUTE_NS
    change = each.next_change(now)
    if change is not None:
        assert change > now
        assert each.is_open(change) is not each.is_open(now)
        assert each.is_open(change - 1) is each.is_open(now)
        assert each.is_open((now + change) // 2) is each.is_open(now)


def test_a_name_that_is_no_calendar_is_refused_with_those_that_are():
    with pytest.raises(UnknownCalendar, match="'XXXX' is no calendar; known are CMES, CRYPTO"):
        calendar("XXXX")
    with pytest.raises(DocumentError, match=r"watch.calendars\[1\]"):
        check_calendars(["XNYS", "XXXX"])
    assert set(EXCHANGES) <= set(calendar_names())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("zone: Mars/Olympus", "not a time zone"),
        ("closed: [soon]", "soon"),
        ("special: {2026-13-01: 09:00-10:00}", "not a day"),
        ("special: {2026-12-01: 10:00-09:00}", "must open before it closes"),
        ("weeks: []", "must have one"),
    ],
)
def test_a_bad_sheet_is_refused(change, words):
    good = {
        "name": "name: A",
        "title": "title: A",
        "zone": "zone: UTC",
        "weeks": 'weeks: [{since: 2020-01-01, mon: "09:00-10:00"}]',
    }
    good[change.partition(":")[0]] = change
    with pytest.raises(DocumentError) as caught:
        read_text("\n".join(good.values()), Sheet)
    assert words in str(caught.value)
