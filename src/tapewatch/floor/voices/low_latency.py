"""What the four services of microseconds tell, from the message of the market to the venue."""

from collections.abc import Mapping
from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

VENUE: Final = "alpaca"
MODEL: Final = "lstm_v3"
CAPITAL_USD: Final = 1e6
KINDS: Final = {"trade": 0.3, "quote": 0.5, "orderbook": 0.2}
SEEN_MAX: Final = 4
"""A histogram takes in a few durations in each step; more would say the same."""

API_STATUSES: Final = ("400", "401", "403", "429", "500", "502", "503", "504")
ENDPOINTS: Final = ("orders", "positions")


def market_data(numbers: Numbers, scene: Scene) -> None:
    """Tell of messages, books and what is published."""
    for (_, symbol), count in scene.market.messages.items():
        for kind, share in KINDS.items():
            place = {"message_type": kind, "symbol": symbol, "exchange": VENUE}
            numbers.add("market_data_messages_processed_total", round(count * share), **place)
    for _ in range(SEEN_MAX):
        for kind in KINDS:
            place = {"exchange": VENUE, "message_type": kind}
            numbers.see("market_data_websocket_latency_us", scene.long_tail(4.0, 0.28), **place)
        for update in ("snapshot", "delta"):
            took_us = scene.long_tail(3.0)
            numbers.see("market_data_orderbook_update_latency_us", took_us, update_type=update)
        for topic in ("trades", "quotes", "orderbook"):
            took_us = scene.long_tail(60.0, 0.5)
            numbers.see("market_data_zmq_publish_latency_us", took_us, topic=topic)
    for error in ("timeout", "auth", "network"):
        numbers.add(
            "market_data_websocket_connection_failures_total", 0, exchange=VENUE, error_type=error
        )
    numbers.put("market_data_websocket_connected", 1, exchange=VENUE)
    _system(numbers, scene, {"trades": 300.0, "quotes": 500.0, "orderbook": 200.0})


def signal_bridge(numbers: Numbers, scene: Scene) -> None:
    """Tell of features, the model's answers and signals."""
    for _ in range(SEEN_MAX):
        numbers.see(
            "signal_bridge_inference_latency_us", scene.long_tail(250.0, 0.4), model_name=MODEL
        )
        took_us = scene.long_tail(60.0, 0.4)
        numbers.see("signal_bridge_feature_computation_us", took_us, feature_set="momentum")
    for error in ("model_load_failure", "input_shape_mismatch", "runtime_error"):
        numbers.add("signal_bridge_inference_errors_total", 0, error_type=error, model_name=MODEL)
    for symbol in scene.market.symbols:
        for kind, per_second in (("buy", 0.1), ("sell", 0.1), ("hold", 0.6)):
            sure = scene.rng.choice(("low", "medium", "high"))
            numbers.add(
                "signal_bridge_signals_generated_total",
                scene.times(per_second),
                signal_type=kind,
                symbol=symbol,
                confidence_bucket=sure,
            )
    for kind in ("buy", "sell", "hold"):
        took_us = scene.long_tail(500.0, 0.4)
        numbers.see("signal_bridge_signal_generation_latency_us", took_us, signal_type=kind)
    _system(numbers, scene, {"signals": 20.0})


def risk_manager(numbers: Numbers, scene: Scene) -> None:
    """Tell of checks, positions and what they are worth."""
    passed = scene.checked - scene.refused
    for check in ("position_limit", "exposure", "circuit_breaker"):
        for result, count in (("pass", passed), ("fail", scene.refused)):
            told = {"check_type": check, "result": result}
            numbers.add("risk_manager_checks_performed_total", count, **told)
    for check in ("position_limit", "exposure_limit", "circuit_breaker"):
        took_us = scene.long_tail(40.0, 0.4)
        numbers.see("risk_manager_pretrade_check_latency_us", took_us, check_type=check)
    numbers.see("risk_manager_position_update_latency_us", scene.long_tail(60.0, 0.4))
    for kind in ("unrealized", "realized"):
        took_us = scene.long_tail(90.0, 0.4)
        numbers.see("risk_manager_pnl_calculation_latency_us", took_us, calculation_type=kind)
    for symbol in scene.market.symbols:
        for failure in ("position_limit_exceeded", "circuit_breaker_triggered"):
            told = {"failure_type": failure, "symbol": symbol}
            numbers.add("risk_manager_risk_failures_total", 0, **told)
    _worth(numbers, scene)
    _system(numbers, scene, {"orders": 5.0})


def _worth(numbers: Numbers, scene: Scene) -> None:
    book, total = scene.trading.book, 0.0
    for symbol, price in scene.market.prices.items():
        held_usd = book.quantities.get(symbol, 0.0) * price
        open_usd, realized = book.unrealized(symbol, price), book.realized.get(symbol, 0.0)
        total += open_usd + realized
        numbers.put("trading_position_value_usd", max(held_usd, 0.0), symbol=symbol, side="long")
        numbers.put("trading_position_value_usd", min(held_usd, 0.0), symbol=symbol, side="short")
        numbers.put("trading_unrealized_pnl_usd", open_usd, symbol=symbol)
        for strategy in ("momentum", "mean_reversion"):
            told = {"symbol": symbol, "strategy": strategy}
            numbers.put("trading_realized_pnl_usd", realized / 2, **told)
    numbers.put("trading_portfolio_value_usd", CAPITAL_USD + total)
    held = sum(1 for quantity in book.quantities.values() if quantity)
    numbers.put("trading_open_positions_count", held)


def execution_engine(numbers: Numbers, scene: Scene) -> None:
    """Tell of orders, the venue's answers and what fills cost."""
    for order in scene.trading.orders:
        how = {"order_type": order.kind, "exchange": VENUE}
        rejected = order.end == "reject"
        status = "failure" if rejected else "success"
        numbers.add("execution_engine_orders_submitted_total", 1, **how, status=status)
        numbers.add(
            "execution_engine_order_rejections_total",
            float(rejected),
            rejection_reason="insufficient_funds",
            symbol=order.symbol,
        )
        took_us = scene.long_tail(35.0)
        numbers.see("execution_engine_order_submission_latency_us", took_us, **how)
        numbers.add("trading_volume_usd_total", order.filled * order.price, symbol=order.symbol)
        told = {"symbol": order.symbol, "order_type": order.kind}
        numbers.see("trading_slippage_bps", order.slippage_bps, **told)
    for routing in ("smart", "aggressive"):
        took_us = scene.long_tail(20.0, 0.4)
        numbers.see("execution_engine_routing_latency_us", took_us, routing_strategy=routing)
    for kind in ("market", "limit"):
        for status in ("success", "failure"):
            told = {"order_type": kind, "status": status, "exchange": VENUE}
            numbers.add("execution_engine_orders_submitted_total", 0, **told)
    _venue(numbers, scene)
    for symbol in scene.market.symbols:
        for kind, share in (("market", 0.996), ("limit", 0.93)):
            told = {"symbol": symbol, "order_type": kind}
            numbers.put("trading_order_fill_rate", share + scene.rng.uniform(-3e-3, 3e-3), **told)
        for reason in ("insufficient_funds", "risk_limit", "invalid_params"):
            told = {"rejection_reason": reason, "symbol": symbol}
            numbers.add("execution_engine_order_rejections_total", 0, **told)
    _system(numbers, scene, {"orders": 5.0})


def _venue(numbers: Numbers, scene: Scene) -> None:
    for endpoint, method in zip(ENDPOINTS, ("POST", "GET"), strict=True):
        told = {"endpoint": endpoint, "method": method, "status_code": "200"}
        took_ms = scene.long_tail(60.0, 0.4)
        numbers.see("execution_engine_api_call_latency_ms", took_ms, **told)
        for status in API_STATUSES:
            place = {"endpoint": endpoint, "status_code": status}
            numbers.add("execution_engine_api_failures_total", 0, **place)
    for attempt, per_second in (("1", 0.01), ("2", 0.002), ("3", 0.0005)):
        first = scene.every(f"retry {attempt}", 1e9)
        for _ in range(scene.times(per_second) + first):
            waited_ms = 100.0 * 2 ** int(attempt)
            numbers.see("execution_engine_retry_delay_ms", waited_ms, retry_attempt=attempt)


def _system(numbers: Numbers, scene: Scene, topics: Mapping[str, float]) -> None:
    own = {"service": scene.service}
    for topic, per_second in topics.items():
        count = scene.times(per_second)
        numbers.add("zmq_messages_published_total", count, **own, topic=topic)
    numbers.put("system_cpu_usage_percent", scene.near(35.0, 0.2), **own)
    numbers.put("system_memory_usage_mb", scene.near(240.0, 0.01), **own)
    for pool, size in (("http", 8), ("zmq", 4)):
        numbers.put("system_connection_pool_size", size, **own, pool_type=pool)
    for queue in ("inbound", "outbound"):
        numbers.put("system_zmq_queue_depth", scene.rng.randrange(60), **own, queue=queue)
    numbers.put("system_tokio_workers_active", 1 + scene.rng.randrange(4), **own)
