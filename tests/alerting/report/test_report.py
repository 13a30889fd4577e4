"""How good the alerts of a time were, by what happened to them."""

import pytest
from tests.alerting.desks import BEGIN, SECOND, Bench, alert

from tapewatch.alerting.matchers import Reading, parse_matchers
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.alerting.oncall.settings import OnCallSettings
from tapewatch.alerting.report.markdown import as_markdown
from tapewatch.alerting.report.report import report
from tapewatch.alerting.silences import Silence
from tapewatch.document.reading import read_text

ROTA = 'schedules: {rota: {people: [ann, ben], turn: 1d, starts: "2026-01-05T00:00:00Z"}}'


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def told(bench, on_call=ROTA, rules=()):
    bench.desk.book.commit()
    roster = Roster(read_text(on_call, OnCallSettings), bench.desk.book, lambda: "id")
    return report(
        bench.desk.book, roster, since_ns=BEGIN, until_ns=bench.now_ns + SECOND, rules=rules
    )


def fire(bench, name, ends_after=0, **labels):
    """Let an alert fire that began two seconds ago, and end it after so many seconds."""
    starts_ns = bench.now_ns - 2 * SECOND
    bench.say(alert(name, starts_ns, bench.now_ns + 86_400 * SECOND, **labels))
    (state,) = [s for s in bench.desk.alerts if s.name == name]
    bench.wait(11)
    bench.sent()
    if ends_after:
        bench.wait(ends_after - 11)
        bench.say(alert(name, starts_ns, bench.now_ns, **labels))
    return state.fingerprint


def test_an_empty_time_has_an_empty_report(bench):
    found = told(bench)
    assert (found["fired"], found["owners"], found["acknowledged"]["share"]) == (0, [], 0.0)
    assert found["seconds"]["detect"] == {"count": 0, "p50": None, "p99": None}
    assert as_markdown(found).startswith("# Alerts from 2026-01-05T08:00:00Z to ")


def test_times_are_taken_from_the_history(bench):
    fingerprint = fire(bench, "FeedStale")
    bench.wait(49)
    bench.desk.acknowledge(fingerprint, "ann", bench.now_ns)
    bench.wait(540)
    bench.say(alert("FeedStale", BEGIN - 2 * SECOND, bench.now_ns))
    seconds = told(bench)["seconds"]
    assert {name: each["p50"] for name, each in seconds.items()} == {
        "detect": 2.0,
        "notify": 1.0,
        "acknowledge": 60.0,
        "resolve": 600.0,
    }


def test_what_is_over_within_five_minutes_flaps(bench):
    fire(bench, "Short", ends_after=299)
    fire(bench, "Long", ends_after=301)
    found = told(bench)
    assert found["flapping"] == {"count": 1, "share": 0.5}
    assert {e["alert"]: e["flapping"] for e in found["alerts"]} == {"Short": 1, "Long": 0}


def test_precision_is_what_somebody_acted_on_by_owner(bench):
    desk = bench.desk
    desk.acknowledge(fire(bench, "A", owner="exec"), "ann", bench.now_ns)
    desk.comment(fire(bench, "B", owner="exec"), "known", "ann", bench.now_ns)
    desk.assign(fire(bench, "C", owner="exec"), "ben", "ann", bench.now_ns)
    fire(bench, "D", owner="exec")
    fire(bench, "E", team="data")
    fire(bench, "F")
    owners = {
        e["owner"]: (e["fired"], e["acted_on"], e["precision"]) for e in told(bench)["owners"]
    }
    assert owners == {"exec": (4, 3, 0.75), "data": (1, 0, 0.0), "nobody's": (1, 0, 0.0)}


def test_what_was_silenced_counts_as_acted_on(bench):
    matchers = tuple(parse_matchers('alertname="A"', Reading.FALLBACK))
    silence = Silence("", (matchers,), BEGIN, BEGIN + 3600 * SECOND, BEGIN, "ann", "planned")
    bench.desk.silence(silence, bench.now_ns)
    fire(bench, "A", owner="exec")
    found = told(bench)
    assert (found["silenced"]["count"], found["owners"][0]["precision"]) == (1, 1.0)


def test_a_firing_is_one_life_and_the_next_another(bench):
    fingerprint = fire(bench, "A", ends_after=400)
    bench.wait(10)
    bench.desk.acknowledge(fire(bench, "A", ends_after=400), "ann", bench.now_ns)
    found = told(bench)
    assert fingerprint
    assert (found["fired"], found["alerts"][0]["fired"]) == (2, 2)


def test_pages_are_counted_by_whose_shift_it_was(bench):
    fire(bench, "A")
    bench.wait(86_400)
    fire(bench, "B")
    fire(bench, "C")
    shifts = {(e["person"]): e["pages"] for e in told(bench)["shifts"]}
    assert shifts == {"ann": 1, "ben": 2}


def test_without_schedules_half_days_are_shifts(bench):
    fire(bench, "A")
    bench.wait(86_400)
    found = told(bench, "{}")["shifts"]
    assert [each["pages"] for each in found] == [1, 0, 0]
    assert found[1]["from"] == "2026-01-05T12:00:00Z"


def test_alerts_that_never_fired_are_known_from_the_rules(bench):
    fire(bench, "A")
    assert told(bench, rules=("A", "B", "C"))["never_fired"] == ["B", "C"]


def test_channels_that_failed_are_counted(bench):
    bench.say(alert("A"))
    bench.wait(11)
    bench.sent("refused")
    (found,) = told(bench)["channels"]
    assert found == {"channel": "desk/webhook/0", "delivered": 0, "failed": 1, "refused": 1}


def test_the_markdown_has_a_table_for_everything(bench):
    fire(bench, "A", owner="exec")
    text = as_markdown(told(bench, rules=("B",)))
    assert "| exec | 1 | 0 | 0% |" in text
    assert "| rota | ann |" in text
    assert "## Never fired\n\nB\n" in text
