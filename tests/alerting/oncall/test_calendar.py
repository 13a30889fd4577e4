"""iCalendar files: what RFC 5545 says of events, rules, zones and folding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.alerting.errors import BadCalendar
from tapewatch.alerting.oncall.calendar import read_calendar, write_calendar
from tapewatch.alerting.oncall.shift import Shift
from tapewatch.model.durations import format_time_ns, parse_time_ns

SECOND = 1_000_000_000


def calendar(*lines):
    event = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def starts(text, until="2027-01-01T00:00:00Z", since="2026-01-01T00:00:00Z"):
    found = [
        shift
        for event in read_calendar(text)
        for shift in event.shifts(parse_time_ns(since), parse_time_ns(until))
    ]
    return [format_time_ns(each.starts_ns) for each in sorted(found, key=lambda e: e.starts_ns)]


def test_an_event_has_a_person_a_start_and_an_end():
    text = calendar("SUMMARY:ann", "DTSTART:20260105T090000Z", "DTEND:20260112T090000Z")
    (event,) = read_calendar(text)
    (shift,) = event.shifts(0, 2**62)
    assert shift.person == "ann"
    assert format_time_ns(shift.ends_ns) == "2026-01-12T09:00:00Z"


@pytest.mark.parametrize(
    ("told", "seconds"), [("P1W", 604_800), ("PT12H", 43_200), ("P1DT1H1M1S", 90_061)]
)
def test_a_duration_may_stand_for_the_end(told, seconds):
    text = calendar("SUMMARY:ann", "DTSTART:20260105T090000Z", f"DURATION:{told}")
    (event,) = read_calendar(text)
    assert event.lasts.total_seconds() == seconds


def test_a_day_without_an_end_is_a_day():
    text = calendar("SUMMARY:ann", "DTSTART;VALUE=DATE:20260105")
    (event,) = read_calendar(text)
    assert event.lasts.total_seconds() == 86_400


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;COUNT=3", ["01-05", "01-06", "01-07"]),
        ("FREQ=DAILY;INTERVAL=2;COUNT=3", ["01-05", "01-07", "01-09"]),
        ("FREQ=DAILY;BYDAY=MO,WE;COUNT=3", ["01-05", "01-07", "01-12"]),
        ("FREQ=WEEKLY;COUNT=2", ["01-05", "01-12"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=3", ["01-05", "01-09", "01-12"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU;COUNT=2", ["01-18", "02-01"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=MO;COUNT=2", ["01-11", "01-25"]),
        ("FREQ=MONTHLY;COUNT=3", ["01-05", "02-05", "03-05"]),
        ("FREQ=YEARLY;COUNT=1", ["01-05"]),
        ("FREQ=DAILY;UNTIL=20260107T090000Z", ["01-05", "01-06", "01-07"]),
        ("FREQ=DAILY;UNTIL=20260106", ["01-05", "01-06"]),
    ],
)
def test_a_rule_says_when_an_event_comes_again(rule, days):
    text = calendar("SUMMARY:ann", "DTSTART:20260105T090000Z", "DURATION:PT1H", f"RRULE:{rule}")
    assert starts(text) == [f"2026-{day}T09:00:00Z" for day in days]


def test_a_month_without_the_day_is_left_out():
    text = calendar(
        "SUMMARY:ann", "DTSTART:20260131T090000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;COUNT=2"
    )
    assert starts(text) == ["2026-01-31T09:00:00Z", "2026-03-31T09:00:00Z"]


def test_a_repetition_keeps_the_clock_on_the_wall():
    text = calendar(
        "SUMMARY:ann",
        "DTSTART;TZID=America/New_York:20260302T090000",
        "DTEND;TZID=America/New_York:20260302T170000",
        "RRULE:FREQ=WEEKLY;COUNT=2",
    )
    assert starts(text) == ["2026-03-02T14:00:00Z", "2026-03-09T13:00:00Z"]


def test_a_single_event_takes_the_place_of_one_of_a_rule():
    text = calendar(
        "UID:1",
        "SUMMARY:ann",
        "DTSTART:20260105T090000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;COUNT=3",
        "EXDATE:20260107T090000Z",
    ).replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:ben\r\nRECURRENCE-ID:20260106T090000Z\r\n"
        "DTSTART:20260106T120000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    assert starts(text) == ["2026-01-05T09:00:00Z", "2026-01-06T12:00:00Z"]


def test_a_rule_without_end_takes_no_time_without_end():
    text = calendar("SUMMARY:ann", "DTSTART:19700101T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    assert len(starts(text, since="2026-12-25T00:00:00Z")) == 7


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("SUMMARY:ann",), "line 4: the event has no DTSTART"),
        (("DTSTART:20260105T090000Z",), "line 4: the event has no SUMMARY"),
        (("SUMMARY:ann", "DTSTART:soon"), "line 4: 'soon' is not a time, as in 20260105T090000Z"),
        (
            ("SUMMARY:ann", "DTSTART:20260231T090000Z"),
            "line 4: '20260231T090000Z' is no day of any",
        ),
        (("SUMMARY:ann", "DTSTART;TZID=Mars:20260105T090000"), "line 4: 'Mars' is not a time zone"),
        (
            ("SUMMARY:ann", "DTSTART:20260105T090000Z", "DTEND:20260105T080000Z"),
            "line 6: the event ends before it begins",
        ),
        (
            ("SUMMARY:ann", "DTSTART:20260105T090000Z", "DURATION:long"),
            "line 5: 'long' is not a duration, as in PT12H",
        ),
        (
            (
                "SUMMARY:ann",
                "DTSTART:20260105T090000Z",
                "DURATION:PT1H",
                "RRULE:FREQ=DAILY;BYHOUR=9",
            ),
            "line 6: RRULE says BYHOUR, which is not understood here",
        ),
        (
            (
                "SUMMARY:ann",
                "DTSTART:20260105T090000Z",
                "DURATION:PT1H",
                "RRULE:FREQ=MONTHLY;BYDAY=1MO",
            ),
            "line 6: BYDAY=1MO is not understood with MONTHLY",
        ),
        (("no property at all",), "line 3: 'no property at all' is not NAME:VALUE"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(lines, words):
    with pytest.raises(BadCalendar, match=words):
        read_calendar(calendar(*lines))


def test_a_calendar_that_is_cut_off_is_refused():
    with pytest.raises(BadCalendar, match="VEVENT is not ended"):
        read_calendar("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:ann\r\n")


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=120).map(
    str.strip
)


@given(
    st.lists(
        st.tuples(names.filter(bool), st.integers(0, 2**31), st.integers(1, 10**6)), max_size=5
    )
)
def test_what_is_written_reads_back_and_no_line_is_too_long(rows):
    shifts = [Shift(who, at * SECOND, (at + lasts) * SECOND) for who, at, lasts in rows]
    text = write_calendar("desk, the; first", shifts, now_ns=0)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    found = [shift for event in read_calendar(text) for shift in event.shifts(0, 2**63 - 1)]
    assert found == shifts
