"""What a service with connections to venues tells: answers, budgets, bans and clocks."""

from collections.abc import Sequence
from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene, Voice
from tapewatch.sdk.trading.window import SECOND_NS, FixedWindow

CHANNELS: Final = ("depth", "trade")
ENDPOINTS: Final = (("depth", 5.0, 0.4), ("order", 1.0, 2.0), ("account", 20.0, 0.05))
"""Name, weight, and requests a second."""

LIMITS: Final = (("weight_1m", "ip", 6000.0, 60.0), ("orders_10s", "account", 100.0, 10.0))
ERROR_SHARE: Final = 0.002
ACCOUNT: Final = "main"


def exchange_link(venues: Sequence[str]) -> Voice:
    """Give the voice of a service that is connected to these venues."""
    links = [Link(venue) for venue in venues]

    def voice(numbers: Numbers, scene: Scene) -> None:
        for link in links:
            link.tell(numbers, scene)
        numbers.put("clock_offset_seconds", scene.rng.gauss(0, 2e-5), source="chrony")
        numbers.put("clock_synchronised", 1, source="chrony")

    return voice


class Link:
    """One venue, with the windows in which it counts us."""

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self._windows = {name: FixedWindow(limit, period) for name, _, limit, period in LIMITS}

    def tell(self, numbers: Numbers, scene: Scene) -> None:
        """Tell what happened at the venue in this step."""
        now_ns = round(scene.now_s * SECOND_NS)
        for channel in CHANNELS:
            self._connection(numbers, scene, channel)
        for endpoint, weight, per_second in ENDPOINTS:
            count = scene.times(per_second)
            self._requests(numbers, scene, endpoint, count)
            limit = "orders_10s" if endpoint == "order" else "weight_1m"
            self._windows[limit].spend(count * weight, now_ns)
        self._budgets(numbers, now_ns)
        self._refusals(numbers)
        numbers.put("clock_offset_seconds", scene.rng.gauss(0.004, 0.002), source=self.venue)
        numbers.put("clock_synchronised", 1, source=self.venue)

    def _connection(self, numbers: Numbers, scene: Scene, channel: str) -> None:
        place = {"venue": self.venue, "channel": channel}
        began = scene.every(f"{self.venue} {channel}", 86_400)
        numbers.put("venue_connected", 1, **place)
        numbers.add("venue_connects_total", float(began), **place)
        for reason in ("planned", "network"):
            numbers.add("venue_disconnects_total", 0, **place, reason=reason)

    def _requests(self, numbers: Numbers, scene: Scene, endpoint: str, count: int) -> None:
        place = {"venue": self.venue, "endpoint": endpoint}
        errors = sum(scene.rng.random() < ERROR_SHARE for _ in range(count))
        numbers.add("venue_requests_total", count - errors, **place, status="200")
        numbers.add("venue_requests_total", errors, **place, status="503")
        numbers.add("venue_request_errors_total", errors, **place, error="unavailable")
        for _ in range(count):
            numbers.see("venue_request_seconds", scene.long_tail(0.045, 0.4), **place)

    def _budgets(self, numbers: Numbers, now_ns: int) -> None:
        for name, scope, limit, _ in LIMITS:
            window = self._windows[name]
            place = {"venue": self.venue, "account": ACCOUNT, "scope": scope, "limit": name}
            used = window.used(now_ns)
            pace = sum(weight * often for _, weight, often in ENDPOINTS)
            numbers.put("venue_ratelimit_used", used, **place)
            numbers.put("venue_ratelimit_limit", limit, **place)
            numbers.put("venue_ratelimit_used_ratio", used / limit, **place)
            reset_s = window.reset_ns(now_ns) / SECOND_NS
            numbers.put("venue_ratelimit_reset_timestamp_seconds", reset_s, **place)
            left_s = window.exhausted_in_s(pace / len(LIMITS), now_ns)
            numbers.put("venue_ratelimit_exhaustion_seconds", left_s, **place)

    def _refusals(self, numbers: Numbers) -> None:
        own = {"venue": self.venue, "account": ACCOUNT}
        numbers.put("venue_ban_until_timestamp_seconds", 0, **own)
        for refusal in ("over_limit", "banned"):
            numbers.add("venue_refusals_total", 0, **own, refusal=refusal)
