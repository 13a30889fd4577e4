"""Turns by the clocks on the wall, through both changes of daylight saving time."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.alerting.oncall.rotation import Rotation
from tapewatch.model.durations import format_time_ns, parse_time_ns

HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
DAY_NS = 86_400 * 1_000_000_000


def rotation(starts, turn_ms=WEEK_MS, zone="Europe/Zurich", people=("ann", "ben")):
    return Rotation(people, starts_ns=parse_time_ns(starts), turn_ms=turn_ms, time_zone=zone)


def begins(made, since, until):
    found = made.shifts(parse_time_ns(since), parse_time_ns(until))
    return [format_time_ns(each.starts_ns) for each in found]


def test_a_week_begins_at_nine_in_summer_and_in_winter():
    made = rotation("2026-03-16T08:00:00Z")
    assert begins(made, "2026-03-16T08:00:00Z", "2026-04-06T00:00:00Z") == [
        "2026-03-16T08:00:00Z",
        "2026-03-23T08:00:00Z",
        "2026-03-30T07:00:00Z",
    ]


def test_the_hour_that_comes_twice_belongs_to_one_turn():
    made = rotation("2026-10-24T22:00:00Z", turn_ms=24 * HOUR_MS)
    (shift,) = made.shifts(
        parse_time_ns("2026-10-25T01:30:00Z"), parse_time_ns("2026-10-25T01:31:00Z")
    )
    assert (shift.ends_ns - shift.starts_ns) == 25 * 3600 * 1_000_000_000


@given(
    st.sampled_from(("UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe")),
    st.integers(1, 400).map(lambda hours: hours * HOUR_MS),
    st.integers(0, 300),
)
def test_turns_leave_no_gap_and_never_overlap(zone, turn_ms, day):
    made = rotation("2026-01-01T00:00:00Z", turn_ms, zone)
    since_ns = parse_time_ns("2026-01-01T00:00:00Z") + day * DAY_NS
    shifts = list(made.shifts(since_ns, since_ns + 40 * DAY_NS))
    assert shifts[0].starts_ns <= since_ns < shifts[0].ends_ns
    assert all(a.ends_ns == b.starts_ns for a, b in itertools.pairwise(shifts))
    assert all(a.person != b.person for a, b in itertools.pairwise(shifts))
