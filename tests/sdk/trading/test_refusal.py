"""What a refusal means, and how long it lasts."""

import pytest

from tapewatch.sdk.trading.refusal import Refusal, Refused, refused, retry_after_s

S = 1_000_000_000
NOW = 1_700_000_000 * S


@pytest.mark.parametrize(
    ("venue", "status", "code", "expected"),
    [
        ("binance_spot", 429, "", Refusal.OVER_LIMIT),
        ("binance_spot", 418, "-1003", Refusal.BANNED),
        ("binance_spot", 403, "", Refusal.FIREWALL),
        ("binance_futures", 400, "-1015", Refusal.OVER_LIMIT),
        ("bybit", 403, "", Refusal.BANNED),
        ("bybit", 200, "10006", Refusal.OVER_LIMIT),
        ("okx", 200, "50011", Refusal.OVER_LIMIT),
        ("kraken", 200, "EOrder:Rate limit exceeded", Refusal.OVER_LIMIT),
        ("deribit", 200, "10028", Refusal.SESSION_CLOSED),
        ("coinbase", 429, "", Refusal.OVER_LIMIT),
        ("alpaca", 429, "", Refusal.OVER_LIMIT),
    ],
)
def test_a_refusal_is_told_by_its_venue(venue, status, code, expected):
    assert refused(venue, status, code=code, now_ns=NOW).refusal is expected


@pytest.mark.parametrize(("status", "code"), [(200, ""), (500, ""), (400, "-2010")])
def test_other_answers_refuse_no_budget(status, code):
    assert refused("binance_spot", status, code=code, now_ns=NOW) is None


def test_retry_after_says_how_long():
    told = refused("binance_spot", 418, retry_after="120", now_ns=NOW)
    assert told == Refused(Refusal.BANNED, NOW + 120 * S)


def test_the_words_of_a_ban_say_until_when():
    message = "Way too many requests; IP banned until 1573370879000. Please use the websocket."
    told = refused("binance_spot", 429, code="-1003", message=message, now_ns=NOW)
    assert told == Refused(Refusal.BANNED, 1573370879000 * 1_000_000)


def test_a_ban_without_words_lasts_as_long_as_the_venue_publishes():
    assert refused("bybit", 403, now_ns=NOW).until_ns == NOW + 600 * S
    assert refused("binance_spot", 429, now_ns=NOW).until_ns == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("Tue, 14 Nov 2023 22:14:20 GMT", 60), ("", None), ("soon", None), ("-3", None)],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert retry_after_s(text, NOW) == seconds
