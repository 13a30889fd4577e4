"""
The rules of a published trading system, typed as they stand, and as they should be.

What is wrong with each was proved with promtool; here every one of those mistakes is named.
"""

from pathlib import Path

import pytest

from tapewatch.catalog.checks.run import check_catalog
from tapewatch.catalog.plain import PlainRules

CORPUS = Path(__file__).parent.parent / "corpus"
CARE = {"TW301", "TW302", "TW305"}


def findings(name, *, calendar=""):
    plain = PlainRules()
    plain.read_rules(CORPUS / name / "trading_system.yml")
    plain.read_declared(CORPUS / name / "metrics.yaml")
    plain.read_scrape(CORPUS / name / "prometheus.yml")
    assert plain.faults == []
    return check_catalog(plain.catalog(), plain=True, calendar=calendar)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("alerts.HighOrderLatency.expr", "TW101"),
        ("alerts.HighSignalGenerationLatency.expr", "TW101"),
        ("records.order_success_percent.expr", "TW121"),
        ("alerts.WebSocketDisconnected.expr", "TW103"),
        ("alerts.ExecutionApiDown.expr", "TW103"),
        ("alerts.ExecutionApiDown.expr", "TW005"),
        ("alerts.MaxDailyLossExceeded.expr", "TW104"),
        ("alerts.CircuitBreakerTriggered.expr", "TW111"),
        ("services.market-data.ports.metrics", "TW602"),
        ("services.execution-engine.ports.metrics", "TW602"),
        ("metrics.trading_realized_pnl_usd.labels", "TW201"),
        ("metrics.execution_engine_api_failures_total.labels", "TW201"),
        ("metrics.signal_bridge_inference_latency_us.labels", "TW201"),
        ("metrics.trading_realized_pnl_usd.type", "TW203"),
        ("metrics.trading_daily_volume_usd.type", "TW203"),
        ("metrics.trading_slippage_bps.buckets", "TW205"),
        ("alerts.OrderBookUpdatesSlow.expr", "TW102"),
        ("alerts.NoOrdersSubmitted.expr", "TW131"),
        ("alerts.NoMarketData.expr", "TW131"),
        ("alerts.SlowOrderPlacement.expr", "TW107"),
    ],
)
def test_a_mistake_of_the_published_rules_is_named(path, code):
    assert (path, code) in {(each.path, each.code) for each in findings("seed")}


def test_nothing_else_is_said_of_the_published_rules():
    told = [each for each in findings("seed") if each.code not in CARE]
    assert len(told) == 20


def test_every_published_alert_lacks_a_runbook():
    told = [each for each in findings("seed") if each.code == "TW302"]
    assert len(told) == 12


def test_the_corrected_rules_are_good():
    assert findings("corrected") == ()


def test_a_market_that_never_closes_needs_no_calendar():
    assert "TW131" not in {each.code for each in findings("seed", calendar="24/7")}


def test_a_finding_names_its_line():
    (found,) = [each for each in findings("seed") if each.code == "TW104"]
    text = (CORPUS / "seed" / "trading_system.yml").read_text().splitlines()
    assert text[found.line - 1].strip() == "expr: trading_unrealized_pnl_usd < -5000"
