"""
What the trading of a desk comes to, by all that its services and its venues say to each other.

The ledger hears the whole mail of a desk, so it knows what no service of it does: which orders were
wanted and never sent, and which were sent and are answered by nobody. A ``Bill`` is the part of it
that falls into the time of one fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapewatch.floor.messages import Mail, Order


@dataclass(frozen=True, slots=True)
class Cost:
    """What the time of a fault came to on a desk, or on several."""

    pnl_usd: float = 0.0
    """What was earned or lost, with everything that is held at the price of the market."""

    orders_wanted: int = 0
    orders_refused: int = 0
    """How many orders strategies began, and how many of them risk, a venue or nobody refused."""

    orders_at_risk: int = 0
    usd_at_risk: float = 0.0
    """The most orders at one time whose end nobody knew, and the most that such orders were
    worth."""

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.pnl_usd + other.pnl_usd,
            self.orders_wanted + other.orders_wanted,
            self.orders_refused + other.orders_refused,
            self.orders_at_risk + other.orders_at_risk,
            self.usd_at_risk + other.usd_at_risk,
        )


@dataclass(slots=True)
class Ledger:
    """The orders and the money of one desk."""

    wanted: int = 0
    sent: int = 0
    rejected: int = 0
    open_usd: dict[int, float] = field(default_factory=dict)
    """What each order is worth that was sent and has no end yet."""

    cash_usd: float = 0.0
    held: dict[str, float] = field(default_factory=dict)

    def hear(self, mail: Mail) -> None:
        """Take in what somebody on the desk, or a venue, says to the others."""
        self.wanted += len(mail.get("intents", ()))
        for order in mail.get("requests", ()):
            self.sent += 1
            self.open_usd[order.number] = order.value_usd
        for order in mail.get("reports", ()):
            if order.state == order.end:
                self._end(order)

    def _end(self, order: Order) -> None:
        self.open_usd.pop(order.number, None)
        self.rejected += order.end == "reject"
        self.cash_usd -= order.signed * order.paid
        self.held[order.symbol] = self.held.get(order.symbol, 0.0) + order.signed

    @property
    def refused(self) -> int:
        """How many orders were wanted and came to nothing: not sent, or sent back."""
        return self.wanted - self.sent + self.rejected

    def worth_usd(self, prices: Mapping[str, float]) -> float:
        """What the desk has earned, if everything that it holds were sold now."""
        return self.cash_usd + sum(held * prices[symbol] for symbol, held in self.held.items())


class Bill:
    """What happens on a ledger while a fault holds."""

    def __init__(self, ledger: Ledger, prices: Mapping[str, float], *, booked_usd: float) -> None:
        self._ledger = ledger
        self._prices = prices
        self._booked_usd = booked_usd
        self._worth_usd = ledger.worth_usd(prices)
        self._wanted, self._refused = ledger.wanted, ledger.refused
        self.cost = Cost(booked_usd)

    def note(self) -> None:
        """Take in how it stands after a step."""
        ledger, so_far = self._ledger, self.cost
        self.cost = Cost(
            self._booked_usd + ledger.worth_usd(self._prices) - self._worth_usd,
            ledger.wanted - self._wanted,
            max(ledger.refused - self._refused, 0),
            max(len(ledger.open_usd), so_far.orders_at_risk),
            max(sum(ledger.open_usd.values()), so_far.usd_at_risk),
        )
