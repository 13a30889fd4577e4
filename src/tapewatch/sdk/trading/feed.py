"""
A feed: one stream of a venue's messages, with what is missing, twice, late or silent.

    book = Feed("binance", "depth", "BTCUSDT", policy="U_u")
    book.snapshot(last_update_id)
    verdict = book.message(update["u"], update["U"])
    if verdict is Verdict.GAP: ...  # fetch a snapshot

Staleness is told by what does not happen, so nobody in here can tell it: the time of the last
message and the expected interval go to the region, and the reader compares them with its clock.
"""

from collections.abc import Callable, Iterable

from tapewatch.sdk import events
from tapewatch.sdk.region.cells import CounterHandle
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.arrival import Arrival
from tapewatch.sdk.trading.checksum import Level, book_checksum
from tapewatch.sdk.trading.missing import Range
from tapewatch.sdk.trading.sequence import POLICIES, Sequence, Verdict
from tapewatch.sdk.trading.stream import Stream


class Feed(Stream):
    """
    One feed.

    ``policy`` is how its messages are numbered: a name of ``POLICIES`` or a sequence of your own.
    ``expected_interval_s`` declares how long it is silent at most; without it that is learnt as
    the 99 % quantile of its pauses, ``quantile`` says otherwise.
    """

    def __init__(
        self,
        venue: str,
        channel: str,
        symbol: str = "",
        *,
        policy: str | Sequence = "plus_one",
        expected_interval_s: float | None = None,
        quantile: float = 0.99,
        now_ns: Callable[[], int] | None = None,
        registry: Registry | None = None,
    ) -> None:
        labels = self._labels = {"venue": venue, "channel": channel, "symbol": symbol}
        expected = metrics.FEED_EXPECTED.of(registry).bind(**labels)
        expected.set(expected_interval_s or 0.0)
        super().__init__(
            sequence=POLICIES[policy]() if isinstance(policy, str) else policy,
            arrival=None if expected_interval_s else Arrival(quantile),
            messages=metrics.FEED_MESSAGES.of(registry).bind(**labels),
            last=metrics.FEED_LAST.of(registry).bind(**labels),
            expected=expected,
            delay=metrics.FEED_DELAY.of(registry).bind(venue=venue, channel=channel),
            now_ns=now_ns,
        )
        self._bind_faults(registry)
        self._synced.set(self.sequence.synced)

    def _bind_faults(self, registry: Registry | None) -> None:
        labels = self._labels
        self._gaps = metrics.FEED_GAPS.of(registry).bind(**labels)
        self._missing = metrics.FEED_MISSING.of(registry).bind(**labels)
        self._resets = metrics.FEED_RESETS.of(registry).bind(**labels)
        self._resyncs = metrics.FEED_RESYNCS.of(registry).bind(**labels)
        self._synced = metrics.FEED_SYNCED.of(registry).bind(**labels)
        faults = metrics.FEED_FAULTS.of(registry)
        self._checksums = faults.bind(**labels, fault="checksum")
        self._faults: dict[Verdict, CounterHandle] = {
            verdict: faults.bind(**labels, fault=verdict.name.lower())
            for verdict in (Verdict.DUPLICATE, Verdict.LATE, Verdict.REFUSED)
        }
        self._gap_event = events.declare(
            "{venue} {channel} {symbol}: {first} to {last} are missing",
            level="WARN",
            target="feed",
        )

    @property
    def synced(self) -> bool:
        """Whether the state built from the feed can be trusted."""
        return self.sequence.synced

    @property
    def missing(self) -> tuple[Range, ...]:
        """The ranges of numbers that never came, as far as they are remembered."""
        return self.sequence.missing.ranges

    def verify(self, checksum: int, asks: Iterable[Level], bids: Iterable[Level]) -> Verdict:
        """Take in an update of a book that carries the checksum of its best ten levels."""
        self.alive()
        try:
            own = book_checksum(asks, bids)
        except (AttributeError, TypeError, ValueError):
            self.tell(Verdict.REFUSED)
            return Verdict.REFUSED
        verdict = self.sequence.see(own, checksum, 0)
        if verdict is Verdict.GAP:
            self._checksums.inc()
        if verdict is not Verdict.NEXT:
            self.tell(verdict)
        return verdict

    def snapshot(self, last: int = 0) -> None:
        """Begin at a snapshot that holds everything up to ``last``."""
        try:
            self.begin_at(last + 0)
        except TypeError:
            self.tell(Verdict.REFUSED)
            return
        self._resyncs.inc()
        self._synced.set(1.0)

    def reconnected(self) -> None:
        """Begin anew after a new connection, whose numbers and pauses tell nothing of the old."""
        self.begin_anew()
        self._synced.set(self.sequence.synced)

    def tell(self, verdict: Verdict) -> None:
        """Write what is wrong with a message."""
        if verdict is Verdict.GAP:
            self._tell_gap()
        elif verdict is Verdict.RESET:
            self._resets.inc()
        else:
            fault = self._faults.get(verdict)
            if fault is not None:
                fault.inc()

    def _tell_gap(self) -> None:
        first, last = self.sequence.missing_first, self.sequence.missing_last
        self._gaps.inc()
        self._missing.inc(max(last - first + 1, 0))
        self._synced.set(self.sequence.synced)
        told = self._labels
        events.push(self._gap_event, told["venue"], told["channel"], told["symbol"], first, last)
