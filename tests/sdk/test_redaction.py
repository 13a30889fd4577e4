"""Nothing secret leaves the process, and nothing else is touched."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.redaction import RULES, Redactor

CLEAN = Redactor(b"a key for tests")

SECRETS = [
    ("X-MBX-APIKEY: vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zv", "vmPUZE6"),
    ("POST /api/v3/order?symbol=BTCUSDT&signature=c8db56825ae71d6d79447849e617115f", "c8db5682"),
    ("api_secret='NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j'", "NhqPtmd"),
    ('"WebSocket /api/v1/message/ws?token=tok123secret" [accepted]', "tok123"),
    ("Authorization: Bearer abc.def-ghi_jkl", "abc.def"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXN"),
    ('{"password": "hunter2", "ok": true}', "hunter2"),
    (r"body={\"passphrase\": \"open sesame\"}", "open"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "dozjgN"),
    ("redis://desk:s3cret@10.0.0.1:6379/0", "s3cret"),
    ("mail to trader.one+alerts@desk.example.com failed", "trader.one"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE and cut", "MHcCAQ"),
    ("https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz0123456/send", "AAF-"),
    ("https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX", "T00000000"),
    ("slack xoxb-123456789012-abcdefghijkl", "123456789012"),
    ("aws AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    ("listenKey=pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1", "pqia91"),
    ("Set-Cookie: cf_session_id=9f8e7d; path=/", "9f8e7d"),
    ("account_id=U1234567 rejected", "U1234567"),
    ('{"uid": "28114731"}', "28114731"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_taken_out_of_a_text(text, secret):
    assert secret in text
    assert secret not in CLEAN.text(text)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_cleaning_a_clean_text_changes_nothing(text, secret):
    once = CLEAN.text(text)
    assert CLEAN.text(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "Order successfully submitted",
        "filled 0.5 BTCUSDT @ 43,211.20 on binance",
        "client_order_id=a1b2c3d4 status=FILLED",
        "monkey business: keyboard=1",
        "the basic functionality of the token bucket is unchanged",
        "2026-01-31 09:30:00 seq gap 100-104 on depth@100ms",
        "https://example.com/path?symbol=ETHUSDT&limit=5",
        "Retry attempt 2/3",
    ],
)
def test_what_is_not_secret_stays_as_it_is(text):
    assert CLEAN.text(text) == text


def test_fields_are_cleaned_by_their_names():
    cleaned = CLEAN.fields(
        {
            "order_id": "a1b2",
            "filled_qty": 100.0,
            "apiKey": "abcdef",
            "headers": {"X-Bapi-Sign-Type": "2", "authorization": "zzz", "nested": ["uid=12345"]},
            "account": "U1234567",
            "note": "token=abc",
            "secret": None,
        }
    )
    assert cleaned["order_id"] == "a1b2"
    assert cleaned["filled_qty"] == 100.0
    assert cleaned["apiKey"] == "[redacted]"
    assert cleaned["headers"]["authorization"] == "[redacted]"
    assert cleaned["headers"]["nested"][0].startswith("uid=acct-")
    assert cleaned["account"].startswith("acct-")
    assert cleaned["note"] == "token=[redacted]"
    assert cleaned["secret"] is None


def test_an_account_has_one_hash_by_one_key_wherever_it_stands():
    there = Redactor(b"a key for tests")
    hashed = there.account("U1234567")
    assert CLEAN.account("U1234567") == hashed
    assert CLEAN.text("account=U1234567") == f"account={hashed}"
    assert Redactor(b"another key").account("U1234567") != hashed
    assert Redactor().account("U1234567") != Redactor().account("U1234567")


def test_the_environment_gives_the_key(monkeypatch):
    monkeypatch.setenv("TAPEWATCH_REDACTION_KEY", "a key for tests")
    assert Redactor().account("U1") == CLEAN.account("U1")


def test_a_field_can_be_kept_although_it_sounds_secret():
    assert Redactor(keep=["token"]).field("token", "USDT") == "USDT"


def test_what_is_nested_without_end_is_cut_not_followed():
    endless = {}
    endless["again"] = endless
    assert "[redacted]" in str(CLEAN.field("body", endless))


@given(st.text(max_size=300))
def test_any_text_is_taken(text):
    assert isinstance(CLEAN.text(text), str)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.words[0])
def test_no_text_takes_quadratic_time(rule):
    # Ten times the text may not take a hundred times the time; the smaller run is the measure.
    def seconds(size):
        text = (rule.words[0] + "a-" * 8) * (size // 20)
        began = time.perf_counter()
        rule.form.sub(rule.replacement, text)
        return time.perf_counter() - began

    assert seconds(200_000) < 60 * max(seconds(20_000), 0.0005)
