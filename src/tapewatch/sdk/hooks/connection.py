"""
A connection to a venue: whether it stands, how often it was opened, and why it ended.

    link = Link("binance", "depth", feed=Feed("binance", "depth", "BTCUSDT", policy="U_u"))
    link.opened()
    link.message('{"u": 7}')
    link.closed("going_away")
"""

from collections.abc import Callable
from typing import Any

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.trading.feed import Feed

Numbers = Callable[[Any], tuple[int, ...]]
"""A message's numbers as ``Feed.message`` takes them: the last, the first, the previous one."""


class Link:
    """
    One connection's metrics; several connections of one channel count as connected while one is.

    Without a feed of yours one is made, so that the time of the last message is told. ``numbers``
    reads the numbers of a message for it; leave it out where your own code calls
    ``feed.message``, and say so with ``counted=False``.
    """

    def __init__(
        self,
        venue: str,
        channel: str,
        *,
        feed: Feed | None = None,
        numbers: Numbers | None = None,
        counted: bool = True,
    ) -> None:
        self._open_count = 0
        self._connected = metrics.VENUE_CONNECTED.bind(venue=venue, channel=channel)
        self._connects = metrics.VENUE_CONNECTS.bind(venue=venue, channel=channel)
        self._labels = (venue, channel)
        self.feed = feed or Feed(venue, channel, policy="id_monotone")
        self._numbers = numbers
        self._counted = counted

    def opened(self) -> None:
        """Say that a connection stands."""
        self._open_count += 1
        self._connects.inc()
        self._connected.set(1)
        if self._open_count == 1:
            self.feed.reconnected()

    def closed(self, reason: str) -> None:
        """Say that a connection ended, in one of a few words."""
        self._open_count = max(self._open_count - 1, 0)
        metrics.VENUE_DISCONNECTS.labels(*self._labels, reason).inc()
        self._connected.set(min(self._open_count, 1))

    def message(self, message: Any) -> None:
        """Take in a message."""
        if not self._counted:
            return
        if self._numbers is None:
            self.feed.alive()
            return
        try:
            self.feed.message(*self._numbers(message))
        except Exception:  # noqa: BLE001 - a message that cannot be read must not end its reader
            self.feed.alive()
