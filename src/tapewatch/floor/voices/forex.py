"""What the six services of the currency platform tell, and the exporters beside them."""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

MODELS: Final = ("trend", "range")
STRATEGIES: Final = ("carry", "breakout")
MEASURES: Final = {"pnl_usd": 420.0, "sharpe": 1.4, "drawdown_ratio": 0.03, "win_ratio": 0.55}
GROUPS: Final = (("strategy", "signals"), ("features", "prices"))


def trading_gateway(numbers: Numbers, scene: Scene) -> None:
    """Tell how orders ended."""
    for venue in scene.market.venues:
        for status in ("filled", "rejected", "canceled", "error"):
            numbers.add("orders_total", 0, venue=venue, status=status)
    ended = {"fill": "filled", "reject": "rejected", "cancel": "canceled"}
    for order in scene.trading.orders:
        numbers.add("orders_total", 1, venue=order.venue, status=ended[order.end])


def strategy_execution(numbers: Numbers, scene: Scene) -> None:
    """Tell of fills and of what strategies bring."""
    for order in scene.trading.orders:
        took_s = order.ack_s + order.end_s
        numbers.see("order_execution_time_seconds", took_s, venue=order.venue)
        numbers.see("order_slippage_bps", order.slippage_bps, venue=order.venue)
    for venue in scene.market.venues:
        for pair in scene.market.symbols:
            share = min(scene.near(0.985, 0.01), 1.0)
            numbers.put("order_fill_rate", share, venue=venue, pair=pair)
    for strategy in STRATEGIES:
        numbers.see("strategy_execution_seconds", scene.long_tail(0.08, 0.4), strategy=strategy)
        for measure, value in MEASURES.items():
            told = {"strategy": strategy, "measure": measure}
            numbers.put("strategy_performance_metrics", scene.near(value, 0.05), **told)


def ml_integration(numbers: Numbers, scene: Scene) -> None:
    """Tell how fast and how right the models are."""
    for model in MODELS:
        numbers.see("model_inference_time_seconds", scene.long_tail(0.03, 0.3), model=model)
        numbers.put("model_accuracy", scene.near(0.87, 0.01), model=model)


def postgres(numbers: Numbers, scene: Scene) -> None:
    """Tell of the database, by its exporter's names."""
    numbers.put("pg_up", 1)
    for state, count in (("active", 12), ("idle", 30)):
        numbers.put("pg_stat_activity_count", count + scene.rng.randrange(4), state=state)
    numbers.put("pg_settings_max_connections", 100)


def kafka(numbers: Numbers, scene: Scene) -> None:
    """Tell of the queue, by its exporter's names."""
    numbers.put("kafka_brokers", 3)
    for group, topic in GROUPS:
        lag = scene.rng.randrange(200)
        numbers.put("kafka_consumergroup_lag", lag, consumergroup=group, topic=topic)


def redis(numbers: Numbers, scene: Scene) -> None:
    """Tell of the cache, by its exporter's names."""
    numbers.put("redis_up", 1)
    numbers.put("redis_memory_used_bytes", scene.near(1.2e9, 0.01))
    numbers.put("redis_memory_max_bytes", 4e9)
