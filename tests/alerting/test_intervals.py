from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tapewatch.alerting.intervals import TimeInterval
from tapewatch.document.errors import DocumentError
from tapewatch.document.printing import to_plain
from tapewatch.document.reading import read_text
from tapewatch.watch.calendars.calendar import calendar


def at(text, zone="UTC"):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


def contains(interval, moment):
    return read_text(interval, TimeInterval).contains(moment, calendar)


@pytest.mark.parametrize(
    ("interval", "moment", "inside"),
    [
        ("{}", "2026-01-05T08:00", True),
        ("times: [{start_time: '09:00', end_time: '17:00'}]", "2026-01-05T09:00", True),
        ("times: [{start_time: '09:00', end_time: '17:00'}]", "2026-01-05T16:59", True),
        ("times: [{start_time: '09:00', end_time: '17:00'}]", "2026-01-05T17:00", False),
        ("times: [{start_time: '18:00', end_time: '24:00'}]", "2026-01-05T23:59", True),
        ("weekdays: ['monday:friday']", "2026-01-05T00:00", True),
        ("weekdays: ['monday:friday']", "2026-01-04T00:00", False),
        ("weekdays: [Sunday]", "2026-01-04T12:00", True),
        ("days_of_month: ['1:5']", "2026-01-05T12:00", True),
        ("days_of_month: ['-1']", "2026-02-28T12:00", True),
        ("days_of_month: ['-1']", "2028-02-28T12:00", False),
        ("days_of_month: ['-3:-1']", "2026-04-28T12:00", True),
        ("days_of_month: ['31']", "2026-04-30T12:00", False),
        ("days_of_month: ['29:31']", "2026-04-30T12:00", True),
        ("days_of_month: ['1:-1']", "2026-04-30T12:00", True),
        ("months: ['december', '1']", "2026-12-30T12:00", True),
        ("months: ['may:august']", "2026-04-30T12:00", False),
        ("years: ['2025:2027']", "2026-04-30T12:00", True),
        ("{years: ['2025'], months: ['4']}", "2026-04-30T12:00", False),
    ],
)
def test_a_time_lies_inside_or_not(interval, moment, inside):
    assert contains(interval, at(moment)) is inside


def test_a_zone_moves_the_rest_with_its_summer():
    interval = "{location: Europe/London, times: [{start_time: '08:00', end_time: '09:00'}]}"
    assert contains(interval, at("2026-07-01T07:30"))
    assert not contains(interval, at("2026-01-05T07:30"))


def test_a_trading_calendar_knows_sessions_holidays_and_half_days():
    opened = "{calendar: XNYS}"
    assert contains(opened, at("2026-01-05T10:00", "America/New_York"))
    assert not contains(opened, at("2026-01-05T16:00", "America/New_York"))
    assert not contains(opened, at("2026-01-01T10:00", "America/New_York"))
    assert not contains(opened, at("2026-11-27T14:00", "America/New_York"))
    assert contains("{calendar: XNYS, session: closed}", at("2026-01-01T10:00", "America/New_York"))


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ("weekdays: ['friday:monday']", "ends before it begins"),
        ("weekdays: ['someday']", "is not one of sunday, monday"),
        ("days_of_month: ['0']", "has 0, which is no day"),
        ("days_of_month: ['32']", "has 32"),
        ("days_of_month: ['-1:5']", "must end with a negative day"),
        ("days_of_month: ['10:5']", "ends before it begins"),
        ("months: ['13']", "is no month"),
        ("years: ['2027:2025']", "ends before it begins"),
        ("times: [{start_time: '9:00', end_time: '17:00'}]", "is not a time of day"),
        ("times: [{start_time: '17:00', end_time: '17:00'}]", "must be before"),
        ("times: [{start_time: '17:00'}]", "is missing"),
        ("location: Mars/Olympus", "is no time zone"),
        ("calendar: XMARS", "XMARS"),
    ],
)
def test_what_cannot_be_meant_is_refused(interval, words):
    with pytest.raises(DocumentError, match=words):
        read_text(interval, TimeInterval)


def test_an_interval_is_written_as_it_is_read():
    text = "{weekdays: ['monday:friday'], months: ['5'], location: Europe/London}"
    interval = read_text(text, TimeInterval)
    plain = to_plain(interval, TimeInterval)
    assert (plain["weekdays"], plain["months"]) == (["monday:friday"], ["may"])
    assert read_text(str(plain), TimeInterval) == interval
