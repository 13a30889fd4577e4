"""What the four services of the share platform tell."""

from typing import Final

from tapewatch.floor.market import SHARES, names
from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

UNIVERSE: Final = names(SHARES, 80)
"""What the broker would let it hold; the desk trades the first of them."""

RUN_EVERY_S: Final = 15.0
ENDED: Final = {"fill": "filled", "reject": "rejected", "cancel": "accepted"}
MESSAGES: Final = {"trade": 0.3, "quote": 0.6, "bar": 0.08, "status": 0.02}
VERSION: Final = 7.0
MODEL: Final = "gradient_boost"
RETRY_REASONS: Final = ("timeout", "rate_limit", "server_error")
STATUSES: Final = ("submitted", "accepted", "filled", "rejected", "error")


def execution_gateway(numbers: Numbers, scene: Scene) -> None:
    """Tell of orders, the broker and what is held."""
    for symbol in UNIVERSE:
        held = scene.trading.book.quantities.get(symbol, 0.0)
        numbers.put("execution_gateway_positions_current", held, symbol=symbol)
    for symbol in scene.market.symbols:
        for side in ("buy", "sell"):
            for status in STATUSES:
                told = {"symbol": symbol, "side": side, "status": status}
                numbers.add("execution_gateway_orders_total", 0, **told)
    for order in scene.trading.orders:
        for status in ("submitted", ENDED[order.end]):
            told = {"symbol": order.symbol, "side": order.side, "status": status}
            numbers.add("execution_gateway_orders_total", 1, **told)
        took_s = 0.15 + order.ack_s * 4
        numbers.see("execution_gateway_order_placement_duration_seconds", took_s)
        numbers.see("execution_gateway_order_value_usd", order.value_usd, side=order.side)
    for endpoint, per_second in (("orders", 2.0), ("positions", 0.5), ("account", 0.2)):
        count = scene.times(per_second)
        for status, times in (("success", count), ("error", 0)):
            told = {"endpoint": endpoint, "status": status}
            numbers.add("execution_gateway_alpaca_api_requests_total", times, **told)
    for reason in RETRY_REASONS:
        numbers.add("execution_gateway_order_retries_total", 0, reason=reason)
    numbers.put("execution_gateway_database_connection_status", 1)
    numbers.put("execution_gateway_alpaca_connection_status", 1)
    numbers.put("execution_gateway_circuit_breaker_status", 0)


def signal_service(numbers: Numbers, scene: Scene) -> None:
    """Tell of signals and of the model behind them."""
    count = scene.times(2.0)
    for status, times in (("success", count), ("error", 0)):
        told = {"endpoint": "/signals", "status": status}
        numbers.add("signal_service_requests_total", times, **told)
    for _ in range(count):
        numbers.see("signal_service_signal_generation_duration_seconds", scene.long_tail(1.5))
    numbers.add("signal_service_signals_generated_total", count * 3, model_version=f"{VERSION:g}")
    numbers.add("signal_service_model_predictions_total", count * 3, model_name=MODEL)
    for status in ("success", "error"):
        numbers.add("signal_service_model_reload_total", 0, status=status)
    numbers.put("signal_service_database_connection_status", 1)
    numbers.put("signal_service_redis_connection_status", 1)
    numbers.put("signal_service_model_loaded_status", 1)
    numbers.put("signal_service_model_version", VERSION)


def orchestrator(numbers: Numbers, scene: Scene) -> None:
    """Tell of runs, and of whether the others answer."""
    ran = scene.every("run", RUN_EVERY_S)
    for status in ("success", "partial", "error"):
        ended = float(ran and status == "success")
        numbers.add("orchestrator_runs_total", ended, status=status)
    if ran:
        numbers.see("orchestrator_orchestration_duration_seconds", scene.long_tail(6.0))
    orders = scene.checked - scene.refused
    numbers.add("orchestrator_signals_received_total", scene.times(3.0))
    numbers.add("orchestrator_orders_submitted_total", orders, status="success")
    numbers.add("orchestrator_orders_submitted_total", 0, status="error")
    numbers.add("orchestrator_positions_adjusted_total", orders)
    numbers.put("orchestrator_database_connection_status", 1)
    numbers.put("orchestrator_signal_service_available", 1)
    numbers.put("orchestrator_execution_gateway_available", 1)


def market_data_service(numbers: Numbers, scene: Scene) -> None:
    """Tell of subscriptions and of what comes in by them."""
    asked = scene.every("subscription", 60.0)
    numbers.add("market_data_subscription_requests_total", float(asked), status="success")
    numbers.add("market_data_subscription_requests_total", 0, status="error")
    if asked:
        numbers.see("market_data_subscription_duration_seconds", scene.long_tail(0.4))
    numbers.put("market_data_subscribed_symbols_current", len(scene.market.symbols))
    count = sum(scene.market.messages.values())
    for kind, share in MESSAGES.items():
        told = round(count * share)
        numbers.add("market_data_websocket_messages_received_total", told, message_type=kind)
    synced = scene.every("position sync", 60.0)
    numbers.add("market_data_position_syncs_total", float(synced), status="success")
    numbers.add("market_data_position_syncs_total", 0, status="error")
    numbers.put("market_data_websocket_connection_status", 1)
    numbers.put("market_data_redis_connection_status", 1)
    numbers.add("market_data_reconnect_attempts_total", 0)
