"""What a service with connections to venues does and tells: answers, budgets, bans and clocks."""

from collections.abc import Sequence
from typing import Final

from tapewatch.floor import causes
from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene, Voice
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading.budget import RateBudget
from tapewatch.sdk.trading.clock_offset import ClockOffset
from tapewatch.sdk.trading.limits import Limit, Scope
from tapewatch.sdk.trading.window import FixedWindow

CHANNELS: Final = ("depth", "trade")
ENDPOINTS: Final = (("depth", 5.0, 0.4), ("order", 1.0, 0.0), ("account", 20.0, 0.05))
"""Name, weight, and requests a second besides the desk's orders."""

ERROR_SHARE: Final = 0.002
ACCOUNT: Final = "main"
RULES: Final = "binance_spot"
"""Every venue of the floor refuses as this one does."""

BAN_S: Final = 10
"""A venue says anew how long it wants to be left alone for, as long as somebody asks; longer than
any pack's scrapes are apart, so that the ban stands from one to the next."""

CHRONY: Final = "A9FEA97B,169.254.169.123,4,0,{offset_s},0,0,0,0,0,0.0002,0.00001,16.1,Normal"
"""What `chronyc -c tracking` prints."""

CLOCK_EVERY_S: Final = 1.0
CLOCK_OFF_S: Final = 0.9


def limits() -> tuple[Limit, ...]:
    """Give the budgets of a venue, whole."""
    return (
        Limit("weight_1m", Scope.IP, FixedWindow(6000.0, 60.0)),
        Limit("orders_10s", Scope.ACCOUNT, FixedWindow(100.0, 10.0)),
    )


def exchange_link(venues: Sequence[str]) -> Voice:
    """Give the voice of a service that is connected to these venues."""
    links: list[Link] = []
    hosts: list[ClockOffset] = []

    def voice(numbers: Numbers, scene: Scene) -> None:
        if not links:
            links.extend(Link(venue, scene, numbers.registry) for venue in venues)
            links[0].first = True
            hosts.append(ClockOffset("chrony", now_ns=links[0].clock, registry=numbers.registry))
        for link in links:
            link.tell(numbers)
        hosts[0].chrony(CHRONY.format(offset_s=f"{scene.rng.gauss(0, 2e-5):.9f}"))

    return voice


class Link:
    """One venue: what we ask there, the budget of it, and how far our clocks are apart."""

    def __init__(self, venue: str, scene: Scene, registry: Registry) -> None:
        self.venue = venue
        self.first = False
        self.scene = scene
        self._budget = RateBudget(
            venue, limits(), account=ACCOUNT, rules=RULES, now_ns=self.clock, registry=registry
        )
        self._offset = ClockOffset(
            venue, window_s=CLOCK_EVERY_S, now_ns=self.clock, registry=registry
        )

    def clock(self) -> int:
        """The time of the step."""
        return round(self.scene.now_s * 1e9)

    def _wrong(self, cause: str) -> bool:
        # What goes wrong with one venue goes wrong with the first.
        return self.first and cause in self.scene.causes

    def tell(self, numbers: Numbers) -> None:
        """Do and tell what happened at the venue in this step."""
        for channel in CHANNELS:
            self._connection(numbers, channel)
        for endpoint, weight, per_second in ENDPOINTS:
            count = self.scene.times(per_second)
            if endpoint == "order":
                count += self.scene.sent.get(self.venue, 0)
            self._requests(numbers, endpoint, count)
            limit = "orders_10s" if endpoint == "order" else "weight_1m"
            self._budget.spend(limit, count * weight)
        self._refusals()
        self._budget.tell()
        if self.scene.every(f"clock {self.venue}", CLOCK_EVERY_S):
            self._compare_clocks()

    def _connection(self, numbers: Numbers, channel: str) -> None:
        place = {"venue": self.venue, "channel": channel}
        began = self.scene.every(f"{self.venue} {channel}", 86_400)
        numbers.put("venue_connected", 1, **place)
        numbers.add("venue_connects_total", float(began), **place)
        for reason in ("planned", "network"):
            numbers.add("venue_disconnects_total", 0, **place, reason=reason)

    def _requests(self, numbers: Numbers, endpoint: str, count: int) -> None:
        scene, place = self.scene, {"venue": self.venue, "endpoint": endpoint}
        errors = sum(scene.rng.random() < ERROR_SHARE for _ in range(count))
        numbers.add("venue_requests_total", count - errors, **place, status="200")
        numbers.add("venue_requests_total", errors, **place, status="503")
        numbers.add("venue_request_errors_total", errors, **place, error="unavailable")
        for _ in range(count):
            numbers.see("venue_request_seconds", scene.long_tail(0.045, 0.4), **place)

    def _refusals(self) -> None:
        wait = {"Retry-After": str(BAN_S)}
        if self._wrong(causes.FLOOD):
            self._budget.spend("weight_1m", self._budget.remaining("weight_1m"))
            self._budget.answer(429, wait, code=-1003, message="too much weight")
        if self._wrong(causes.BAN):
            self._budget.answer(418, wait, code=-1003, message="banned")

    def _compare_clocks(self) -> None:
        rng, now_ns = self.scene.rng, self.clock()
        trip_ns = round(self.scene.long_tail(0.02) * 1e9)
        off_s = rng.gauss(0.004, 0.002) + (CLOCK_OFF_S if self._wrong(causes.VENUE_CLOCK) else 0)
        server_ns = now_ns - trip_ns // 2 - round(off_s * 1e9)
        self._offset.server_time(server_ns, now_ns - trip_ns, now_ns)
