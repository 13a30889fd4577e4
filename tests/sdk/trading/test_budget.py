"""Rate budgets: what is spent, what answers tell, and what a refusal means."""

from math import inf

import pytest

from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.budget import RateBudget
from tapewatch.sdk.trading.limits import Limit, Scope, kraken
from tapewatch.sdk.trading.refusal import Refusal
from tapewatch.sdk.trading.window import FixedWindow

S = 1_000_000_000
START = 1_700_000_040 * S


class Step:
    """A clock that moves by hand; it begins with a minute."""

    def __init__(self):
        self.now_ns = START

    def __call__(self):
        return self.now_ns


def cell(instrument, account, limit, *, venue="binance_spot", scope="ip"):
    return instrument.bind(venue=venue, account=account, scope=scope, limit=limit).value


def test_what_is_spent_counts_before_any_answer():
    budget = RateBudget("binance_spot", account="spent", now_ns=Step())
    budget.spend("weight_1m", 20)
    assert cell(metrics.LIMIT_USED, "spent", "weight_1m") == 20
    assert cell(metrics.LIMIT_MAXIMUM, "spent", "weight_1m") == 6000
    assert cell(metrics.LIMIT_RATIO, "spent", "weight_1m") == pytest.approx(20 / 6000)
    assert cell(metrics.LIMIT_RESET, "spent", "weight_1m") == (START + 60 * S) / S
    assert budget.remaining("weight_1m") == 5980


def test_an_answer_tells_it_better():
    budget = RateBudget("binance_spot", account="told", now_ns=Step())
    budget.spend("weight_1m", 20)
    budget.answer(200, {"X-MBX-USED-WEIGHT-1M": "243", "X-MBX-ORDER-COUNT-10S": "7"})
    assert budget.used("weight_1m") == 243
    assert budget.used("orders_10s") == 7


def test_an_order_count_may_fall():
    budget = RateBudget("binance_spot", account="fall", now_ns=Step())
    budget.answer(200, {"X-MBX-ORDER-COUNT-10S": "7"})
    budget.answer(200, {"X-MBX-ORDER-COUNT-10S": "2"})
    assert cell(metrics.LIMIT_USED, "fall", "orders_10s", scope="account") == 2


def test_time_to_exhaustion_follows_the_pace():
    clock = Step()
    budget = RateBudget("binance_spot", account="pace", now_ns=clock)
    for _ in range(20):
        clock.now_ns += S
        budget.spend("weight_1m", 200)
    told = cell(metrics.LIMIT_EXHAUSTION, "pace", "weight_1m")
    assert told == pytest.approx(10, rel=0.1)
    clock.now_ns += 60 * S
    budget.tell()
    assert cell(metrics.LIMIT_EXHAUSTION, "pace", "weight_1m") == inf
    assert cell(metrics.LIMIT_USED, "pace", "weight_1m") == 0


def test_what_is_spent_and_then_told_is_paced_once():
    clock = Step()
    budget = RateBudget("binance_spot", account="once", now_ns=clock)
    for used in range(100, 2100, 100):
        clock.now_ns += S
        budget.spend("weight_1m", 100)
        budget.answer(200, {"X-MBX-USED-WEIGHT-1M": str(used)})
    assert cell(metrics.LIMIT_EXHAUSTION, "once", "weight_1m") == pytest.approx(39, rel=0.05)


def test_bybit_tells_the_budget_of_the_endpoint_that_answered():
    limits = [Limit("order_create", Scope.ENDPOINT, FixedWindow(10, 1))]
    budget = RateBudget("bybit", limits, account="endpoint", now_ns=Step())
    headers = {"X-Bapi-Limit": "20", "X-Bapi-Limit-Status": "5"}
    budget.answer(200, headers, limit="order_create")
    assert budget.used("order_create") == 15
    budget.answer(200, headers)
    own = {"venue": "bybit", "account": "endpoint"}
    assert metrics.LIMIT_UNREADABLE.bind(**own).value == 1


def test_kraken_is_counted_by_its_own_arithmetic():
    clock = Step()
    budget = RateBudget("kraken", kraken("pro", ("XBT/USD",)), account="kraken", now_ns=clock)
    budget.spend("orders XBT/USD", 9)
    clock.now_ns += 2 * S
    assert budget.used("orders XBT/USD") == pytest.approx(9 - 7.5)


def test_a_ban_is_remembered_until_its_end():
    budget = RateBudget("binance_spot", account="ban", now_ns=Step())
    told = budget.answer(418, {"retry-after": "120"}, code=-1003, message="Way too many requests")
    assert told.refusal is Refusal.BANNED
    own = {"venue": "binance_spot", "account": "ban"}
    assert metrics.BAN_UNTIL.bind(**own).value == START / S + 120
    assert metrics.REFUSALS.bind(**own, refusal="banned").value == 1
    assert budget.answer(200) is None
    assert budget.banned_until_ns == START + 120 * S


@pytest.mark.parametrize(
    "headers", [{"X-MBX-USED-WEIGHT-1M": "many"}, {"X-MBX-USED-WEIGHT-7M": "1"}, None, 5]
)
def test_what_cannot_be_read_is_counted_and_raises_nothing(headers):
    budget = RateBudget("binance_spot", account=f"bad {headers}", now_ns=Step())
    assert budget.answer(200, headers) is None
    own = {"venue": "binance_spot", "account": f"bad {headers}"}
    assert metrics.LIMIT_UNREADABLE.bind(**own).value == 1


def test_spending_of_an_unknown_limit_is_counted():
    budget = RateBudget("alpaca", account="unknown", now_ns=Step())
    budget.spend("weight_1m")
    budget.spend("requests_1m", "two")
    own = {"venue": "alpaca", "account": "unknown"}
    assert metrics.LIMIT_UNREADABLE.bind(**own).value == 2


def test_a_poll_of_the_venues_counters_is_taken_over():
    budget = RateBudget("deribit", account="poll", now_ns=Step())
    budget.report("matching", remaining=5, maximum=30)
    assert budget.used("matching") == 25


def test_a_venue_without_published_limits_needs_some():
    with pytest.raises(BadDeclaration, match="take binance_spot, binance_futures"):
        RateBudget("my_venue")
