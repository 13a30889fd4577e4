"""What only the private desk's synchronisation tells."""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

STREAMS: Final = {
    "candles": (10.0, 0.5),
    "trades": (40.0, 0.2),
    "orders": (1.0, 5),
    "balances": (0.5, 10),
}
"""Events a second, and the longest time between two of them."""


def sync(numbers: Numbers, scene: Scene) -> None:
    """Tell how far each stream is in step with the exchange."""
    for stream, (per_second, interval_s) in STREAMS.items():
        told_s = scene.last(stream, interval_s)
        numbers.put("sync_last_event_timestamp_seconds", told_s, stream=stream)
        numbers.add("sync_events_total", scene.times(per_second), stream=stream)
        numbers.add("sync_gaps_total", 0, stream=stream)
        numbers.add("sync_backfilled_events_total", 0, stream=stream)
        numbers.put("sync_missing_events", 0, stream=stream)
        numbers.put("sync_mismatches", 0, stream=stream)
