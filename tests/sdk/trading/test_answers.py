"""Headers of answers as each venue documents them."""

import pytest

from tapewatch.sdk.trading.answers import (
    READERS,
    Allowance,
    Reading,
    alpaca,
    binance,
    bybit,
    deribit_allowances,
)
from tapewatch.sdk.trading.limits import LIMITS
from tapewatch.sdk.trading.refusal import MEANINGS


def test_binance_tells_weights_and_orders_by_interval():
    headers = {
        "Content-Type": "application/json",
        "X-MBX-USED-WEIGHT": "243",
        "x-mbx-used-weight-1m": "243",
        "X-MBX-ORDER-COUNT-10S": "7",
        "X-MBX-ORDER-COUNT-1D": "1021",
    }
    assert list(binance(headers)) == [
        Reading("weight_1m", used=243),
        Reading("orders_10s", used=7),
        Reading("orders_1d", used=1021),
    ]


def test_binance_tells_the_two_weights_of_its_wallet_endpoints():
    headers = {"X-SAPI-USED-IP-WEIGHT-1M": "12", "X-SAPI-USED-UID-WEIGHT-1M": "30"}
    assert [reading.limit for reading in binance(headers)] == ["sapi_ip_1m", "sapi_uid_1m"]


def test_bybit_tells_the_endpoint_that_answered():
    headers = {
        "X-Bapi-Limit": "100",
        "X-Bapi-Limit-Status": "99",
        "X-Bapi-Limit-Reset-Timestamp": "1672738134824",
    }
    assert list(bybit(headers)) == [Reading("", remaining=99, maximum=100)]


def test_bybit_tells_the_reset_once_nothing_is_left():
    headers = {
        "X-Bapi-Limit": "100",
        "X-Bapi-Limit-Status": "0",
        "X-Bapi-Limit-Reset-Timestamp": "1672738134824",
    }
    assert next(bybit(headers)).reset_ns == 1672738134824_000_000


def test_alpaca_tells_limit_rest_and_reset():
    headers = {
        "X-Ratelimit-Limit": "200",
        "X-Ratelimit-Remaining": "150",
        "X-Ratelimit-Reset": "1700000060",
    }
    read = Reading("requests_1m", None, 150, 200, 1_700_000_060_000_000_000)
    assert list(alpaca(headers)) == [read]


def test_deribit_tells_its_allowances_in_the_account_summary():
    summary = {
        "currency": "BTC",
        "limits": {
            "limits_per_currency": False,
            "non_matching_engine": {"burst": 100, "rate": 20},
            "matching_engine": {
                "trading": {"total": {"burst": 20, "rate": 5}},
                "spot": {"burst": 250, "rate": 200},
            },
        },
    }
    assert deribit_allowances(summary) == {
        "non_matching_engine": Allowance(100, 20),
        "matching_engine.trading.total": Allowance(20, 5),
        "matching_engine.spot": Allowance(250, 200),
    }


@pytest.mark.parametrize("name", ["okx", "kraken", "coinbase", "deribit"])
def test_some_venues_tell_nothing(name):
    assert list(READERS[name]({"X-MBX-USED-WEIGHT-1M": "1", "X-RateLimit-Remaining": "1"})) == []


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="many"):
        list(binance({"X-MBX-USED-WEIGHT-1M": "many"}))


def test_every_venue_has_limits_a_reader_and_the_meaning_of_its_refusals():
    assert set(LIMITS) == set(READERS) == set(MEANINGS)
