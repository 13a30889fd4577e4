"""Positions and balances: which disagree, by how much, since when."""

from decimal import Decimal

import pytest

from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.reconciler import Reconciler

S = 1_000_000_000


class Step:
    """A clock that moves by hand."""

    now_ns = 1_700_000_000 * S

    def __call__(self):
        return self.now_ns


def cell(instrument, venue, symbol):
    return instrument.bind(venue=venue, kind="position", symbol=symbol).value


def test_a_drift_is_named_with_its_amount_and_its_beginning():
    clock = Step()
    positions = Reconciler("drift", now_ns=clock)
    (drift,) = positions.compare({"BTC": 1.5, "ETH": 2.0}, {"BTC": 1.25, "ETH": 2.0})
    assert (drift.symbol, drift.amount, drift.since_ns) == ("BTC", 0.25, clock.now_ns)
    clock.now_ns += 30 * S
    (later,) = positions.compare({"BTC": 1.5}, {"BTC": 1.0})
    assert (later.amount, later.since_ns) == (0.5, drift.since_ns)
    assert cell(metrics.DRIFT, "drift", "BTC") == 0.5
    assert cell(metrics.DRIFT_SINCE, "drift", "BTC") == drift.since_ns / S
    assert metrics.DRIFTED.bind(venue="drift", kind="position").value == 1


def test_a_drift_that_is_gone_is_zero_again():
    positions = Reconciler("gone", now_ns=Step())
    positions.compare({"BTC": 1.5}, {})
    assert positions.compare({"BTC": 1.5}, {"BTC": 1.5}) == []
    assert cell(metrics.DRIFT, "gone", "BTC") == 0
    assert cell(metrics.DRIFT_SINCE, "gone", "BTC") == 0


def test_a_symbol_that_one_side_lacks_is_zero_there():
    drifts = Reconciler("lack").compare({"BTC": 0.0, "ETH": 1.0}, {"SOL": -3.0})
    assert [(drift.symbol, drift.amount) for drift in drifts] == [("ETH", 1.0), ("SOL", 3.0)]


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [(1.0, 1.0000001, True), (1.0, 1.01, False), (1e6, 1e6 + 0.5, True), (0.0, 0.001, False)],
)
def test_amounts_agree_within_either_tolerance(ours, theirs, agree):
    balances = Reconciler("near", kind="balance", tolerance=1e-6, relative_tolerance=1e-6)
    assert (balances.compare({"USDT": ours}, {"USDT": theirs}) == []) is agree


def test_decimals_are_compared_as_decimals():
    positions = Reconciler("decimals")
    assert positions.compare({"BTC": Decimal("0.1")}, {"BTC": Decimal("0.10")}) == []
    assert positions.compare({"BTC": Decimal("0.1")}, {"BTC": 0.1}) == []


def test_what_cannot_be_compared_is_counted():
    positions = Reconciler("unreadable")
    drifts = positions.compare({"A": "many", "B": float("nan"), "C": 1.0}, {"C": 2.0})
    assert [drift.symbol for drift in drifts] == ["C"]
    assert metrics.RECONCILE_UNREADABLE.bind(venue="unreadable", kind="position").value == 2
