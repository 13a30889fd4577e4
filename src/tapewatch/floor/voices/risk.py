"""What a service that watches losses tells besides its reconcilers and its kill switch."""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

LIMITS: Final = ("exposure", "daily_loss", "position")


def risk(numbers: Numbers, scene: Scene) -> None:
    """Tell of positions, profit and loss, limits and breakers."""
    _positions(numbers, scene)
    _earnings(numbers, scene)
    for strategy in scene.trading.strategies:
        for limit in LIMITS:
            used = scene.near(0.35, 0.1)
            numbers.put("risk_limit_used_ratio", used, limit=limit, strategy=strategy)
        breaker = {"breaker": "loss_per_minute", "strategy": strategy}
        numbers.add("risk_breaker_trips_total", 0, **breaker)
        numbers.put("risk_breaker_open", 0, **breaker)


def _positions(numbers: Numbers, scene: Scene) -> None:
    held = scene.trading.book.quantities
    places = [(v, s) for v in scene.market.venues for s in scene.trading.strategies]
    for symbol in scene.market.symbols:
        share = held.get(symbol, 0.0) / len(places)
        for venue, strategy in places:
            place = {"venue": venue, "strategy": strategy, "symbol": symbol}
            numbers.put("position_quantity", share, **place)


def _earnings(numbers: Numbers, scene: Scene) -> None:
    book, prices = scene.trading.book, scene.market.prices
    open_usd = sum(book.unrealized(symbol, price) for symbol, price in prices.items())
    places = [(v, s) for v in scene.market.venues for s in scene.trading.strategies]
    for venue, strategy in places:
        place = {"strategy": strategy, "venue": venue}
        numbers.put("book_unrealized_pnl_usd", open_usd / len(places), **place)
        numbers.put("book_realized_pnl_usd", sum(book.realized.values()) / len(places), **place)
