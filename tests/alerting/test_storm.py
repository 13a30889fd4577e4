"""More messages than people can read are told together, and nothing of them is lost."""

from dataclasses import replace

import pytest
from tests.alerting.desks import BEGIN, SECOND, Bench, alert

from tapewatch.alerting.book.history import Search
from tapewatch.alerting.explain import explain
from tapewatch.alerting.storm import NAME, Storms

CHAT = """
route: {receiver: desk, group_by: ["..."], group_wait: 0s, group_interval: 1m}
receivers:
  - name: desk
    slack_configs: [{send_resolved: true, api_url: "http://127.0.0.1:9/"}]
"""
HOOK = CHAT.replace("slack", "webhook").replace("api_url", "url")


class Sea(Bench):
    """A desk with storms."""

    def _open(self):
        desk = super()._open()
        self.storms = Storms(desk)
        return desk

    def say(self, *alerts):
        super().say(*alerts)
        self.storms.tick(self.now_ns)

    def wait(self, seconds):
        super().wait(seconds)
        self.storms.tick(self.now_ns)

    def told(self):
        return [each.group_labels.get("alertname") for each in self.sent()]


def feeds(count, ends=0, name="FeedStale"):
    return [alert(name, BEGIN, ends, severity="warning", n=str(n)) for n in range(count)]


def venue(ends=0):
    return alert("VenueDown", BEGIN, ends, severity="critical", n="0")


def storm_of(sea):
    (found,) = [each for each in sea.sent() if each.group_labels.get("alertname") == NAME]
    return found


@pytest.fixture
def sea(tmp_path):
    return Sea(tmp_path, CHAT)


def test_a_storm_is_told_once_with_its_counts_and_the_most_urgent_first(sea):
    sea.say(*feeds(98), venue())
    assert sea.told() == ["VenueDown"] + ["FeedStale"] * 9
    sea.wait(1)
    (view,) = storm_of(sea).alerts
    assert view.annotations.get("summary") == (
        "89 groups at once; this one message stands for them: FeedStale ×89."
    )
    assert view.annotations.get("description") == "FeedStale (P2): 89 groups"
    assert len(sea.desk.outbox) == 0


def test_a_few_messages_are_told_one_by_one(sea):
    sea.say(*feeds(20))
    assert len(sea.told()) == 20
    sea.wait(5)
    assert sea.told() == []


def test_programs_are_told_of_every_group(tmp_path):
    sea = Sea(tmp_path, HOOK)
    sea.say(*feeds(100))
    assert len(sea.desk.outbox) == 100


def test_nothing_is_folded_where_that_is_switched_off(tmp_path):
    sea = Sea(tmp_path, CHAT, fold_above=0)
    sea.say(*feeds(100))
    assert len(sea.desk.outbox) == 100


def test_the_ends_of_what_was_folded_are_told_with_the_storm(sea):
    sea.say(*feeds(100))
    sea.wait(1)
    assert len(sea.sent()) == 11
    over = sea.now_ns
    sea.say(*feeds(100, over))
    sea.wait(60)
    ends = [each for each in sea.sent() if each.status == "resolved"]
    assert (
        sorted(each.group_labels.get("alertname") for each in ends)
        == ["AlertStorm"] + ["FeedStale"] * 10
    )
    (storm,) = [each for each in ends if each.group_labels.get("alertname") == NAME]
    assert "90 of them over" in storm.alerts[0].annotations.get("summary")
    sea.wait(600)
    assert sea.told() == []


def test_a_restart_goes_on_with_the_storm(sea):
    sea.say(*feeds(100))
    sea.wait(1)
    assert len(sea.sent()) == 11
    sea.crash()
    sea.say(*feeds(100, sea.now_ns))
    sea.wait(60)
    assert len(sea.sent()) == 11


def test_what_comes_later_changes_the_message_and_a_more_urgent_name_does_so_soon(sea):
    sea.say(*feeds(100))
    sea.wait(1)
    sea.sent()
    sea.say(*feeds(100, name="FeedSlow"))
    sea.wait(5)
    assert NAME not in sea.told(), "a message more is not sent for a few more of the same"
    down = [alert("VenueDown", BEGIN, severity="critical", n=str(n)) for n in range(100)]
    sea.say(*down)
    sea.wait(5)
    lines = storm_of(sea).alerts[0].annotations.get("description").splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "VenueDown (P0)",
        "FeedStale (P2)",
        "FeedSlow (P2)",
    ]


def test_what_was_folded_is_found_in_the_history_and_explained(sea):
    sea.say(*feeds(100))
    folded = list(sea.desk.history.search(Search(kinds=["folded"])))
    assert folded == []
    sea.desk.book.commit()
    folded = list(sea.desk.history.search(Search(kinds=["folded"], limit=200)))
    assert len(folded) == 90
    assert folded[0].told == "first notification: told with a storm of alerts"
    wanted = alert("FeedStale", severity="warning", n=folded[0].labels.get("n")).labels
    state = sea.desk.alert(wanted.fingerprint())
    (verdict,) = explain(sea.desk, state, sea.now_ns).verdicts
    assert verdict.sent
    assert "said by the message of a storm, and by none of its own" in " ".join(verdict.why)
    assert sea.now_ns - BEGIN < SECOND


def test_what_another_channel_refused_is_folded_too(tmp_path):
    receivers = '  - {name: hook, webhook_configs: [{url: "http://127.0.0.1:9/"}]}\n'
    sea = Sea(tmp_path, CHAT.replace("receiver: desk", "receiver: hook") + receivers)
    sea.say(*feeds(100))
    for refused in sea.sent("refused"):
        copy = refused.to("desk", "slack/0")
        sea.desk.outbox.put(replace(copy, created_ns=sea.now_ns))
    sea.storms.tick(sea.now_ns)
    assert sea.told() == ["FeedStale"] * 10
    sea.wait(1)
    assert "90 groups" in storm_of(sea).alerts[0].annotations.get("summary")
