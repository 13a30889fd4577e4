"""What a service that reads feeds tells of each of them."""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

CHANNEL: Final = "depth"
SILENCE_S: Final = 1.0
SEEN_MAX: Final = 3
"""A histogram takes in a few delays of a feed in each step; more would say the same."""

FAULTS: Final = ("duplicate", "late", "refused", "checksum")


def market_data(numbers: Numbers, scene: Scene) -> None:
    """Tell of every feed, and of every venue's session."""
    for (venue, symbol), count in scene.market.messages.items():
        place = {"venue": venue, "channel": CHANNEL, "symbol": symbol}
        _stream(numbers, scene, place, count)
        _faults(numbers, place)
        numbers.put("venue_book_crossed", 0, venue=venue, symbol=symbol)
    for venue in scene.market.venues:
        numbers.put("venue_session_state", "open", venue=venue)


def _stream(numbers: Numbers, scene: Scene, place: dict[str, str], count: int) -> None:
    numbers.add("venue_feed_messages_total", count, **place)
    last_s = scene.held.setdefault(str(place), scene.now_s)
    # A feed that has nothing to say beats, so it is never silent for longer than that.
    if count or scene.now_s - last_s >= SILENCE_S:
        last_s = scene.held[str(place)] = scene.now_s
    numbers.put("venue_feed_last_message_timestamp_seconds", last_s, **place)
    numbers.put("venue_feed_expected_interval_seconds", SILENCE_S, **place)
    for _ in range(min(count, SEEN_MAX)):
        numbers.see("venue_feed_delay_seconds", scene.long_tail(0.012, 0.5), **place)


def _faults(numbers: Numbers, place: dict[str, str]) -> None:
    for metric in ("gaps", "missing_numbers", "resets", "resyncs"):
        numbers.add(f"venue_feed_{metric}_total", 0, **place)
    for fault in FAULTS:
        numbers.add("venue_feed_faults_total", 0, **place, fault=fault)
    numbers.put("venue_feed_synced", 1, **place)
