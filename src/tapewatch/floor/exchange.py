"""
The world outside of a desk: venues that send messages and answer orders.

One exchange plays every venue of a desk. It moves the market, sends each message of each feed with
its number, takes orders and reports on them when it is time, and knows what we hold. What goes
wrong at venues goes wrong in here.
"""

import heapq
import random
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from tapewatch.floor import causes
from tapewatch.floor.market import Market
from tapewatch.floor.messages import Holding, Mail, Order, Tick

SILENCE_S: Final = 1.0
"""A feed that has nothing to say beats so often."""

DELAYS: Final = 512
SPREAD: Final = 1e-4
LATE_S: Final = 1.2
GAP_EVERY_S: Final = 2.0
GAP_NUMBERS: Final = 5
REJECTED_SHARE: Final = 0.004
REJECTING_SHARE: Final = 0.8
CANCELED_SHARE: Final = 0.01
EDGE_BPS: Final = 0.4
"""What a fill earns on average against the price of the market."""

SLIPPING_BPS: Final = 25.0
SLOW_TIMES: Final = 100.0
HOLDINGS_EVERY_S: Final = 1.0


@dataclass(slots=True)
class Line:
    """One feed: how far it has counted, and when it spoke last."""

    number: int = 0
    spoke_s: float = 0.0
    gap_s: float = 0.0


@dataclass(slots=True)
class Exchange:
    """The venues of one desk."""

    market: Market
    rng: random.Random
    causes: Collection[str] = ()
    lines: dict[tuple[str, str], Line] = field(default_factory=dict)
    held: dict[tuple[str, str], float] = field(default_factory=dict)
    stuck: list[Order] = field(default_factory=list)
    _due: list[tuple[float, int, Order]] = field(default_factory=list)
    _reports: int = 0
    _told_s: float = 0.0
    _delays: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = self.rng.lognormvariate
        self._delays = [round(0.012e9 * draw(0, 0.5)) for _ in range(DELAYS)]
        self.lines = {place: Line() for place in self.market.places}

    def step(self, now_s: float, seconds: float, mail: Mail) -> Mail:
        """Let so much time pass, with these requests from the desk."""
        self.market.step(now_s, seconds)
        for order in mail.get("requests", ()):
            self._take(order)
        if self.stuck and causes.STUCK not in self.causes:
            self._release(now_s)
        told: Mail = {"ticks": self._ticks(now_s, seconds), "reports": self._due_reports(now_s)}
        if now_s - self._told_s >= HOLDINGS_EVERY_S:
            self._told_s = now_s
            told["holdings"] = self._holdings()
        return told

    def _ticks(self, now_s: float, seconds: float) -> list[Tick]:
        if causes.SILENCE in self.causes:
            return []
        ticks: list[Tick] = []
        cut = self.market.venues[0] if causes.CUT in self.causes else ""
        for (venue, symbol), count in self.market.messages.items():
            if venue != cut:
                self._spoken(ticks, venue, symbol, count, now_s, seconds)
        return ticks

    def _spoken(
        self, ticks: list[Tick], venue: str, symbol: str, count: int, now_s: float, seconds: float
    ) -> None:
        line = self.lines[venue, symbol]
        price = self.market.prices[symbol]
        half = price * SPREAD * (-0.5 if causes.CROSSED in self.causes else 0.5)
        now_ns = round(now_s * 1e9)
        if causes.GAPS in self.causes and now_s - line.gap_s >= GAP_EVERY_S:
            line.number, line.gap_s, count = line.number + GAP_NUMBERS, now_s, max(count, 1)
        if causes.DUPLICATES in self.causes:
            ticks.append(self._tick(venue, symbol, line.number, price, half, now_ns))
        if not count and now_s - line.spoke_s < SILENCE_S:
            return
        line.spoke_s = now_s
        if not count:
            ticks.append(Tick(venue, symbol, 0, 0, price - half, price + half, 0, now_ns))
        apart_ns = round(seconds * 1e9 / max(count, 1))
        at_ns = now_ns - apart_ns * (count - 1)
        for number in range(line.number + 1, line.number + count + 1):
            ticks.append(self._tick(venue, symbol, number, price, half, at_ns))
            at_ns += apart_ns
        line.number += count

    def _tick(
        self, venue: str, symbol: str, number: int, price: float, half: float, at_ns: int
    ) -> Tick:
        late_ns = round(LATE_S * 1e9) if causes.LATE in self.causes else 0
        sent_ns = at_ns - self._delays[number % DELAYS] - late_ns
        return Tick(venue, symbol, number, number, price - half, price + half, sent_ns, at_ns)

    def _take(self, order: Order) -> None:
        # Every order draws the same number of times, whatever becomes of it.
        rng = self.rng
        drawn, slip = rng.random(), rng.gauss(-EDGE_BPS, 1.5)
        ack_s, end_s = rng.lognormvariate(-3.9, 0.4), rng.lognormvariate(-2.5, 0.6)
        rejected = REJECTING_SHARE if causes.REJECTING in self.causes else REJECTED_SHARE
        canceled = rejected <= drawn < rejected + CANCELED_SHARE
        order = replace(order)
        order.end = "reject" if drawn < rejected else "cancel" if canceled else "fill"
        order.slippage_bps = slip + (SLIPPING_BPS if causes.SLIPPING in self.causes else 0.0)
        order.ack_s = ack_s * (SLOW_TIMES if causes.SLOW_VENUE in self.causes else 1.0)
        order.end_s = end_s
        if causes.STUCK in self.causes:
            self.stuck.append(order)
        else:
            self._answer(order)

    def _answer(self, order: Order) -> None:
        ends_ns = order.at_ns("end")
        if order.end != "reject":
            self._plan(replace(order, end="", state="ack"), order.at_ns("ack"))
        self._plan(replace(order, state=order.end), ends_ns)

    def _plan(self, order: Order, at_ns: int) -> None:
        self._reports += 1
        heapq.heappush(self._due, (at_ns / 1e9, self._reports, order))

    def _release(self, now_s: float) -> None:
        # Whoever was not answered is told in the end that nothing came of the order.
        for order in self.stuck:
            waited_s = max(now_s - order.at_ns("sent") / 1e9, order.ack_s)
            self._answer(replace(order, end="cancel", ack_s=waited_s))
        self.stuck = []

    def _due_reports(self, now_s: float) -> list[Order]:
        found = []
        while self._due and self._due[0][0] <= now_s:
            order = heapq.heappop(self._due)[2]
            place = (order.venue, order.symbol)
            self.held[place] = self.held.get(place, 0.0) + order.signed
            found.append(order)
        return found

    def _holdings(self) -> list[Holding]:
        off = 3.0 if causes.DRIFT in self.causes else 0.0
        return [
            Holding(venue, symbol, self.held.get((venue, symbol), 0.0) - off)
            for venue, symbol in self.market.places
        ]
