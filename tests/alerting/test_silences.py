from dataclasses import replace

import pytest
from tests.alerting.desks import BEGIN, SECOND, SIMPLE, Bench, alert, names

from tapewatch.alerting.errors import BadSilence, NotKnown
from tapewatch.alerting.matchers import parse_matchers
from tapewatch.alerting.silences import Silence, SilenceLimits, SilenceState, matches_filter

HOUR = 3600 * SECOND


def silence(*texts, starts=BEGIN, ends=BEGIN + HOUR, **rest):
    sets = tuple(parse_matchers(text) for text in texts)
    return Silence(rest.pop("id", ""), sets, starts, ends, 0, "ann", "why", **rest)


def silenced(bench, **labels):
    state = bench.desk.alerts.get(alert("A", **labels).fingerprint)
    return bench.desk.status_of(state, bench.now_ns)[0]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (silence(), "at least one matcher required"),
        (silence("a=~.*"), "at least one matcher must not match the empty string"),
        (silence("a=b", 'c=""'), "must not match the empty string"),
        (silence("a=b", ends=0), "invalid zero end"),
        (silence("a=b", starts=BEGIN + 1, ends=BEGIN), "end time must not be before start time"),
        (silence("a=b", recurrence="- weekdays: [someday]"), "is not one of sunday"),
    ],
)
def test_what_cannot_be_a_silence_is_refused(tmp_path, wanted, words):
    with pytest.raises(BadSilence, match=words):
        Bench(tmp_path).desk.silence(wanted, BEGIN)


def test_a_silence_goes_from_pending_over_active_to_expired(tmp_path):
    desk = Bench(tmp_path).desk
    made = desk.silence(silence("a=b", starts=BEGIN + 10, ends=BEGIN + 20), BEGIN)
    states = [made.state(BEGIN + at) for at in (0, 10, 19, 20)]
    active = SilenceState.ACTIVE
    assert states == [SilenceState.PENDING, active, active, SilenceState.EXPIRED]


def test_a_start_in_the_past_is_moved_to_now(tmp_path):
    made = Bench(tmp_path).desk.silence(silence("a=b", starts=BEGIN - HOUR), BEGIN)
    assert made.starts_ns == BEGIN


def test_a_longer_end_changes_the_silence_and_other_matchers_make_a_new_one(tmp_path):
    desk = Bench(tmp_path).desk
    made = desk.silence(silence("a=b"), BEGIN)
    longer = desk.silence(replace(made, ends_ns=BEGIN + 2 * HOUR), BEGIN + SECOND)
    assert longer.id == made.id
    other = desk.silence(replace(made, matcher_sets=(parse_matchers("a=c"),)), BEGIN + 2 * SECOND)
    assert other.id != made.id
    assert desk.silences.get(made.id).state(BEGIN + 2 * SECOND) is SilenceState.EXPIRED


def test_a_silence_that_is_not_there_cannot_be_changed(tmp_path):
    with pytest.raises(NotKnown, match="silence x not found"):
        Bench(tmp_path).desk.silence(silence("a=b", id="x"), BEGIN)


def test_one_of_several_matcher_sets_is_enough(tmp_path):
    bench = Bench(tmp_path)
    bench.desk.silence(silence("venue=X,side=buy", "venue=Y"), BEGIN)
    bench.say(alert("A", venue="X"), alert("A", venue="X", side="buy"), alert("A", venue="Y"))
    assert not silenced(bench, venue="X")
    assert silenced(bench, venue="X", side="buy")
    assert silenced(bench, venue="Y")


def test_a_recurring_silence_holds_in_its_intervals_only(tmp_path):
    bench = Bench(tmp_path)
    recurrence = "- times: [{start_time: '08:10', end_time: '08:20'}]"
    bench.desk.silence(silence("alertname=A", recurrence=recurrence), BEGIN)
    bench.say(alert("A"))
    found = []
    for _ in range(3):
        found.append(bool(silenced(bench)))
        bench.wait(600)
        bench.say(alert("A"))
    assert found == [False, True, False]


def test_a_silence_may_tell_when_it_begins_and_ends(tmp_path):
    bench = Bench(tmp_path)
    bench.desk.silence(silence("venue=X", notices=True, ends=BEGIN + 90 * SECOND), BEGIN)
    bench.wait(10)
    (begun,) = bench.sent()
    assert names(begun) == (["SilenceActive"], [])
    assert begun.common_annotations.get("summary") == 'ann silences {venue="X"}'
    bench.wait(140)
    (ended,) = bench.sent()
    assert names(ended) == ([], ["SilenceActive"])


def test_limits_hold_for_new_silences(tmp_path):
    desk = Bench(tmp_path, silences=SilenceLimits(count_max=1, size_max=400)).desk
    with pytest.raises(BadSilence, match=r"exceeded maximum size: \d+ bytes \(limit: 400\)"):
        desk.silence(replace(silence("a=b"), comment="x" * 400), BEGIN)
    desk.silence(silence("a=b"), BEGIN)
    with pytest.raises(BadSilence, match=r"maximum number of silences: 1 \(limit: 1\)"):
        desk.silence(silence("a=c"), BEGIN)


def test_silences_survive_a_crash(tmp_path):
    bench = Bench(tmp_path)
    bench.desk.silence(silence("alertname=A", starts=BEGIN), BEGIN)
    bench.crash()
    bench.say(alert("A"))
    bench.wait(60)
    assert bench.sent() == []


def test_the_end_of_what_was_told_is_told_through_a_silence(tmp_path):
    bench = Bench(tmp_path, SIMPLE)
    bench.say(alert("A"))
    bench.wait(10)
    assert names(*bench.sent()) == (["A"], [])
    bench.desk.silence(silence("alertname=A", starts=bench.now_ns), bench.now_ns)
    bench.say(alert("A", 0, bench.now_ns))
    bench.wait(60)
    assert names(*bench.sent()) == ([], ["A"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("venue=X", True),
        ("venue=~X|Y", True),
        ("venue=Y", False),
        ("side!=buy", True),
        ("side=", True),
    ],
)
def test_a_filter_asks_for_what_a_silence_names(text, found):
    assert matches_filter(silence("venue=X"), parse_matchers(text)) is found
