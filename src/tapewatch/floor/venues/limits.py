"""
How a venue counts and refuses, by Binance's published rules.

Weight is counted for an address in fixed windows of a minute; new orders for an account in windows
of ten seconds and of a day, and an order that fills gives its place back. Over the limit is
answered with 429; whoever goes on is banned, for two minutes at first and up to three days, and
every request in a ban is answered with 418.
"""

from dataclasses import dataclass
from typing import Final

WEIGHT_PER_MINUTE: Final = 6000
ORDERS_PER_10_SECONDS: Final = 100
ORDERS_PER_DAY: Final = 200_000
MINUTE_S: Final = 60
DAY_S: Final = 86_400
WARNINGS_MAX: Final = 5
"""So many refusals are answered with 429 before an address is banned."""

BAN_FIRST_S: Final = 120
BAN_LONGEST_S: Final = 3 * DAY_S


@dataclass(slots=True)
class Count:
    """What was used in a window that begins at a multiple of its period."""

    limit: int
    period_s: int
    used: int = 0
    number: int = -1

    def turn(self, now_s: float) -> None:
        """Begin a new window where one is due."""
        number = int(now_s // self.period_s)
        if number != self.number:
            self.number, self.used = number, 0

    def left_s(self, now_s: float) -> int:
        """Whole seconds until the window is over, one at least."""
        return max(int((int(now_s // self.period_s) + 1) * self.period_s - now_s), 1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that refuses: its status, its code, its words, and when to come back."""

    status: int
    code: int
    words: str
    retry_after_s: int


class AddressLimits:
    """The weight that one address has used, its warnings and its ban."""

    def __init__(self) -> None:
        self.weight = Count(WEIGHT_PER_MINUTE, MINUTE_S)
        self.banned_until_s = 0.0
        self._warnings = 0
        self._bans = 0

    def spend(self, weight: int, now_s: float) -> Refusal | None:
        """Count a request, or say why it is refused; a refused one is counted as well."""
        if now_s < self.banned_until_s:
            return self._banned(now_s)
        self.weight.turn(now_s)
        self.weight.used += weight
        if self.weight.used <= self.weight.limit:
            return None
        self._warnings += 1
        if self._warnings > WARNINGS_MAX:
            return self._ban(now_s)
        words = f"Too much request weight used; current limit is {self.weight.limit} per 1 MINUTE."
        return Refusal(429, -1003, words, self.weight.left_s(now_s))

    def _ban(self, now_s: float) -> Refusal:
        lasts_s = min(BAN_FIRST_S * 4**self._bans, BAN_LONGEST_S)
        self._bans += 1
        self._warnings = 0
        self.banned_until_s = now_s + lasts_s
        return self._banned(now_s)

    def _banned(self, now_s: float) -> Refusal:
        until_ms = round(self.banned_until_s * 1000)
        words = f"Way too much request weight used; IP banned until {until_ms}."
        return Refusal(418, -1003, words, max(int(self.banned_until_s - now_s), 1))


class AccountLimits:
    """The new orders that one account has sent and that were not filled."""

    def __init__(self) -> None:
        self.short = Count(ORDERS_PER_10_SECONDS, 10)
        self.long = Count(ORDERS_PER_DAY, DAY_S)

    def order(self, now_s: float) -> Refusal | None:
        """Count a new order, or say why it is refused; a refused one is not counted."""
        counts = (self.short, self.long)
        for count in counts:
            count.turn(now_s)
            if count.used >= count.limit:
                words = f"Too many new orders; current limit is {count.limit} orders per window."
                return Refusal(429, -1015, words, count.left_s(now_s))
        for count in counts:
            count.used += 1
        return None

    def filled(self, now_s: float) -> None:
        """Give the place of an order back that was filled."""
        for count in (self.short, self.long):
            count.turn(now_s)
            count.used = max(count.used - 1, 0)
