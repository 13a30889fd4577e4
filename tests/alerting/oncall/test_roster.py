"""Who is on call: turns, covers over them, calendars, and what the book keeps."""

from itertools import count

import pytest
from tests.alerting.desks import BEGIN

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import History, Search
from tapewatch.alerting.errors import BadCover, NotKnown
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.alerting.oncall.settings import OnCallSettings
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.model.durations import format_time_ns, parse_time_ns

HOUR = 3600 * 1_000_000_000
DAY = 24 * HOUR
ROTA = """
people: {ann: {receiver: ann}, ben: {receiver: ben}, cem: {}}
schedules:
  rota: {people: [ann, ben], starts: "2026-01-05T09:00:00Z"}
"""


def settings_of(text):
    return read_text(text, OnCallSettings)


class Desk:
    """A roster and its book."""

    def __init__(self, folder, text=ROTA):
        self.path, self.settings = folder / "book.sqlite", settings_of(text)
        self._ids = count(1)
        self.open()

    def open(self):
        self.book = Book(self.path)
        self.roster = Roster(self.settings, self.book, lambda: f"c{next(self._ids)}")

    def restart(self):
        self.book.close()
        self.open()

    def cover(self, person, starts, ends, now_ns=BEGIN):
        times = (parse_time_ns(starts), parse_time_ns(ends))
        return self.roster.cover("rota", person, *times, by="ann", now_ns=now_ns)

    def at(self, text, schedule="rota"):
        shift = self.roster.on_call(schedule, parse_time_ns(text))
        return shift and shift.person

    def shifts(self, since, until, schedule="rota"):
        found = self.roster.shifts(schedule, parse_time_ns(since), parse_time_ns(until))
        return [(e.person, format_time_ns(e.starts_ns), format_time_ns(e.ends_ns)) for e in found]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_people_take_turns(desk):
    assert desk.at("2026-01-05T09:00:00Z") == "ann"
    assert desk.at("2026-01-12T08:59:59Z") == "ann"
    assert desk.at("2026-01-12T09:00:00Z") == "ben"
    assert desk.roster.next("rota", parse_time_ns("2026-01-06T00:00:00Z")).person == "ben"


def test_nobody_is_on_call_before_the_first_turn(desk):
    assert desk.at("2026-01-05T08:59:59Z") is None


def test_a_cover_stands_in_the_middle_of_a_turn(desk):
    desk.cover("ben", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z")
    assert desk.at("2026-01-05T23:59:59Z") == "ann"
    assert desk.at("2026-01-06T12:00:00Z") == "ben"
    assert desk.at("2026-01-07T00:00:00Z") == "ann"
    assert desk.shifts("2026-01-05T09:00:00Z", "2026-01-12T09:00:00Z") == [
        ("ann", "2026-01-05T09:00:00Z", "2026-01-06T00:00:00Z"),
        ("ben", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"),
        ("ann", "2026-01-07T00:00:00Z", "2026-01-12T09:00:00Z"),
    ]


def test_of_two_covers_the_later_made_wins(desk):
    desk.cover("ben", "2026-01-06T00:00:00Z", "2026-01-08T00:00:00Z")
    desk.cover("cem", "2026-01-07T00:00:00Z", "2026-01-09T00:00:00Z")
    assert [desk.at(f"2026-01-0{day}T12:00:00Z") for day in (6, 7, 8)] == ["ben", "cem", "cem"]


def test_covers_outlive_the_process_and_are_in_the_history(desk):
    made = desk.cover("ben", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z")
    desk.book.commit()
    desk.restart()
    assert desk.at("2026-01-06T12:00:00Z") == "ben"
    desk.roster.uncover(made.id, by="ben", now_ns=BEGIN)
    desk.book.commit()
    assert desk.at("2026-01-06T12:00:00Z") == "ann"
    told = [(e.kind, e.by) for e in History(desk.book).search(Search(newest_first=False))]
    assert told == [("cover made", "ann"), ("cover ended", "ben")]


def test_covers_of_long_ago_are_forgotten(desk):
    desk.cover("ben", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z")
    desk.roster.forget(parse_time_ns("2026-03-01T00:00:00Z"))
    assert len(desk.roster.covers("rota")) == 1
    desk.roster.forget(parse_time_ns("2026-05-01T00:00:00Z"))
    assert desk.roster.covers("rota") == []


@pytest.mark.parametrize(
    ("person", "ends", "words"),
    [
        ("ben", "2026-01-06T00:00:00Z", "2026-01-06T00:00:00Z is not after 2026-01-06T00:00:00Z"),
        ("dan", "2026-01-07T00:00:00Z", "there is no person 'dan'; people are ann, ben, cem"),
    ],
)
def test_a_cover_that_cannot_be_is_refused(desk, person, ends, words):
    with pytest.raises(BadCover, match=words):
        desk.cover(person, "2026-01-06T00:00:00Z", ends)


def test_what_is_not_there_is_told(desk):
    with pytest.raises(NotKnown, match="schedule night not found"):
        desk.roster.on_call("night", BEGIN)
    with pytest.raises(NotKnown, match="cover c9 not found"):
        desk.roster.uncover("c9", by="ann", now_ns=BEGIN)


def test_a_cover_may_stand_in_the_configuration(tmp_path):
    cover = "{person: cem, from: '2026-01-06T00:00:00Z', to: '2026-01-07T00:00:00Z'}"
    text = ROTA.replace('"2026-01-05T09:00:00Z"}', f'"2026-01-05T09:00:00Z", cover: [{cover}]}}')
    assert Desk(tmp_path, text).at("2026-01-06T12:00:00Z") == "cem"


CALENDAR = """BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:ann
DTSTART:20260105T090000Z
DTEND:20260112T090000Z
RRULE:FREQ=WEEKLY;INTERVAL=2
END:VEVENT
BEGIN:VEVENT
SUMMARY:ben
DTSTART:20260107T090000Z
DTEND:20260108T090000Z
END:VEVENT
END:VCALENDAR
"""


def from_calendar(folder, text):
    path = folder / "rota.ics"
    path.write_text(text)
    return Desk(folder, f"schedules: {{rota: {{calendar_file: {path}}}}}")


def test_a_calendar_says_who_is_on_call(tmp_path):
    desk = from_calendar(tmp_path, CALENDAR)
    days = ("05T10", "07T10", "08T10", "13T10", "20T10")
    told = [desk.at(f"2026-01-{day}:00:00Z") for day in days]
    assert told == ["ann", "ben", "ann", None, "ann"]


def test_a_calendar_that_cannot_be_read_is_told_and_stops_nothing(tmp_path):
    desk = from_calendar(tmp_path, CALENDAR.replace("WEEKLY", "SECONDLY"))
    assert desk.roster.last_error.endswith(
        "rota.ics: line 6: FREQ=SECONDLY is not DAILY, WEEKLY, MONTHLY or YEARLY"
    )
    assert desk.at("2026-01-06T00:00:00Z") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schedules: {a: {}}", "nobody is on call: name at least one person, or a calendar_file"),
        ("schedules: {a: {people: [x], time_zone: Mars}}", "'Mars' is not a time zone"),
        ("schedules: {a: {people: [x], starts: soon}}", "soon"),
        ("escalations: [{name: a, steps: []}]", "leads to nobody: name at least one step"),
        ("escalations: [{name: a, steps: [{after: 5m}]}]", "leads to nobody: name receivers or a"),
        ("escalations: [{name: a, steps: [{after: 5m, schedule: x}]}]", "there is no schedule 'x'"),
        (
            (
                "schedules: {r: {people: [cem]}}\npeople: {cem: {}}\n"
                "escalations: [{name: a, steps: [{after: 5m, schedule: r}]}]"
            ),
            "leads to nobody while 'cem' is on call: people.cem has no receiver",
        ),
        (
            (
                "escalations: [{name: a, steps: [{after: 5m, receivers: [x]}, {after: 1m, "
                "receivers: [x]}]}]"
            ),
            "the steps are not in the order of their times",
        ),
    ],
)
def test_what_would_lead_to_nobody_is_refused(text, words):
    with pytest.raises(DocumentError) as caught:
        settings_of(text)
    assert words in str(caught.value)


def test_receivers_that_are_not_there_are_named():
    text = (
        "people: {ann: {receiver: p}}\nschedules: {r: {people: [ann], hand_over: h}}\n"
        "escalations: [{name: a, steps: [{after: 5m, receivers: [s]}]}]"
    )
    assert dict(settings_of(text).unknown_receivers({"desk"})) == {
        "people.ann.receiver": "there is no receiver 'p'",
        "schedules.r.hand_over": "there is no receiver 'h'",
        "escalations[0].steps[0].receivers": "there is no receiver 's'",
    }
