import re

import pytest
from tests.alerting.saying import alert, notification

from tapewatch.alerting.channels.story import tell
from tapewatch.alerting.privacy.filter import Allowance, PrivacyFilter
from tapewatch.alerting.privacy.lists import ANNOTATIONS, LABELS, is_id
from tapewatch.model.labels import Labels

OUTSIDE = Allowance()


def filtered(told, allowance=OUTSIDE, key=b"key of the tests"):
    return PrivacyFilter(key).apply(told, allowance)


def everything(told):
    """All that a channel could print of a notification."""
    return f"{told} {tell(told)}"


def test_what_is_on_the_list_leaves_as_it_is():
    told = notification()
    assert filtered(told).notification == told
    assert filtered(told).changes == ()


def test_an_account_leaves_as_a_hash_that_is_the_same_each_time():
    told = notification(alert(labels={"account": "DU123456"}))
    one, two = (filtered(told).notification.alerts[0].labels.get("account") for _ in range(2))
    assert re.fullmatch(r"acct-[0-9a-f]{12}", one)
    assert one == two
    other = filtered(told, key=b"another").notification.alerts[0].labels.get("account")
    assert other != one


@pytest.mark.parametrize(
    "name", ["account", "client_id", "order_id", "cl_ord_id", "strategy", "trader", "sub_account"]
)
def test_names_that_identify_somebody(name):
    assert is_id(name)


def test_what_is_on_no_list_stays():
    told = notification(alert(labels={"position_usd": "1500000"}, pnl="-20000"))
    out = filtered(told)
    assert "position_usd" not in dict(out.notification.alerts[0].labels)
    assert "1500000" not in everything(out.notification)
    assert "-20000" not in everything(out.notification)
    assert {(change.name, change.how) for change in out.changes} >= {
        ("position_usd", "left out"),
        ("pnl", "left out"),
    }


def test_a_channel_may_be_allowed_more():
    told = notification(alert(labels={"desk_room": "7"}, pnl="-20000"))
    allowed = Allowance(labels=frozenset({"desk_room"}), annotations=frozenset({"pnl"}))
    out = filtered(told, allowed).notification.alerts[0]
    assert (out.labels.get("desk_room"), out.annotations.get("pnl")) == ("7", "-20000")


def test_a_hidden_value_is_hidden_in_texts_and_links_too():
    words = "Account DU123456 of room red-room is over its limit"
    told = notification(
        alert(
            labels={"account": "DU123456", "room": "red-room"},
            summary=words,
            runbook_url="http://tw.example:7600/runbooks/x?account=DU123456",
        )
    )
    out = everything(filtered(told).notification)
    assert "DU123456" not in out
    assert "red-room" not in out
    assert re.search(r"Account acct-[0-9a-f]{12} of room \[redacted\] is over", out)


def test_a_value_that_may_be_shown_elsewhere_is_not_hunted():
    told = notification(alert(labels={"host": "X"}, summary="X is down"))
    assert filtered(told).notification.alerts[0].annotations.get("summary") == "X is down"


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("xoxb-1234567890-abcdefghij", "abcdefghij"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("api_key=0123456789abcdef", "0123456789abcdef"),
        ("password: hunter22", "hunter22"),
        ("ann@example.org", "ann@"),
        ("postgres://me:secret1@db/x", "secret1"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abcdefgh", "eyJzdWIiOiIxMjM0"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"),
    ],
)
@pytest.mark.parametrize("allowance", [OUTSIDE, Allowance(inside=True)])
def test_credentials_leave_nowhere(words, secret, allowance):
    told = notification(alert(summary=f"it failed with {words}"))
    assert secret in everything(told)
    assert secret not in everything(filtered(told, allowance).notification)


def test_an_order_in_a_text_becomes_a_hash():
    told = notification(alert(summary="order_id=ABC-12345 was rejected, order flow is fine"))
    text = filtered(told).notification.alerts[0].annotations.get("summary")
    assert re.fullmatch(r"order_id=order-[0-9a-f]{12} was rejected, order flow is fine", text)


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("https://grafana.example/d/1?var-account=9#x", "https://grafana.example/d/1"),
        ("https://me:pw@rb.example/feed?token=1", "https://rb.example/feed"),
        ("http://tw.example:7600/graph?g0.expr=up", "http://tw.example:7600/graph?g0.expr=up"),
        ("http://tw.example:7600.evil/x?a=1", "http://tw.example:7600.evil/x"),
    ],
)
def test_the_query_of_a_link_leaves_only_when_it_is_ours(url, left):
    told = notification(alert(summary=f"see {url} now", runbook_url=url))
    notes = filtered(told).notification.alerts[0].annotations
    assert notes.get("runbook_url").rstrip("/") in (left, left.replace("me:pw@", ""))
    assert notes.get("summary") == f"see {notes.get('runbook_url')} now"


def test_a_fingerprint_and_a_group_key_give_nothing_away():
    labels = {"account": "DU123456"}
    one = alert(labels=labels)
    told = notification(
        one,
        group_labels=Labels.of(alertname="FeedStale", account="DU123456"),
        group_key='{}:{account="DU123456", alertname="FeedStale"}',
    )
    out = filtered(told).notification
    assert out.alerts[0].fingerprint != one.fingerprint
    assert "DU123456" not in out.group_key
    assert out.group_key == filtered(told).notification.group_key


def test_groups_that_differ_in_what_stays_do_not_become_one():
    keys = {
        filtered(
            notification(
                group_labels=Labels.of(alertname="A", room=room),
                group_key=f'{{}}:{{room="{room}"}}',
            )
        ).notification.group_key
        for room in ("one", "two")
    }
    assert len(keys) == 2


def test_links_leave_out_labels_that_would_find_nothing():
    told = notification(alert(labels={"account": "DU123456"}))
    out = filtered(told)
    story = tell(out.notification, hashed=out.hashed)
    assert out.hashed == {"account"}
    assert "acct-" not in story.main_url


def test_inside_the_house_everything_is_told():
    told = notification(alert(labels={"account": "DU123456"}, pnl="-20000"))
    out = filtered(told, Allowance(inside=True)).notification
    assert out.alerts[0].labels.get("account") == "DU123456"
    assert out.alerts[0].annotations.get("pnl") == "-20000"


def test_the_lists_hold_no_ids():
    assert not [name for name in LABELS | ANNOTATIONS if is_id(name)]
