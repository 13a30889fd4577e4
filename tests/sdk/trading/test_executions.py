"""Slippage with its sign, and fills of what was ordered."""

import pytest

from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.executions import FillRate, Slippage


def test_the_sign_means_the_same_on_both_sides():
    slippage = Slippage(venue="sign", strategy="maker")
    slippage.buy(price=100.05, reference=100.0)
    slippage.sell(price=99.95, reference=100.0)
    own = {"venue": "sign", "strategy": "maker"}
    for side in ("buy", "sell"):
        assert metrics.SLIPPAGE.bind(**own, side=side).sum == pytest.approx(5.0)


def test_a_better_price_is_below_zero_and_is_kept():
    slippage = Slippage(venue="better", strategy="maker")
    slippage.buy(price=99.9, reference=100.0)
    cell = metrics.SLIPPAGE.bind(venue="better", strategy="maker", side="buy")
    assert cell.count == 1
    assert cell.sum == pytest.approx(-10.0)


@pytest.mark.parametrize(("price", "reference"), [(1.0, 0.0), (None, 1.0), ("1", 1.0)])
def test_a_fill_without_prices_is_counted(price, reference):
    slippage = Slippage(venue="unreadable", strategy=f"{price}")
    slippage.sell(price=price, reference=reference)
    own = {"venue": "unreadable", "strategy": f"{price}", "side": "sell"}
    assert metrics.SLIPPAGE_UNREADABLE.bind(**own).value == 1


def test_fills_are_counted_against_what_was_ordered():
    fills = FillRate(venue="fills", strategy="maker")
    fills.buy(ordered=2.0, filled=1.5)
    fills.buy(ordered=2.0, filled=0.0)
    fills.sell(ordered=0.0, filled=0.0)
    own = {"venue": "fills", "strategy": "maker", "side": "buy"}
    assert metrics.QUANTITY_ORDERED.bind(**own).value == 4.0
    assert metrics.QUANTITY_FILLED.bind(**own).value == 1.5
    assert metrics.FILL_RATIO.bind(**own).count == 2
