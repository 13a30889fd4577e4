"""What only the market maker's services tell."""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

SNAPSHOT_EVERY_S: Final = 5.0
QUOTES: Final = 120.0


def strategies(numbers: Numbers, scene: Scene) -> None:
    """Tell of quotes that stand."""
    for venue in scene.market.venues:
        for strategy in scene.trading.strategies:
            count = round(scene.near(QUOTES, 0.08))
            numbers.put("quotes_live", count, venue=venue, strategy=strategy)


def state_store(numbers: Numbers, scene: Scene) -> None:
    """Tell of the pictures of the trading state that are kept."""
    due = scene.every("snapshot", SNAPSHOT_EVERY_S)
    numbers.put("state_snapshot_timestamp_seconds", scene.held["snapshot"])
    if due:
        numbers.see("state_snapshot_seconds", scene.long_tail(0.04))
