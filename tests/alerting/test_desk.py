import pytest
from tests.alerting.desks import BEGIN, SECOND, SIMPLE, Bench, alert, names

from tapewatch.alerting.book.history import Search
from tapewatch.alerting.errors import BadAlerts, NotKnown
from tapewatch.alerting.explain import explain
from tapewatch.alerting.notified import Reason

IN_PLACE = """
route:
  {receiver: desk, group_by: [alertname], group_wait: 0s, update: in_place, update_interval: 2s}
receivers:
  - name: desk
    webhook_configs: [{url: "http://127.0.0.1:9/"}]
"""
BOTH = IN_PLACE + "    pushover_configs: [{token: t, user_key: u}]\n"


def history(bench, **wanted):
    bench.desk.book.commit()
    found = bench.desk.history.search(Search(newest_first=False, **wanted))
    return [entry.kind for entry in found]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (alert(""), "at least one label pair required"),
        (alert("A", BEGIN, BEGIN - 1), "start time must be before end time"),
        (alert("A\udc80"), "not UTF-8"),
    ],
)
def test_the_good_alerts_of_a_bad_batch_are_taken(tmp_path, bad, words):
    bench = Bench(tmp_path)
    with pytest.raises(BadAlerts, match=words):
        bench.say(bad, alert("Good"))
    assert [state.name for state in bench.desk.alerts] == ["Good"]


def test_a_page_goes_out_at_once_and_is_changed_in_place(tmp_path):
    bench = Bench(tmp_path, IN_PLACE)
    bench.say(alert("A", venue="X"))
    (page,) = bench.sent()
    bench.say(alert("A", venue="Y"))
    assert bench.sent() == [], "not before update_interval"
    bench.wait(2)
    (update,) = bench.sent()
    assert (page.reason, update.reason) == (Reason.FIRST, Reason.NEW_ALERTS)
    assert (page.episode, update.sequence) == (update.episode, 2)
    assert len(update.firing) == 2


def test_the_end_closes_the_episode_and_the_next_one_pages_at_once(tmp_path):
    bench = Bench(tmp_path, IN_PLACE)
    bench.say(alert("A"))
    (page,) = bench.sent()
    bench.wait(5)
    bench.say(alert("A", 0, bench.now_ns))
    (end,) = bench.sent()
    assert (end.status, end.episode) == ("resolved", page.episode)
    bench.wait(1)
    bench.say(alert("A"))
    (again,) = bench.sent()
    assert again.episode > page.episode


def test_a_channel_that_cannot_change_messages_keeps_to_group_interval(tmp_path):
    bench = Bench(tmp_path, BOTH)
    bench.say(alert("A", venue="X"))
    assert [each.integration for each in bench.sent()] == ["webhook/0", "pushover/0"]
    bench.say(alert("A", venue="Y"))
    bench.wait(2)
    assert [each.integration for each in bench.sent()] == ["webhook/0"]
    bench.wait(290)
    assert [each.integration for each in bench.sent()] == []
    bench.say(alert("A", venue="X"), alert("A", venue="Y"))
    bench.wait(10)
    assert [each.integration for each in bench.sent()] == ["pushover/0"]


def test_what_is_acknowledged_is_shown_and_not_repeated(tmp_path):
    text = IN_PLACE.replace("group_wait: 0s", "group_wait: 0s, repeat_interval: 10m")
    bench = Bench(tmp_path, text)
    bench.say(alert("A", 0, BEGIN + 86_400 * SECOND))
    (page,) = bench.sent()
    bench.desk.acknowledge(page.alerts[0].fingerprint, "ann", bench.now_ns)
    bench.wait(2)
    (update,) = bench.sent()
    assert (update.reason, update.alerts[0].acknowledged_by) == (Reason.ACKNOWLEDGED, "ann")
    bench.wait(3600)
    assert bench.sent() == []
    bench.desk.release(page.alerts[0].fingerprint, "ann", bench.now_ns)
    bench.wait(600)
    assert [each.reason for each in bench.sent()] == [Reason.REPEAT]


def test_an_acknowledgement_ends_with_the_alert(tmp_path):
    bench = Bench(tmp_path, IN_PLACE)
    bench.say(alert("A"))
    fingerprint = alert("A").fingerprint
    bench.desk.acknowledge(fingerprint, "ann", bench.now_ns)
    bench.say(alert("A", 0, bench.now_ns))
    bench.wait(1)
    bench.say(alert("A"))
    assert bench.desk.attention.acknowledged_by(fingerprint, bench.now_ns) == ""


def test_nobody_can_take_over_what_is_not_known(tmp_path):
    with pytest.raises(NotKnown, match="alert 00 not found"):
        Bench(tmp_path).desk.acknowledge("00", "ann", BEGIN)


def test_a_restart_does_not_tell_again_what_was_told(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    assert len(bench.sent()) == 1
    bench.crash()
    bench.say(alert("A"))
    bench.wait(120)
    assert bench.sent() == []


def test_a_restart_tells_what_was_decided_and_not_sent(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    bench.crash()
    assert [names(each) for each in bench.sent()] == [(["A"], [])]


def test_a_restart_keeps_the_timers_of_groups(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(6)
    bench.crash()
    bench.wait(3)
    assert bench.sent() == []
    bench.wait(1)
    assert len(bench.sent()) == 1


def test_an_alert_does_not_end_because_nobody_could_speak_during_a_restart(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A", 0, BEGIN + 60 * SECOND))
    bench.wait(10)
    assert len(bench.sent()) == 1
    bench.desk.book.commit()
    bench.now_ns += 600 * SECOND
    bench.crash()
    bench.wait(100)
    assert bench.sent() == []
    bench.wait(200)
    assert [names(each) for each in bench.sent()] == [([], ["A"])]


def test_a_reload_keeps_timers_and_does_not_tell_again(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    assert len(bench.sent()) == 1
    bench.say(alert("A", venue="X"))
    bench.wait(30)
    bench.reload(SIMPLE + "inhibit_rules: []\n")
    assert bench.sent() == []
    bench.wait(30)
    assert len(bench.sent()[0].firing) == 2


def test_a_reload_to_another_receiver_tells_that_one(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(60)
    bench.sent()
    bench.reload(SIMPLE.replace("desk", "other"))
    bench.wait(60)
    assert [each.receiver for each in bench.sent()] == ["other"]


def test_a_refusal_is_tried_again_at_the_next_flush(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    assert len(bench.sent("refused")) == 1
    bench.wait(59)
    assert bench.sent() == []
    bench.wait(1)
    assert [each.reason for each in bench.sent()] == [Reason.FIRST]


def test_an_end_that_was_refused_is_told_again_although_its_group_was_let_go(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A", BEGIN))
    bench.wait(10)
    bench.sent()
    bench.say(alert("A", BEGIN, bench.now_ns))
    bench.wait(110)
    assert bench.desk.groups == {}
    bench.sent("refused")
    bench.wait(10)
    assert [each.reason for each in bench.sent()] == [Reason.ALL_RESOLVED]


def test_saying_an_alert_again_writes_its_times_alone(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A", BEGIN, BEGIN + 60 * SECOND))
    bench.wait(10)
    bench.desk.book.commit()
    bench.desk.accept([alert("A", BEGIN, BEGIN + 90 * SECOND)], bench.now_ns)
    assert [row[2] for _, row in bench.desk.book.take()] == [BEGIN + 90 * SECOND]


def test_a_limit_keeps_alerts_out_and_leaves_room_for_the_most_urgent(tmp_path):
    bench = Bench(tmp_path, alerts_max=10)
    bench.say(*(alert("A", n=str(n)) for n in range(50)))
    bench.say(alert("B", severity="critical"))
    assert len(bench.desk.alerts) == 11
    assert bench.desk.limited == {"A": 40}
    assert history(bench, kinds=["limited"]) == ["limited"]


def test_a_notification_lists_the_most_urgent_and_counts_the_rest(tmp_path):
    bench = Bench(tmp_path, listed_max=3)
    bench.say(*(alert("A", n=f"{n}") for n in range(9)), alert("A", n="x", severity="critical"))
    bench.wait(10)
    (told,) = bench.sent()
    assert (len(told.alerts), told.folded, told.urgency) == (3, 7, 0)
    assert "critical" in [each.labels.get("severity") for each in told.alerts]


def test_the_most_urgent_of_a_storm_goes_first(tmp_path):
    bench = Bench(tmp_path, IN_PLACE.replace("[alertname]", "['...']"))
    bench.say(*(alert("A", n=str(n)) for n in range(700)), alert("B", severity="page"))
    assert bench.sent()[0].urgency == 0


def test_quiet_times_hold_messages_back_until_they_are_over(tmp_path):
    text = """
route:
  receiver: desk
  group_wait: 1s
  group_interval: 1m
  routes: [{receiver: desk, mute_time_intervals: [early]}]
receivers: [{name: desk, webhook_configs: [{url: "http://127.0.0.1:9/"}]}]
time_intervals:
  - name: early
    time_intervals: [{times: [{start_time: '08:00', end_time: '08:30'}]}]
"""
    bench = Bench(tmp_path, text)
    bench.say(alert("A", 0, BEGIN + 7200 * SECOND))
    bench.wait(1700)
    assert bench.sent() == []
    bench.wait(200)
    assert len(bench.sent()) == 1


def test_a_clock_that_is_set_back_holds_nothing_up(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A", 0, BEGIN + 86_400 * SECOND))
    bench.now_ns -= 3600 * SECOND
    bench.desk.tick(bench.now_ns)
    bench.wait(10)
    assert len(bench.sent()) == 1


def test_the_history_tells_the_whole_story(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    bench.sent()
    bench.desk.comment(alert("A").fingerprint, "looking", "ann", bench.now_ns)
    bench.say(alert("A", 0, bench.now_ns))
    assert history(bench) == ["fired", "decided", "delivered", "commented", "resolved"]
    assert history(bench, text="looking") == ["commented"]
    assert history(bench, fingerprint="no") == []


def test_an_explanation_says_why_nothing_was_sent(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    state = bench.desk.alert(alert("A").fingerprint)
    (verdict,) = explain(bench.desk, state, bench.now_ns).verdicts
    assert not verdict.sent
    assert "group_wait: the group speaks first at 2026-01-05T08:00:10Z" in verdict.why
    bench.wait(10)
    bench.sent()
    (verdict,) = explain(bench.desk, state, bench.now_ns).verdicts
    assert verdict.sent
    assert verdict.why[0] == "told that it fires at 2026-01-05T08:00:10Z"


def test_an_explanation_gives_the_words_of_a_refusal_until_something_is_taken(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    bench.sent("refused")
    state = bench.desk.alert(alert("A").fingerprint)
    (verdict,) = explain(bench.desk, state, bench.now_ns).verdicts
    assert not verdict.sent
    assert verdict.why[1].startswith("refused at 2026-01-05T08:00:10Z: ")
    bench.wait(60)
    bench.sent()
    (verdict,) = explain(bench.desk, state, bench.now_ns).verdicts
    assert verdict.sent
    assert not any("refused" in why for why in verdict.why)


def test_an_end_that_is_repeated_after_all_was_told_is_not_news(tmp_path):
    bench = Bench(tmp_path)
    bench.say(alert("A"))
    bench.wait(10)
    bench.sent()
    end = alert("A", 0, bench.now_ns)
    bench.say(end)
    bench.wait(200)
    bench.sent()
    bench.say(end)
    bench.wait(200)
    assert bench.sent() == []
    assert history(bench, kinds=["fired", "resolved"]) == ["fired", "resolved"]
