"""The watcher is watched: what breaks the chain, the alert that always fires, and the digest."""

from types import SimpleNamespace

import pytest
from tests.alerting.desks import BEGIN, SECOND, Bench, alert

from tapewatch.alerting.delivery.health import Condition
from tapewatch.alerting.heartbeats.chain import Chain
from tapewatch.alerting.heartbeats.digest import Digest
from tapewatch.alerting.heartbeats.settings import DigestSettings
from tapewatch.alerting.heartbeats.watchdog import Watchdog
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text


def channel(condition, words="500"):
    return SimpleNamespace(
        receiver="desk",
        integration="webhook/0",
        condition=condition,
        words=words,
        last_success_ns=BEGIN,
    )


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_chain_that_works_has_no_fault(bench):
    assert Chain(bench.desk, lambda: [channel(Condition.WORKING)]).fault(BEGIN) == ""


def test_rules_that_are_not_evaluated_break_it(bench):
    chain = Chain(bench.desk, list, lambda _now_ns: "the rules of desk were not evaluated")
    assert chain.fault(BEGIN) == "the rules of desk were not evaluated"


def test_a_book_that_cannot_be_written_breaks_it(bench):
    bench.desk.book.last_error = "disk full"
    assert Chain(bench.desk, list).fault(BEGIN) == "the book cannot be written: disk full"


def test_a_desk_that_sleeps_breaks_it(bench):
    chain = Chain(bench.desk, list)
    chain.ticked_ns = BEGIN
    assert chain.fault(BEGIN + 121 * SECOND) == "nothing was decided for 121 s"


def test_messages_that_do_not_leave_break_it_though_newer_ones_take_their_place(bench):
    bench.say(alert("FeedStale"))
    bench.wait(330)
    fault = Chain(bench.desk, list).fault(bench.now_ns)
    assert fault.startswith("1 messages do not leave, the oldest for ")


def test_one_channel_that_fails_does_not_break_it_and_all_do(bench):
    some = [channel(Condition.WORKING), channel(Condition.FAILING)]
    assert Chain(bench.desk, lambda: some).fault(BEGIN) == ""
    chain = Chain(bench.desk, lambda: some[1:])
    assert chain.fault(BEGIN) == "every channel fails, desk with: 500"


def test_the_watchdog_fires_until_it_is_off(bench):
    dog = Watchdog(bench.desk)
    dog.tick(BEGIN)
    assert [s.name for s in bench.desk.firing(BEGIN)] == []
    dog.on = True
    for minute in range(5):
        bench.now_ns = BEGIN + minute * 60 * SECOND
        dog.tick(bench.now_ns)
        assert [s.name for s in bench.desk.firing(bench.now_ns)] == ["Watchdog"]
    dog.on = False
    bench.wait(200)
    assert [s.name for s in bench.desk.firing(bench.now_ns)] == []


def test_a_watchdog_of_a_rule_is_enough(bench):
    bench.say(alert("Watchdog", service="tapewatch"))
    dog = Watchdog(bench.desk)
    dog.on = True
    dog.tick(bench.now_ns)
    assert len(list(bench.desk.firing(bench.now_ns))) == 1


def digested(bench, digest, hours):
    found = []
    for _ in range(hours):
        bench.wait(3600)
        bench.desk.book.commit()
        digest.tick(bench.now_ns)
        found += [(bench.now_ns, n) for n in bench.sent() if n.group_key == "digest"]
    return found


def test_once_a_day_somebody_reads_that_alerting_lives(bench):
    digest = Digest(bench.desk, lambda: [channel(Condition.WORKING)], lambda _now_ns: "")
    digest.settings = DigestSettings(receiver="desk", at="08:00", time_zone="Europe/Zurich")
    digest.tick(bench.now_ns)
    bench.say(alert("FeedStale"))
    told = digested(bench, digest, 48)
    # The bench begins at 08:00 UTC in winter, which is 09:00 in Zurich.
    assert [(at - BEGIN) // (3600 * SECOND) for at, _ in told] == [23, 47]
    first = told[0][1].alerts[0]
    assert first.annotations.get("summary").startswith("Alerting lives. In a day: 1 fired, ")
    assert "desk/webhook/0: working, last success 2026-01-05" in first.annotations.get(
        "description"
    )


def test_a_digest_says_what_is_wrong(bench):
    digest = Digest(bench.desk, list, lambda _now_ns: "every channel fails")
    digest.settings = DigestSettings(receiver="desk")
    digest.tick(bench.now_ns)
    ((_, told),) = digested(bench, digest, 24)
    assert "Alerting is not well: every channel fails." in told.alerts[0].annotations.get("summary")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{receiver: a, at: noon}", "'noon' is not a time of day, as in 08:00"),
        ("{receiver: a, time_zone: Mars}", "'Mars' is not a time zone, as in Europe/Zurich"),
    ],
)
def test_a_digest_needs_a_time(text, words):
    with pytest.raises(DocumentError, match=words):
        read_text(text, DigestSettings)
