"""What a service that sends orders tells of their lives."""

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.trading import Order
from tapewatch.floor.voices.scene import Scene


def order_flow(numbers: Numbers, scene: Scene) -> None:
    """Tell every order of the step, and what is open of each strategy."""
    for order in scene.trading.orders:
        _stages(numbers, order)
        _quantities(numbers, order)
    for venue in scene.market.venues:
        for strategy in scene.trading.strategies:
            _open(numbers, scene, {"venue": venue, "strategy": strategy})


def _stages(numbers: Numbers, order: Order) -> None:
    place = {"venue": order.venue, "strategy": order.strategy}
    answer = "reject" if order.end == "reject" else "ack"
    for stage in ("signal", "risk", "sent", answer):
        numbers.add("order_stages_total", 1, **place, stage=stage)
    steps = [
        ("signal", "risk", order.risk_s),
        ("risk", "sent", order.sent_s),
        ("sent", answer, order.ack_s),
    ]
    if answer == "ack":
        numbers.add("order_stages_total", 1, **place, stage=order.end)
        steps.append(("ack", order.end, order.end_s))
    for before, after, seconds in steps:
        told = {**place, "from": before, "to": after}
        numbers.see("order_stage_seconds", seconds, **told)
    numbers.see("order_tick_to_trade_seconds", order.risk_s + order.sent_s, **place)
    numbers.see("order_life_seconds", sum(seconds for *_, seconds in steps), **place)


def _quantities(numbers: Numbers, order: Order) -> None:
    place = {"venue": order.venue, "strategy": order.strategy, "side": order.side}
    numbers.add("order_quantity_ordered_total", order.quantity, **place)
    numbers.add("order_quantity_filled_total", order.filled, **place)
    if order.filled:
        numbers.see("order_slippage_bps", order.slippage_bps, **place)


def _open(numbers: Numbers, scene: Scene, place: dict[str, str]) -> None:
    count = scene.rng.randrange(3)
    numbers.put("orders_open", count, **place)
    oldest_s = scene.now_s - scene.long_tail(0.3) if count else 0.0
    numbers.put("orders_oldest_open_timestamp_seconds", oldest_s, **place)
    numbers.put("orders_orphaned", 0, **place)
    numbers.add("order_mark_faults_total", 0, **place, fault="unknown")
    numbers.add("order_stages_total", 0, **place, stage="reject")
