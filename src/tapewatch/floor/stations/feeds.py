"""Reads feeds: counts, judges and passes on what a symbol is worth."""

from typing import Final

from tapewatch.floor import causes
from tapewatch.floor.messages import FEEDS, Mail, Quote
from tapewatch.floor.stations.station import Station
from tapewatch.floor.voices.scene import Scene
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.sequence import Verdict
from tapewatch.sdk.trading.session import ALWAYS_OPEN, Session

CHANNEL: Final = "depth"
SILENCE_S: Final = 1.0
Place = tuple[str, str]


class Feeds(Station):
    """The market data of one desk."""

    role = FEEDS

    def __init__(self, scene: Scene, registry: Registry, metrics: frozenset[str]) -> None:
        super().__init__(scene, registry, metrics)
        self._crossed: set[Place] = set()
        self._feeds: dict[Place, Feed] = {}
        self._sessions: list[Session] = []
        self._begun: set[Place] = set()
        self._unsynced: dict[Place, int] = {}
        if "venue_feed_messages_total" in metrics:
            self._open()

    def _open(self) -> None:
        market = self.scene.market
        for venue in market.venues:
            session = Session(venue, ALWAYS_OPEN, now_ns=self.clock, registry=self.registry)
            self._sessions.append(session)
            for symbol in market.symbols:
                feed = Feed(
                    venue,
                    CHANNEL,
                    symbol,
                    policy="U_u",
                    expected_interval_s=SILENCE_S,
                    now_ns=self.clock,
                    registry=self.registry,
                )
                self._feeds[venue, symbol] = feed

    def step(self, mail: Mail) -> Mail:
        """Take in the messages of one step."""
        market = self.scene.market
        counts: dict[Place, int] = dict.fromkeys(market.places, 0)
        step_ns = self.now_ns
        for venue, symbol, first, last, bid, ask, sent_ns, arrived_ns in mail.get("ticks", ()):
            place = (venue, symbol)
            market.prices[symbol] = (bid + ask) / 2
            if bid > ask:
                self._crossed.add(place)
            else:
                self._crossed.discard(place)
            if last:
                counts[place] += 1
            if feed := self._feeds.get(place):
                self.now_ns = arrived_ns
                self._judge(place, feed, first, last, sent_ns)
        self.now_ns = step_ns
        market.messages = counts
        self.scene.crossed = frozenset(self._crossed)
        self._begin_again()
        for session in self._sessions:
            assert session.is_open
        return {"quotes": [Quote(symbol, price) for symbol, price in market.prices.items()]}

    def _judge(self, place: Place, feed: Feed, first: int, last: int, sent_ns: int) -> None:
        if not last:
            feed.alive()
        elif place not in self._begun:
            # Who comes late takes the snapshot before the first message that reaches it.
            self._begun.add(place)
            feed.snapshot(first - 1)
            feed.message(last, first, 0, sent_ns)
        else:
            verdict = feed.message(last, first, 0, sent_ns)
            if verdict is Verdict.GAP or place in self._unsynced:
                # The snapshot that closes a gap holds everything that came until then.
                self._unsynced[place] = max(last, self._unsynced.get(place, 0))
            if verdict is Verdict.GAP:
                self._warn(place, *feed.missing[-1])

    def _warn(self, place: Place, first: int, last: int) -> None:
        venue, symbol = place
        words = "Messages of a feed are missing"
        self.scene.journal.warning(words, venue=venue, symbol=symbol, first=first, last=last)

    def _begin_again(self) -> None:
        # A gap is closed by a snapshot; while the first venue's gaps last, it gives none.
        first = self.scene.market.venues[0] if causes.GAPS in self.scene.causes else ""
        for place, last in tuple(self._unsynced.items()):
            if place[0] != first:
                self._feeds[place].snapshot(last)
                del self._unsynced[place]
